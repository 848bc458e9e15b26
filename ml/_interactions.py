"""How far features work together: exact for LightGBM's trees, Friedman's H for any model.

The exact values are Shapley interaction values of the path-dependent tree game, the game whose
Shapley values LightGBM's `pred_contrib` and `shap.TreeExplainer` give. They are computed here
because `shap_interaction_values` reads a split on categories as a split on a number: with one
used categorical feature its rows no longer sum to the attributions, and nothing is said.

A leaf with the features D on its path plays a product game: with S known its worth is
v x product of o_i over S x product of z_i over the rest, where o_i says whether the row passes
all the path's splits on i, and z_i is the share of training rows that do. Since
s! (m - s)! / (m + 1)! is the integral of t^s (1 - t)^(m - s) from 0 to 1,

    phi_i  =     v (o_i - z_i)             x integral of product over k != i    of f_k(t),
    phi_ij = 1/2 v (o_i - z_i) (o_j - z_j) x integral of product over k != i, j of f_k(t),

with f_k(t) = z_k (1 - t) + o_k t. The integrand is a polynomial of degree below |D|, for which
Gauss-Legendre quadrature with ceil(|D| / 2) points is exact. The half follows the convention of
Lundberg et al. (2020): a pair's effect is split evenly between (i, j) and (j, i).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from ml._attributions import ADDITIVITY_TOLERANCE, position_of
from ml._effects import sampled
from ml.estimator import Fitted, checked_matrix
from ml.schema import Schema

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_NEARLY_ZERO = 1e-35  # LightGBM's own threshold for missing_type Zero
_NO_VARIATION = 1e-20


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """What two features add together beyond each alone, mean absolute over rows, in log-odds.

    `share` is its part of all effects, main and joint; None where the model never moves.
    """

    first: str
    second: str
    mean_absolute: float
    share: float | None


@dataclass(frozen=True, kw_only=True)
class FriedmanConfig:
    """How many rows H averages over: a pair costs the square of `rows` evaluations."""

    rows: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a sample in which nothing can vary."""
        if self.rows < 2:
            raise ValueError("Friedman's H needs at least two rows.")


@dataclass(frozen=True, kw_only=True)
class FriedmanH:
    """Friedman's H of a pair: the share of its joint effect that is no sum of single effects.

    `h` is None where the pair has no effect at all. It can be large for a pair that hardly
    matters, so `size` gives the joint part in log-odds (root mean square).
    """

    first: str
    second: str
    h: float | None
    size: float


@dataclass(frozen=True)
class _Leaf:
    """A leaf's value and its path: which splits, which way, and the share of rows that went so."""

    value: float
    splits: tuple[int, ...]
    lefts: tuple[bool, ...]
    shares: tuple[float, ...]


def tree_interactions(booster: lightgbm.Booster, matrix: Floats) -> Floats:
    """Return exact Shapley interaction values in log-odds, shape (rows, features, features).

    Symmetric; each row's matrix sums over its last axis to the attributions of `pred_contrib`,
    which is checked to 1e-6: ValueError where it fails (several classes, linear trees).
    """
    values = np.asarray(matrix, dtype=np.float64)
    rows, width = values.shape
    expected = np.asarray(booster.predict(values, pred_contrib=True, num_threads=1))
    if expected.shape != (rows, width + 1):
        raise ValueError("The trees do not give one margin per row.")
    dump = booster.dump_model()
    found = np.zeros((rows, width, width))
    for tree in dump["tree_info"]:
        _add_tree(found, tree["tree_structure"], values)
    if dump["average_output"]:
        found /= len(dump["tree_info"])
    # Written so that a NaN is refused too.
    if not float(np.abs(found.sum(axis=2) - expected[:, :-1]).max()) <= ADDITIVITY_TOLERANCE:
        raise ValueError("The interaction values do not add up to the attributions of the trees.")
    return found


def interaction_strengths(
    schema: Schema, values: Floats, *, most: int = 20
) -> tuple[Interaction, ...]:
    """Return the strongest pairs of `tree_interactions`, greatest first; both halves counted."""
    width = len(schema.names)
    if values.ndim != 3 or values.shape[1:] != (width, width) or not len(values):
        raise ValueError(f"Interaction values of shape (rows, {width}, {width}) are needed.")
    means = np.abs(values).mean(axis=0)
    total = float(means.sum())
    pairs = [
        Interaction(
            first=schema.names[first],
            second=schema.names[second],
            mean_absolute=2 * float(means[first, second]),
            share=None if total == 0 else 2 * float(means[first, second]) / total,
        )
        for first, second in combinations(range(width), 2)
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.mean_absolute)[:most])


