"""Which fees are part of which instalment. Pure."""

from decimal import Decimal

from apps.core import money
from apps.schedules.terms import FeeTiming, Terms


def by_row(terms: Terms, count: int) -> list[Decimal]:
    """Return the fees of each instalment; those deducted upfront are in none."""
    each = _total(terms, FeeTiming.EACH_INSTALMENT)
    return [each + _total(terms, FeeTiming.FIRST_INSTALMENT), *[each] * (count - 1)]


def _total(terms: Terms, timing: FeeTiming) -> Decimal:
    nothing = 0 * money.quantum(terms.currency)
    return sum((fee.amount for fee in terms.fees if fee.timing == timing), nothing)
