"""What a request must be, and what an application must have before it can be submitted."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.applications.models import Application
from apps.applications.own_debts import OwnDebt
from apps.core.formatting import format_money
from apps.core.money import money
from apps.customers.models import BureauReport, Consent, Employment, Obligation
from apps.customers.selectors import DECLARATION_HOLDS_DAYS
from apps.products.models import Product

# Nothing is assessed, and no machine decides, without these (rule book 6.1, 6.5).
CONSENTS = (Consent.Purpose.CREDIT_ASSESSMENT, Consent.Purpose.AUTOMATED_DECISION)

_OLDEST_VALUATION_YEARS = 50


@dataclass(frozen=True)
class Standing:
    """What is known of the applicant on a day; None is not known."""

    employment: Employment | None
    bureau_report: BureauReport | None
    obligations: tuple[Obligation, ...]
    # The customer says that there are none.
    declared_none: bool
    home: str
    # What is paid to us already; nobody has to record or deny it.
    own: tuple[OwnDebt, ...] = ()

    @property
    def elsewhere_monthly(self) -> Decimal | None:
        """Return what is paid to others a month; with none recorded and none denied, None."""
        if not self.obligations and not self.declared_none:
            return None
        return sum((row.monthly_payment for row in self.obligations), Decimal(0))

    @property
    def own_monthly(self) -> Decimal:
        """Return what our own loans take a month, with those of offers that were accepted."""
        return sum((one.monthly for one in self.own), Decimal(0))

    @property
    def obligations_monthly(self) -> Decimal | None:
        """Return what all of it takes a month; not known where what is paid elsewhere is not."""
        elsewhere = self.elsewhere_monthly
        return None if elsewhere is None else elsewhere + self.own_monthly

    @property
    def currencies(self) -> set[str]:
        """Return the currencies of all that is known of what comes in and goes out."""
        rows: Iterable[Employment | BureauReport | Obligation | OwnDebt | None] = (
            *(self.employment, self.bureau_report),
            *self.obligations,
            *self.own,
        )
        return {row.currency for row in rows if row is not None}


@dataclass(frozen=True)
class Lack:
    """One thing that stands in the way of submission. `place` says where it is put right."""

    code: str
    sentence: str
    place: str = "customer"


def outside_product(
    product: Product, *, amount: Decimal, term_months: int, purpose: str
) -> dict[str, str]:
    """Return a sentence for every input that the product does not allow."""
    errors = {}
    if not product.is_open:
        errors["product"] = _("This product is closed for new applications.")
    if not amount.is_finite() or amount != money(amount, product.currency):
        errors["amount"] = _("Enter an amount in whole smallest units of the currency.")
    elif not product.minimum_amount <= amount <= product.maximum_amount:
        errors["amount"] = _("Between %(lowest)s and %(highest)s for this product.") % {
            "lowest": format_money(product.minimum_amount, product.currency),
            "highest": format_money(product.maximum_amount, product.currency),
        }
    if not product.minimum_term_months <= term_months <= product.maximum_term_months:
        errors["term_months"] = _term_sentence(product)
    if purpose not in product.purposes:
        errors["purpose"] = _("This product is not lent for that purpose.")
    return errors


def valuation_date_error(valued: date, *, today: date) -> str:
    """Return why a valuation cannot be of that day; empty when it can."""
    if valued > today:
        return _("A valuation cannot lie in the future.")
    if valued.year < today.year - _OLDEST_VALUATION_YEARS:
        return _("This valuation is more than 50 years old.")
    return ""


def lacks(
    application: Application,
    standing: Standing,
    *,
    consents: Collection[str],
    has_collateral: bool,
) -> list[Lack]:
    """Return everything that is missing before the application can be submitted."""
    product = application.product
    outside = outside_product(
        product,
        amount=application.amount,
        term_months=application.term_months,
        purpose=application.purpose,
    )
    found = [Lack(field, sentence, "request") for field, sentence in outside.items()]
    found += _missing_consents(consents)
    found += _missing_income(standing.employment)
    found += _missing_obligations(standing)
    if product.secured and not has_collateral:
        sentence = _("This product is secured: record at least one collateral.")
        found.append(Lack("collateral", sentence, "security"))
    return found + _foreign_currency(standing, product.currency)


def _term_sentence(product: Product) -> str:
    lowest, highest = product.minimum_term_months, product.maximum_term_months
    if lowest == highest:
        return ngettext(
            "This product runs %(count)d month.", "This product runs %(count)d months.", lowest
        ) % {"count": lowest}
    return _("Between %(lowest)d and %(highest)d months for this product.") % {
        "lowest": lowest,
        "highest": highest,
    }


def _missing_consents(given: Collection[str]) -> list[Lack]:
    return [
        Lack(
            f"consent_{purpose}",
            _("The customer's consent is missing: %(consent)s.") % {"consent": purpose.label},
        )
        for purpose in CONSENTS
        if purpose not in given
    ]


def _missing_income(employment: Employment | None) -> list[Lack]:
    """Rule book 6.5 T5: nothing is sanctioned without income on record."""
    if employment is not None and employment.gross_annual_income is not None:
        return []
    return [Lack("income", _("Record the customer's work and income first."))]


def _missing_obligations(standing: Standing) -> list[Lack]:
    """Nobody's burden is known before somebody has asked (rule book 6.5, 9.2)."""
    if standing.elsewhere_monthly is not None:
        return []
    sentence = _(
        "Record what the customer pays elsewhere, or the customer's declaration of the last"
        " %(days)s days that it is nothing."
    )
    return [Lack("obligations", sentence % {"days": DECLARATION_HOLDS_DAYS})]


def _foreign_currency(standing: Standing, currency: str) -> list[Lack]:
    others = standing.currencies - {currency}
    if not others:
        return []
    sentence = _("Income, obligations and bureau report must be in %(currency)s, not %(others)s.")
    words = {"currency": currency, "others": ", ".join(sorted(others))}
    return [Lack("currency", sentence % words)]
