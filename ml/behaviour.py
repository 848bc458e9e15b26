"""What the monthly record of a loan says about its next months: features, outcomes, the plain rule.

A record is a matrix of days past due at the ends of months, one row a loan, the oldest month first:

- a number from 0 on: the loan was on the books, that many days past due;
- `ENDED`: it left the books without a loss, in that month or before;
- infinity: it was written off;
- NaN: nothing is known of that month, or the loan was not on the books yet.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.behaviour_schema import SCHEMA

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int_]

ENDED = -1.0
# A loan is watched for this outcome over so many months, by what so many months before say.
BAD_DAYS = 90
HORIZON = 6
HISTORY = 12
_SERIOUS_DAYS = 30


@dataclass(frozen=True, eq=False)
class Observations:
    """Loans at the ends of months, each with what it was seen to become.

    `frame` has the columns of the schema; `bad` is 1, 0, or NaN where the record ends too early to
    know; `loan` is the row of the record and `month` the column of the end of month.
    """

    frame: pd.DataFrame
    bad: Floats
    loan: Positions
    month: Positions

    @property
    def known(self) -> Flags:
        """Say which of them have an outcome."""
        return ~np.isnan(self.bad)

    def where(self, chosen: Flags) -> "Observations":
        """Return only those chosen."""
        return Observations(
            self.frame[chosen].reset_index(drop=True),
            self.bad[chosen],
            self.loan[chosen],
            self.month[chosen],
        )


def watched(days: Floats) -> Flags:
    """Say of which loans the outcome is still open: on the books, and not that late already."""
    return (days >= 0) & (days < BAD_DAYS)


def outcomes(ahead: Floats) -> Floats:
    """Return 1 for loans that were ever 90 days past due or written off, 0 for others, else NaN.

    `ahead` are the months after the observation, shape (loans, HORIZON). A loan that ended without
    a loss is good, whatever the record says of later months. Where a month is not known before the
    loan ended and it was not bad in any other, its outcome is not known. Definition: 90 days past
    due within six months (rule book 3, default at 90 days past due). ValueError for another shape.
    """
    if ahead.ndim != 2 or ahead.shape[1] != HORIZON:
        raise ValueError(f"There must be {HORIZON} months ahead (got shape {ahead.shape}).")
    ended = np.logical_or.accumulate(ahead == ENDED, axis=1)
    bad = ((ahead >= BAD_DAYS) & ~ended).any(axis=1)
    unknown = (np.isnan(ahead) & ~ended).any(axis=1)
    return np.where(bad, 1.0, np.where(unknown, np.nan, 0.0))


def features(
    behind: Floats,
    months_on_book: Positions,
    *,
    instalments_missed: Floats | None = None,
    principal_left: Floats | None = None,
    due_share: Floats | None = None,
) -> pd.DataFrame:
    """Return the schema's columns of loans that are watched, from their last months.

    `behind` are the months until the observation, the last column its own, shape (loans, HISTORY);
    a month before the first of a loan is NaN. The amounts are NaN where they are not given.
    ValueError for another shape, or a loan that is not watched.
    """
    if behind.ndim != 2 or behind.shape[1] != HISTORY:
        raise ValueError(f"There must be {HISTORY} months of history (got shape {behind.shape}).")
    now = behind[:, -1]
    if not watched(now).all():
        raise ValueError("Only loans on the books less than 90 days past due have features.")
    # A month that is not known is not a late one; a loan that came back was not late meanwhile.
    seen = np.where(np.isnan(behind) | (behind < 0), 0.0, np.minimum(behind, 36500.0))
    late = seen > 0
    before = behind[:, -4]
    nothing = np.full(len(behind), np.nan)
    columns = {
        "months_on_book": months_on_book.astype(np.float64),
        "days_now": now,
        "days_worst_3m": seen[:, -3:].max(axis=1, initial=0.0),
        "days_worst_6m": seen[:, -6:].max(axis=1, initial=0.0),
        "days_worst_12m": seen.max(axis=1, initial=0.0),
        "days_rise_3m": np.where(before >= 0, now - np.minimum(before, 36500.0), np.nan),
        "months_late_3m": late[:, -3:].sum(axis=1),
        "months_late_12m": late.sum(axis=1),
        "months_30_days_12m": (seen >= _SERIOUS_DAYS).sum(axis=1),
        "months_late_in_a_row": in_a_row(late),
        "instalments_missed": nothing if instalments_missed is None else instalments_missed,
        "principal_left": nothing if principal_left is None else principal_left,
        "due_share": nothing if due_share is None else due_share,
    }
    return pd.DataFrame({name: np.asarray(columns[name], np.float64) for name in SCHEMA.names})


def in_a_row(late: Flags) -> Positions:
    """Return how many months until the last were late without a break, shape (loans,)."""
    unbroken: Positions = np.logical_and.accumulate(late[:, ::-1], axis=1).sum(axis=1)
    return unbroken


def observe(record: Floats, first: Positions, months: Positions) -> Observations:
    """Return every watched loan at the end of each of the months of a record.

    `first` is the column in which each loan came on the books, which may lie before the record
    (negative); `months` are columns. Months before the record are not known. Where its last month
    comes before the horizon's, no outcome is: who is bad would be known there, who is good not yet.
    """
    padded = np.pad(record, ((0, 0), (HISTORY - 1, 0)), constant_values=np.nan)
    found = [_at(padded, first, int(month)) for month in months]
    if not found:
        empty = np.empty(0, np.int_)
        return Observations(pd.DataFrame(columns=list(SCHEMA.names)), np.empty(0), empty, empty)
    return Observations(
        pd.concat([one.frame for one in found], ignore_index=True),
        np.concatenate([one.bad for one in found]),
        np.concatenate([one.loan for one in found]),
        np.concatenate([one.month for one in found]),
    )


def _at(padded: Floats, first: Positions, month: int) -> Observations:
    """Return the watched loans at the end of one month of a padded record."""
    end = month + HISTORY
    with np.errstate(invalid="ignore"):
        kept = np.flatnonzero(watched(padded[:, end - 1]))
    ahead = padded[kept, end : end + HORIZON]
    is_whole = ahead.shape[1] == HORIZON
    return Observations(
        features(padded[kept, month:end], month - first[kept]),
        outcomes(ahead) if is_whole else np.full(len(kept), np.nan),
        kept,
        np.full(len(kept), month),
    )
