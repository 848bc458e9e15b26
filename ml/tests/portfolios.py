"""Small portfolios with known truth, as tests of inference and of the view at the door need."""

from datetime import date

import numpy as np
import numpy.typing as npt

from ml import portfolio, synthetic
from ml.application_schema import SCHEMA
from ml.portfolio import Policy, Portfolio, PortfolioConfig


def made(rows: int, *, policy: Policy, seed: int = 11) -> Portfolio:
    """Return three years of applications under a policy."""
    return portfolio.generate(
        PortfolioConfig(
            market=synthetic.MARKETS["in-retail"],
            rows=rows,
            seed=seed,
            start=date(2022, 1, 1),
            end=date(2024, 12, 31),
            policy=policy,
        )
    )


def standardised(portfolio: Portfolio) -> npt.NDArray[np.float64]:
    """Return the features as a straight line takes them: skews tamed, gaps filled and flagged."""
    matrix = SCHEMA.to_matrix(portfolio.features)
    gaps = np.isnan(matrix)
    tamed = np.log1p(np.where(gaps, 0.0, matrix))
    flags = np.unique(gaps[:, gaps.any(axis=0)], axis=1)
    columns = np.column_stack([tamed, flags])
    scaled: npt.NDArray[np.float64] = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return scaled
