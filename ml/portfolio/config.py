"""What a made-up portfolio should be like: whose market, which policy, what changes and when."""

import math
import zlib
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.synthetic import Market

Floats = npt.NDArray[np.float64]
Months = npt.NDArray[np.int_]

CAUSAL: Final = ("amount", "annual_income", "existing_dti")
REPORTED: Final = ("credit_history_months", "enquiries_6m", "revolving_utilisation")
OUTCOME_MONTHS: Final = 12

_HIGHEST_UNEMPLOYMENT_RISE = 0.5


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The old lender's way to decide: a rough score with chance in it, and knock-outs.

    `strictness` is how much lower than usual the cut-off lies, in points of the old score, whose
    standard deviation is about 0.65: -1 approves roughly 90 %, 0 roughly 65 %, 1 roughly 27 %.
    `noise` is the standard deviation of chance in the score. `insight` is the weight of what an
    officer senses about the applicant's prudence and no column records: above zero the outcomes
    are missing not at random. `override_share` of all decisions are turned round. `bias` is the
    penalty in points for every community but the largest; zero decides without regard to it.
    """

    strictness: float = 0.0
    noise: float = 0.5
    insight: float = 0.35
    knock_outs: bool = True
    override_share: float = 0.02
    bias: float = 0.0

    def __post_init__(self) -> None:
        """Refuse numbers without a meaning."""
        numbers = (self.strictness, self.noise, self.insight, self.override_share, self.bias)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError("Every number of the old policy must be finite.")
        if self.noise < 0 or not 0 <= self.override_share <= 0.5:
            raise ValueError("The noise is at least 0, and at most half the decisions turn round.")


@dataclass(frozen=True, kw_only=True)
class CovariateDrift:
    """A feature that moves for applications from `start` on.

    One of `CAUSAL` moves in its cause by `size` of the market's standard deviations (of the
    logarithm, for `existing_dti` of the logit), and the risk follows as circumstances tell: what
    a feature means stays the same. One of `REPORTED` is multiplied by 1 + `size` in the bureau's
    report alone: nobody's risk changes.
    """

    feature: str
    size: float
    start: date

    def __post_init__(self) -> None:
        """Refuse a feature that cannot be moved and a size without a meaning."""
        if self.feature not in CAUSAL + REPORTED:
            raise ValueError(f"Only these can drift: {', '.join(CAUSAL + REPORTED)}.")
        if not math.isfinite(self.size) or (self.feature in REPORTED and self.size <= -1):
            raise ValueError("The drift needs a finite size, above -1 for a reported feature.")


@dataclass(frozen=True, kw_only=True)
class ConceptDrift:
    """Loans applied for from `start` on go wrong for other reasons.

    The share `size` of prudence's effect on paying goes, and that of tight means grows by the
    same share: past conduct tells less about the future, affordability more.
    """

    size: float
    start: date

    def __post_init__(self) -> None:
        """Refuse a share outside 0 to 1."""
        if not 0 <= self.size <= 1:
            raise ValueError("The size of a concept drift is a share from 0 to 1.")


@dataclass(frozen=True, kw_only=True)
class Downturn:
    """A rise of unemployment by `size` (0.05 is five points), reached six months after `start`.

    It stays until `months` after the start and then halves every six months.
    """

    size: float
    start: date
    months: int = 18

    def __post_init__(self) -> None:
        """Refuse a rise beyond reason and a downturn shorter than its onset."""
        if not 0 <= self.size <= _HIGHEST_UNEMPLOYMENT_RISE or self.months < 6:
            raise ValueError("A downturn rises by 0 to 0.5 and lasts at least 6 months.")


@dataclass(frozen=True, kw_only=True)
class PortfolioConfig:
    """A portfolio of `rows` applications from `start` to `end`, both included.

    Switches work by whole months: from the first day of the month in which their `start` lies.
    Outcomes are those of the twelve months after each application, also beyond `end`.
    """

    market: Market
    rows: int
    seed: int
    start: date
    end: date
    policy: Policy = field(default_factory=Policy)
    drifts: tuple[CovariateDrift, ...] = ()
    concept_drift: ConceptDrift | None = None
    downturn: Downturn | None = None

    def __post_init__(self) -> None:
        """Refuse an empty portfolio, a period that runs backwards and a negative seed."""
        if self.rows < 1 or self.end < self.start:
            raise ValueError("Ask for at least one row and an end that is not before the start.")
        if self.seed < 0:
            raise ValueError("The seed must not be negative.")

    def stream(self, part: int, block: int = 0) -> np.random.Generator:
        """Return the chance of one part of one block, independent of every other part."""
        return np.random.default_rng(
            [self.seed, zlib.crc32(self.market.code.encode()), part, block]
        )

    def month_of(self, day: date) -> int:
        """Return how many calendar months after the month of `start` the day lies."""
        return (day.year - self.start.year) * 12 + day.month - self.start.month

    @property
    def cycle_months(self) -> int:
        """Return how many months the economy must run: to the last outcome."""
        return self.month_of(self.end) + 1 + OUTCOME_MONTHS

    def shift(self, feature: str, month: Months) -> Floats:
        """Return by how much the feature drifts for applications of each month."""
        total = np.zeros(len(month))
        for drift in self.drifts:
            if drift.feature == feature:
                total += drift.size * (month >= self.month_of(drift.start))
        return total

    def change_of_concept(self, month: Months) -> Floats:
        """Return the size of the concept drift for applications of each month."""
        if self.concept_drift is None:
            return np.zeros(len(month))
        changed = (month >= self.month_of(self.concept_drift.start)).astype(np.float64)
        return self.concept_drift.size * changed
