"""A first period that is longer or shorter than the others: who pays for it, and when."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import (
    Adjustment,
    Calendar,
    FirstPeriod,
    Frequency,
    Method,
    Schedule,
    Tranche,
)
from apps.schedules.tests.factories import make

# Paid out on 20 January, due on the 5th: 15 days and a month of 30/360.
LONG = {"disbursed_on": date(2026, 1, 20), "first_due_on": date(2026, 3, 5)}
SHORT = {"disbursed_on": date(2026, 1, 20), "first_due_on": date(2026, 2, 5)}


def _build(first_period: FirstPeriod, **changed: object) -> Schedule:
    return building.build(make(first_period=first_period, **changed))


def test_it_spreads_a_long_first_period_over_all_instalments() -> None:
    rows = _build(FirstPeriod.AMORTISED, **LONG).rows

    # 120,000 x 12 % x 45 / 360; the instalment is 10,661.8546 x 1.015 / 1.01.
    assert rows[0].interest == Decimal("1800.00")
    assert {row.instalment for row in rows[:-1]} == {Decimal("10714.64")}


def test_it_has_the_first_instalment_pay_for_the_longer_time() -> None:
    rows = _build(FirstPeriod.IN_FIRST_INSTALMENT, **LONG).rows

    assert rows[0].interest == Decimal("1800.00")
    assert rows[0].instalment == Decimal("11261.85")
    assert {row.instalment for row in rows[1:-1]} == {Decimal("10661.85")}
    assert rows[-1].instalment == Decimal("10661.91")


def test_it_deducts_the_broken_time_from_what_is_paid_out() -> None:
    schedule = _build(FirstPeriod.UPFRONT, **LONG)

    assert schedule.upfront_interest == Decimal("600.00")
    assert schedule.net_disbursed == Decimal("119400.00")
    assert (schedule.rows[0].starts_on, schedule.rows[0].interest) == (
        date(2026, 2, 5),
        Decimal("1200.00"),
    )
    assert {row.instalment for row in schedule.rows[:-1]} == {Decimal("10661.85")}
    assert schedule.total_interest == Decimal("8542.26")


def test_it_spreads_a_short_first_period_over_all_instalments() -> None:
    rows = _build(FirstPeriod.AMORTISED, **SHORT).rows

    # 15 days of 30/360.
    assert rows[0].interest == Decimal("600.00")
    assert {row.instalment for row in rows[:-1]} == {Decimal("10609.07")}


def test_it_takes_the_shorter_time_off_the_first_instalment() -> None:
    rows = _build(FirstPeriod.IN_FIRST_INSTALMENT, **SHORT).rows

    assert rows[0].instalment == Decimal("10061.85")
    assert rows[-1].instalment == Decimal("10661.91")


def test_it_deducts_nothing_where_the_first_period_is_regular() -> None:
    schedule = _build(FirstPeriod.UPFRONT)

    assert schedule.upfront_interest == 0
    assert schedule.rows == building.build(make()).rows


def test_it_has_the_first_flat_instalment_pay_for_the_longer_time() -> None:
    rows = _build(FirstPeriod.IN_FIRST_INSTALMENT, method=Method.FLAT, **LONG).rows

    assert [row.instalment for row in rows[:2]] == [Decimal("11800.00"), Decimal("11200.00")]


def test_it_starts_the_first_month_at_the_end_of_one() -> None:
    schedule = _build(
        FirstPeriod.UPFRONT,
        disbursed_on=date(2026, 1, 20),
        frequency=Frequency.END_OF_MONTH,
    )

    # 20 to 31 January is 11 days; the month to 28 February is one.
    assert schedule.upfront_interest == Decimal("440.00")
    assert schedule.rows[0].due_on == date(2026, 2, 28)
    assert schedule.rows[0].interest == Decimal("1200.00")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        pytest.param(
            SHORT,
            "Interest can be deducted upfront only for a first period that is longer than the "
            "others; this one is shorter.",
            id="shorter",
        ),
        pytest.param(
            {"method": Method.SINGLE},
            "The method “One payment at maturity” has no regular periods to compare with.",
            id="single",
        ),
        pytest.param(
            LONG
            | {
                "tranches": (
                    Tranche(date(2026, 1, 20), Decimal(60_000)),
                    Tranche(date(2026, 1, 25), Decimal(60_000)),
                )
            },
            "Interest of several tranches cannot be deducted upfront.",
            id="tranches",
        ),
    ],
)
def test_it_refuses_to_deduct_what_there_is_not(changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(TermsRefused) as refusal:
        _build(FirstPeriod.UPFRONT, **changed)

    assert str(refusal.value) == sentence
    assert set(refusal.value.fields) == {"first_period"}


@pytest.mark.parametrize(
    ("first_due_on", "sentence"),
    [
        (date(2026, 1, 15), "The first instalment must fall due after the loan is paid out."),
        (date(2025, 12, 15), "The first instalment must fall due after the loan is paid out."),
        (date(2029, 1, 17), "The first instalment must fall due within 1096 days."),
    ],
)
def test_it_refuses_a_first_due_date_out_of_reach(first_due_on: date, sentence: str) -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(make(first_due_on=first_due_on))

    assert str(refusal.value) == sentence
    assert set(refusal.value.fields) == {"first_due_on"}


# Due on 15 February; days off since the 1st move that to 31 January, before its week begins.
OFF = frozenset(date(2026, 2, 1) + timedelta(days=number) for number in range(15))
BEFORE_ITS_WEEK = {
    "frequency": Frequency.WEEKLY,
    "first_due_on": date(2026, 2, 15),
    "calendar": Calendar(holidays=OFF, adjustment=Adjustment.PREVIOUS),
}


@pytest.mark.parametrize("first_period", [FirstPeriod.AMORTISED, FirstPeriod.IN_FIRST_INSTALMENT])
def test_it_charges_a_first_period_that_days_off_end_before_its_regular_one(
    first_period: FirstPeriod,
) -> None:
    first = _build(first_period, **BEFORE_ITS_WEEK).rows[0]

    # 15 January to 31 January is 16 days of 30/360.
    assert (first.due_on, first.interest) == (date(2026, 1, 31), Decimal("640.00"))


def test_it_deducts_nothing_upfront_where_days_off_end_the_first_period_early() -> None:
    with pytest.raises(TermsRefused) as refusal:
        _build(FirstPeriod.UPFRONT, **BEFORE_ITS_WEEK)

    assert list(refusal.value.fields) == ["first_period"]
