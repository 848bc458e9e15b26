"""How a model answers to one feature: dependence, partial dependence, permutation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml import metrics
from ml._attributions import Attributions, decoded, evenly, position_of
from ml.estimator import Fitted, checked_matrix
from ml.schema import Feature, Kind, Schema, Value

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Response:
    """The attributions of rows of like value. `at` is their median value, or the one they share.

    A category is given by name and a missing value as None.
    """

    at: Value
    n: int
    median: float
    lower_quartile: float
    upper_quartile: float


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """A feature's value against its attribution.

    `values` and `attributions` are the points of a scatter, sorted by value and thinned evenly;
    both are empty for a category. `curve` has one response per quantile bin, or per category
    that occurs, in declared order. Rows without a value are in `missing` only.
    """

    name: str
    kind: Kind
    unit: str
    values: tuple[float, ...]
    attributions: tuple[float, ...]
    curve: tuple[Response, ...]
    missing: Response | None


@dataclass(frozen=True, kw_only=True)
class EffectConfig:
    """How finely a partial dependence is computed: grid points, rows averaged, curves kept."""

    points: int = 20
    rows: int = 500
    curves: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that give no grid or no average."""
        if self.points < 2 or self.rows < 1 or self.curves < 0:
            raise ValueError("Ask for two points or more, a row or more, and no negative curves.")


@dataclass(frozen=True, kw_only=True)
class PartialDependence:
    """The mean margin if every row had the value `at`, and single rows' curves (ICE).

    `individual` has one tuple per row kept, one margin per element of `at`. The last element of
    `at` is None where the feature may be missing.
    """

    name: str
    kind: Kind
    unit: str
    at: tuple[Value, ...]
    mean: tuple[float, ...]
    individual: tuple[tuple[float, ...], ...]
    rows: int


@dataclass(frozen=True, kw_only=True)
class PermutationDrop:
    """How much AUC is lost when a feature's values are dealt out anew; None if undefined."""

    name: str
    auc_drop: float | None
    standard_error: float | None


def dependence(
    attributions: Attributions, name: str, *, bins: int = 20, most_points: int = 1000
) -> Dependence:
    """Return a feature's value against its attribution; ValueError for an unknown feature."""
    if bins < 1 or most_points < 1:
        raise ValueError("Ask for at least one bin and one point.")
    position = position_of(attributions.schema, name)
    feature = attributions.schema.features[position]
    codes, shares = attributions.matrix[:, position], attributions.values[:, position]
    gone = np.isnan(codes)
    order = np.argsort(codes[~gone], kind="stable")
    known, theirs = codes[~gone][order], shares[~gone][order]
    kept = evenly(len(known), 0 if feature.kind == "category" else most_points)
    return Dependence(
        name=name,
        kind=feature.kind,
        unit=feature.unit,
        values=tuple(known[kept].tolist()),
        attributions=tuple(theirs[kept].tolist()),
        curve=_curve(feature, known, theirs, bins=bins),
        missing=_response(None, shares[gone]) if gone.any() else None,
    )


def partial_dependence(
    model: Fitted, matrix: Floats, name: str, *, config: EffectConfig | None = None
) -> PartialDependence:
    """Return the mean margin along a feature and the curves of single rows.

    Grid: quantiles of the values present, or all declared categories, and the missing state
    where it is allowed. Source: Friedman 2001; Goldstein et al. 2015 for the single curves.
    """
    config = config or EffectConfig()
    position = position_of(model.schema, name)
    feature = model.schema.features[position]
    sample = sampled(checked_matrix(model.schema, matrix), rows=config.rows, seed=config.seed)
    grid = _grid(feature, matrix[:, position], points=config.points)
    curves = np.column_stack([_with_column(model, sample, position, code) for code in grid])
    kept = evenly(len(sample), config.curves)
    return PartialDependence(
        name=name,
        kind=feature.kind,
        unit=feature.unit,
        at=tuple(decoded(feature, code) for code in grid),
        mean=tuple(curves.mean(axis=0).tolist()),
        individual=tuple(tuple(curve) for curve in curves[kept].tolist()),
        rows=len(sample),
    )


