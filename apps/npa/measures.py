"""What of a portfolio is watched, and when it is a breach. Pure.

Ratios are fractions at full precision; amounts are principal outstanding, so that every
denominator is a balance of the ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)
# PAR30 counts loans more than so many days past due, by the plain difference (rule book 2.3).
PAR_DAYS = 30


class Measure(StrEnum):
    """Each figure with a threshold of its own."""

    NPA_RATIO = "npa_ratio"
    DEFAULT_RATE = "default_rate"
    PAR30 = "par30"
    COVERAGE = "coverage"
    LARGEST_BORROWER = "largest_borrower"
    LARGEST_SECTOR = "largest_sector"
    LARGEST_BRANCH = "largest_branch"
    NPA_JUMP = "npa_jump"


# A breach of these is a value below the threshold; of all others, one above it.
BREACHED_BELOW = frozenset({Measure.COVERAGE})


@dataclass(frozen=True, slots=True)
class Totals:
    """What was outstanding at the end of a day, in one currency."""

    loans: int = 0
    principal: Decimal = ZERO
    npa_loans: int = 0
    npa_principal: Decimal = ZERO
    npa_provision: Decimal = ZERO
    over_30: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest share of one kind: who it is, and what is outstanding there."""

    name: str
    principal: Decimal


def share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Return part over whole; None where there is no whole to speak of."""
    return Decimal(part) / Decimal(whole) if whole else None


def ratios(totals: Totals) -> dict[Measure, Decimal]:
    """Return what can be said of the totals; a measure without a denominator is left out."""
    found = {
        # NPL ratio: non-performing over gross loans (rule book 2.3).
        Measure.NPA_RATIO: share(totals.npa_principal, totals.principal),
        # The same by number: of the loans on the books, how many are non-performing.
        Measure.DEFAULT_RATE: share(totals.npa_loans, totals.loans),
        # The whole balance of loans over 30 days late, not their arrears (rule book 2.3).
        Measure.PAR30: share(totals.over_30, totals.principal),
        Measure.COVERAGE: share(totals.npa_provision, totals.npa_principal),
    }
    return {measure: value for measure, value in found.items() if value is not None}


def concentrations(
    totals: Totals, largest: Mapping[Measure, Largest | None]
) -> dict[Measure, Decimal]:
    """Return the share of the largest borrower, sector and branch in all principal."""
    found = {
        measure: share(one.principal, totals.principal)
        for measure, one in largest.items()
        if one is not None
    }
    return {measure: value for measure, value in found.items() if value is not None}


def jump(today: Mapping[Measure, Decimal], before: Mapping[Measure, Decimal]) -> Decimal | None:
    """Return by how much the NPA ratio rose, as a fraction of gross loans (0.01: one point)."""
    if Measure.NPA_RATIO not in today or Measure.NPA_RATIO not in before:
        return None
    return today[Measure.NPA_RATIO] - before[Measure.NPA_RATIO]


def is_breached(measure: Measure, value: Decimal, threshold: Decimal) -> bool:
    """Say whether a value is beyond its threshold; to stand exactly on it is within."""
    return value < threshold if measure in BREACHED_BELOW else value > threshold
