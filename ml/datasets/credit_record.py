"""The monthly record of 45,985 accounts: how late each was, for up to 61 months.

Not a set of applications, so not behind `load`: `read` gives the record as `ml.behaviour` takes it,
`held_back` parts it for the comparison of a model with the plain rule.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import behaviour
from ml.behaviour import ENDED, Floats, Observations, Positions
from ml.datasets import _reading

FILE = "ccapproval_credit_record.csv.gz"
FOLDS = 5
# A band of days stands for its first day; `X` is a month in which nothing was late.
_DAYS = {"X": 0.0, "0": 1.0, "1": 30.0, "2": 60.0, "3": 90.0, "4": 120.0, "5": 150.0, "C": ENDED}
# Judged are the last twelve months whose outcome is known.
_JUDGED_MONTHS = 12
# One in so many good observations is learned from, counted so many times: bads are 4 in 1,000.
_GOOD_OF = 10
# The rule: so many ends of months in a row that late.
_IN_A_ROW, _RULE_DAYS = 3, 30


@dataclass(frozen=True, eq=False)
class Record:
    """Days past due at the ends of months, one row an account, and the month each came on."""

    days: Floats
    first: Positions


@dataclass(frozen=True, eq=False)
class Sample:
    """Observations with their outcomes; `by_rule` says 1 where the plain rule warns, else 0."""

    frame: pd.DataFrame
    bad: Floats
    loan: Positions
    weight: Floats
    by_rule: Floats


def read(folder: Path) -> Record:
    """Return the record of all accounts. DatasetMissing where the file is absent or another one."""
    table = _reading.read(folder, FILE, needed=("ID", "MONTHS_BALANCE", "STATUS"))
    accounts, place = np.unique(table["ID"].to_numpy(), return_inverse=True)
    month = table["MONTHS_BALANCE"].to_numpy() - int(table["MONTHS_BALANCE"].min())
    days = np.full((len(accounts), int(month.max()) + 1), np.nan)
    days[place, month] = table["STATUS"].astype(str).map(_DAYS).to_numpy()
    first = np.full(len(accounts), days.shape[1])
    np.minimum.at(first, place, month)
    return Record(days, first)


def held_back(record: Record, *, fold: int, seed: int = 42) -> tuple[Sample, Sample]:
    """Return what a model of one of `FOLDS` may learn from, and what it is judged on.

    Judged are accounts of the fold in the last year whose outcomes are known; learned from are all
    other accounts, until the months whose outcomes were known when that year began.
    """
    months = record.days.shape[1]
    judged = np.arange(months - behaviour.HORIZON - _JUDGED_MONTHS, months - behaviour.HORIZON)
    learned = np.arange(int(judged[0]) - behaviour.HORIZON)
    rng = np.random.default_rng(seed)
    of_fold = rng.permutation(len(record.days)) % FOLDS == fold
    early = _of(record, learned, ~of_fold)
    kept = (early.bad == 1) | (rng.integers(_GOOD_OF, size=len(early.bad)) == 0)
    weight = np.where(early.bad == 1, 1.0, float(_GOOD_OF))
    late = _of(record, judged, of_fold)
    return (
        _sample(record, early.where(kept), weight[kept]),
        _sample(record, late, np.ones(len(late.bad))),
    )


def _of(record: Record, months: Positions, accounts: npt.NDArray[np.bool_]) -> Observations:
    found = behaviour.observe(record.days, record.first, months)
    return found.where(found.known & accounts[found.loan])


def _sample(record: Record, found: Observations, weight: Floats) -> Sample:
    padded = np.pad(record.days, ((0, 0), (_IN_A_ROW - 1, 0)), constant_values=np.nan)
    last = padded[found.loan[:, None], found.month[:, None] + np.arange(_IN_A_ROW)]
    with np.errstate(invalid="ignore"):
        warned = (last >= _RULE_DAYS).all(axis=1)
    return Sample(found.frame, found.bad, found.loan, weight, warned.astype(np.float64))