def friedman_h(
    model: Fitted, matrix: Floats, names: tuple[str, ...], *, config: FriedmanConfig | None = None
) -> tuple[FriedmanH, ...]:
    """Return H of every pair of the named features, greatest first; undefined ones last.

    H^2 = sum (PD_jk - PD_j - PD_k)^2 / sum PD_jk^2 over the sampled rows, with centred partial
    dependences. Source: Friedman and Popescu, "Predictive learning via rule ensembles" (2008).
    """
    if len(set(names)) < 2 or len(set(names)) != len(names):
        raise ValueError("Name at least two different features.")
    config = config or FriedmanConfig()
    columns = {name: position_of(model.schema, name) for name in names}
    sample = sampled(checked_matrix(model.schema, matrix), rows=config.rows, seed=config.seed)
    if len(sample) < 2:
        raise ValueError("Friedman's H needs at least two rows.")
    alone = {name: _centred_dependence(model, sample, [columns[name]]) for name in names}
    found = []
    for first, second in combinations(names, 2):
        together = _centred_dependence(model, sample, [columns[first], columns[second]])
        joint = float(np.sum((together - alone[first] - alone[second]) ** 2))
        whole = float(np.sum(together**2))
        h = None if whole < _NO_VARIATION else (joint / whole) ** 0.5
        size = (joint / len(sample)) ** 0.5
        found.append(FriedmanH(first=first, second=second, h=h, size=size))
    return tuple(sorted(found, key=lambda pair: -1.0 if pair.h is None else pair.h, reverse=True))


def _centred_dependence(model: Fitted, sample: Floats, columns: list[int]) -> Floats:
    """Return the partial dependence at each sampled row's own values, less its mean."""
    rows = len(sample)
    crossed = np.tile(sample, (rows, 1))
    crossed[:, columns] = np.repeat(sample[:, columns], rows, axis=0)
    means = model.margins(crossed).reshape(rows, rows).mean(axis=1)
    centred: Floats = means - means.mean()
    return centred


def _add_tree(found: Floats, root: dict[str, Any], matrix: Floats) -> None:
    splits: list[dict[str, Any]] = []
    leaves = list(_leaves(root, splits))
    if not splits:
        return
    lefts = np.column_stack([_goes_left(split, matrix) for split in splits])
    features = np.array([split["split_feature"] for split in splits])
    for leaf in leaves:
        path = features[list(leaf.splits)]
        passed = lefts[:, list(leaf.splits)] == np.array(leaf.lefts)
        named = np.unique(path)
        ones = np.column_stack([passed[:, path == name].all(axis=1) for name in named])
        zeros = np.array([np.prod(np.array(leaf.shares)[path == name]) for name in named])
        found[:, named[:, None], named] += leaf.value * _product_game(ones, zeros)


def _leaves(root: dict[str, Any], splits: list[dict[str, Any]]) -> Iterator[_Leaf]:
    """Yield the leaves; `splits` is filled with the inner nodes that their paths point to."""
    waiting: list[tuple[dict[str, Any], _Leaf]] = [(root, _Leaf(0.0, (), (), ()))]
    while waiting:
        node, path = waiting.pop()
        if "split_feature" not in node:
            yield _Leaf(float(node["leaf_value"]), path.splits, path.lefts, path.shares)
            continue
        splits.append(node)
        for side, left in (("left_child", True), ("right_child", False)):
            child = node[side]
            count = child.get("internal_count", child.get("leaf_count", 0))
            step = _Leaf(
                0.0,
                (*path.splits, len(splits) - 1),
                (*path.lefts, left),
                (*path.shares, count / node["internal_count"]),
            )
            waiting.append((child, step))


def _goes_left(split: dict[str, Any], matrix: Floats) -> Flags:
    """Return which rows LightGBM sends left at a split."""
    column = matrix[:, split["split_feature"]]
    gone = np.isnan(column)
    if split["decision_type"] == "==":
        members = [int(code) for code in str(split["threshold"]).split("||")]
        codes = np.where(gone, -1, np.trunc(np.where(gone, -1, column)))
        chosen: Flags = np.isin(codes, members)
        return chosen
    missing = split["missing_type"]
    if missing != "NaN":
        column = np.where(gone, 0.0, column)
    below = column <= split["threshold"]
    unknown = {
        "NaN": gone,
        "Zero": np.abs(column) <= _NEARLY_ZERO,
        "None": np.zeros(len(column), dtype=np.bool_),
    }[missing]
    left: Flags = np.where(unknown, split["default_left"], below).astype(np.bool_)
    return left


def _product_game(ones: Flags, zeros: Floats) -> Floats:
    """Return the Shapley interaction values of a leaf worth 1, shape (rows, d, d).

    `ones` has shape (rows, d), `zeros` (d,), each above 0; formula at the top of the module.
    """
    points, weights = _quadrature((len(zeros) + 1) // 2)
    passed = ones.astype(np.float64)
    factors = zeros[:, None] * (1 - points) + passed[:, :, None] * points
    weighted = factors.prod(axis=1) * weights
    gains = passed - zeros
    inverse = 1 / factors
    main = gains * np.einsum("nq,niq->ni", weighted, inverse)
    pairs = (inverse * weighted[:, None, :]) @ inverse.transpose(0, 2, 1)
    values: Floats = 0.5 * gains[:, :, None] * gains[:, None, :] * pairs
    places = np.arange(len(zeros))
    values[:, places, places] = 0.0
    values[:, places, places] = main - values.sum(axis=2)
    return values


@cache
def _quadrature(count: int) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre points and weights on 0 to 1."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1) / 2, weights / 2
