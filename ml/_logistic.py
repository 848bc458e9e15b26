"""A logistic regression with its standard errors, in log-odds of good."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special
from sklearn.linear_model import LogisticRegression

Floats = npt.NDArray[np.float64]

_STEPS = 1000
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A coefficient and how sure it is; the error is None where the data do not determine it."""

    coefficient: float
    standard_error: float | None

    @property
    def z(self) -> float | None:
        """Return the coefficient in standard errors."""
        return self.coefficient / self.standard_error if self.standard_error else None

    @property
    def p_value(self) -> float | None:
        """Return the two-sided Wald test against a coefficient of 0."""
        return None if self.z is None else math.erfc(abs(self.z) / math.sqrt(2))


def fit(
    design: Floats, bad: Floats, *, weight: Floats | None, c: float
) -> tuple[Estimate, list[Estimate]]:
    """Return the intercept and the coefficients that maximise the penalised likelihood of good.

    The penalty is the sum of squared coefficients / (2 c), the intercept free. The errors are
    the roots of the diagonal of the inverse of the penalised Fisher information, X'WX + I / c
    (that of the posterior under the same normal prior); without penalty the usual Wald errors.
    """
    model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-8)
    model.fit(design, 1 - bad, sample_weight=weight)
    coefficients = model.coef_[0]
    good = model.predict_proba(design)[:, 1]
    information = good * (1 - good) * (1 if weight is None else weight)
    with_one = np.column_stack([np.ones(len(design)), design])
    fisher = with_one.T @ (with_one * information[:, None])
    fisher[np.arange(1, len(fisher)), np.arange(1, len(fisher))] += 1 / c
    errors = _errors(fisher)
    numbers = [float(model.intercept_[0]), *coefficients.tolist()]
    first, *others = (Estimate(*item) for item in zip(numbers, errors, strict=True))
    return first, others


def kept_at_zero(
    design: Floats, bad: Floats, *, weight: Floats | None, c: float
) -> npt.NDArray[np.bool_]:
    """Return which coefficients are 0 in the best fit of all fits without a negative one.

    The penalty is that of `fit`. The problem is convex, so what is left out does not depend on
    an order, as it does when features are removed one by one.
    """
    rows = np.ones(len(bad)) if weight is None else weight
    rows = rows / rows.sum()
    strength = 1 / (c * (len(bad) if weight is None else float(weight.sum())))
    sign = 1 - 2 * bad

    def loss(beta: Floats) -> tuple[float, Floats]:
        margin = sign * (beta[0] + design @ beta[1:])
        pull = -rows * sign * special.expit(-margin)
        slope = np.concatenate([[pull.sum()], design.T @ pull + strength * beta[1:]])
        penalty = strength / 2 * float(beta[1:] @ beta[1:])
        return float(rows @ np.logaddexp(0, -margin)) + penalty, slope

    features = design.shape[1]
    best = optimize.minimize(
        loss,
        np.zeros(features + 1),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), *[(0, None)] * features],
        options={"maxiter": _STEPS, "ftol": _TOLERANCE, "gtol": _TOLERANCE},
    )
    flags: npt.NDArray[np.bool_] = best.x[1:] <= 0
    return flags


def _errors(fisher: Floats) -> list[float | None]:
    try:
        variances = np.diag(np.linalg.inv(fisher)).tolist()
    except np.linalg.LinAlgError:
        return [None] * len(fisher)
    return [math.sqrt(v) if math.isfinite(v) and v > 0 else None for v in variances]
