"""How concentrated a portfolio is: shares, the largest, the Herfindahl-Hirschman index. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)
# Of whole markets, US Department of Justice and FTC, Merger Guidelines 2023, 2.1: more than 1,800
# points is highly concentrated; 1,000 to 1,800 moderately. From memory; for portfolios no regulator
# names bounds, so pages show them for orientation alone.
MODERATE, HIGH = Decimal("0.10"), Decimal("0.18")
# So many of the largest are added up.
TOP = 5


class Dimension(StrEnum):
    """By what a portfolio is taken apart."""

    PURPOSE = "purpose"
    REGION = "region"
    SEGMENT = "segment"
    PRODUCT = "product"
    BRANCH = "branch"
    EMPLOYER = "employer"

    @property
    def is_kept(self) -> bool:
        """Whether shares are kept by it; the others follow from sums by branch and product."""
        return self in {Dimension.PURPOSE, Dimension.REGION, Dimension.EMPLOYER}


# Stands for all employers that only one loan each is known of.
MANY = "*"


@dataclass(frozen=True, slots=True)
class Share:
    """What is outstanding with one of them; no key where it is not known.

    Of the row that stands for many, `squares` is the sum of the squares of what each owes.
    """

    key: str
    loans: int
    principal: Decimal
    npa_principal: Decimal = ZERO
    squares: Decimal = ZERO

    @property
    def is_named(self) -> bool:
        """Whether it is one, and known which."""
        return self.key not in {"", MANY}

    @property
    def npa_ratio(self) -> Decimal | None:
        """What of its principal does not perform; None where there is none."""
        return self.npa_principal / self.principal if self.principal else None


def ordered(shares: Iterable[Share]) -> list[Share]:
    """Return the shares, the largest first; what stands for many, and what is not known, last."""
    return sorted(shares, key=lambda one: (not one.is_named, not one.key, -one.principal, one.key))


def whole(shares: Iterable[Share]) -> Decimal:
    """Return all that is outstanding."""
    return sum((one.principal for one in shares), ZERO)


def index(shares: Iterable[Share]) -> Decimal | None:
    """Return the Herfindahl-Hirschman index, from near 0 to 1; None where nothing is known.

    It is the sum of the squares of all shares (rule book 9.9) in what is known; the rest is left
    out. In points it is 10,000 times as much.
    """
    known = [one for one in shares if one.key]
    all_ = whole(known)
    if not all_:
        return None
    squares = (one.squares if one.key == MANY else one.principal**2 for one in known)
    return sum(squares, ZERO) / all_**2


def effective_number(shares: Iterable[Share]) -> Decimal | None:
    """Return how many of equal size would be as concentrated, 1 / index (rule book 9.9)."""
    found = index(shares)
    return 1 / found if found else None


def top(shares: Sequence[Share], number: int = TOP) -> Decimal | None:
    """Return the share of the so many largest in all principal; None where there is none."""
    all_ = whole(shares)
    largest = [one for one in ordered(shares) if one.is_named][:number]
    return whole(largest) / all_ if all_ else None
