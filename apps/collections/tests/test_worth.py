"""What acting is worth: chances out of the own book, and the same product in SQL."""

from datetime import date
from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.collections import worklist, worth
from apps.collections.tests import factories
from apps.collections.tests.factories import TODAY
from apps.loans.models import Loan
from apps.npa.portfolio_rows import Chosen
from apps.portfolio import bands, rolling
from apps.portfolio.bands import Band
from apps.portfolio.rolling import Cell
from apps.portfolio.vintages import Sum

SEEN = {
    (Band.CURRENT, Band.DAYS_1): 500,
    (Band.DAYS_1, Band.DAYS_30): 20,
    (Band.DAYS_1, Band.CURRENT): 50,
    (Band.DAYS_1, Band.CLOSED): 10,
    (Band.DAYS_1, Band.DAYS_1): 20,
    (Band.DAYS_30, Band.DAYS_60): 15,
    (Band.DAYS_30, Band.CURRENT): 9,
    (Band.DAYS_30, Band.WRITTEN_OFF): 3,
    (Band.DAYS_30, Band.DAYS_30): 3,
    (Band.DAYS_60, Band.DAYS_90): 2,
}
FOUND = rolling.matrix(Cell(a, b, Sum(n, Decimal(n))) for (a, b), n in SEEN.items())


def test_the_chances_of_a_band_are_shares_of_its_own_loans() -> None:
    known = worth.chances(FOUND)

    assert (known[Band.DAYS_1].worse, known[Band.DAYS_1].cured) == (Decimal("0.2"), Decimal("0.6"))
    assert (known[Band.DAYS_30].worse, known[Band.DAYS_30].cured) == (
        Decimal("0.6"),
        Decimal("0.3"),
    )
    assert known[Band.DAYS_1].loans == 100
    assert known[Band.DAYS_30].is_own


def test_a_band_of_few_takes_the_shares_of_all_late_bands() -> None:
    few = worth.chances(FOUND)[Band.DAYS_60]

    assert not few.is_own
    assert few.loans == 132
    assert few.worse == Decimal(20 + 18 + 2) / 132
    assert few.cured == Decimal(60 + 9) / 132


def test_too_few_late_loans_give_no_chances_and_what_is_overdue_decides() -> None:
    few = rolling.matrix(
        [Cell(Band.DAYS_1, Band.CURRENT, Sum(29)), Cell(Band.CURRENT, Band.DAYS_1, Sum(900))]
    )

    assert worth.chances(few) == {}
    assert worth.value(Decimal(700), Band.DAYS_1, {}) == 700


def test_thirty_are_enough() -> None:
    enough = rolling.matrix([Cell(Band.DAYS_1, Band.CURRENT, Sum(30))])

    assert worth.chances(enough)[Band.DAYS_1].is_own
    assert set(worth.chances(enough)) == set(worth.LATE)


def test_the_value_is_the_product_rounded_to_the_cent() -> None:
    known = worth.chances(FOUND)

    assert worth.value(Decimal("1000.00"), Band.DAYS_1, known) == Decimal("120.00")
    assert worth.value(Decimal("0.07"), Band.DAYS_30, known) == Decimal("0.01")


@pytest.mark.parametrize("days", [1, 29, 30, 59, 60, 200])
def test_the_list_comes_to_the_same_value(lent: Loan, charlie: User, days: int) -> None:
    factories.rolled(lent, SEEN)
    row = factories.overdue(lent, days, 12_345)
    entity = lent.branch.entity
    known = worklist.chances(entity, "INR", TODAY)

    [found] = worklist.loans(
        charlie,
        Chosen(entity=entity, currency="INR", day=TODAY),
        worklist.Filters(),
        known=known,
        today=TODAY,
    )

    band = bands.of_days(days)
    assert known == worth.chances(FOUND)
    assert found.worth == worth.value(row.principal_due, band, known)  # type: ignore[attr-defined]


def test_only_whole_months_of_the_last_year_are_looked_at(lent: Loan) -> None:
    entity = lent.branch.entity
    factories.rolled(lent, {(Band.DAYS_1, Band.CURRENT): 40}, day=TODAY.replace(day=5))
    factories.rolled(lent, {(Band.DAYS_1, Band.CURRENT): 40}, day=date(2025, 6, 30))

    assert worklist.chances(entity, "INR", TODAY) == {}

    factories.rolled(lent, {(Band.DAYS_1, Band.DAYS_30): 40})
    known = worklist.chances(entity, "INR", TODAY)
    assert (known[Band.DAYS_1].worse, known[Band.DAYS_1].loans) == (1, 40)
    assert worklist.chances(entity, "KES", TODAY) == {}
