"""The words for features and their groups, and their values as people read them."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import formatting

FEATURES = {
    "amount": gettext_lazy("Amount asked for"),
    "term_months": gettext_lazy("Term"),
    "purpose": gettext_lazy("Purpose"),
    "annual_income": gettext_lazy("Gross income a year"),
    "amount_to_income": gettext_lazy("Amount as a share of yearly income"),
    "existing_dti": gettext_lazy("Existing obligations as a share of gross income"),
    "employment_months": gettext_lazy("Time in present work"),
    "employment_type": gettext_lazy("Kind of work"),
    "income_verification": gettext_lazy("How income was verified"),
    "home_ownership": gettext_lazy("Home"),
    "credit_history_months": gettext_lazy("Length of credit history"),
    "delinquencies_24m": gettext_lazy("Late payments in two years"),
    "months_since_delinquency": gettext_lazy("Time since the last late payment"),
    "enquiries_6m": gettext_lazy("Credit enquiries in six months"),
    "open_accounts": gettext_lazy("Open credit accounts"),
    "total_accounts": gettext_lazy("Credit accounts ever"),
    "public_records": gettext_lazy("Public records"),
    "months_since_public_record": gettext_lazy("Time since the last public record"),
    "revolving_balance": gettext_lazy("Revolving balance"),
    "revolving_utilisation": gettext_lazy("Share of revolving limits used"),
    "revolving_balance_to_income": gettext_lazy("Revolving balance as a share of yearly income"),
    "bankruptcies": gettext_lazy("Bankruptcies"),
    "accounts_delinquent_now": gettext_lazy("Accounts late now"),
}

GROUPS = {
    "amount_and_term": gettext_lazy("Amount and term"),
    "purpose": gettext_lazy("Purpose"),
    "income": gettext_lazy("Income"),
    "affordability": gettext_lazy("Affordability"),
    "employment": gettext_lazy("Employment"),
    "housing": gettext_lazy("Home"),
    "credit_depth": gettext_lazy("Credit history"),
    "payment_history": gettext_lazy("Payment history"),
    "public_record": gettext_lazy("Public records"),
    "enquiries": gettext_lazy("Credit enquiries"),
    "credit_usage": gettext_lazy("Use of credit"),
}

CATEGORIES = {
    "debt_consolidation": gettext_lazy("debt consolidation"),
    "credit_card": gettext_lazy("credit card repayment"),
    "home_improvement": gettext_lazy("home improvement"),
    "major_purchase": gettext_lazy("major purchase"),
    "small_business": gettext_lazy("small business"),
    "car": gettext_lazy("vehicle"),
    "wedding": gettext_lazy("wedding"),
    "medical": gettext_lazy("medical costs"),
    "moving": gettext_lazy("moving home"),
    "house": gettext_lazy("house purchase"),
    "vacation": gettext_lazy("travel"),
    "educational": gettext_lazy("education"),
    "renewable_energy": gettext_lazy("renewable energy"),
    "agriculture": gettext_lazy("agriculture"),
    "working_capital": gettext_lazy("working capital"),
    "other": gettext_lazy("other"),
    "salaried": gettext_lazy("salaried"),
    "self_employed": gettext_lazy("self-employed"),
    "pensioner": gettext_lazy("pensioner"),
    "student": gettext_lazy("student"),
    "none": gettext_lazy("not verified"),
    "declared": gettext_lazy("declared by the applicant"),
    "source": gettext_lazy("source of income verified"),
    "documents": gettext_lazy("verified by documents"),
    "own": gettext_lazy("owned"),
    "mortgage": gettext_lazy("owned with a mortgage"),
    "rent": gettext_lazy("rented"),
    "family": gettext_lazy("with family"),
}

DIRECTIONS = {
    1: gettext_lazy("A higher value is riskier"),
    0: gettext_lazy("Learned from data"),
    -1: gettext_lazy("A higher value is safer"),
}


def feature(name: str) -> str:
    """Return what a feature is called; one without words is shown by its name."""
    return str(FEATURES.get(name, name.replace("_", " ")))


def group(name: str) -> str:
    """Return what a group of features is called."""
    return str(GROUPS.get(name, name.replace("_", " ")))


def category(value: str) -> str:
    """Return a category in words, as it stands inside a sentence."""
    return str(CATEGORIES.get(value, value.replace("_", " ")))


def months(count: int) -> str:
    """Return a duration in months in words."""
    return ngettext("%(count)d month", "%(count)d months", count) % {"count": count}


def value(raw: object, *, unit: str, currency: str) -> str:
    """Return a feature's value as people read it; a missing one says so."""
    if raw is None:
        return _("not known")
    if isinstance(raw, str):
        return category(raw)
    if isinstance(raw, bool):
        return _("yes") if raw else _("no")
    return _figure(Decimal(str(raw)), unit=unit, currency=currency)


def _figure(number: Decimal, *, unit: str, currency: str) -> str:
    if unit.startswith("currency"):
        return formatting.format_money(number, currency)
    if unit == "fraction":
        return formatting.format_percent(number)
    if unit == "months":
        return months(int(number))
    return formatting.format_number(number)
