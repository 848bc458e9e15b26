"""What a change of a loan's life says, read from the parameters it is kept under. Pure.

| change | parameters |
|---|---|
| rate_change | annual_rate; keeps: term or instalment |
| moratorium | rows, on: principal or all; extends |
| reschedule | instalments; first_due_on, principal_free, interest_free where wanted |
| restructure | as reschedule, and annual_rate where wanted; difficulty: yes or no |
| due_date_change | first_due_on |
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


Given = Mapping[str, Any]
_KEEPS = {Option.SHORTER_TERM: Keeps.INSTALMENT, Option.SMALLER_INSTALMENT: Keeps.TERM}


def of_prepayment(amount: Decimal, option: Option) -> Alteration:
    """Return what a part pre-payment of so much principal changes."""
    return Alteration(prepaid=amount, keeps=_KEEPS[option])


def of_change(change: str, parameters: Given) -> Alteration:
    """Return what a change alters. Raises TermsRefused for a change or parameters that are none."""
    if change not in _READERS:
        raise refused("change", "unknown_change", gettext_noop("This is no change of a loan."))
    return _READERS[Change(change)](parameters)


def _rate_change(given: Given) -> Alteration:
    keeps = given.get("keeps", Keeps.TERM)
    if keeps not in list(Keeps):
        raise _unreadable("keeps")
    return Alteration(annual_rate=_rate(given, "annual_rate"), keeps=Keeps(keeps))


def _moratorium(given: Given) -> Alteration:
    rows = _count(given, "rows", least=1)
    on = given.get("on")
    if on not in ("principal", "all"):
        raise _unreadable("on")
    return Alteration(
        principal_free=rows,
        interest_free=rows if on == "all" else 0,
        extends=_yes_no(given, "extends"),
    )


def _reschedule(given: Given) -> Alteration:
    return Alteration(
        instalments=_count(given, "instalments", least=1),
        first_due_on=_day(given, "first_due_on") if given.get("first_due_on") else None,
        principal_free=_count(given, "principal_free") if "principal_free" in given else 0,
        interest_free=_count(given, "interest_free") if "interest_free" in given else 0,
        annual_rate=_rate(given, "annual_rate") if given.get("annual_rate") else None,
    )


def _due_date_change(given: Given) -> Alteration:
    return Alteration(first_due_on=_day(given, "first_due_on"))


_READERS: Mapping[Change, Callable[[Given], Alteration]] = {
    Change.RATE_CHANGE: _rate_change,
    Change.MORATORIUM: _moratorium,
    Change.RESCHEDULE: _reschedule,
    Change.RESTRUCTURE: _reschedule,
    Change.DUE_DATE_CHANGE: _due_date_change,
}


def _unreadable(name: str) -> TermsRefused:
    return refused(name, "unreadable", gettext_noop("This is missing, or cannot be read."))


def _rate(given: Given, name: str) -> Decimal:
    try:
        return Decimal(str(given[name]))
    except (KeyError, InvalidOperation):
        raise _unreadable(name) from None


def _day(given: Given, name: str) -> date:
    try:
        return date.fromisoformat(given[name])
    except (KeyError, TypeError, ValueError):
        raise _unreadable(name) from None


def _count(given: Given, name: str, *, least: int = 0) -> int:
    found = given.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found < least:
        raise _unreadable(name)
    return found


def _yes_no(given: Given, name: str) -> bool:
    found = given.get(name, False)
    if not isinstance(found, bool):
        raise _unreadable(name)
    return found
