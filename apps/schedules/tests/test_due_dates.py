"""When instalments fall due: every frequency, ends of months, first dates, days off."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import Adjustment, Calendar, Frequency, Method
from apps.schedules.tests.factories import make

SUNDAYS = frozenset({6})
WEEKENDS = frozenset({5, 6})


def _due(**changed: Any) -> list[str]:
    schedule = building.build(make(**{"instalments": 4} | changed))
    return [row.due_on.isoformat() for row in schedule.rows]


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        (Frequency.DAILY, ["2026-01-16", "2026-01-17", "2026-01-18", "2026-01-19"]),
        (Frequency.WEEKLY, ["2026-01-22", "2026-01-29", "2026-02-05", "2026-02-12"]),
        (Frequency.FORTNIGHTLY, ["2026-01-29", "2026-02-12", "2026-02-26", "2026-03-12"]),
        (Frequency.FOUR_WEEKLY, ["2026-02-12", "2026-03-12", "2026-04-09", "2026-05-07"]),
        (Frequency.SEMI_MONTHLY, ["2026-01-30", "2026-02-15", "2026-02-28", "2026-03-15"]),
        (Frequency.MONTHLY, ["2026-02-15", "2026-03-15", "2026-04-15", "2026-05-15"]),
        (Frequency.END_OF_MONTH, ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        (Frequency.QUARTERLY, ["2026-04-15", "2026-07-15", "2026-10-15", "2027-01-15"]),
        (Frequency.HALF_YEARLY, ["2026-07-15", "2027-01-15", "2027-07-15", "2028-01-15"]),
        (Frequency.YEARLY, ["2027-01-15", "2028-01-15", "2029-01-15", "2030-01-15"]),
    ],
)
def test_it_counts_every_frequency_from_the_pay_out(
    frequency: Frequency, expected: list[str]
) -> None:
    assert _due(frequency=frequency) == expected


def test_it_clips_to_the_end_of_a_shorter_month_and_comes_back() -> None:
    due = _due(disbursed_on=date(2027, 12, 31))

    assert due == ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]


def test_it_clips_a_leap_day_once_a_year() -> None:
    due = _due(disbursed_on=date(2024, 2, 29), frequency=Frequency.YEARLY)

    assert due == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_it_counts_from_the_first_due_date_given() -> None:
    due = _due(disbursed_on=date(2026, 1, 31), first_due_on=date(2026, 3, 5))

    assert due == ["2026-03-05", "2026-04-05", "2026-05-05", "2026-06-05"]


def test_it_keeps_the_day_of_the_pay_out_where_the_first_due_date_is_its_clipped_one() -> None:
    due = _due(disbursed_on=date(2026, 1, 31), first_due_on=date(2026, 2, 28))

    assert due == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_it_pays_twice_a_month_fifteen_days_apart() -> None:
    due = _due(frequency=Frequency.SEMI_MONTHLY, first_due_on=date(2026, 2, 5))

    assert due == ["2026-02-05", "2026-02-20", "2026-03-05", "2026-03-20"]


def test_it_pays_on_the_sixteenth_and_the_last_for_a_pay_out_on_a_thirty_first() -> None:
    due = _due(frequency=Frequency.SEMI_MONTHLY, disbursed_on=date(2026, 1, 31))

    assert due == ["2026-02-16", "2026-02-28", "2026-03-16", "2026-03-31"]


@pytest.mark.parametrize(
    ("adjustment", "expected"),
    [
        # 15 February and 15 March 2026 are Sundays, 15 May is a Friday and a holiday here.
        (Adjustment.NONE, ["2026-02-15", "2026-03-15", "2026-04-15", "2026-05-15"]),
        (Adjustment.PREVIOUS, ["2026-02-14", "2026-03-14", "2026-04-15", "2026-05-14"]),
        (Adjustment.NEXT, ["2026-02-16", "2026-03-16", "2026-04-15", "2026-05-16"]),
        (Adjustment.MODIFIED_FOLLOWING, ["2026-02-16", "2026-03-16", "2026-04-15", "2026-05-16"]),
    ],
)
def test_it_moves_a_due_date_off_a_day_off(adjustment: Adjustment, expected: list[str]) -> None:
    calendar = Calendar(frozenset({date(2026, 5, 15)}), SUNDAYS, adjustment)

    assert _due(calendar=calendar) == expected


@pytest.mark.parametrize(
    ("adjustment", "expected"),
    [
        (Adjustment.NEXT, ["2026-06-01", "2026-06-30"]),
        (Adjustment.MODIFIED_FOLLOWING, ["2026-05-29", "2026-06-30"]),
    ],
)
def test_it_stays_in_its_month_by_modified_following(
    adjustment: Adjustment, expected: list[str]
) -> None:
    # 31 May 2026 is a Sunday; the date after it counts from 31 again, not from where it moved.
    due = _due(
        disbursed_on=date(2026, 4, 30),
        frequency=Frequency.END_OF_MONTH,
        instalments=2,
        calendar=Calendar(weekend=WEEKENDS, adjustment=adjustment),
    )

    assert due == expected


def test_it_charges_for_the_days_that_a_holiday_adds() -> None:
    calendar = Calendar(weekend=SUNDAYS, adjustment=Adjustment.NEXT)

    schedule = building.build(make(calendar=calendar, method=Method.INTEREST_ONLY))

    # 15 January to 16 February is 31 days of 30/360, the month after it 30 to 16 March.
    assert [row.interest for row in schedule.rows[:3]] == [
        Decimal("1240.00"),
        Decimal("1200.00"),
        Decimal("1160.00"),
    ]


def test_it_collects_daily_on_working_days_only() -> None:
    # 24 January 2026 is a Saturday, 26 January a holiday.
    calendar = Calendar(frozenset({date(2026, 1, 26)}), SUNDAYS, Adjustment.NEXT)

    due = _due(disbursed_on=date(2026, 1, 23), frequency=Frequency.DAILY, calendar=calendar)

    assert due == ["2026-01-24", "2026-01-27", "2026-01-28", "2026-01-29"]


def test_it_refuses_days_off_that_move_two_instalments_together() -> None:
    week = frozenset(date(2026, 1, day) for day in range(22, 30))
    calendar = Calendar(week, frozenset(), Adjustment.NEXT)

    with pytest.raises(TermsRefused) as refusal:
        building.build(make(frequency=Frequency.WEEKLY, calendar=calendar))

    assert str(refusal.value) == "The days off move two instalments to the same day."
    assert set(refusal.value.fields) == {"calendar"}


def test_it_refuses_days_off_that_move_the_first_instalment_before_the_pay_out() -> None:
    calendar = Calendar(frozenset({date(2026, 1, 16)}), frozenset(), Adjustment.PREVIOUS)

    with pytest.raises(TermsRefused) as refusal:
        building.build(make(first_due_on=date(2026, 1, 16), calendar=calendar))

    assert refusal.value.code == "first_due_on"


def test_it_refuses_a_calendar_without_working_days() -> None:
    rest = frozenset(date(2026, 2, 1) + timedelta(days=day) for day in range(60))
    calendar = Calendar(rest, frozenset(), Adjustment.NEXT)

    with pytest.raises(TermsRefused) as refusal:
        building.build(make(calendar=calendar))

    assert str(refusal.value) == "The calendar has more than 31 days off in a row."
