"""Which reminder goes out on which day, and within which hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.repayments import contact_hours, reminding
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import Calendar

STEPS = (-3, 0, 3, 10)
# Of 2026: 5 December is a Saturday, the 25th a Friday that is a holiday.
CALENDAR = Calendar(holidays=frozenset({date(2026, 12, 25)}), weekend=frozenset({5, 6}))
EVERY_DAY = Calendar()
A_DAY = st.dates(date(2026, 1, 1), date(2027, 12, 31))
STEP_LISTS = st.lists(st.integers(-30, 90), unique=True, max_size=12)


def local(text: str, zone: str = "Asia/Kolkata") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("day", "step"),
    [
        (date(2026, 12, 6), None),
        (date(2026, 12, 7), -3),
        (date(2026, 12, 9), -3),
        (date(2026, 12, 10), 0),
        # A step up to the due date never goes out after it.
        (date(2026, 12, 11), None),
        (date(2026, 12, 13), 3),
        (date(2026, 12, 16), 3),
        # Nothing ran for more than three days: it is too late for this one.
        (date(2026, 12, 17), None),
        (date(2026, 12, 20), 10),
        (date(2026, 12, 24), None),
    ],
)
def test_the_last_step_that_came_counts_for_three_days(day: date, step: int | None) -> None:
    assert reminding.step_on(STEPS, date(2026, 12, 10), day, EVERY_DAY) == step


@pytest.mark.parametrize(
    ("due", "step", "sent"),
    [
        # Saturday and Sunday before the due date: the Friday.
        (date(2026, 12, 8), -3, date(2026, 12, 4)),
        (date(2026, 12, 6), 0, date(2026, 12, 4)),
        # A holiday on a Friday, with the weekend: the Thursday before, the Monday after.
        (date(2026, 12, 25), 0, date(2026, 12, 24)),
        (date(2026, 12, 22), 3, date(2026, 12, 28)),
        (date(2026, 12, 9), 0, date(2026, 12, 9)),
    ],
)
def test_a_day_off_moves_a_reminder_to_where_it_helps(due: date, step: int, sent: date) -> None:
    assert reminding.sending_day(step, due, CALENDAR) == sent


@pytest.mark.parametrize("day", [date(2026, 12, 5), date(2026, 12, 25)])
def test_nobody_is_reminded_on_a_day_off(day: date) -> None:
    assert reminding.due_dates(STEPS, day, CALENDAR) == {}


def test_a_calendar_without_a_working_day_is_refused() -> None:
    never = Calendar(weekend=frozenset(range(7)))

    with pytest.raises(TermsRefused):
        reminding.sending_day(0, date(2026, 12, 9), never)


def test_all_due_dates_of_a_day_are_found_at_once() -> None:
    # A Monday: what moved here from the weekend counts, and what moved away from the next does not.
    found = reminding.due_dates(STEPS, date(2026, 12, 7), CALENDAR)

    assert found == {
        **dict.fromkeys((date(2026, 11, day) for day in range(24, 28)), 10),
        **dict.fromkeys((date(2026, 12, day) for day in range(1, 5)), 3),
        date(2026, 12, 7): 0,
        **dict.fromkeys((date(2026, 12, day) for day in range(8, 11)), -3),
    }


@given(STEP_LISTS, A_DAY, st.integers(-130, 130))
def test_the_set_says_what_each_due_date_says(steps: list[int], day: date, apart: int) -> None:
    due = day + timedelta(days=apart)

    found = reminding.due_dates(steps, day, CALENDAR)

    assert found.get(due) == reminding.step_on(steps, due, day, CALENDAR)


@given(STEP_LISTS, A_DAY)
def test_every_step_goes_out_on_some_day_or_gives_way_to_a_later_one(
    steps: list[int], due: date
) -> None:
    days = [due + timedelta(days=number) for number in range(-70, 140)]

    sent = {reminding.step_on(steps, due, day, CALENDAR) for day in days} - {None}

    by_day: dict[date, int] = {}
    for step in sorted(steps):
        by_day[reminding.sending_day(step, due, CALENDAR)] = step
    assert sent == set(by_day.values())


@given(A_DAY, st.integers(1, 130))
def test_a_step_up_to_the_due_date_never_goes_out_after_it(due: date, later: int) -> None:
    assert reminding.step_on((-30, -3, 0), due, due + timedelta(days=later), CALENDAR) is None


@pytest.mark.parametrize(
    ("steps", "faulty"),
    [
        ([], False),
        ([-30, 0, 90], False),
        ([-31], True),
        ([91], True),
        ([1, 1], True),
        (list(range(12)), False),
        (list(range(13)), True),
    ],
)
def test_steps_are_few_and_near(steps: list[int], *, faulty: bool) -> None:
    assert reminding.are_faulty(steps) is faulty


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [
        ("2027-02-01T07:59:59", False),
        ("2027-02-01T08:00:00", True),
        ("2027-02-01T18:59:59", True),
        ("2027-02-01T19:00:00", False),
        ("2027-02-01T00:00:00", False),
    ],
)
@pytest.mark.parametrize("country", ["IN", "KE", "US"])
def test_the_house_keeps_its_hours_in_every_country(
    clock: str, country: str, *, is_open: bool
) -> None:
    assert contact_hours.are_open(country, local(clock)) is is_open


def test_rule_6_11_t5_no_window_by_number_was_in_force() -> None:
    call_at = local("2026-09-03T20:10")

    assert contact_hours.by_law("IN", call_at.date()) is None
    assert contact_hours.breaks_law("IN", call_at) is False
    # The house does not call at that hour all the same.
    assert contact_hours.are_open("IN", call_at) is False


def test_rule_6_11_recovery_contact_is_bounded_from_2027() -> None:
    assert contact_hours.by_law("IN", date(2026, 12, 31)) is None
    assert contact_hours.by_law("IN", date(2027, 1, 1)) == contact_hours.Hours(time(8), time(19))
    assert contact_hours.breaks_law("IN", local("2027-01-01T20:10")) is True
    assert contact_hours.breaks_law("IN", local("2027-01-01T10:00")) is False


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        # 1 November 2026, the clocks of Chicago go back: 08:00 is an hour later in UTC.
        (datetime(2026, 10, 31, 13, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 1, 13, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 1, 14, 0, tzinfo=UTC), True),
        # 8 March 2026 they went forward.
        (datetime(2026, 3, 7, 13, 30, tzinfo=UTC), False),
        (datetime(2026, 3, 8, 13, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 9, 0, 0, tzinfo=UTC), False),
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall(moment: datetime, *, is_open: bool) -> None:
    local_time = moment.astimezone(ZoneInfo("America/Chicago"))

    assert contact_hours.are_open("US", local_time) is is_open
