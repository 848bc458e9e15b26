from datetime import date
from decimal import Decimal

from apps.applications.lent import Lent

OPENED, REPAID = date(2026, 1, 10), date(2026, 3, 10)
LOAN = Lent(
    principal=Decimal(1_000), since=OPENED, moved=((date(2026, 2, 10), Decimal(400)),), ended=REPAID
)


def test_it_says_what_was_left_on_each_day() -> None:
    days = [date(2026, 1, 9), OPENED, date(2026, 2, 9), date(2026, 2, 10), date(2026, 3, 9), REPAID]

    assert [LOAN.left(day) for day in days] == [None, 1_000, 1_000, 600, 600, 0]


def test_what_was_taken_back_is_owed_again() -> None:
    back = Lent(
        principal=Decimal(1_000),
        since=OPENED,
        moved=((date(2026, 2, 10), Decimal(400)), (date(2026, 2, 12), Decimal(-400))),
    )

    assert [back.left(date(2026, 2, day)) for day in (9, 11, 12)] == [1_000, 600, 1_000]


def test_a_loan_that_came_to_nothing_was_never_owed() -> None:
    given_up = Lent(principal=Decimal(1_000), since=OPENED, came_to_nothing=True)

    assert [given_up.left(day) for day in (date.min, OPENED, date.max)] == [0, 0, 0]
