"""How much an applicant must overstate to be approved: a model's open door to false statements.

Every declined row is scored again with the named features raised (or lowered) by a percentage,
and whatever follows from them (a ratio to income) recalculated by `derive`. The smallest
percentage that is enough is found by scanning up to the ceiling and halving the first step that
crosses the cut-off. A stated value never leaves its declared range.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.metrics import Floats
from ml.sensitivity import Subject, within_range

Derive = Callable[[Floats], Floats]

_SCANNED = 20
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, kw_only=True)
class OverstatementConfig:
    """Which percentages are reported, how far the search goes and how finely, as fractions.

    `understate` lowers the values instead, for what an applicant would rather hide.
    """

    levels: tuple[float, ...] = (0.05, 0.10, 0.20, 0.50)
    ceiling: float = 1.0
    precision: float = 1e-4
    understate: bool = False
    rows: int = 10_000
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse a search that has no ground or no end."""
        if not 0 < self.precision < self.ceiling:
            raise ValueError("The precision must lie above 0 and below the ceiling.")
        if not all(0 < level <= self.ceiling for level in self.levels):
            raise ValueError("A level must lie above 0 and not above the ceiling.")
        if self.understate and self.ceiling > 1:
            raise ValueError("Nobody can understate a value by more than all of it.")
        if self.rows < 1:
            raise ValueError("At least one row must be tried.")


@dataclass(frozen=True, eq=False)
class Overstatement:
    """What overstating the named features would have done for those declined.

    `flipped`: per level the share of the declined who would be approved, None with nobody
    declined. `needed`: the smallest fraction that is enough, one per declined row, within the
    precision; NaN where the ceiling is not. `declined` holds their positions in the rows given.
    An approval narrower than a twentieth of the ceiling can be overlooked.
    """

    features: tuple[str, ...]
    config: OverstatementConfig
    rows: int
    declined: npt.NDArray[np.int_]
    flipped: tuple[tuple[float, float | None], ...]
    needed: Floats

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        self.declined.setflags(write=False)
        self.needed.setflags(write=False)

    @property
    def within_ceiling(self) -> float | None:
        """Return the share of the declined for whom some percentage is enough; None for nobody."""
        return float((~np.isnan(self.needed)).mean()) if len(self.needed) else None

    def to_dict(self) -> dict[str, Any]:
        """Return counts, shares and the quantiles of what is needed (of all declined) as JSON.

        A quantile that falls among those whom the ceiling does not help is None.
        """
        reachable = np.sort(np.where(np.isnan(self.needed), np.inf, self.needed))
        quantiles = (
            np.quantile(reachable, _QUANTILES, method="inverted_cdf").tolist()
            if len(reachable)
            else [np.inf] * len(_QUANTILES)
        )
        return {
            "features": list(self.features),
            "config": asdict(self.config),
            "rows": self.rows,
            "declined": len(self.declined),
            "flipped": [{"level": level, "share": share} for level, share in self.flipped],
            "within_ceiling": self.within_ceiling,
            "needed_quantiles": {
                f"{share:g}": value if np.isfinite(value) else None
                for share, value in zip(_QUANTILES, quantiles, strict=True)
            },
        }


def overstatement(
    subject: Subject,
    features: Sequence[str],
    *,
    derive: Derive | None = None,
    config: OverstatementConfig | None = None,
) -> Overstatement:
    """Return how much of the named features the declined would have to overstate.

    `derive` takes a matrix with the stated values and returns it with everything recalculated
    that follows from them. ValueError for a name that is no number of the schema, and for a
    `derive` that changes the shape.
    """
    config = config or OverstatementConfig()
    sampled, chosen = subject.sampled(config.rows, config.seed)
    places = [_place(subject, name) for name in features]
    if not places:
        raise ValueError("Name at least one feature to overstate.")
    declined = np.flatnonzero(sampled.base >= subject.cut_off)
    run = _Run(subject, sampled.matrix[declined], places, derive, config)
    return Overstatement(
        tuple(features),
        config,
        len(chosen),
        chosen[declined],
        tuple((level, run.share_approved(level)) for level in config.levels),
        run.smallest(),
    )


@dataclass(frozen=True)
class _Run:
    """The declined rows, and what the model says of them with other statements."""

    subject: Subject
    rows: Floats
    places: list[int]
    derive: Derive | None
    config: OverstatementConfig

    def share_approved(self, level: float) -> float | None:
        """Return the share of the declined approved when all overstate by one level."""
        count = len(self.rows)
        if count == 0:
            return None
        return float(self.approved(np.arange(count), np.full(count, level)).mean())

    def smallest(self) -> Floats:
        """Return per row the smallest fraction found that is enough, NaN where none is."""
        count = len(self.rows)
        low, high = np.zeros(count), np.full(count, np.nan)
        for fraction in np.linspace(0, self.config.ceiling, _SCANNED + 1)[1:]:
            waiting = np.flatnonzero(np.isnan(high))
            if len(waiting) == 0:
                break
            enough = self.approved(waiting, np.full(len(waiting), fraction))
            high[waiting[enough]] = fraction
            low[waiting[~enough]] = fraction
        self._halve(low, high)
        return high

    def approved(self, which: npt.NDArray[np.int_], fractions: Floats) -> npt.NDArray[np.bool_]:
        """Say for the given rows whether the model approves them at these fractions."""
        matrix = self.rows[which]
        factors = 1 - fractions if self.config.understate else 1 + fractions
        for place in self.places:
            feature = self.subject.schema.features[place]
            stated = matrix[:, place] * factors
            matrix[:, place] = within_range(feature, stated)
        if self.derive is not None:
            derived = np.asarray(self.derive(matrix), dtype=np.float64)
            if derived.shape != matrix.shape:
                raise ValueError("What is derived must have the shape of the matrix it came from.")
            matrix = derived
        return self.subject.pd(matrix) < self.subject.cut_off

    def _halve(self, low: Floats, high: Floats) -> None:
        """Narrow the step that crosses the cut-off; `low` never is enough and `high` always is."""
        found = np.flatnonzero(~np.isnan(high))
        width = self.config.ceiling / _SCANNED
        while len(found) and width > self.config.precision:
            width /= 2
            middle = (low[found] + high[found]) / 2
            enough = self.approved(found, middle)
            high[found[enough]] = middle[enough]
            low[found[~enough]] = middle[~enough]


def _place(subject: Subject, name: str) -> int:
    if name not in subject.schema.names:
        raise ValueError(f"{name} is not a feature of {subject.schema.name}.")
    if subject.schema.feature(name).kind not in ("number", "integer"):
        raise ValueError(f"{name} is not a number, so it cannot be overstated.")
    return subject.schema.names.index(name)
