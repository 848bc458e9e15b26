"""Monthly performance of the loans of a portfolio: days past due and balance, month by month."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.portfolio import _repayment
from ml.portfolio._application import Requests
from ml.portfolio._build import LIVES, Block
from ml.portfolio._cycle import Cycle
from ml.portfolio.config import PortfolioConfig

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]

_DAYS_PER_INSTALMENT = 30


def rows(
    config: PortfolioConfig, cycle: Cycle, number: int, made: Block, *, months: int, every: int
) -> pd.DataFrame:
    """Return the panel of one block's approved loans, of every `every`-th row number."""
    obligors = made.obligors
    ahead = _repayment.months_ahead(obligors, cycle, months=months)
    behind = _repayment.instalments_behind(obligors, ahead, rng=config.stream(LIVES, number))
    labels = made.portfolio.applications.index.to_numpy()
    approved = made.portfolio.applications["approved"].to_numpy(dtype=bool)
    kept = np.flatnonzero(approved & (labels % every == 0))
    asked = made.requests
    balance = _balance(config.market.annual_rate / 12, asked, behind)[:, kept]
    on_book = np.arange(1, months + 1)
    calendar = np.datetime64(config.start, "M") + obligors.month[kept][:, None] + on_book
    return pd.DataFrame(
        {
            "row": np.repeat(labels[kept], months),
            "months_on_book": np.tile(on_book, len(kept)),
            "month": calendar.astype("datetime64[s]").ravel(),
            "dpd": behind[:, kept].T.ravel().astype(np.int_) * _DAYS_PER_INSTALMENT,
            "balance": np.round(balance.T.ravel(), 2),
        }
    )


def _balance(monthly: float, asked: Requests, behind: npt.NDArray[np.int16]) -> Floats:
    """Return the principal left at each month's end, shape (months, rows): never rising."""
    due = np.minimum(np.arange(1, len(behind) + 1)[:, None], asked.term)
    paid = np.maximum.accumulate(np.maximum(due - behind, 0), axis=0)
    left: Floats = asked.instalment * (1 - (1 + monthly) ** -(asked.term - paid * 1.0)) / monthly
    return left
