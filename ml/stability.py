"""Whether a model serves every segment and month alike: ranking, level and population.

A part is all rows of one segment or one month of application. Each is measured alone and held
against the development scores. Outcomes may be missing (NaN) where they are not yet known: such
rows count in the population, never in ranking or level. Every figure comes with an interval, and
a part with few goods or bads is marked `small`: it is shown but never named the worst, because
among many small parts one is bad by chance.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from ml import discrimination, metrics, population_stability, proportions
from ml.metrics import Floats
from ml.population_stability import NumberBins
from ml.proportions import Bounds

By = Literal["segment", "month"]
Labels = Sequence[Any] | npt.NDArray[Any] | pd.Series | pd.Index

MISSING = "(missing)"
EVERYBODY = "(all)"
_FEWEST_SHARED = 3


@dataclass(frozen=True, kw_only=True)
class StabilityConfig:
    """When a part is small, how sure the intervals are, and into how many bins scores fall."""

    fewest_of_a_class: int = 20
    confidence: float = 0.95
    bins: int = 10

    def __post_init__(self) -> None:
        """Refuse a confidence that is none."""
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1 (got {self.confidence!r}).")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One segment or month. `n` rows, of which `known` have an outcome and `bads` defaulted.

    Bad rate, `mean_pd`, `observed_to_expected`, AUC and KS are of the rows with an outcome and
    None without any; AUC and KS also where one class only occurred, their interval where its
    formula has no spread. Intervals: Jeffreys for the bad rate (divided by the mean PD for
    observed to expected), DeLong for the AUC. `mean_pd_of_all` and the PSI are of all rows;
    chance alone exceeds `psi_noise_limit` once in twenty times, None where one bin is filled.
    """

    label: str
    n: int
    known: int
    bads: int
    small: bool
    bad_rate: float | None
    bad_rate_interval: Bounds | None
    mean_pd: float | None
    mean_pd_of_all: float
    observed_to_expected: float | None
    observed_to_expected_interval: Bounds | None
    auc: float | None
    auc_interval: Bounds | None
    ks: float | None
    psi: float
    psi_band: str
    psi_noise_limit: float | None


