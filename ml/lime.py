"""LIME for encoded tables, as a second opinion beside exact attributions in validation reports.

Own code, because the `lime` package had its last release in 2020 and draws scikit-image and
matplotlib for a dozen lines of arithmetic on a table. Source: Ribeiro, Singh and Guestrin, "Why
should I trust you?", KDD 2016, with the package's defaults for tables: quartile bins, a kernel of
width 0.75 sqrt(features), ridge of strength 1.

Every feature has states: a quartile bin of the training values, a category, or missing. Samples
take each feature's state by its frequency in training, features independent of each other, and a
value of that state from a training row; where the state is the explained row's own, the row's own
value. So every sample stays in the schema, and whole numbers stay whole. A weight of the local
model is what the row's own state of a feature adds to the margin, against other states.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge

from ml.estimator import Fitted, checked_matrix
from ml.explain import attribute, rank_correlation
from ml.schema import Feature, Schema

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_MISSING_STATE = -1


@dataclass(frozen=True, kw_only=True)
class LimeConfig:
    """How to sample and fit. `kernel_width` None means 0.75 x sqrt(number of features).

    Without any ridge a feature whose state never differs would have no definite weight.
    """

    samples: int = 2000
    bins: int = 4
    kernel_width: float | None = None
    ridge: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that give no neighbourhood."""
        width_fits = self.kernel_width is None or self.kernel_width > 0
        if self.samples < 10 or self.bins < 2 or not width_fits or self.ridge <= 0:
            raise ValueError(
                "LIME needs ten samples or more, two bins or more, and a positive width and ridge."
            )


@dataclass(frozen=True, kw_only=True)
class LimeExplanation:
    """The local linear model of one row: `weights` per feature in log-odds, in declared order.

    `fit` is the weighted R squared over the samples, None where the model never moves.
    """

    weights: tuple[float, ...]
    intercept: float
    fit: float | None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far LIME names the same top factors as the exact attributions, mean over `rows`.

    `jaccard`: shared / all named among both top `k`. `rank_correlation`: Spearman's of the sizes
    over the features named by either, rows where it is undefined left out. `same_sign`: the share
    of common top factors that push the same way. `fit`: the local models' mean R squared. The
    last three are None where no row defines them.
    """

    k: int
    rows: int
    jaccard: float
    rank_correlation: float | None
    same_sign: float | None
    fit: float | None


@dataclass(frozen=True)
class _Marginals:
    """The training rows and what their values' states are."""

    matrix: Floats
    edges: tuple[Floats, ...]

    def states(self, matrix: Floats) -> npt.NDArray[np.int_]:
        """Return the state of every value: the bin's number, -1 where missing."""
        columns = [
            np.where(np.isnan(codes), _MISSING_STATE, np.searchsorted(edges, codes, side="left"))
            for codes, edges in zip(matrix.T, self.edges, strict=True)
        ]
        return np.column_stack(columns)


def explain(
    model: Fitted, training: Floats, row: Floats, *, config: LimeConfig | None = None
) -> LimeExplanation:
    """Return LIME's local model of one encoded row, shape (features,), near `training`'s rows.

    The same arguments give the same weights. ValueError for a row or matrix that is not the
    schema's, or a training matrix without rows.
    """
    config = config or LimeConfig()
    marginals = _marginals(model.schema, training, bins=config.bins)
    checked = checked_matrix(model.schema, np.reshape(row, (1, -1)))
    return _explained(model, marginals, checked, config)


