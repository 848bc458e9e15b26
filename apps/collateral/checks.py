"""What an entry about collateral must be; each check returns a sentence for every wrong input."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.applications.requirements import valuation_date_error
from apps.collateral import registration
from apps.collateral.entries import InsuranceEntry, ItemEntry, LiabilityEntry, ValuationEntry
from apps.collateral.models import Item, Kind, Method
from apps.collateral.models.answering import Liability
from apps.collateral.rules import KindTerms
from apps.core.dates import add_months
from apps.core.errors import DomainError
from apps.core.money import MINOR_UNITS, MoneyRefused, money

# Above this an amount is a slip of the hand in every currency we lend in.
MOST = Decimal(10) ** 13
_LONGEST_INSURANCE_YEARS = 30
Errors = dict[str, str]


def refuse(errors: Errors) -> None:
    """Raise DomainError with the sentences, if there are any."""
    if errors:
        raise DomainError("not_acceptable", _("Some values are not acceptable."), fields=errors)


def amount_error(amount: Decimal, currency: str) -> str:
    """Return why an amount is none of this currency; empty when it is one."""
    try:
        whole = amount.is_finite() and amount == money(amount, currency)
    except MoneyRefused:
        return _("This lender does not lend in this currency.")
    if not whole or amount <= 0:
        return _("Enter an amount above zero, in whole smallest units of the currency.")
    return _("This amount is too large to be right.") if amount > MOST else ""


def line_error(text: str, *, most: int) -> str:
    """Return why a text is not one line of at most so many characters."""
    if not text.strip():
        return _("Fill this in.")
    if not text.isprintable():
        return _("Write it in one line, without control characters.")
    if len(text) > most:
        return _("At most %(most)d characters.") % {"most": most}
    return ""


def item(entry: ItemEntry) -> Errors:
    """Return what is wrong with a thing that is to be registered."""
    errors = {"description": line_error(entry.description, most=200)}
    if entry.kind not in Kind.values:
        errors["kind"] = _("Choose what kind of security this is.")
    if entry.currency not in MINOR_UNITS:
        errors["currency"] = _("This lender does not lend in this currency.")
    elif entry.price is not None:
        errors["price"] = amount_error(entry.price, entry.currency)
    if entry.owner is None:
        errors["owner_name"] = line_error(entry.owner_name, most=150)
    elif entry.owner_name:
        errors["owner_name"] = _("Give either a customer number or a name, not both.")
    if entry.registration:
        errors["registration"] = _registration_error(entry.registration)
    return _only(errors)


def valuation(item: Item, entry: ValuationEntry, terms: KindTerms, *, today: date) -> Errors:
    """Return what is wrong with a valuation of an item."""
    errors = {
        "valuer": line_error(entry.valuer, most=120),
        "amount": amount_error(entry.amount, item.currency),
        "valued_date": valuation_date_error(entry.valued_date, today=today),
    }
    if entry.method not in Method.values:
        errors["method"] = _("Choose how the value was found.")
    if entry.realisable_amount is not None:
        errors["realisable_amount"] = amount_error(
            entry.realisable_amount, item.currency
        ) or _realisable_error(entry)
    if entry.valid_until is not None:
        errors["valid_until"] = _until_error(entry, entry.valid_until, terms)
    return _only(errors)


def insurance(item: Item, entry: InsuranceEntry, *, today: date) -> Errors:
    """Return what is wrong with a policy that insures an item."""
    errors = {
        "insurer": line_error(entry.insurer, most=120),
        "policy_number": line_error(entry.policy_number, most=60),
        "sum_insured": amount_error(entry.sum_insured, item.currency),
    }
    if entry.from_date > today:
        errors["from_date"] = _("Record a policy once it has begun.")
    if entry.valid_until < entry.from_date:
        errors["valid_until"] = _("It cannot end before it begins.")
    elif entry.valid_until > add_months(entry.from_date, 12 * _LONGEST_INSURANCE_YEARS):
        errors["valid_until"] = _("No policy runs longer than %(years)d years.") % {
            "years": _LONGEST_INSURANCE_YEARS
        }
    return _only(errors)


def liable(entry: LiabilityEntry) -> Errors:
    """Return what is wrong with how much somebody answers for."""
    if entry.liability not in Liability.values:
        return {"liability": _("Choose for how much the person answers.")}
    if entry.liability == Liability.JOINT_AND_SEVERAL:
        whole = entry.share is not None
        return {"share": _("Who is liable for the whole has no share.")} if whole else {}
    share = entry.share
    if share is None or not share.is_finite() or not 0 < share < 1 or share != round(share, 4):
        return {"share": _("Enter a share above 0 and below 100 %, in steps of 0.01 %.")}
    return {}


def day_of_deed(day: date, *, today: date, earliest: date | None) -> Errors:
    """Return what is wrong with the day a deed was signed, or a charge was entered."""
    if day > today:
        return {"day": _("This day lies in the future.")}
    if earliest is not None and day < earliest:
        return {"day": _("This cannot have been before the deed was signed.")}
    return {"day": _("This is more than 50 years ago.")} if day.year < today.year - 50 else {}


def _registration_error(given: str) -> str:
    length = len(registration.canonical(given))
    if length < registration.SHORTEST or len(given) > registration.LONGEST:
        return _("Between %(shortest)d and %(longest)d letters and digits.") % {
            "shortest": registration.SHORTEST,
            "longest": registration.LONGEST,
        }
    return line_error(given, most=registration.LONGEST)


def _realisable_error(entry: ValuationEntry) -> str:
    above = entry.realisable_amount is not None and entry.realisable_amount > entry.amount
    return _("A sale in haste does not bring more than the value.") if above else ""


def _until_error(entry: ValuationEntry, until: date, terms: KindTerms) -> str:
    if until < entry.valued_date:
        return _("A valuation cannot expire before its day.")
    if (until - entry.valued_date).days > terms.valuation_days:
        return ngettext(
            "A valuation of this kind holds %(count)d day at most.",
            "A valuation of this kind holds %(count)d days at most.",
            terms.valuation_days,
        ) % {"count": terms.valuation_days}
    return ""


def _only(errors: Errors) -> Errors:
    return {name: sentence for name, sentence in errors.items() if sentence}
