"""Loans of every kind: all methods, frequencies, day counts, graces, calendars, tranches, fees.

Whoever wants a failing loan made smaller lets Hypothesis choose. Whoever wants thousands throws
dice: Hypothesis takes three times as long to draw a loan as it takes to make and check its rows.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from apps.schedules.terms import (
    Adjustment,
    Calendar,
    CustomRow,
    DayCount,
    Fee,
    FeeTiming,
    FirstPeriod,
    Frequency,
    Grace,
    GraceTerm,
    Method,
    Rounding,
    Step,
    Terms,
    Tranche,
)

UNITS = {"INR": Decimal("0.01"), "USD": Decimal("0.01"), "UGX": Decimal(1)}
_DAYS = {
    Frequency.DAILY: 1,
    Frequency.WEEKLY: 7,
    Frequency.FORTNIGHTLY: 14,
    Frequency.FOUR_WEEKLY: 28,
    Frequency.SEMI_MONTHLY: 15,
    Frequency.MONTHLY: 28,
    Frequency.END_OF_MONTH: 28,
    Frequency.QUARTERLY: 90,
    Frequency.HALF_YEARLY: 181,
    Frequency.YEARLY: 365,
}
_OFF = [date(2026, 1, 26), date(2026, 8, 15), date(2027, 12, 25), date(2028, 2, 29)]
_TRANCHED = [Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY, Method.STEPPED]
_One = TypeVar("_One")


class Chooser(Protocol):
    """Who says what a loan is like."""

    def number(self, least: int, most: int) -> int:
        """Choose a whole number, both ends included."""

    def one_of(self, choices: Iterable[_One]) -> _One:
        """Choose one of some things."""


class Dice:
    """Chooses at random, and oftener than chance the ends, where most goes wrong."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)  # noqa: S311 - the same loans each time

    def number(self, least: int, most: int) -> int:
        """Choose a whole number: one time in sixteen one of the ends."""
        if self._random.random() < 1 / 16:
            return self._random.choice((least, most))
        return self._random.randint(least, most)

    def one_of(self, choices: Iterable[_One]) -> _One:
        """Choose one of some things, each as likely."""
        return self._random.choice(list(choices))


