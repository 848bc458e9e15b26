"""When credit bureaus are told what (rule book 6.10)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.npa import bureau_calendar
from apps.npa.bureau_calendar import Kind, NotAReferenceDay, Reporting

_DAYS = st.dates(date(2025, 1, 1), date(2032, 12, 31))


def test_it_is_incremental_on_the_ninth_6_10_t1() -> None:
    found = bureau_calendar.reporting(date(2026, 11, 9))

    assert found == Reporting(date(2026, 11, 9), Kind.INCREMENTAL, date(2026, 11, 13))


@pytest.mark.parametrize(
    ("reference", "kind", "due"),
    [
        (date(2026, 7, 16), Kind.INCREMENTAL, date(2026, 7, 20)),
        (date(2026, 7, 23), Kind.INCREMENTAL, date(2026, 7, 27)),
        (date(2026, 7, 31), Kind.FULL, date(2026, 8, 5)),
        (date(2026, 12, 31), Kind.FULL, date(2027, 1, 5)),
        (date(2028, 2, 29), Kind.FULL, date(2028, 3, 5)),
        (date(2026, 6, 15), Kind.FULL, date(2026, 6, 22)),
        (date(2026, 6, 30), Kind.FULL, date(2026, 7, 7)),
    ],
    ids=str,
)
def test_it_knows_the_file_of_every_reference_day(reference: date, kind: Kind, due: date) -> None:
    assert bureau_calendar.reporting(reference) == Reporting(reference, kind, due)


@pytest.mark.parametrize(
    "day",
    [date(2026, 7, 15), date(2026, 6, 9), date(2026, 7, 30), date(2027, 2, 27), date(2026, 6, 23)],
    ids=str,
)
def test_it_refuses_any_other_day(day: date) -> None:
    with pytest.raises(NotAReferenceDay):
        bureau_calendar.reporting(day)


def test_it_goes_from_fortnights_to_weeks_on_the_first_of_july_2026() -> None:
    assert bureau_calendar.days_of_month(2026, 6) == (date(2026, 6, 15), date(2026, 6, 30))
    assert bureau_calendar.previous(date(2026, 7, 9)) == date(2026, 6, 30)
    assert [one.reference for one in bureau_calendar.upcoming(date(2026, 6, 16), 3)] == [
        date(2026, 6, 30),
        date(2026, 7, 9),
        date(2026, 7, 16),
    ]


@given(_DAYS)
def test_it_finds_the_last_reference_day_of_any_day(day: date) -> None:
    found = bureau_calendar.latest(day)

    assert found <= day
    assert bureau_calendar.reporting(found).reference == found
    following = bureau_calendar.upcoming(found, 2)[1].reference
    assert following > day


@given(_DAYS)
def test_it_is_due_after_its_day_and_before_the_next_but_one(day: date) -> None:
    first, second, third = bureau_calendar.upcoming(day, 3)

    assert day <= first.reference < second.reference < third.reference
    assert first.reference < first.due < third.reference


def test_it_owes_a_hundred_rupees_a_day_beyond_thirty_6_10_t4() -> None:
    complained = date(2026, 9, 1)

    assert bureau_calendar.compensation(complained=complained, resolved=date(2026, 10, 11)) == (
        10,
        1000,
    )
    assert bureau_calendar.compensation(complained=complained, resolved=date(2026, 10, 1)) == (0, 0)


def test_the_file_before_may_still_be_due() -> None:
    on_its_last_day = bureau_calendar.last_owed(date(2026, 11, 27))

    assert on_its_last_day.reference == date(2026, 11, 23)
    assert on_its_last_day.due == date(2026, 11, 27)
    assert bureau_calendar.last_owed(date(2026, 11, 23)).reference == date(2026, 11, 16)
