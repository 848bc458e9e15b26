"""Which figures of a portfolio became clearly worse. Pure.

No text sets a bound: a lender's own bounds are the thresholds that raise alerts. This finds what
none of them was set for.
"""

from decimal import Decimal

from apps.portfolio import figures
from apps.portfolio.figures import DEFINITIONS, ZERO, Figure, Sums

# Each says something that the others do not.
WATCHED = (
    *(Figure.NPA_RATIO, Figure.PAR30, Figure.COVERAGE, Figure.COLLECTION),
    *(Figure.ON_TIME, Figure.YIELD, Figure.WRITTEN_OFF),
)
# Worse by a tenth of what it was; of a ratio also by a tenth of a point, or it is not worth a look.
SHARE = Decimal("0.1")
POINTS = Decimal("0.001")
_FROM_NOTHING = Decimal("Infinity")


def worse(now: Sums, then: Sums | None) -> list[Figure]:
    """Return what became clearly worse, the worst first; nothing where it cannot be compared."""
    if then is None:
        return []
    found = {one: _worsening(one, now, then) for one in WATCHED}
    worst = sorted(found, key=lambda one: (-found[one], WATCHED.index(one)))
    return [one for one in worst if found[one] >= SHARE]


def _worsening(figure: Figure, now: Sums, then: Sums) -> Decimal:
    """Return by what share of what it was a figure is worse; zero where it is not."""
    is_now, was = figures.value(figure, now), figures.value(figure, then)
    if is_now is None or was is None:
        return ZERO
    made = DEFINITIONS[figure]
    moved = was - is_now if made.more_is_good else is_now - was
    if moved <= (POINTS if made.is_ratio else ZERO):
        return ZERO
    return moved / abs(was) if was else _FROM_NOTHING
