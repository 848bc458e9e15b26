"""Rounding and splitting money: half-up, never a float, nothing lost."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.money import MINOR_UNITS, MoneyRefused, money, quantum, split

CURRENCIES = st.sampled_from(sorted(MINOR_UNITS))
AMOUNTS = st.decimals("-1e12", "1e12", allow_nan=False, allow_infinity=False, places=6)


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        ("0.005", "INR", "0.01"),
        ("0.015", "INR", "0.02"),
        ("0.025", "INR", "0.03"),
        ("-0.005", "INR", "-0.01"),
        ("10661.8546", "INR", "10661.85"),
        ("1.5", "UGX", "2"),
        ("2.5", "UGX", "3"),
        (7, "KES", "7.00"),
        ("123456789012345678.915", "INR", "123456789012345678.92"),
    ],
)
def test_it_rounds_half_up_to_the_smallest_unit(
    value: str | int, currency: str, expected: str
) -> None:
    assert str(money(value, currency)) == expected


@pytest.mark.parametrize("value", [0.1, 1.0, True, "abc", "", "NaN", "Infinity", "-Infinity"])
def test_it_refuses_what_is_not_an_amount(value: object) -> None:
    with pytest.raises(MoneyRefused):
        money(value, "INR")


@pytest.mark.parametrize("currency", ["XXX", "inr", ""])
def test_it_refuses_currencies_it_does_not_lend_in(currency: str) -> None:
    with pytest.raises(MoneyRefused):
        money(1, currency)


@given(AMOUNTS, CURRENCIES)
def test_it_is_off_by_half_a_unit_at_most(amount: Decimal, currency: str) -> None:
    rounded = money(amount, currency)

    assert abs(rounded - amount) <= quantum(currency) / 2
    assert money(rounded, currency) == rounded
    assert money(-amount, currency) == -rounded


@given(
    st.integers(0, 10**12),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any),
    CURRENCIES,
)
def test_it_splits_without_losing_anything(units: int, weights: list[int], currency: str) -> None:
    total = units * quantum(currency)

    parts = split(total, weights, currency)

    assert sum(parts) == total
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        exact = total * weight / sum(weights)
        assert abs(part - exact) <= quantum(currency)
        assert part >= 0
        assert part == part.quantize(quantum(currency), rounding=ROUND_HALF_UP)


def test_it_splits_a_rupee_in_three() -> None:
    assert split(Decimal("1.00"), [1, 1, 1], "INR") == [
        Decimal("0.33"),
        Decimal("0.34"),
        Decimal("0.33"),
    ]


@pytest.mark.parametrize(
    ("total", "weights"), [("1.00", []), ("1.00", [0, 0]), ("1.00", [2, -1]), ("1.005", [1])]
)
def test_it_refuses_splits_that_make_no_sense(total: str, weights: list[int]) -> None:
    with pytest.raises(MoneyRefused):
        split(Decimal(total), weights, "INR")
