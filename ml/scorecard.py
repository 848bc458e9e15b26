"""The logistic scorecard: weights of evidence, one coefficient each, and a table of points.

Guarantees: coefficients are positive in log-odds of good, so a bin's weight of evidence and its
points always go the same way, and a declared direction is never turned; contributions are exact
and the same for one row as for many; the model is text that a person can check by hand.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn import model_selection

from ml import _logistic, binning, metrics
from ml._logistic import Estimate
from ml.binning import Binning, BinningConfig
from ml.calibration import probability
from ml.canonical import canonical_bytes
from ml.estimator import Estimator, TrainingRefused
from ml.schema import Schema

Floats = npt.NDArray[np.float64]

FORMAT = "scorecard-1"
C_GRID = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_TURNS = "beside the others its coefficient would turn against its bins"
_FOLDS = 5
_FEW_ROWS = 4


@dataclass(frozen=True, kw_only=True)
class ScorecardConfig:
    """How to select and weigh features.

    `c` is scikit-learn's inverse strength of the L2 penalty; `cv` takes the one of C_GRID with
    the best log-loss over five inner folds, each binned anew. Features of less information than
    `min_iv` are left out; then those that the best fit without a coefficient turned against its
    bins leaves at 0; then, if `max_p_value` is given, the least significant one by one until all
    are below it.
    """

    kind: ClassVar[str] = "scorecard"

    binning: BinningConfig = field(default_factory=BinningConfig)
    c: float | Literal["cv"] = 0.3
    min_iv: float = 0.002
    max_p_value: float | None = None
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse numbers that make no scorecard."""
        for name, fits in (
            ("c", self.c == "cv" or (not isinstance(self.c, str) and self.c > 0)),
            ("min_iv", self.min_iv >= 0),
            ("max_p_value", self.max_p_value is None or 0 < self.max_p_value <= 1),
        ):
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return {**asdict(self), "binning": self.binning.to_dict()}


