"""Points instead of probabilities: a score that gains a fixed number when the odds double."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Upper probabilities of default of grades A to F; whoever is riskier is a G.
GRADE_PDS: Mapping[str, float] = MappingProxyType(
    {"A": 0.01, "B": 0.025, "C": 0.05, "D": 0.10, "E": 0.20, "F": 0.35}
)
LAST_GRADE = "G"


@dataclass(frozen=True)
class Scale:
    """Maps the probability of default to points; more points are safer. Rule book 9.3.

    A score of `base_score` stands for `base_odds` good to one bad; every `points_to_double`
    points more double those odds. Scores outside `minimum` and `maximum`, where given, are
    clipped to them: the order of the clipped is lost, and `pd` of a clipped score is that of the
    limit. Points of characteristics are not clipped, so their sum may lie outside.
    """

    base_score: float = 600
    base_odds: float = 50
    points_to_double: float = 20
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        """Refuse odds, steps and limits that cannot make a scale."""
        if not (self.base_odds > 0 and self.points_to_double > 0):
            raise ValueError("A scale needs positive base odds and positive points to double.")
        if not self._lowest < self._highest:
            raise ValueError("The lowest score of a scale must lie below the highest.")

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
        """Return the unrounded score of the log-odds of bad; ValueError for NaN."""
        if math.isnan(log_odds):
            raise ValueError("The log-odds are not a number.")
        return min(max(self.offset - self.factor * log_odds, self._lowest), self._highest)

    def scores(self, pd: Sequence[float] | Floats) -> Floats:
        """Return the unrounded scores of many probabilities; ValueError unless 0 < pd < 1."""
        return np.clip(self._unlimited(pd), self._lowest, self._highest)

    def scores_at(self, log_odds: Floats) -> Floats:
        """Return the unrounded scores of many log-odds of bad, as `score_at` gives one."""
        scores: Floats = np.clip(self.offset - self.factor * log_odds, self._lowest, self._highest)
        return scores

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
        """Return the numbers that define the scale; limits appear only where there are any.

        A scale without limits must stay the three numbers it was: artefact hashes cover them.
        """
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def _lowest(self) -> float:
        return -math.inf if self.minimum is None else self.minimum

    @property
    def _highest(self) -> float:
        return math.inf if self.maximum is None else self.maximum

    def _unlimited(self, pd: Sequence[float] | Floats) -> Floats:
        risk = np.asarray(pd, dtype=np.float64)
        if not ((risk > 0) & (risk < 1)).all():
            raise ValueError("A probability of default lies between 0 and 1.")
        scores: Floats = self.offset - self.factor * (np.log(risk) - np.log1p(-risk))
        return scores


@dataclass(frozen=True)
class Grades:
    """Grades, safest first, each with the lowest displayed score that still earns it.

    Whoever is below the last limit has the last grade too: it has no lower limit.
    """

    limits: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        """Refuse a table that is empty or does not fall from grade to grade."""
        scores = [score for _, score in self.limits]
        if not scores or sorted(set(scores), reverse=True) != scores:
            raise ValueError("Grades need lower score limits that fall from the safest on.")

    def grade(self, score: float) -> str:
        """Return the grade of a score as people see it: rounded half up before it is compared."""
        if math.isnan(score):
            raise ValueError("A score that is not a number has no grade.")
        shown = rounded(score)
        return next((name for name, least in self.limits if shown >= least), self.limits[-1][0])


@dataclass(frozen=True)
class Preset:
    """A scale and the grades that fit it."""

    scale: Scale
    grades: Grades


@dataclass(frozen=True)
class Distribution:
    """How a sample spreads over a scale: shares per grade, safest first, and shares clipped.

    `clipped_low` would score below the minimum, `clipped_high` above the maximum.
    """

    n: int
    grades: dict[str, float]
    clipped_low: float
    clipped_high: float
    lowest: float
    median: float
    highest: float


def grades_for(scale: Scale, pd_limits: Mapping[str, float] = GRADE_PDS) -> Grades:
    """Return grades whose lower limits are the scores of upper PDs, rounded half up.

    The last grade takes the rest, down to the minimum of the scale or, without one, to 0.
    """
    last = 0 if scale.minimum is None else math.floor(scale.minimum)
    limits = [(name, scale.displayed(pd)) for name, pd in pd_limits.items()]
    return Grades((*limits, (LAST_GRADE, last)))


def distribution(
    scale: Scale, pd: Sequence[float] | Floats, *, grades: Grades | None = None
) -> Distribution:
    """Return the share of a sample per grade and the share clipped at either end of the scale.

    Without `grades` those of `grades_for`. ValueError for nobody, and unless 0 < pd < 1.
    """
    table = grades or grades_for(scale)
    unlimited = scale._unlimited(pd)  # noqa: SLF001 - the same module knows what was clipped
    if unlimited.ndim != 1 or len(unlimited) == 0:
        raise ValueError("A distribution needs a list of at least one probability.")
    scores = scale.scores(pd)
    limits = np.array([least for _, least in table.limits[:-1]])
    places = (np.floor(scores + 0.5)[:, None] < limits).sum(axis=1)
    counts = np.bincount(places, minlength=len(table.limits))
    names = (name for name, _ in table.limits)
    return Distribution(
        n=len(scores),
        grades=dict(zip(names, (counts / len(scores)).tolist(), strict=True)),
        clipped_low=float(np.mean(scores > unlimited)),
        clipped_high=float(np.mean(scores < unlimited)),
        lowest=float(scores.min()),
        median=float(np.median(scores)),
        highest=float(scores.max()),
    )


def rounded(score: float) -> int:
    """Return the score rounded half up to whole points."""
    return math.floor(score + 0.5)


# 600 is 30 to 1 on the first and 20 to 1 on the second. 300 stands for a PD of about 0.68, the
# maximum for about 0.001, so that what lenders see between 0.3 % and 60 % is hardly ever clipped.
SCALE_300_850 = Scale(base_score=600, base_odds=30, points_to_double=50, minimum=300, maximum=850)
SCALE_300_900 = Scale(base_score=600, base_odds=20, points_to_double=55, minimum=300, maximum=900)
# The scores of GRADE_PDS, rounded to tens so that people can remember them.
GRADES_300_850 = Grades(
    (("A", 690), ("B", 620), ("C", 570), ("D", 510), ("E", 450), ("F", 400), ("G", 300))
)
GRADES_300_900 = Grades(
    (("A", 730), ("B", 650), ("C", 600), ("D", 540), ("E", 470), ("F", 410), ("G", 300))
)
PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "300-850": Preset(scale=SCALE_300_850, grades=GRADES_300_850),
        "300-900": Preset(scale=SCALE_300_900, grades=GRADES_300_900),
    }
)
