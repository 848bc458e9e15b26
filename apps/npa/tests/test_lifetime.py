"""The PD over what is left of a loan's life: a closed form, against its sum year by year."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.npa.lifetime import lifetime_pd, months_left

D = Decimal


@pytest.mark.parametrize(
    ("pd", "months", "rate", "expected"),
    [
        # 0.02 + 0.98 x 0.02 + 0.98^2 x 0.02: nothing is discounted.
        ("0.02", 36, "0", "0.058808"),
        # 0.02 / 1.06 + 0.98 / 1.12 x 0.02 / 1.06 + (0.98 / 1.12)^2 x 0.02 x 6 / (12 + 0.36).
        ("0.02", 30, "0.12", "0.042811"),
        # A year at a rate would be less than the twelve months: it is as much.
        ("0.02", 12, "0.12", "0.02"),
        ("0", 120, "0", "0"),
        ("1", 120, "0.1", "1"),
        ("0.999999", 800, "0", "1"),
    ],
    ids=["not-discounted", "half-a-year", "never-less", "safe", "lost", "nearly-lost"],
)
def test_it_follows_the_formula(pd: str, months: int, rate: str, expected: str) -> None:
    assert lifetime_pd(D(pd), months=months, rate=D(rate)) == D(expected)


@given(
    pd=st.decimals("0.0001", "0.6", places=6),
    months=st.integers(12, 480),
    rate=st.decimals("0", "0.6", places=6),
)
def test_it_is_the_sum_of_the_years(pd: Decimal, months: int, rate: Decimal) -> None:
    years, rest = divmod(months, 12)
    alive, worth, found = D(1), D(1), D(0)
    for _year in range(years):
        found += alive * worth * pd / (1 + rate / 2)
        alive, worth = alive * (1 - pd), worth / (1 + rate)
    found += alive * worth * pd * rest / 12 / (1 + rate * rest / 24)

    assert abs(lifetime_pd(pd, months=months, rate=rate) - max(pd, found)) <= D("0.000001")


@pytest.mark.parametrize(
    ("last_due", "expected"),
    [
        (None, 12),
        (date(2026, 1, 31), 12),
        (date(2028, 6, 30), 24),
        (date(2028, 7, 1), 25),
        (date(2028, 7, 31), 26),
    ],
    ids=["nothing", "over", "whole", "a-day-more", "begun"],
)
def test_it_counts_begun_months_and_at_least_a_year(last_due: date | None, expected: int) -> None:
    assert months_left(last_due, date(2026, 6, 30)) == expected
