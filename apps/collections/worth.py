"""What it is worth to act on an overdue loan today. Pure.

    value of acting = amount overdue x chance that it gets worse x chance that it is cured

Both chances are those of the loan's band of days past due, measured from the lender's own book: of
the loans that were in the band at the end of a month, the share that was in a later band or written
off a month on, and the share that was current or repaid. A loan that would not get worse needs
nobody; one that nobody cures is not helped by a call. What a contact adds to the chance of a cure
is not known: the share of cures stands for it, whoever was contacted.

A band in which few loans were seen takes the shares of all bands that are late; where there are few
even of those there are no chances, and what is overdue decides alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from apps.portfolio.bands import ON_BOOKS, Band
from apps.portfolio.rolling import Matrix
from apps.portfolio.vintages import Sum

# So many months of roll rates are looked at, and so many loans at the least make a share.
MONTHS = 12
FEWEST = 30
LATE = tuple(band for band in ON_BOOKS if band != Band.CURRENT)
_PLACES, _CENT = Decimal("0.0000000001"), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Chances:
    """What may become of a loan of a band in a month, and of how many loans that is known.

    `is_own` says whether it was seen in the band itself, and not in all late bands together.
    """

    worse: Decimal
    cured: Decimal
    loans: int
    is_own: bool

    @property
    def factor(self) -> Decimal:
        """The share of the amount overdue that acting is worth."""
        return (self.worse * self.cured).quantize(_PLACES)


def chances(found: Matrix) -> dict[Band, Chances]:
    """Return the chances of each late band; nothing where too few late loans were ever seen."""
    seen = {band: (found.worse(band), found.cured(band), found.whole(band)) for band in LATE}
    worse, cured, whole = Sum(), Sum(), Sum()
    for of_band in seen.values():
        worse, cured, whole = worse + of_band[0], cured + of_band[1], whole + of_band[2]
    if whole.loans < FEWEST:
        return {}
    pooled = _chances(worse, cured, whole, is_own=False)
    return {
        band: _chances(*of_band, is_own=True) if of_band[2].loans >= FEWEST else pooled
        for band, of_band in seen.items()
    }


def value(overdue: Decimal, band: Band, known: Mapping[Band, Chances]) -> Decimal:
    """Return what acting is worth; what is overdue itself where no chances are known."""
    if not known:
        return overdue
    return (overdue * known[band].factor).quantize(_CENT, rounding=ROUND_HALF_UP)


def _chances(worse: Sum, cured: Sum, whole: Sum, *, is_own: bool) -> Chances:
    return Chances(
        worse=Decimal(worse.loans) / whole.loans,
        cured=Decimal(cured.loans) / whole.loans,
        loans=whole.loans,
        is_own=is_own,
    )
