"""Reasons, causes and changes as sentences, in the language that is active.

Each reason carries its values; the words are chosen here, so that a letter in another language
says the same. A sentence names the applicant's own value and, where there is one, the limit.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import formatting
from apps.decisions.policy_inputs import INPUTS
from apps.decisions.reasons import Reason
from apps.decisions.recourse import Change
from apps.scoring import feature_words

INPUT_WORDS = {
    "pd": gettext_lazy("probability of default"),
    "amount": gettext_lazy("amount asked for"),
    "term_months": gettext_lazy("term"),
    "age_years": gettext_lazy("age"),
    "age_at_maturity_years": gettext_lazy("age when the loan ends"),
    "country": gettext_lazy("country of residence"),
    "annual_income": gettext_lazy("gross income a year"),
    "net_monthly_income": gettext_lazy("net income a month"),
    "income_verification": gettext_lazy("verification of income"),
    "income_gap": gettext_lazy("share of the declared net income that no document shows"),
    "employment_months": gettext_lazy("time in present work"),
    "dti": gettext_lazy("obligations as a share of gross income"),
    "foir": gettext_lazy("obligations as a share of net income"),
    "lti": gettext_lazy("loan as a share of yearly income"),
    "ltv": gettext_lazy("loan as a share of the security"),
    "pay_committed": gettext_lazy("obligations as a share of basic pay"),
    "bureau_report": gettext_lazy("credit bureau report"),
    "bureau_report_age_days": gettext_lazy("age of the bureau report"),
    "bureau_score": gettext_lazy("bureau score"),
    "credit_history_months": gettext_lazy("length of credit history"),
    "delinquencies_24m": gettext_lazy("late payments in two years"),
    "accounts_delinquent_now": gettext_lazy("accounts late now"),
    "bankruptcies": gettext_lazy("bankruptcies"),
    "public_records": gettext_lazy("public records"),
    "enquiries_6m": gettext_lazy("credit enquiries in six months"),
    "blocked": gettext_lazy("entry on our block list"),
    "defaults_with_us": gettext_lazy("loans in default with us"),
    "guarantees_with_us": gettext_lazy("guarantees for other people's loans with us"),
    "exposure_with_us": gettext_lazy(
        "borrowing from us, this loan and guarantees for others included"
    ),
}

# What a rule that was not met says to the applicant; the general form serves the others.
_RULES = {
    ("amount", "at_most"): gettext_lazy("You asked for %(value)s; the limit is %(limit)s."),
    ("age_years", "at_least"): gettext_lazy(
        "You are %(value)s old; we lend from the age of %(limit)s."
    ),
    ("age_at_maturity_years", "at_most"): gettext_lazy(
        "You would be %(value)s old when the loan ends; it must end by the age of %(limit)s."
    ),
    ("country", "one_of"): gettext_lazy(
        "You live in %(value)s; we lend to residents of %(limit)s."
    ),
    ("income_verification", "one_of"): gettext_lazy(
        "Your income is %(value)s; it must be %(limit)s."
    ),
    ("income_gap", "at_most"): gettext_lazy(
        "Your documents do not show %(value)s of the net income you stated; we accept at most"
        " %(limit)s."
    ),
    ("annual_income", "at_least"): gettext_lazy(
        "Your gross income is %(value)s a year; this loan needs at least %(limit)s."
    ),
    ("net_monthly_income", "at_least"): gettext_lazy(
        "Your net income is %(value)s a month; this loan needs at least %(limit)s."
    ),
    ("employment_months", "at_least"): gettext_lazy(
        "You have been in your present work for %(value)s; this loan needs at least %(limit)s."
    ),
    ("dti", "at_most"): gettext_lazy(
        "Your fixed obligations with the new instalment would take %(value)s of your gross income;"
        " the limit is %(limit)s."
    ),
    ("foir", "at_most"): gettext_lazy(
        "Your fixed obligations with the new instalment would take %(value)s of your net income;"
        " the limit is %(limit)s."
    ),
    ("lti", "at_most"): gettext_lazy(
        "The loan would be %(value)s of your gross income a year; the limit is %(limit)s."
    ),
    ("ltv", "at_most"): gettext_lazy(
        "The loan would be %(value)s of the value of the security; the limit is %(limit)s."
    ),
    ("pay_committed", "at_most"): gettext_lazy(
        "Your deductions with the new instalment would take %(value)s of your basic pay; at most"
        " %(limit)s may be committed, so that a third remains."
    ),
    ("accounts_delinquent_now", "at_most"): gettext_lazy(
        "Accounts with a payment overdue now: %(value)s; we accept at most %(limit)s."
    ),
    ("delinquencies_24m", "at_most"): gettext_lazy(
        "Payments 30 or more days late in the last two years: %(value)s;"
        " we accept at most %(limit)s."
    ),
    ("bankruptcies", "at_most"): gettext_lazy(
        "Bankruptcies on your credit report: %(value)s; we accept at most %(limit)s."
    ),
    ("public_records", "at_most"): gettext_lazy(
        "Public records such as judgments or liens: %(value)s; we accept at most %(limit)s."
    ),
    ("enquiries_6m", "at_most"): gettext_lazy(
        "Credit enquiries in the last six months: %(value)s; we accept at most %(limit)s."
    ),
    ("bureau_score", "at_least"): gettext_lazy(
        "Your credit bureau rates you %(value)s; this loan needs at least %(limit)s."
    ),
    ("bureau_report", "is"): gettext_lazy("There is no credit bureau report about you."),
    ("bureau_report_age_days", "at_most"): gettext_lazy(
        "Your credit report is %(value)s old; it must not be older than %(limit)s."
    ),
    ("credit_history_months", "at_least"): gettext_lazy(
        "Your credit history is %(value)s long; at least %(limit)s are needed."
    ),
    ("defaults_with_us", "at_most"): gettext_lazy(
        "Your loans in default with us: %(value)s; we accept at most %(limit)s."
    ),
    ("blocked", "is"): gettext_lazy(
        "Our block list holds an entry about you. You may ask us what it rests on, and object"
        " to it."
    ),
    ("guarantees_with_us", "at_most"): gettext_lazy(
        "You answer for %(value)s of other people's loans with us; the limit for one borrower is"
        " %(limit)s."
    ),
    ("exposure_with_us", "at_most"): gettext_lazy(
        "With this loan you would owe us or answer for %(value)s; the limit for one borrower is"
        " %(limit)s."
    ),
}

# What raised the risk, with the applicant's own value; and the same where it is not known.
_FACTORS = {
    "amount": gettext_lazy("You asked for %(value)s."),
    "term_months": gettext_lazy("You asked for a term of %(value)s."),
    "purpose": gettext_lazy("The purpose of the loan is %(value)s."),
    "annual_income": gettext_lazy("Your gross income is %(value)s a year."),
    "amount_to_income": gettext_lazy("The loan is %(value)s of your gross income a year."),
    "existing_dti": gettext_lazy("Your existing obligations take %(value)s of your gross income."),
    "employment_months": gettext_lazy("You have been in your present work for %(value)s."),
    "employment_type": gettext_lazy("Your kind of work is: %(value)s."),
    "income_verification": gettext_lazy("Your income is %(value)s."),
    "home_ownership": gettext_lazy("Your home is %(value)s."),
    "credit_history_months": gettext_lazy("Your credit history is %(value)s long."),
    "delinquencies_24m": gettext_lazy(
        "Payments 30 or more days late in the last two years: %(value)s."
    ),
    "months_since_delinquency": gettext_lazy("Your last late payment was %(value)s ago."),
    "enquiries_6m": gettext_lazy("Credit enquiries in the last six months: %(value)s."),
    "open_accounts": gettext_lazy("Open credit accounts: %(value)s."),
    "total_accounts": gettext_lazy("Credit accounts you ever had: %(value)s."),
    "public_records": gettext_lazy("Public records such as judgments or liens: %(value)s."),
    "months_since_public_record": gettext_lazy("Your last public record was %(value)s ago."),
    "revolving_balance": gettext_lazy("You owe %(value)s on revolving credit."),
    "revolving_utilisation": gettext_lazy("You use %(value)s of your revolving credit limits."),
    "revolving_balance_to_income": gettext_lazy(
        "Your revolving balance is %(value)s of your gross income a year."
    ),
    "bankruptcies": gettext_lazy("Bankruptcies on your credit report: %(value)s."),
    "accounts_delinquent_now": gettext_lazy("Accounts with a payment overdue now: %(value)s."),
}

_CODES = {
    "burden_confirmed_bearable": gettext_lazy("Income bears the instalment beside what is owed"),
    "income_confirmed": gettext_lazy("Income confirmed by documents seen"),
    "payment_record_sound": gettext_lazy("Payment record is sound"),
    "security_sufficient": gettext_lazy("Security covers the loan"),
    "referral_cause_cleared": gettext_lazy("What caused the referral is cleared up"),
    "exception_justified": gettext_lazy("Exception to policy, justified in the note"),
    "obligations_high_on_net_income": gettext_lazy("Obligations too high for net income"),
    "obligations_high_on_gross_income": gettext_lazy("Obligations too high for gross income"),
    "amount_high_for_income": gettext_lazy("Amount too high for income"),
    "income_not_confirmed": gettext_lazy("Income could not be confirmed"),
    "work_too_recent": gettext_lazy("Present work too recent"),
    "late_payments": gettext_lazy("Late payments in the last two years"),
    "accounts_late_now": gettext_lazy("Accounts overdue now"),
    "bankruptcy": gettext_lazy("Bankruptcy on file"),
    "credit_history_short": gettext_lazy("Credit history too short"),
    "many_enquiries": gettext_lazy("Many recent credit enquiries"),
    "security_insufficient": gettext_lazy("Security does not cover the loan"),
    "owed_to_us_high": gettext_lazy("Borrowing from us too high already"),
    "guarantees_high": gettext_lazy("Guarantees for other people's loans too high"),
    "income_not_as_documented": gettext_lazy("Income stated lies above what documents show"),
    "on_block_list": gettext_lazy("On our block list"),
    "documents_incomplete": gettext_lazy("Documents incomplete"),
    "identity_not_confirmed": gettext_lazy("Identity could not be confirmed"),
    "purpose_not_financed": gettext_lazy("Purpose is not financed"),
}

_CODE_SENTENCES = {
    "obligations_high_on_net_income": gettext_lazy(
        "Your fixed obligations with the new instalment would take %(value)s of your net income,"
        " which is too much."
    ),
    "obligations_high_on_gross_income": gettext_lazy(
        "Your fixed obligations with the new instalment would take %(value)s of your gross income,"
        " which is too much."
    ),
    "amount_high_for_income": gettext_lazy(
        "The loan would be %(value)s of your gross income a year, which is too much."
    ),
    "income_not_confirmed": gettext_lazy(
        "We could not confirm the gross income of %(value)s a year that you stated."
    ),
    "work_too_recent": gettext_lazy(
        "You have been in your present work for %(value)s, which is too short for this loan."
    ),
    "late_payments": gettext_lazy(
        "Payments 30 or more days late in the last two years: %(value)s."
    ),
    "accounts_late_now": gettext_lazy("Accounts with a payment overdue now: %(value)s."),
    "bankruptcy": gettext_lazy("Bankruptcies on your credit report: %(value)s."),
    "credit_history_short": gettext_lazy(
        "Your credit history is %(value)s long, which is too short for this loan."
    ),
    "many_enquiries": gettext_lazy("Credit enquiries in the last six months: %(value)s."),
    "security_insufficient": gettext_lazy(
        "The loan would be %(value)s of the value of the security, which is too much."
    ),
    "owed_to_us_high": gettext_lazy(
        "With this loan you would owe us or answer for %(value)s, which is too much."
    ),
    "guarantees_high": gettext_lazy(
        "You answer for %(value)s of other people's loans with us, which is too much."
    ),
    "income_not_as_documented": gettext_lazy(
        "Your documents do not show %(value)s of the net income you stated."
    ),
    "on_block_list": gettext_lazy(
        "Our block list holds an entry about you. You may ask us what it rests on, and object"
        " to it."
    ),
    "documents_incomplete": gettext_lazy(
        "The documents needed to assess your application were not complete."
    ),
    "identity_not_confirmed": gettext_lazy("Your identity could not be confirmed."),
    "purpose_not_financed": gettext_lazy("We do not finance the purpose you stated."),
}

_CAUSES = {
    "no_champion": gettext_lazy("No model is in use for this product."),
    "model_unusable": gettext_lazy("The model in use failed its checks."),
    "features_refused": gettext_lazy("A value lies outside what the model was trained on."),
    "no_policy": gettext_lazy("No credit policy is in force."),
    "policy_unusable": gettext_lazy("The credit policy in force cannot be applied to this case."),
    "no_specific_reason": gettext_lazy("No specific reason for a decline could be named."),
    "letter_refused": gettext_lazy("The letter could not be written from what is on record."),
    "not_scored_in_time": gettext_lazy("The application was not scored in time."),
    "automation_stopped": gettext_lazy("Automated decisions were stopped."),
    "unexpected_error": gettext_lazy("The automatic assessment failed unexpectedly."),
    "pd_band": gettext_lazy("The risk lies near the cut-off."),
}

_TESTS = {
    "at_least": gettext_lazy("at least %(limit)s"),
    "at_most": gettext_lazy("at most %(limit)s"),
    "is": gettext_lazy("%(limit)s"),
    "one_of": gettext_lazy("one of: %(limit)s"),
}

# How an income stands, said to the applicant; elsewhere the words of the feature serve.
_VERIFICATIONS = {
    "none": gettext_lazy("not verified"),
    "declared": gettext_lazy("declared but not yet verified"),
    "source": gettext_lazy("verified at its source"),
    "documents": gettext_lazy("verified by documents"),
}

_COUNTRIES = {
    "IN": gettext_lazy("India"),
    "KE": gettext_lazy("Kenya"),
    "US": gettext_lazy("the United States"),
}


def reason(one: Reason, *, currency: str) -> str:
    """Return one reason as a sentence to the applicant."""
    if one.source == "cause":
        return cause(one.about)
    by_source = {"rule": _rule, "model": _factor, "person": _code}
    return by_source[one.source](one, currency)


def reasons(stored: list[Mapping[str, Any]], *, currency: str) -> list[str]:
    """Return stored reasons as sentences."""
    return [reason(Reason.from_json(one), currency=currency) for one in stored]


def code(name: str) -> str:
    """Return a reviewer's reason code in words."""
    return str(_CODES.get(name, name))


