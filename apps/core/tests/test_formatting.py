"""How money, shares and counts are written."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import strategies as st

from apps.core import formatting
from apps.core.templatetags.format import day


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1234567", "INR", "₹12,34,567.00"),
        ("100000", "INR", "₹1,00,000.00"),
        ("99999.995", "INR", "₹1,00,000.00"),
        ("999.5", "INR", "₹999.50"),
        ("0", "INR", "₹0.00"),
        ("-1234567", "INR", "\u2212₹12,34,567.00"),
        ("-0.004", "INR", "₹0.00"),
        ("1234567", "KES", "KSh\u202f1,234,567.00"),
        ("1234.005", "USD", "$1,234.01"),
        ("1234.5", "UGX", "USh\u202f1,235"),
        ("12", "CHF", "CHF\u202f12.00"),
        ("123456789012345678.91", "INR", "₹1,23,45,67,89,01,23,45,678.91"),
    ],
)
def test_it_writes_money_as_its_country_does(amount: str, currency: str, expected: str) -> None:
    assert formatting.format_money(Decimal(amount), currency) == expected


def test_it_writes_an_amount_without_its_currency() -> None:
    assert formatting.format_amount(Decimal("-1234567.5"), "INR") == "\u221212,34,567.50"


def test_it_refuses_a_float_as_money() -> None:
    with pytest.raises(TypeError, match="never a float"):
        formatting.format_money(10.5, "INR")  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1E+40"])
def test_it_refuses_what_cannot_be_written_as_money(amount: str) -> None:
    with pytest.raises(ValueError, match="figure"):
        formatting.format_money(Decimal(amount), "INR")


@pytest.mark.parametrize(
    ("share", "decimals", "expected"),
    [
        (Decimal("0.1234"), 1, "12.3\u202f%"),
        (Decimal("0.1235"), 1, "12.4\u202f%"),
        (0.285, 0, "29\u202f%"),
        (Decimal("-0.5"), 1, "\u221250.0\u202f%"),
        (Decimal("-0.0001"), 1, "0.0\u202f%"),
        (12, 0, "1,200\u202f%"),
    ],
)
def test_it_writes_a_share_in_per_cent(share: Decimal, decimals: int, expected: str) -> None:
    assert formatting.format_percent(share, decimals=decimals) == expected


def test_it_refuses_a_share_that_is_not_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        formatting.format_percent(float("nan"))


def test_it_groups_numbers_by_thousands() -> None:
    assert formatting.format_number(1234567) == "1,234,567"
    assert formatting.format_number(Decimal("-1234.565"), decimals=2) == "\u22121,234.57"


@given(
    st.decimals(min_value=-(10**15), max_value=10**15, places=2), st.sampled_from(["INR", "KES"])
)
def test_it_loses_no_digit_of_an_amount(amount: Decimal, currency: str) -> None:
    written = formatting.format_amount(amount, currency)

    assert Decimal(written.replace(",", "").replace("\u2212", "-")) == amount


@pytest.mark.parametrize(
    ("language", "said"), [("en", "17 Jul 2026"), ("hi", "17 जुलाई 2026"), ("sw", "17 Jul 2026")]
)
def test_days_are_written_alike_in_sentences_and_on_pages(language: str, said: str) -> None:
    written = date(2026, 7, 17)

    with translation.override(language):
        assert day(written) == date_format(written) == said