@dataclass(frozen=True)
class StabilityReport:
    """Everybody together and every part, in the order of their labels.

    `worst_ranked` has the lowest AUC and `worst_calibrated` the observed to expected furthest
    from 1 (as a ratio, either way) among the parts that are not small; None if all are.
    """

    by: By
    config: StabilityConfig
    overall: Part
    parts: tuple[Part, ...]
    worst_ranked: str | None
    worst_calibrated: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class RankingStability:
    """How alike the parts order the features: Spearman's rho per pair, None where one is flat."""

    pairs: tuple[tuple[str, str, float | None], ...]
    mean: float | None
    lowest: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the correlations as JSON values."""
        return asdict(self)


def by_segment(
    scores: Floats,
    bad: Floats,
    segments: Labels,
    *,
    development_scores: Floats,
    config: StabilityConfig | None = None,
) -> StabilityReport:
    """Return how the model does in each segment, a missing one being a segment of its own.

    `scores` and `development_scores` are probabilities of default, the latter those of the
    sample the model was built on. ValueError for lists of
    different lengths, scores that are no probabilities, or outcomes other than 0, 1 and NaN.
    """
    names = pd.Series(segments, dtype=object).reset_index(drop=True)
    labels = names.where(names.isna(), names.astype(str)).fillna(MISSING).to_numpy(dtype=object)
    return _report(
        "segment", (scores, bad, labels), development_scores, config or StabilityConfig()
    )


def by_month(
    scores: Floats,
    bad: Floats,
    dates: Labels,
    *,
    development_scores: Floats,
    config: StabilityConfig | None = None,
) -> StabilityReport:
    """Return how the model does on the applications of each calendar month, oldest first.

    Raises ValueError as `by_segment` does, and for a row without a date.
    """
    days = pd.DatetimeIndex(pd.to_datetime(pd.Index(dates), format="ISO8601"))
    if days.hasnans:
        raise ValueError(f"The row at position {int(np.flatnonzero(days.isna())[0])} has no date.")
    labels = days.strftime("%Y-%m").to_numpy(dtype=object)
    rows = (scores, bad, labels)
    return _report("month", rows, development_scores, config or StabilityConfig())


def ranking_stability(importances: Mapping[str, Mapping[str, float]]) -> RankingStability:
    """Return how alike parts order their features by importance.

    `importances` maps a part to each feature's importance; every part names the same features,
    at least three. ValueError otherwise.
    """
    if len(importances) < 2:
        raise ValueError("Rankings are compared between at least two parts.")
    features = sorted(next(iter(importances.values())))
    if len(features) < _FEWEST_SHARED:
        raise ValueError(f"A ranking needs at least {_FEWEST_SHARED} features.")
    for label, values in importances.items():
        if sorted(values) != features:
            raise ValueError(f"{label} does not name the same features as the other parts.")
    pairs = tuple(
        (first, second, _rho(importances[first], importances[second], features))
        for first, second in itertools.combinations(importances, 2)
    )
    known = [rho for _, _, rho in pairs if rho is not None]
    if not known:
        return RankingStability(pairs, None, None)
    return RankingStability(pairs, math.fsum(known) / len(known), min(known))


def _report(
    by: By,
    rows: tuple[Floats, Floats, npt.NDArray[np.object_]],
    development_scores: Floats,
    config: StabilityConfig,
) -> StabilityReport:
    scores, outcomes = _probabilities(rows[0]), np.asarray(rows[1], dtype=np.float64)
    labels = rows[2]
    if not scores.shape == outcomes.shape == labels.shape:
        raise ValueError(
            f"There are {len(scores)} scores, {len(outcomes)} outcomes and {len(labels)} {by}s."
        )
    if not (np.isnan(outcomes) | (outcomes == 0) | (outcomes == 1)).all():
        raise ValueError("An outcome is 0 (good), 1 (bad) or missing.")
    reference = _Reference(
        population_stability.number_bins(_probabilities(development_scores), bins=config.bins),
        config,
    )
    numbers, names = pd.factorize(labels, sort=True)
    # One sort instead of a comparison of every row with every label.
    bounds = np.searchsorted(np.sort(numbers), np.arange(len(names) + 1))
    order = np.argsort(numbers, kind="stable")
    parts = tuple(
        reference.part(str(name), scores[order[low:high]], outcomes[order[low:high]])
        for name, (low, high) in zip(names, itertools.pairwise(bounds), strict=True)
    )
    return StabilityReport(
        by,
        config,
        reference.part(EVERYBODY, scores, outcomes),
        parts,
        _worst_ranked(parts),
        _worst_calibrated(parts),
    )


@dataclass(frozen=True)
class _Reference:
    """The development sample in bins, against which a part is measured."""

    bins: NumberBins
    config: StabilityConfig

    def part(self, label: str, scores: Floats, outcomes: Floats) -> Part:
        """Return every figure of one part; outcomes may be NaN."""
        known = ~np.isnan(outcomes)
        seen, bad = scores[known], outcomes[known]
        n, bads = len(bad), int(bad.sum())
        moved = population_stability.number_stability(self.bins, scores)
        mean_pd = float(seen.mean()) if n else None
        interval = self._rate_interval(n, bads)
        return Part(
            label=label,
            n=len(scores),
            known=n,
            bads=bads,
            small=min(bads, n - bads) < self.config.fewest_of_a_class,
            bad_rate=bads / n if n else None,
            bad_rate_interval=interval,
            mean_pd=mean_pd,
            mean_pd_of_all=float(scores.mean()),
            observed_to_expected=bads / n / mean_pd if mean_pd else None,
            observed_to_expected_interval=(
                (interval[0] / mean_pd, interval[1] / mean_pd) if interval and mean_pd else None
            ),
            **self._ranking(seen, bad),
            psi=moved.psi,
            psi_band=moved.band,
            psi_noise_limit=moved.noise_limit,
        )

    def _rate_interval(self, n: int, bads: int) -> Bounds | None:
        if n == 0:
            return None
        count = proportions.Count(bads, n)
        return proportions.jeffreys(count, confidence=self.config.confidence)

    def _ranking(self, scores: Floats, bad: Floats) -> dict[str, Any]:
        area = None
        if len(bad):
            area = discrimination.auc_interval(scores, bad, level=self.config.confidence)
        if area is None:
            return {"auc": None, "auc_interval": None, "ks": None}
        bounds = None if area.lower is None else (area.lower, area.upper)
        return {"auc": area.value, "auc_interval": bounds, "ks": metrics.ks(scores, bad)}


def _worst_ranked(parts: tuple[Part, ...]) -> str | None:
    ranked = [(part.auc, part.label) for part in parts if part.auc is not None and not part.small]
    return min(ranked)[1] if ranked else None


def _worst_calibrated(parts: tuple[Part, ...]) -> str | None:
    distances = [
        (abs(math.log(part.observed_to_expected)), part.label)
        for part in parts
        if part.observed_to_expected and not part.small
    ]
    return max(distances)[1] if distances else None


def _probabilities(scores: Floats) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("Scores are a list of at least one probability from 0 to 1.")
    return values


def _rho(
    first: Mapping[str, float], second: Mapping[str, float], features: list[str]
) -> float | None:
    values = [[part[name] for name in features] for part in (first, second)]
    if not np.isfinite(values).all():
        raise ValueError("An importance is not a finite number.")
    if any(len(set(part)) == 1 for part in values):
        return None
    return float(stats.spearmanr(*values).statistic)