def agreement(
    model: Fitted,
    matrix: Floats,
    rows: Floats,
    *,
    k: int = 3,
    config: LimeConfig | None = None,
) -> Agreement:
    """Return how far LIME and the exact attributions agree on the top factors of `rows`.

    `matrix` gives the training marginals, `rows` are the encoded rows to explain. A row's
    explanation does not depend on the other rows.
    """
    if not 1 <= k <= len(model.schema.names):
        raise ValueError(f"k must lie between 1 and the {len(model.schema.names)} features.")
    config = config or LimeConfig()
    marginals = _marginals(model.schema, matrix, bins=config.bins)
    exact = attribute(model, rows)
    local = [_explained(model, marginals, row[None, :], config) for row in exact.matrix]
    pairs = [
        (values, np.array(each.weights)) for values, each in zip(exact.values, local, strict=True)
    ]
    ranks = [_union_correlation(first, second, k) for first, second in pairs]
    signs = [np.sign(a[c]) == np.sign(b[c]) for a, b in pairs if len(c := _common(a, b, k))]
    return Agreement(
        k=k,
        rows=len(pairs),
        jaccard=float(np.mean([_jaccard(first, second, k) for first, second in pairs])),
        rank_correlation=_mean([each for each in ranks if each is not None]),
        same_sign=_mean(np.concatenate(signs).tolist()) if signs else None,
        fit=_mean([each.fit for each in local if each.fit is not None]),
    )


def _marginals(schema: Schema, training: Floats, *, bins: int) -> _Marginals:
    matrix = checked_matrix(schema, training)
    if not len(matrix):
        raise ValueError("There are no training rows to sample from.")
    edges = tuple(
        _edges(feature, codes, bins=bins)
        for feature, codes in zip(schema.features, matrix.T, strict=True)
    )
    return _Marginals(matrix, edges)


def _edges(feature: Feature, codes: Floats, *, bins: int) -> Floats:
    """Return upper ends of the states: one state per category, quantile bins of a number."""
    if feature.kind == "category":
        return np.arange(len(feature.categories) - 1, dtype=np.float64)
    if feature.kind == "boolean":
        return np.array([0.0])
    known = codes[~np.isnan(codes)]
    if not len(known):
        return np.array([], dtype=np.float64)
    return np.unique(np.quantile(known, np.arange(1, bins) / bins))


def _explained(
    model: Fitted, marginals: _Marginals, row: Floats, config: LimeConfig
) -> LimeExplanation:
    # Every row starts from the same seed, so its place among others does not matter.
    rng = np.random.default_rng(config.seed)
    samples = _samples(marginals.matrix, config.samples, rng)
    same = marginals.states(samples) == marginals.states(row)
    samples = np.where(same, row, samples)
    # The row itself comes first, as in the package.
    same, samples = np.vstack([np.ones_like(same[:1]), same]), np.vstack([row, samples])
    margins = model.margins(samples)
    weights = _kernel(same, config)
    local = Ridge(alpha=config.ridge).fit(same.astype(np.float64), margins, sample_weight=weights)
    varies = float(np.ptp(margins)) > 0
    fit = local.score(same.astype(np.float64), margins, sample_weight=weights) if varies else None
    return LimeExplanation(
        weights=tuple(local.coef_.tolist()),
        intercept=float(local.intercept_),
        fit=None if fit is None else float(fit),
    )


def _samples(matrix: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return rows whose every value comes from a training row of its own."""
    chosen = rng.integers(0, len(matrix), size=(count, matrix.shape[1]))
    drawn: Floats = np.take_along_axis(matrix, chosen, axis=0)
    return drawn


def _kernel(same: Flags, config: LimeConfig) -> Floats:
    """Return exponential weights of the Euclidean distance in 0/1 space to the row itself."""
    width = config.kernel_width or 0.75 * math.sqrt(same.shape[1])
    squared = (~same).sum(axis=1)
    weights: Floats = np.sqrt(np.exp(-squared / width**2))
    return weights


def _top(values: Floats, k: int) -> npt.NDArray[np.int_]:
    return np.argsort(-np.abs(values), kind="stable")[:k]


def _common(first: Floats, second: Floats, k: int) -> npt.NDArray[np.int_]:
    return np.intersect1d(_top(first, k), _top(second, k))


def _jaccard(first: Floats, second: Floats, k: int) -> float:
    shared = len(_common(first, second, k))
    return shared / (2 * k - shared)


def _union_correlation(first: Floats, second: Floats, k: int) -> float | None:
    named = np.union1d(_top(first, k), _top(second, k))
    return rank_correlation(np.abs(first[named]), np.abs(second[named]))


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