def cause(name: str) -> str:
    """Return a referral cause in words; a rule's code that is none is shown as it is."""
    return str(_CAUSES.get(name, name.replace("_", " ")))


def input_name(name: str) -> str:
    """Return a policy input in words."""
    return str(INPUT_WORDS[name])


def requirement(test: str, threshold: object, *, about: str, currency: str) -> str:
    """Return what a rule requires of its input, for example `at most 50.0 %`."""
    return str(_TESTS[test]) % {"limit": policy_value(about, threshold, currency=currency)}


def policy_value(about: str, raw: object, *, currency: str) -> str:
    """Return a policy input's stored value or threshold as people read it."""
    if raw is None:
        return _("not known")
    if isinstance(raw, bool):
        return _("yes") if raw else _("no")
    if isinstance(raw, list | tuple):
        return ", ".join(policy_value(about, item, currency=currency) for item in raw)
    declared = INPUTS[about]
    if declared.kind == "text":
        words = _COUNTRIES.get(str(raw)) if about == "country" else None
        return str(words or feature_words.category(str(raw)))
    return _figure(Decimal(str(raw)), declared.unit, currency)


def change(one: Change, *, asked_amount: Decimal, currency: str) -> str:
    """Return a verified change as a sentence."""
    words = {
        "amount": formatting.format_money(one.amount, currency),
        "term": feature_words.months(one.term_months),
    }
    if one.amount < asked_amount:
        return _("An application for %(amount)s over %(term)s would have been approved.") % words
    return _("The same amount over %(term)s would have been approved.") % words


