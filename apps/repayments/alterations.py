"""What a change of a loan's life says, read from the parameters it is kept under. Pure.

Parameters are the fields of an `Alteration` by name, amounts and rates as text, days in ISO:

| change | must be said | may be said |
|---|---|---|
| rate_change | annual_rate | keeps, benchmark |
| moratorium | principal_free | interest_free, extends, difficulty |
| reschedule | instalments | first_due_on, principal_free, interest_free, difficulty |
| restructure | instalments, difficulty | first_due_on, principal_free, interest_free, annual_rate |
| due_date_change | first_due_on | |

`difficulty` says whether the borrower is in financial difficulty: it alters no row, and is kept for
the classification of the loan. `benchmark` is what a floating rate follows.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from apps.repayments.facts import Option
from apps.repayments.rescheduling import Alteration, Keeps
from apps.schedules.refusals import TermsRefused, gettext_noop, refused


class Change(StrEnum):
    """The changes there are."""

    RATE_CHANGE = "rate_change"
    MORATORIUM = "moratorium"
    RESCHEDULE = "reschedule"
    RESTRUCTURE = "restructure"
    DUE_DATE_CHANGE = "due_date_change"


DIFFICULTY = "difficulty"
_KEEPS = {Option.SHORTER_TERM: Keeps.INSTALMENT, Option.SMALLER_INSTALMENT: Keeps.TERM}
_SPREAD = ("first_due_on", "principal_free", "interest_free")
_MUST: Mapping[Change, tuple[str, ...]] = {
    Change.RATE_CHANGE: ("annual_rate",),
    Change.MORATORIUM: ("principal_free",),
    Change.RESCHEDULE: ("instalments",),
    Change.RESTRUCTURE: ("instalments", DIFFICULTY),
    Change.DUE_DATE_CHANGE: ("first_due_on",),
}
_MAY: Mapping[Change, tuple[str, ...]] = {
    Change.RATE_CHANGE: ("keeps", "benchmark"),
    Change.MORATORIUM: ("interest_free", "extends", DIFFICULTY),
    Change.RESCHEDULE: (*_SPREAD, DIFFICULTY),
    Change.RESTRUCTURE: (*_SPREAD, "annual_rate"),
    Change.DUE_DATE_CHANGE: (),
}
_ALTERS_NOTHING = (DIFFICULTY, "benchmark")


def of_prepayment(amount: Decimal, option: Option) -> Alteration:
    """Return what a part pre-payment of so much principal changes."""
    return Alteration(prepaid=amount, keeps=_KEEPS[option])


def of_change(change: str, parameters: Mapping[str, Any]) -> Alteration:
    """Return what a change alters. Raises TermsRefused for a change or parameters that are none."""
    if change not in list(Change):
        raise refused("change", "unknown_change", gettext_noop("This is no change of a loan."))
    kind = Change(change)
    said = {name: value for name, value in parameters.items() if value is not None}
    for name in _MUST[kind]:
        if name not in said:
            raise _unreadable(name)
    for name in said:
        if name not in (*_MUST[kind], *_MAY[kind]):
            raise _unreadable(name)
    read = {name: _READERS[name](name, value) for name, value in said.items()}
    return Alteration(
        **{name: value for name, value in read.items() if name not in _ALTERS_NOTHING}
    )


def _unreadable(name: str) -> TermsRefused:
    return refused(name, "unreadable", gettext_noop("This is missing, or cannot be read."))


def _rate(name: str, value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise _unreadable(name) from None


def _day(name: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _unreadable(name) from None


def _count(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _unreadable(name)
    return value


def _yes_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unreadable(name)
    return value


def _keeps(name: str, value: Any) -> Keeps:
    if value not in list(Keeps):
        raise _unreadable(name)
    return Keeps(value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _unreadable(name)
    return value


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "annual_rate": _rate,
    "keeps": _keeps,
    "benchmark": _text,
    "instalments": _count,
    "first_due_on": _day,
    "principal_free": _count,
    "interest_free": _count,
    "extends": _yes_no,
    DIFFICULTY: _yes_no,
}
