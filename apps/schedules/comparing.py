"""Up to three offers side by side: what was asked in the address, and what it comes to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.forms import BooleanField, BoundField, ChoiceField
from django.http import QueryDict
from django.utils.translation import gettext as _

from apps.schedules import forms, quotes, sentences
from apps.schedules.forms import MOST_LINES, WEEKENDS, OfferForm
from apps.schedules.quotes import Quote
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import (
    Adjustment,
    DayCount,
    FeeTiming,
    FirstPeriod,
    Frequency,
    GraceTerm,
    Method,
    Rounding,
    Row,
    Terms,
)

# The first offer's inputs have plain names, so that other pages can link to a quote.
PREFIXES = ("", "b", "c")
_LETTERS = ("A", "B", "C")
# More rows than a person reads; the files hold all of them.
MOST_ROWS = 400
_FEES = {
    FeeTiming.UPFRONT: "fee_upfront",
    FeeTiming.FIRST_INSTALMENT: "fee_first",
    FeeTiming.EACH_INSTALMENT: "fee_each",
}
# What an offer begins with: the conventions of an ordinary loan.
_START = {
    "frequency": Frequency.MONTHLY.value,
    "method": Method.EQUAL_INSTALMENT.value,
    "day_count": DayCount.THIRTY_360_US.value,
    "rounding_mode": Rounding.HALF_UP.value,
    "first_period": FirstPeriod.AMORTISED.value,
    "grace_term": GraceTerm.INSIDE.value,
    "adjustment": Adjustment.NONE.value,
}


@dataclass(frozen=True)
class Asked:
    """One offer: its form, and its quote where the form makes one."""

    prefix: str
    form: OfferForm
    quote: Quote | None

    @property
    def letter(self) -> str:
        """Return by which letter the offer is told apart."""
        return _LETTERS[PREFIXES.index(self.prefix)]

    @property
    def name(self) -> str:
        """Return what the offer is called on the page."""
        return _("Offer %(letter)s") % {"letter": self.letter}

    @property
    def query(self) -> str:
        """Return the offer alone, as the query of an address."""
        return urlencode(_plain(self.form))

    @property
    def more(self) -> list[BoundField]:
        """Return the inputs that most offers leave as they are."""
        return [self.form[name] for name in self.form.fields if name not in forms.COMMON]

    @property
    def more_is_wrong(self) -> bool:
        """Return whether one of those is refused, and has to be seen."""
        return any(bound.errors for bound in self.more)

    @property
    def more_said(self) -> list[tuple[str, str]]:
        """Return those that were changed, by their labels, in the words of the page."""
        changed = (bound for bound in self.more if _text(bound) not in _untouched(bound))
        return [(str(bound.label), _in_words(bound)) for bound in changed]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the instalments that a person reads on a page."""
        return () if self.quote is None else self.quote.schedule.rows[:MOST_ROWS]


def asked(given: QueryDict, *, currency: str, today: date) -> list[Asked]:
    """Return the offers in an address, the first always; an empty one is not filled in yet."""
    start = {**_START, "currency": currency, "disbursed_on": today.isoformat()}
    prefixes = [prefix for prefix in PREFIXES if not prefix or _is_asked(given, prefix)]
    return [_asked(given, prefix, start) for prefix in prefixes]


def with_another(offers: Sequence[Asked]) -> str:
    """Return the query with the last offer once more, to be varied."""
    prefixes = [offer.prefix for offer in offers]
    free = [prefix for prefix in PREFIXES if prefix not in prefixes]
    found = _all(offers)
    if free:
        found |= _prefixed(_plain(offers[-1].form), free[0])
    return urlencode(found)


def without(offers: Sequence[Asked], letter: str) -> str:
    """Return the query without one offer; those after it move up."""
    kept = [_plain(offer.form) for offer in offers if offer.letter != letter]
    found: dict[str, str] = {}
    for place, values in zip(PREFIXES, kept, strict=False):
        found |= _prefixed(values, place)
    return urlencode(found)