def no_change() -> str:
    """Return the honest answer when no change of amount or term turns the outcome."""
    return _("A smaller amount or another term alone would not have changed this decision.")


def _rule(one: Reason, currency: str) -> str:
    if one.test == "missing":
        return _("Not known: %(what)s.") % {"what": input_name(one.about)}
    value = _to_applicant(one.about, one.value, currency)
    if one.test == "one_of":
        limit = _either([_to_applicant(one.about, item, currency) for item in one.limit])
    else:
        limit = _to_applicant(one.about, one.limit, currency)
    pattern = _RULES.get((one.about, one.test))
    if pattern is not None:
        return str(pattern) % {"value": value, "limit": limit}
    if one.test == "one_of":
        named = {"what": input_name(one.about), "value": value, "limit": limit}
        return _("Your %(what)s: %(value)s; we accept %(limit)s.") % named
    return _("Your %(what)s: %(value)s; required: %(requirement)s.") % {
        "what": input_name(one.about),
        "value": value,
        "requirement": str(_TESTS[one.test]) % {"limit": limit},
    }


def _to_applicant(about: str, raw: object, currency: str) -> str:
    if about == "income_verification" and str(raw) in _VERIFICATIONS:
        return str(_VERIFICATIONS[str(raw)])
    return policy_value(about, raw, currency=currency)


