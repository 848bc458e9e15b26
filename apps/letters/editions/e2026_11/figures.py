"""Dates, money and rates as a letter writes them; kept with the edition so that they stay. Pure."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from apps.letters.editions.e2026_11.wording import Wording

_NARROW_SPACE = "\u202f"
# Sign, minor units, and whether thousands are counted in lakh.
_CURRENCIES = {
    "INR": ("₹", 2, True),
    "KES": ("KSh" + _NARROW_SPACE, 2, False),
    "TZS": ("TSh" + _NARROW_SPACE, 2, False),
    "UGX": ("USh" + _NARROW_SPACE, 0, False),
    "USD": ("$", 2, False),
    "EUR": ("€", 2, False),
}


def day(value: date, words: Wording) -> str:
    """Return a date that cannot be misread: 21 November 2026."""
    return f"{value.day} {words.months[value.month - 1]} {value.year}"


def months(count: int, words: Wording) -> str:
    """Return a number of months in words of the language."""
    return words.one_month if count == 1 else words.many_months.format(count=count)


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency, half-up at the minor unit: ₹12,34,567.00."""
    sign, decimals, in_lakh = _CURRENCIES.get(currency, (currency + _NARROW_SPACE, 2, False))
    rounded = amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    grouped = _in_lakh(whole) if in_lakh else f"{int(whole):,}"
    return f"{sign}{grouped}.{fraction}" if fraction else f"{sign}{grouped}"


def rate(fraction: Decimal, words: Wording) -> str:
    """Return a yearly rate in per cent with two decimals, half-up: 0.145 is 14.50%."""
    percent = (fraction * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return words.rate_a_year.format(rate=f"{percent:f}")


def _in_lakh(digits: str) -> str:
    head, tail = digits[:-3], digits[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])