def query_of(terms: Terms) -> str:
    """Return terms as the query of a quote's address: what the form holds comes back as it was.

    The form adds up the fees of one time, and counts third parties' only where they are deducted;
    of the holidays it is given those that the loan may meet.
    """
    days = _days_off(terms)
    typed = {
        **{name: f"{value:f}" for name, value in _amounts(terms).items() if value},
        "annual_rate": f"{(terms.annual_rate * 100).normalize():f}",
        "instalments": str(terms.instalments),
        "currency": terms.currency,
        "frequency": terms.frequency.value,
        "method": terms.method.value,
        "disbursed_on": terms.disbursed_on.isoformat(),
        "day_count": terms.day_count.value,
        "rounding_mode": terms.rounding_mode.value,
        "first_period": terms.first_period.value,
        **days,
    }
    if terms.steps:
        typed["steps"] = "\n".join(f"{one.first} {one.factor.normalize():f}" for one in terms.steps)
    if terms.first_due_on is not None:
        typed["first_due_on"] = terms.first_due_on.isoformat()
    return urlencode(typed)


def _amounts(terms: Terms) -> dict[str, Decimal]:
    fees: dict[str, Decimal] = {}
    for fee in terms.fees:
        is_apart = fee.is_third_party and fee.timing == FeeTiming.UPFRONT
        name = "fee_third_party" if is_apart else _FEES[fee.timing]
        fees[name] = fees.get(name, Decimal(0)) + fee.amount
    rounding = terms.rounding_unit or Decimal(0)
    return {
        "principal": terms.principal,
        "rounding_unit": rounding,
        "balloon": terms.balloon or Decimal(0),
        **fees,
    }


def _days_off(terms: Terms) -> dict[str, str]:
    """Return the days off where due dates move away from them, and nothing where they stay."""
    calendar = terms.calendar
    if calendar.adjustment == Adjustment.NONE:
        return {}
    met = sorted(day for day in calendar.holidays if day >= terms.disbursed_on)
    weekend = next((name for name, days in WEEKENDS.items() if days == calendar.weekend), "")
    return {
        "adjustment": calendar.adjustment.value,
        "weekend": weekend,
        "holidays": "\n".join(day.isoformat() for day in met[:MOST_LINES]),
    }


def _asked(given: QueryDict, prefix: str, start: Mapping[str, str]) -> Asked:
    if not _is_asked(given, prefix):
        return Asked(prefix, OfferForm(initial=dict(start), prefix=prefix or None), None)
    values = _prefixed(start, prefix) | given.dict()
    if "currency" in given:
        # Offers are compared in one currency, the first one's.
        values[_named("currency", prefix)] = given["currency"]
    form = OfferForm(values, prefix=prefix or None)
    return Asked(prefix, form, _quote(form))


def _quote(form: OfferForm) -> Quote | None:
    """Return the quote of a form; None where it is not acceptable, and the form says why."""
    if not form.is_valid():
        return None
    try:
        return quotes.quote(form.terms())
    except TermsRefused as refused:
        form.show(sentences.in_words(refused))
        return None


def _is_asked(given: QueryDict, prefix: str) -> bool:
    return any(_named(name, prefix) in given for name in forms.MAIN)


def _all(offers: Iterable[Asked]) -> dict[str, str]:
    found: dict[str, str] = {}
    for offer in offers:
        found |= _prefixed(_plain(offer.form), offer.prefix)
    return found


def _plain(form: OfferForm) -> dict[str, str]:
    """Return what was typed into a form, by plain names; what nobody touched is left out."""
    typed = {name: _text(form[name]) for name in form.fields}
    return {
        name: text for name, text in typed.items() if text not in {"", "False", _START.get(name)}
    }


def _text(bound: BoundField) -> str:
    return str(bound.value() or "")


def _in_words(bound: BoundField) -> str:
    """Return what was chosen by its name, what was typed as it is, and nothing for a mere yes."""
    field = bound.field
    if isinstance(field, BooleanField):
        return ""
    choices: Any = field.choices if isinstance(field, ChoiceField) else ()
    names = dict(choices)
    return str(names.get(_text(bound)) or "; ".join(_text(bound).split("\n")))


def _untouched(bound: BoundField) -> set[str]:
    return {"", "0", "False", _START.get(bound.name, "")}


def _prefixed(values: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {_named(name, prefix): value for name, value in values.items()}


def _named(name: str, prefix: str) -> str:
    return f"{prefix}-{name}" if prefix else name