def _either(choices: list[str]) -> str:
    """Return choices as a sentence names them: `a, b or c`."""
    *others, last = choices
    if not others:
        return last
    return _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last}


def _factor(one: Reason, currency: str) -> str:
    if one.value is None:
        name = feature_words.feature(one.about)
        return _("Nothing is known about this: %(what)s.") % {"what": name}
    value = feature_words.value(one.value, unit=one.unit, currency=currency)
    pattern = _FACTORS.get(one.about)
    if pattern is None:
        return f"{feature_words.feature(one.about)}: {value}."
    return str(pattern) % {"value": value}


def _code(one: Reason, currency: str) -> str:
    name = one.code.partition(".")[2]
    pattern = _CODE_SENTENCES.get(name)
    if pattern is None or (one.about and one.value is None):
        return f"{code(name)}."
    if not one.about:
        return str(pattern)
    return str(pattern) % {"value": policy_value(one.about, one.value, currency=currency)}


def _figure(number: Decimal, unit: str, currency: str) -> str:
    if unit == "share":
        return formatting.format_percent(number)
    if unit == "money":
        return formatting.format_money(number, currency)
    if unit == "months":
        return feature_words.months(int(number))
    if unit in ("years", "days"):
        figure = formatting.format_number(number)
        return (_("%(n)s years") if unit == "years" else _("%(n)s days")) % {"n": figure}
    return formatting.format_number(number)
