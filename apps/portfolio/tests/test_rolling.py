"""Roll rates: shares of what was in a band before; and the same bands in SQL."""

from decimal import Decimal

import pytest
from django.db import connection

from apps.portfolio import bands, rolling
from apps.portfolio.bands import ORDER, Band
from apps.portfolio.rolling import Cell
from apps.portfolio.vintages import Sum


def _cell(before: Band, after: Band, loans: int, amount: int) -> Cell:
    return Cell(before, after, Sum(loans, Decimal(amount)))


FOUND = rolling.matrix(
    [
        _cell(Band.CURRENT, Band.CURRENT, 90, 900),
        _cell(Band.CURRENT, Band.DAYS_1, 10, 300),
        _cell(Band.DAYS_1, Band.DAYS_30, 3, 30),
        _cell(Band.DAYS_1, Band.DAYS_30, 1, 10),
        _cell(Band.DAYS_1, Band.CURRENT, 2, 20),
        _cell(Band.DAYS_1, Band.CLOSED, 1, 10),
        _cell(Band.DAYS_1, Band.WRITTEN_OFF, 1, 30),
    ]
)


def test_rates_are_shares_of_the_band_before() -> None:
    assert FOUND.by_number(Band.CURRENT, Band.DAYS_1) == Decimal("0.1")
    assert FOUND.by_amount(Band.CURRENT, Band.DAYS_1) == Decimal("0.25")
    assert FOUND.by_number(Band.DAYS_1, Band.DAYS_30) == Decimal("0.5")
    assert FOUND.by_amount(Band.DAYS_60, Band.CURRENT) is None


def test_a_band_is_cured_or_rolls_forward_or_stays() -> None:
    assert FOUND.worse(Band.DAYS_1) == Sum(5, Decimal(70))
    assert FOUND.cured(Band.DAYS_1) == Sum(3, Decimal(30))
    assert FOUND.whole(Band.DAYS_1) == Sum(8, Decimal(100))


def test_nothing_rolls_from_where_it_left_the_books() -> None:
    with pytest.raises(ValueError, match="not on the books"):
        rolling.matrix([_cell(Band.CLOSED, Band.CURRENT, 1, 1)])


@pytest.mark.parametrize(
    ("days", "band"),
    [
        *((0, Band.CURRENT), (1, Band.DAYS_1), (29, Band.DAYS_1), (30, Band.DAYS_30)),
        *((89, Band.DAYS_60), (90, Band.DAYS_90), (149, Band.DAYS_120), (150, Band.DAYS_150)),
        (9_999, Band.DAYS_150),
    ],
)
def test_days_are_in_one_band(days: int, band: Band) -> None:
    assert bands.of_days(days) == band


def test_no_count_of_days_is_negative() -> None:
    with pytest.raises(ValueError, match="-1 days"):
        bands.of_days(-1)


def test_both_readings_of_the_bands_are_one(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT days, {bands.in_sql('days')} FROM generate_series(0, 400) AS days"  # noqa: S608
        )
        found = dict(cursor.fetchall())

    assert found == {days: bands.of_days(days).value for days in range(401)}
    assert set(found.values()) < {band.value for band in ORDER}
