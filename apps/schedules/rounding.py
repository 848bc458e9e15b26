"""Interest rounds half-up to the smallest unit, an instalment to its unit by its mode. Pure."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

from apps.core import money
from apps.schedules.terms import Rounding, Terms

_MODES: Mapping[Rounding, str] = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.UP: ROUND_UP,
    Rounding.DOWN: ROUND_DOWN,
}
_HALVES = frozenset({Rounding.HALF_UP, Rounding.HALF_EVEN})


def instalment_unit(terms: Terms) -> Decimal:
    """Return the unit instalments are rounded to: the agreed one, or the smallest there is."""
    return terms.rounding_unit or money.quantum(terms.currency)


def instalment(amount: Decimal, terms: Terms) -> Decimal:
    """Return an amount rounded to the unit of instalments, written in the smallest unit."""
    unit = instalment_unit(terms)
    units = (amount / unit).to_integral_value(rounding=_MODES[terms.rounding_mode])
    return (units * unit).quantize(money.quantum(terms.currency))


def half_up(amount: Decimal, smallest: Decimal) -> Decimal:
    """Return an amount rounded half-up to the smallest unit: what `money` does, unchecked."""
    return amount.quantize(smallest, rounding=ROUND_HALF_UP)


def largest_error(terms: Terms) -> Decimal:
    """Return the most that `instalment` changes an amount by."""
    unit = instalment_unit(terms)
    return unit / 2 if terms.rounding_mode in _HALVES else unit