@dataclass(frozen=True)
class Scorecard:
    """A trained scorecard: log-odds of good = intercept + sum of coefficient x WoE.

    `binnings` hold every feature of the schema in its order; `coefficients` only those used, by
    name in the same order; `dropped` says why each other one is not. A value that training never
    saw has WoE 0.
    """

    kind: ClassVar[str] = "scorecard"

    schema: Schema
    binnings: tuple[Binning, ...]
    intercept: Estimate
    coefficients: Mapping[str, Estimate]
    dropped: Mapping[str, str]
    c: float

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        if tuple(item.feature for item in self.binnings) != self.schema.names:
            raise ValueError("The bins of the scorecard are not those of its schema.")
        used = [name for name in self.schema.names if name in self.coefficients]
        if not used or used != list(self.coefficients):
            raise ValueError("The coefficients of the scorecard are not those of its schema.")

    @cached_property
    def characteristics(self) -> tuple[tuple[Binning, Estimate], ...]:
        """Return the bins and the coefficient of each feature in use."""
        return tuple(
            (item, self.coefficients[item.feature])
            for item in self.binnings
            if item.feature in self.coefficients
        )

    @cached_property
    def base(self) -> float:
        """Return the mean margin of the training sample, the log-odds of bad of an average row."""
        means = (beta.coefficient * item.mean_woe for item, beta in self.characteristics)
        return -(self.intercept.coefficient + sum(means))

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the log-odds of bad of every row; `threads` makes no difference here."""
        if 0 < len(matrix) <= _FEW_ROWS:
            return np.array([self.margin_of(row) for row in matrix.tolist()])
        margins = np.full(len(matrix), self.base)
        for position, item, shares in self._shares:
            margins += np.array(shares)[item.positions(matrix[:, position])]
        return margins

    def margin_of(self, row: Sequence[float]) -> float:
        """Return the margin of one encoded row, the same to the last bit and without arrays."""
        margin = self.base
        for position, item, shares in self._shares:
            margin += shares[item.position_of(row[position])]
        return margin

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return minus coefficient x (WoE - its training mean) per feature, the base at the end.

        These are the Shapley values of the margin, features taken as independent: the model is
        a sum, so each feature's is its own term less the term's mean.
        """
        if 0 < len(matrix) <= _FEW_ROWS:
            return np.array([self.contributions_of(row) for row in matrix.tolist()])
        parts = np.zeros((len(matrix), len(self.schema.names) + 1))
        parts[:, -1] = self.base
        for position, item, shares in self._shares:
            parts[:, position] = np.array(shares)[item.positions(matrix[:, position])]
        return parts

    def contributions_of(self, row: Sequence[float]) -> list[float]:
        """Return the contributions of one encoded row, without arrays."""
        parts = [0.0] * len(self.schema.names) + [self.base]
        for position, item, shares in self._shares:
            parts[position] = shares[item.position_of(row[position])]
        return parts

    def to_body(self) -> str:
        """Return the scorecard as JSON, without the schema but with its hash."""
        body = {
            "format": FORMAT,
            "schema_hash": self.schema.hash,
            "c": self.c,
            "intercept": asdict(self.intercept),
            "coefficients": [
                {"feature": name, **asdict(estimate)}
                for name, estimate in self.coefficients.items()
            ],
            "dropped": dict(self.dropped),
            "binnings": [item.to_dict() for item in self.binnings],
        }
        return canonical_bytes(body).decode()

    @classmethod
    def from_body(cls, body: str, schema: Schema) -> Self:
        """Return the scorecard that `to_body` wrote; ValueError if it is not one of this schema."""
        try:
            data = _parsed(body, schema)
            return cls(
                schema=schema,
                binnings=tuple(Binning.from_dict(item) for item in data["binnings"]),
                intercept=_read_estimate(data["intercept"]),
                coefficients={
                    str(item["feature"]): _read_estimate(item) for item in data["coefficients"]
                },
                dropped={str(name): str(why) for name, why in data["dropped"].items()},
                c=_finite(data["c"]),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"This is not a scorecard of {schema.name}: {error}.") from error

    def facts(self) -> dict[str, Any]:
        """Return size, coefficients and information values as JSON values."""
        return {
            "features": len(self.coefficients),
            "bins": sum(len(item.bins) for item, _ in self.characteristics),
            "c": self.c,
            "intercept": _facts_of(self.intercept),
            "characteristics": [
                {
                    "feature": item.feature,
                    "shape": item.shape,
                    "bins": len(item.bins),
                    "iv": item.iv,
                    "iv_band": binning.iv_band(item.iv),
                    **_facts_of(estimate),
                }
                for item, estimate in self.characteristics
            ],
            "dropped": dict(self.dropped),
        }

    @cached_property
    def _shares(self) -> tuple[tuple[int, Binning, tuple[float, ...]], ...]:
        """Return, per feature in use, its column, its bins and what each adds to the margin."""
        return tuple(
            (
                self.schema.names.index(item.feature),
                item,
                tuple(-beta.coefficient * (woe - item.mean_woe) for woe in item.table),
            )
            for item, beta in self.characteristics
        )


class ScorecardEstimator(Estimator):
    """Learns a `Scorecard`; `config` is a `ScorecardConfig`."""

    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Scorecard:
        """Return the scorecard, or TrainingRefused if no feature helps or they separate fully."""
        config: ScorecardConfig = self.config or ScorecardConfig()
        run = _Run(self.schema, config, matrix, bad, weight)
        return run.scorecard()


