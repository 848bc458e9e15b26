"""The loss given default out of the lender's own recoveries. Pure.

Every default old enough counts, whatever became of it, with what came in within the same number of
months after it; leaving out those that are still worked on would leave out the worst. What came in
is discounted to the day of default at the rate of the contract, and so is the balance of a loan
that performs again at the end of those months:

    LGD = 1 - discounted recoveries / what was owed at default,     between 0 and 1

The mean of a kind of security is drawn towards the approved one, and that of a segment within it
towards the kind, as `hazards` has it, with cases in the place of loan-months. Floors come last.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from apps.impairment.measuring import ONE, ZERO
from apps.impairment.parameters import Parameters, Recoveries

DIGITS = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class Case:
    """A default that was followed to the end: what was owed, and what came in as worth then."""

    kind: str
    segment: str
    owed: Decimal
    recovered: Decimal

    @property
    def lgd(self) -> Decimal:
        """The share that was lost."""
        return min(ONE, max(ZERO, ONE - self.recovered / self.owed))


@dataclass(frozen=True, slots=True)
class Cell:
    """The LGD of a kind of security, or of a segment within it, before its floor."""

    lgd: Decimal
    cases: int


@dataclass(frozen=True, slots=True)
class Losses:
    """LGDs by kind, and by kind and segment."""

    kinds: Mapping[str, Cell]
    segments: Mapping[tuple[str, str], Cell]

    def of(self, kind: str, segment: str, rules: Recoveries) -> Decimal:
        """Return the LGD of a loan, not below the floor; scenarios shift it, and keep to it too."""
        cell = self.segments.get((kind, segment)) or self.kinds.get(kind)
        found = cell.lgd if cell else rules.prior_of(kind)
        return max(found, rules.floor_of(kind))


def estimate(cases: Iterable[Case], parameters: Parameters) -> Losses:
    """Return the LGDs of cases; those of which nothing was owed say nothing."""
    rules = parameters.recoveries
    of_kind: dict[str, list[Decimal]] = defaultdict(list)
    of_segment: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for case in cases:
        if case.owed > 0:
            of_kind[case.kind].append(case.lgd)
            of_segment[case.kind, case.segment].append(case.lgd)
    kinds = {kind: _believed(found, rules.prior_of(kind), rules) for kind, found in of_kind.items()}
    segments = {
        key: _believed(found, kinds[key[0]].lgd, rules) for key, found in of_segment.items()
    }
    return Losses(kinds, segments)


def _believed(found: list[Decimal], whole: Decimal, rules: Recoveries) -> Cell:
    number = len(found)
    if number < max(rules.least_cases, 1):
        return Cell(whole, number)
    mean = (sum(found, ZERO) + rules.credibility * whole) / (number + rules.credibility)
    return Cell(mean.quantize(DIGITS), number)