class _Drawn:
    """Lets Hypothesis choose."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, least: int, most: int) -> int:
        return self._draw(st.integers(least, most))

    def one_of(self, choices: Iterable[_One]) -> _One:
        return self._draw(st.sampled_from(list(choices)))


@st.composite
def loans(draw: st.DrawFn, method: Method) -> Terms:
    """Draw terms that contradict nothing; some of them still cannot amortise."""
    return chosen(_Drawn(draw), method)


def chosen(choose: Chooser, method: Method) -> Terms:
    """Return terms that contradict nothing; some of them still cannot amortise."""
    currency = choose.one_of(sorted(UNITS))
    unit = UNITS[currency]
    principal = choose.number(100_000, 1_000_000_000) * unit
    frequency = choose.one_of(Frequency)
    terms: dict[str, Any] = {
        "principal": principal,
        "currency": currency,
        "annual_rate": Decimal(choose.number(0, 8_000)) / 10_000,
        "instalments": choose.number(1, 40),
        "disbursed_on": date(2026, 1, 1) + timedelta(days=choose.number(0, 1_500)),
        "frequency": frequency,
        "method": method,
        "day_count": choose.one_of(DayCount),
        "rounding_mode": choose.one_of(Rounding),
        "fees": _fees(choose, unit),
    }
    if choose.number(0, 3) == 0:
        terms["rounding_unit"] = unit * choose.one_of([1, 5, 50, 100, 1000])
    if choose.number(0, 4) == 0:
        terms["down_payment"] = (principal / 5).quantize(unit)
    if method == Method.CUSTOM:
        return _with_rows(choose, terms, unit)
    _with_grace(choose, terms)
    _with_first_period(choose, terms)
    terms["calendar"] = _calendars(choose)
    if method in _TRANCHED and terms.get("first_period") != FirstPeriod.UPFRONT:
        _with_tranches(choose, terms, unit)
    return Terms(**terms | _own_fields(choose, terms, unit))


def _fees(choose: Chooser, unit: Decimal) -> tuple[Fee, ...]:
    timings = [choose.one_of(FeeTiming) for _ in range(choose.number(0, 2))]
    return tuple(
        Fee(f"fee-{number}", choose.number(0, 50_000) * unit / 10 // unit * unit, timing)
        for number, timing in enumerate(timings)
    )


def _calendars(choose: Chooser) -> Calendar:
    if choose.number(0, 1):
        return Calendar()
    weekend = choose.one_of([frozenset(), frozenset({6}), frozenset({5, 6})])
    return Calendar(frozenset(_OFF), weekend, choose.one_of(Adjustment))


def _with_grace(choose: Chooser, terms: dict[str, Any]) -> None:
    method, count = terms["method"], terms["instalments"]
    if choose.number(0, 1) or count < 2:
        return
    free = choose.number(0, min(3, count - 1))
    if method == Method.SINGLE:
        terms["grace"] = Grace(interest_free=free)
        return
    longest = min(6, count - 1)
    unpaid = choose.number(0, longest)
    least = 0 if method == Method.INTEREST_ONLY else unpaid
    terms["grace"] = Grace(
        principal=0 if method == Method.INTEREST_ONLY else choose.number(least, longest),
        interest=unpaid,
        interest_free=free if choose.number(0, 1) else 0,
        capitalised=method != Method.FLAT and choose.one_of([False, True]),
        term=choose.one_of(GraceTerm),
    )


def _with_first_period(choose: Chooser, terms: dict[str, Any]) -> None:
    is_month_end = terms["frequency"] == Frequency.END_OF_MONTH
    if is_month_end or choose.number(0, 1):
        return
    step = _DAYS[terms["frequency"]]
    wait = choose.number(max(1, step // 3), step * 2 + 20)
    terms["first_due_on"] = terms["disbursed_on"] + timedelta(days=wait)
    if terms["method"] == Method.SINGLE:
        return
    free = terms.get("grace", Grace()).interest_free
    is_long = wait >= step + 4
    choices = [FirstPeriod.AMORTISED, FirstPeriod.IN_FIRST_INSTALMENT]
    if is_long and not free:
        choices.append(FirstPeriod.UPFRONT)
    terms["first_period"] = choose.one_of(choices)


def _with_tranches(choose: Chooser, terms: dict[str, Any], unit: Decimal) -> None:
    if choose.number(0, 2) or terms["instalments"] < 4:
        return
    lent = terms["principal"] - terms.get("down_payment", 0)
    first = (lent * choose.number(2, 8) / 10 // unit) * unit
    latest = _DAYS[terms["frequency"]] * (terms["instalments"] // 2)
    after = choose.number(1, max(1, latest))
    day = terms["disbursed_on"] + timedelta(days=after)
    terms["tranches"] = (Tranche(terms["disbursed_on"], first), Tranche(day, lent - first))


def _own_fields(choose: Chooser, terms: dict[str, Any], unit: Decimal) -> dict[str, Any]:
    lent = terms["principal"] - terms.get("down_payment", 0)
    if terms["method"] == Method.BALLOON:
        return {"balloon": (lent * choose.number(1, 9) / 10 // unit) * unit}
    if terms["method"] == Method.STEPPED:
        count = max(2, terms["instalments"])
        first = choose.number(2, count)
        factor = Decimal(choose.number(60, 160)) / 100
        steps = [Step(first, factor)]
        if first < count and choose.number(0, 1):
            steps.append(Step(choose.number(first + 1, count), factor * factor))
        return {"steps": tuple(steps), "instalments": count}
    return {}


def _with_rows(choose: Chooser, terms: dict[str, Any], unit: Decimal) -> Terms:
    lent = terms["principal"] - terms.get("down_payment", 0)
    shares = [*(choose.number(0, 9) for _ in range(choose.number(0, 20))), 1]
    parts = [(lent * share / sum(shares) // unit) * unit for share in shares]
    parts[-1] += lent - sum(parts)
    gaps = [choose.number(1, 90) for _ in parts]
    days = [terms["disbursed_on"] + timedelta(days=sum(gaps[: k + 1])) for k in range(len(gaps))]
    rows = tuple(CustomRow(day, part) for day, part in zip(days, parts, strict=True))
    return Terms(**terms | {"rows": rows, "instalments": len(rows)})
