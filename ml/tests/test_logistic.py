"""The logistic regression under the scorecard: its optimum, its errors, its signs."""

import numpy as np
import numpy.typing as npt
import pytest

from ml import _logistic
from ml._logistic import Estimate

Floats = npt.NDArray[np.float64]


def test_it_takes_errors_from_the_curvature_of_the_penalised_likelihood() -> None:
    rng = np.random.default_rng(0)
    design = rng.normal(size=(400, 2))
    bad = (rng.random(400) < 0.3).astype(float)
    weight, c = rng.uniform(0.5, 2, 400), 0.05

    def objective(beta: Floats) -> float:
        margin = (1 - 2 * bad) * (beta[0] + design @ beta[1:])
        return float(weight @ np.logaddexp(0, -margin) + beta[1:] @ beta[1:] / (2 * c))

    intercept, others = _logistic.fit(design, bad, weight=weight, c=c)

    best = np.array([part.coefficient for part in (intercept, *others)])
    step, axes = 1e-4, np.eye(3)
    curvature = np.array(
        [
            [
                sum(
                    s * t * objective(best + step * (s * axes[i] + t * axes[j]))
                    for s in (-1, 1)
                    for t in (-1, 1)
                )
                / (4 * step**2)
                for j in range(3)
            ]
            for i in range(3)
        ]
    )
    errors = [part.standard_error for part in (intercept, *others)]
    assert errors == pytest.approx(np.sqrt(np.diag(np.linalg.inv(curvature))), rel=1e-4)
    assert all(objective(best) <= objective(best + 1e-3 * axis) for axis in (*axes, *-axes))


def test_it_tests_nothing_where_an_error_cannot_be_estimated() -> None:
    estimate = Estimate(1.5, None)

    assert (estimate.z, estimate.p_value) == (None, None)
    assert _logistic._errors(np.zeros((2, 2))) == [None, None]


def test_it_finds_the_best_fit_without_negative_coefficients_in_any_order() -> None:
    rng = np.random.default_rng(5)
    design = rng.normal(size=(2000, 4)) + rng.normal(size=(2000, 1))
    bad = (rng.random(2000) < 1 / (1 + np.exp(design @ [1, -0.8, 0.5, -0.2]))).astype(float)
    order = [2, 0, 3, 1]

    zero = _logistic.kept_at_zero(design, bad, weight=None, c=1.0)
    other = _logistic.kept_at_zero(design[:, order], bad, weight=None, c=1.0)

    assert zero.tolist() == [False, True, False, True]
    assert other.tolist() == zero[order].tolist()


def test_it_counts_weights_as_rows_against_the_penalty() -> None:
    rng = np.random.default_rng(9)
    base = rng.normal(size=(1000, 1))
    design = base + 0.3 * rng.normal(size=(1000, 2))
    bad = (rng.random(1000) < 1 / (1 + np.exp(design @ [1.5, -0.5]))).astype(float)
    many = np.full(1000, 10_000.0)

    shared = _logistic.kept_at_zero(design, bad, weight=None, c=1e-4)
    apart = _logistic.kept_at_zero(design, bad, weight=many, c=1e-4)

    assert shared.tolist() == [False, False]
    assert apart.tolist() == [False, True]