def permutation_importance(
    model: Fitted,
    matrix: Floats,
    bad: Floats,
    *,
    repeats: int = 5,
    seed: int = 0,
    by_group: bool = False,
) -> tuple[PermutationDrop, ...]:
    """Return the AUC each feature (or reason group, moved as one) is worth, greatest first.

    A cross-check of the attributions that looks at outcomes. Features that depend on each other
    hide behind one another here; `by_group` moves them together. Source: Breiman 2001.
    """
    if repeats < 2:
        raise ValueError("Ask for at least two repeats, or there is no standard error.")
    checked = checked_matrix(model.schema, matrix)
    # The AUC reads ranks alone, so a margin does as well as its probability.
    whole = metrics.auc(model.margins(checked), bad)
    found = []
    for number, (name, columns) in enumerate(_blocks(model.schema, by_group=by_group)):
        if whole is None:
            found.append(PermutationDrop(name=name, auc_drop=None, standard_error=None))
            continue
        rng = np.random.default_rng([seed, number])
        dealt = (_dealt(checked, columns, rng) for _ in range(repeats))
        areas = [metrics.auc(model.margins(each), bad) for each in dealt]
        drops = whole - np.array(areas, dtype=np.float64)
        error = float(drops.std(ddof=1)) / repeats**0.5
        found.append(PermutationDrop(name=name, auc_drop=float(drops.mean()), standard_error=error))
    return tuple(sorted(found, key=lambda drop: -(drop.auc_drop or 0.0)))


def sampled(matrix: Floats, *, rows: int, seed: int) -> Floats:
    """Return at most `rows` rows, drawn without replacement and kept in order."""
    if not len(matrix):
        raise ValueError("There are no rows to draw from.")
    if len(matrix) <= rows:
        return matrix
    chosen = np.random.default_rng(seed).choice(len(matrix), rows, replace=False)
    drawn: Floats = matrix[np.sort(chosen)]
    return drawn


def _curve(feature: Feature, codes: Floats, shares: Floats, *, bins: int) -> tuple[Response, ...]:
    if not len(codes):
        return ()
    if feature.kind in ("category", "boolean"):
        places = codes
    else:
        edges = np.unique(np.quantile(codes, np.arange(1, bins) / bins))
        places = np.searchsorted(edges, codes, side="left").astype(np.float64)
    return tuple(
        _response(decoded(feature, _middle(codes[places == place])), shares[places == place])
        for place in np.unique(places)
    )


def _middle(codes: Floats) -> float:
    """Return the lower median: a value that occurs, so that a whole number stays one."""
    return float(np.sort(codes)[(len(codes) - 1) // 2])


def _response(at: Value, shares: Floats) -> Response:
    low, middle, high = np.quantile(shares, (0.25, 0.5, 0.75)).tolist()
    return Response(at=at, n=len(shares), median=middle, lower_quartile=low, upper_quartile=high)


def _grid(feature: Feature, codes: Floats, *, points: int) -> list[float]:
    known = codes[~np.isnan(codes)]
    if feature.kind == "category":
        grid = [float(code) for code in range(len(feature.categories))]
    elif feature.kind == "boolean":
        grid = [0.0, 1.0]
    else:
        # A value that occurs, not one between two: the model is asked about what exists.
        shares = np.linspace(0, 1, points)
        grid = np.unique(np.quantile(known, shares, method="lower")).tolist() if len(known) else []
    return [*grid, np.nan] if feature.allows_missing else grid


def _with_column(model: Fitted, sample: Floats, position: int, code: float) -> Floats:
    changed = sample.copy()
    changed[:, position] = code
    return model.margins(changed)


def _blocks(schema: Schema, *, by_group: bool) -> list[tuple[str, list[int]]]:
    if not by_group:
        return [(name, [position]) for position, name in enumerate(schema.names)]
    columns: dict[str, list[int]] = {}
    for position, feature in enumerate(schema.features):
        columns.setdefault(feature.group, []).append(position)
    return list(columns.items())


def _dealt(matrix: Floats, columns: list[int], rng: np.random.Generator) -> Floats:
    changed = matrix.copy()
    changed[:, columns] = matrix[rng.permutation(len(matrix))][:, columns]
    return changed
