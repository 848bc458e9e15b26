"""Loans of every kind: all methods, frequencies, day counts, graces, calendars, tranches, fees."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

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


@st.composite
def loans(draw: st.DrawFn, method: Method) -> Terms:
    """Draw terms that contradict nothing; some of them still cannot amortise."""
    currency = draw(st.sampled_from(sorted(UNITS)))
    unit = UNITS[currency]
    principal = draw(st.integers(100_000, 1_000_000_000)) * unit
    frequency = draw(st.sampled_from(Frequency))
    terms: dict[str, Any] = {
        "principal": principal,
        "currency": currency,
        "annual_rate": Decimal(draw(st.integers(0, 8_000))) / 10_000,
        "instalments": draw(st.integers(1, 40)),
        "disbursed_on": date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 1_500))),
        "frequency": frequency,
        "method": method,
        "day_count": draw(st.sampled_from(DayCount)),
        "rounding_mode": draw(st.sampled_from(Rounding)),
        "fees": draw(_fees(unit)),
    }
    if draw(st.integers(0, 3)) == 0:
        terms["rounding_unit"] = unit * draw(st.sampled_from([1, 5, 50, 100, 1000]))
    if draw(st.integers(0, 4)) == 0:
        terms["down_payment"] = (principal / 5).quantize(unit)
    if method == Method.CUSTOM:
        return _with_rows(draw, terms, unit)
    _with_grace(draw, terms)
    _with_first_period(draw, terms)
    terms["calendar"] = draw(_calendars())
    if method in _TRANCHED and terms.get("first_period") != FirstPeriod.UPFRONT:
        _with_tranches(draw, terms, unit)
    return Terms(**terms | _own_fields(draw, terms, unit))


@st.composite
def _fees(draw: st.DrawFn, unit: Decimal) -> tuple[Fee, ...]:
    timings = draw(st.lists(st.sampled_from(FeeTiming), max_size=2))
    return tuple(
        Fee(f"fee-{number}", draw(st.integers(0, 50_000)) * unit / 10 // unit * unit, timing)
        for number, timing in enumerate(timings)
    )


@st.composite
def _calendars(draw: st.DrawFn) -> Calendar:
    if draw(st.booleans()):
        return Calendar()
    weekend = draw(st.sampled_from([frozenset(), frozenset({6}), frozenset({5, 6})]))
    return Calendar(frozenset(_OFF), weekend, draw(st.sampled_from(Adjustment)))


def _with_grace(draw: st.DrawFn, terms: dict[str, Any]) -> None:
    method, count = terms["method"], terms["instalments"]
    if draw(st.booleans()) or count < 2:
        return
    free = draw(st.integers(0, min(3, count - 1)))
    if method == Method.SINGLE:
        terms["grace"] = Grace(interest_free=free)
        return
    longest = min(6, count - 1)
    unpaid = draw(st.integers(0, longest))
    least = 0 if method == Method.INTEREST_ONLY else unpaid
    terms["grace"] = Grace(
        principal=0 if method == Method.INTEREST_ONLY else draw(st.integers(least, longest)),
        interest=unpaid,
        interest_free=free if draw(st.booleans()) else 0,
        capitalised=method != Method.FLAT and draw(st.booleans()),
        term=draw(st.sampled_from(GraceTerm)),
    )


def _with_first_period(draw: st.DrawFn, terms: dict[str, Any]) -> None:
    is_month_end = terms["frequency"] == Frequency.END_OF_MONTH
    if is_month_end or draw(st.booleans()):
        return
    step = _DAYS[terms["frequency"]]
    wait = draw(st.integers(max(1, step // 3), step * 2 + 20))
    terms["first_due_on"] = terms["disbursed_on"] + timedelta(days=wait)
    if terms["method"] == Method.SINGLE:
        return
    free = terms.get("grace", Grace()).interest_free
    is_long = wait >= step + 4
    choices = [FirstPeriod.AMORTISED, FirstPeriod.IN_FIRST_INSTALMENT]
    if is_long and not free:
        choices.append(FirstPeriod.UPFRONT)
    terms["first_period"] = draw(st.sampled_from(choices))


def _with_tranches(draw: st.DrawFn, terms: dict[str, Any], unit: Decimal) -> None:
    if draw(st.integers(0, 2)) or terms["instalments"] < 4:
        return
    lent = terms["principal"] - terms.get("down_payment", 0)
    first = (lent * draw(st.integers(2, 8)) / 10 // unit) * unit
    latest = _DAYS[terms["frequency"]] * (terms["instalments"] // 2)
    after = draw(st.integers(1, max(1, latest)))
    day = terms["disbursed_on"] + timedelta(days=after)
    terms["tranches"] = (Tranche(terms["disbursed_on"], first), Tranche(day, lent - first))


def _own_fields(draw: st.DrawFn, terms: dict[str, Any], unit: Decimal) -> dict[str, Any]:
    lent = terms["principal"] - terms.get("down_payment", 0)
    if terms["method"] == Method.BALLOON:
        return {"balloon": (lent * draw(st.integers(1, 9)) / 10 // unit) * unit}
    if terms["method"] == Method.STEPPED:
        count = max(2, terms["instalments"])
        first = draw(st.integers(2, count))
        factor = Decimal(draw(st.integers(60, 160))) / 100
        steps = [Step(first, factor)]
        if first < count and draw(st.booleans()):
            steps.append(Step(draw(st.integers(first + 1, count)), factor * factor))
        return {"steps": tuple(steps), "instalments": count}
    return {}


def _with_rows(draw: st.DrawFn, terms: dict[str, Any], unit: Decimal) -> Terms:
    lent = terms["principal"] - terms.get("down_payment", 0)
    shares = [*draw(st.lists(st.integers(0, 9), max_size=20)), 1]
    parts = [(lent * share / sum(shares) // unit) * unit for share in shares]
    parts[-1] += lent - sum(parts)
    gaps = draw(st.lists(st.integers(1, 90), min_size=len(parts), max_size=len(parts)))
    days = [terms["disbursed_on"] + timedelta(days=sum(gaps[: k + 1])) for k in range(len(gaps))]
    rows = tuple(CustomRow(day, part) for day, part in zip(days, parts, strict=True))
    return Terms(**terms | {"rows": rows, "instalments": len(rows)})
