"""Money: Decimal, one rounding function, and splits that lose nothing. Pure."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 minor units of the currencies the product lends in.
MINOR_UNITS = {"INR": 2, "KES": 2, "USD": 2, "EUR": 2, "UGX": 0, "TZS": 2}


class MoneyRefused(ValueError):
    """The value cannot be an amount of money."""


def quantum(currency: str) -> Decimal:
    """Return the smallest unit of a currency, for example 0.01 for INR."""
    if currency not in MINOR_UNITS:
        raise MoneyRefused(f"{currency!r} is not a currency this lender uses.")
    return Decimal(1).scaleb(-MINOR_UNITS[currency])


def money(value: Decimal | int | str, currency: str) -> Decimal:
    """Return `value` rounded half-up to the currency's smallest unit.

    Raises MoneyRefused for a float (it has already lost digits), for NaN and infinity.
    """
    if isinstance(value, float | bool):
        raise MoneyRefused("An amount must not be a float.")
    try:
        amount = Decimal(value)
    except ArithmeticError:
        raise MoneyRefused(f"{value!r} is not an amount.") from None
    if not amount.is_finite():
        raise MoneyRefused(f"{value!r} is not an amount.")
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_UP)


def split(total: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Return parts of `total` in proportion to `weights` whose sum is exactly `total`.

    Each part is the rounded cumulative share less what went before, so no part is off by more
    than one smallest unit. Raises MoneyRefused for negative weights or weights that sum to zero.
    """
    if any(weight < 0 for weight in weights) or not sum(weights):
        raise MoneyRefused("Weights must not be negative and must not all be zero.")
    if total != money(total, currency):
        raise MoneyRefused("The total has fractions of the smallest unit.")
    whole = Decimal(sum(weights))
    parts: list[Decimal] = []
    given = running = Decimal(0)
    for weight in weights:
        running += weight
        upto = money(total * running / whole, currency)
        parts.append(upto - given)
        given = upto
    return parts