@dataclass(frozen=True)
class _Run:
    """Checked training data and the search for the features to keep."""

    schema: Schema
    config: ScorecardConfig
    matrix: Floats
    bad: Floats
    weight: Floats | None

    def scorecard(self) -> Scorecard:
        binnings = self._bins(np.arange(len(self.bad)))
        woe = binning.woe_matrix(binnings, self.matrix)
        c = self._best_c() if self.config.c == "cv" else self.config.c
        dropped = {item.feature: why for item in binnings if (why := self._uninformative(item))}
        dropped |= self._turned(woe, self._kept(dropped), c)
        while kept := self._kept(dropped):
            intercept, estimates = _logistic.fit(woe[:, kept], self.bad, weight=self.weight, c=c)
            found = self._worst(estimates)
            if found is None:
                break
            place, why = found
            dropped[self.schema.names[kept[place]]] = why
        else:
            raise TrainingRefused("No feature tells good from bad well enough for a scorecard.")
        used = {self.schema.names[i]: own for i, own in zip(kept, estimates, strict=True)}
        left_out = {name: dropped[name] for name in self.schema.names if name in dropped}
        card = Scorecard(self.schema, binnings, intercept, used, left_out, c)
        self._check_overlap(card.margins(self.matrix))
        return card

    def _kept(self, dropped: Mapping[str, str]) -> list[int]:
        return [i for i, name in enumerate(self.schema.names) if name not in dropped]

    def _turned(self, woe: Floats, kept: list[int], c: float) -> dict[str, str]:
        """Return the features whose best coefficient is not positive, with the reason."""
        zero = _logistic.kept_at_zero(woe[:, kept], self.bad, weight=self.weight, c=c)
        return {self.schema.names[kept[place]]: _TURNS for place in np.flatnonzero(zero).tolist()}

    def _bins(self, rows: npt.NDArray[np.int_]) -> tuple[Binning, ...]:
        weight = None if self.weight is None else self.weight[rows]
        return binning.bin_matrix(
            self.schema,
            self.matrix[rows],
            self.bad[rows],
            weight=weight,
            config=self.config.binning,
        )

    def _uninformative(self, item: Binning) -> str:
        """Return why a feature is left out before any fit, or nothing."""
        if item.iv <= 0:
            return "it has one bin only"
        if item.iv < self.config.min_iv:
            return f"its information value {item.iv:.4f} is below {self.config.min_iv:g}"
        return ""

    def _worst(self, estimates: list[Estimate]) -> tuple[int, str] | None:
        """Return the place of the feature to drop next and why, or None."""
        place = min(range(len(estimates)), key=lambda i: estimates[i].coefficient)
        if estimates[place].coefficient <= 0:
            return place, _TURNS
        limit = self.config.max_p_value
        if limit is not None:
            p_values = [1.0 if own.p_value is None else own.p_value for own in estimates]
            place = max(range(len(p_values)), key=p_values.__getitem__)
            if p_values[place] > limit:
                return place, f"its p-value {p_values[place]:.4f} is above {limit:g}"
        return None

    def _best_c(self) -> float:
        """Return the penalty with the least log-loss on inner folds; the stronger one if tied."""
        folds = model_selection.StratifiedKFold(_FOLDS, shuffle=True, random_state=self.config.seed)
        losses = np.sum(
            [self._losses(*fold) for fold in folds.split(self.matrix, self.bad)], axis=0
        )
        return C_GRID[int(np.argmin(losses))]

    def _losses(self, seen: npt.NDArray[np.int_], unseen: npt.NDArray[np.int_]) -> list[float]:
        binnings = self._bins(seen)
        learnt, asked = (binning.woe_matrix(binnings, self.matrix[rows]) for rows in (seen, unseen))
        weight = None if self.weight is None else self.weight[seen]
        losses = []
        for c in C_GRID:
            intercept, estimates = _logistic.fit(learnt, self.bad[seen], weight=weight, c=c)
            betas = np.array([own.coefficient for own in estimates])
            pd = probability(-(intercept.coefficient + asked @ betas))
            losses.append(metrics.log_loss(pd, self.bad[unseen]) * len(unseen))
        return losses

    def _check_overlap(self, margins: Floats) -> None:
        """Refuse perfect separation: its coefficients would be the penalty's, not the data's."""
        if margins[self.bad == 0].max() < margins[self.bad == 1].min():
            raise TrainingRefused(
                "The features separate good from bad perfectly, so one of them probably knows the"
                " outcome; coefficients cannot be estimated."
            )


def _parsed(body: str, schema: Schema) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(body)
    if data["format"] != FORMAT:
        raise ValueError(f"its format is {data['format']!r}")
    if data["schema_hash"] != schema.hash:
        raise ValueError("it was trained on another schema")
    return data


def _read_estimate(data: Mapping[str, Any]) -> Estimate:
    error = data["standard_error"]
    return Estimate(_finite(data["coefficient"]), None if error is None else _finite(error))


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, float | int) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)


def _facts_of(estimate: Estimate) -> dict[str, float | None]:
    return {**asdict(estimate), "z": estimate.z, "p_value": estimate.p_value}
