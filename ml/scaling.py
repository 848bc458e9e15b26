"""Points instead of probabilities: a score that gains a fixed number when the odds double."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property


@dataclass(frozen=True)
class Scale:
    """Maps the probability of default to points; more points are safer. Rule book 9.3.

    A score of `base_score` stands for `base_odds` good to one bad; every `points_to_double`
    points more double those odds.
    """

    base_score: float = 600
    base_odds: float = 50
    points_to_double: float = 20

    def __post_init__(self) -> None:
        """Refuse odds and steps that cannot make a scale."""
        if not (self.base_odds > 0 and self.points_to_double > 0):
            raise ValueError("A scale needs positive base odds and positive points to double.")

    @cached_property
    def factor(self) -> float:
        """Return the points per unit of log-odds."""
        return self.points_to_double / math.log(2)

    @cached_property
    def offset(self) -> float:
        """Return the score at even odds."""
        return self.base_score - self.factor * math.log(self.base_odds)

    def score(self, pd: float) -> float:
        """Return the unrounded score; ValueError unless 0 < pd < 1."""
        if not 0 < pd < 1:
            raise ValueError(f"A probability of default lies between 0 and 1, not {pd!r}.")
        return self.score_at(math.log(pd) - math.log1p(-pd))

    def score_at(self, log_odds: float) -> float:
        """Return the unrounded score of the log-odds of bad."""
        return self.offset - self.factor * log_odds

    def displayed(self, pd: float) -> int:
        """Return the score as people see it, rounded half up."""
        return rounded(self.score(pd))

    def pd(self, score: float) -> float:
        """Return the probability of default that a score stands for."""
        return 1 / (1 + math.exp((score - self.offset) / self.factor))

    def points(
        self, *, intercept: float, coefficients: Sequence[float], woe: Sequence[float]
    ) -> list[float]:
        """Return the points of each characteristic of a scorecard in log-odds of good."""
        share = intercept / len(coefficients)
        return [
            (beta * value + share) * self.factor + self.offset / len(coefficients)
            for beta, value in zip(coefficients, woe, strict=True)
        ]

    def to_dict(self) -> dict[str, float]:
        """Return the three numbers that define the scale."""
        return asdict(self)


def rounded(score: float) -> int:
    """Return the score rounded half up to whole points."""
    return math.floor(score + 0.5)
