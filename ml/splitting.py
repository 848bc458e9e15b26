"""Which rows a model learns from and which it is judged on.

The rule follows from what is known of the rows. Dates: out of time, because a model is always
used on applications newer than those it learned from, and shuffled rows flatter it. No dates:
drawn at random with the same bad rate on both sides. Groups (the applicant behind a row): no
group is ever on both sides. Whoever wants shuffled rows in spite of dates gives no dates.

Positions are those of the rows given, ascending. `bad` is 1 for a default and 0 otherwise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import model_selection

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int_]
Days = npt.NDArray[np.datetime64]
Flags = npt.NDArray[np.bool_]
Column = Sequence[Any] | npt.NDArray[Any] | pd.Series | pd.Index
_Window = tuple[np.datetime64, np.datetime64 | None]
Rule = Literal["out_of_time", "stratified", "grouped"]


class SplitRefused(ValueError):
    """The rows cannot be divided as asked; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """How much is held out. `cut_date` is the first day of the test side and outranks the share.

    `gap_months` calendar months before the cut are left out: their outcomes were not yet mature
    on the day on which a model of the training side could have been built.
    """

    test_share: float = 0.2
    cut_date: date | None = None
    gap_months: int = 0
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse a share or a gap that makes no split."""
        if not 0 < self.test_share < 1:
            raise ValueError(f"test_share must lie between 0 and 1 (got {self.test_share!r}).")
        if self.gap_months < 0:
            raise ValueError(f"gap_months cannot be negative (got {self.gap_months!r}).")


@dataclass(frozen=True, kw_only=True)
class FoldConfig:
    """How many folds, and how many months before each test window are left out."""

    folds: int = 5
    gap_months: int = 0
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse fewer than two folds and a negative gap."""
        if self.folds < 2:
            raise ValueError(f"There must be at least two folds (got {self.folds!r}).")
        if self.gap_months < 0:
            raise ValueError(f"gap_months cannot be negative (got {self.gap_months!r}).")


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """The two sides, which rule made them and why.

    `in_gap` and `of_tested_group` are rows on neither side: too young when the test began, or of
    an applicant who is tested. The three windows are None unless the rule is out of time.
    """

    rule: Rule
    why: str
    train: Positions
    test: Positions
    in_gap: Positions = field(default_factory=lambda: np.empty(0, dtype=np.int_))
    of_tested_group: Positions = field(default_factory=lambda: np.empty(0, dtype=np.int_))
    last_train_day: date | None = None
    first_test_day: date | None = None
    last_test_day: date | None = None

    def __post_init__(self) -> None:
        """Make the positions read-only."""
        for positions in (self.train, self.test, self.in_gap, self.of_tested_group):
            positions.setflags(write=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule, the reason and the counts as JSON values, without the positions."""
        days = (self.last_train_day, self.first_test_day, self.last_test_day)
        last_train, first_test, last_test = (day and day.isoformat() for day in days)
        return {
            "rule": self.rule,
            "why": self.why,
            "train_rows": len(self.train),
            "test_rows": len(self.test),
            "rows_in_gap": len(self.in_gap),
            "rows_of_tested_group": len(self.of_tested_group),
            "last_train_day": last_train,
            "first_test_day": first_test,
            "last_test_day": last_test,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Folds:
    """Splits of the same rows under one rule; iterating gives (train, test) positions."""

    rule: Rule
    why: str
    folds: tuple[Split, ...]

    def __iter__(self) -> Iterator[tuple[Positions, Positions]]:
        """Yield the positions as scikit-learn's splitters do."""
        for fold in self.folds:
            yield fold.train, fold.test

    def __len__(self) -> int:
        return len(self.folds)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule, the reason and every fold's counts as JSON values."""
        folds = [fold.to_dict() for fold in self.folds]
        return {"rule": self.rule, "why": self.why, "folds": folds}


def split(
    bad: Column,
    dates: Column | None = None,
    groups: Column | None = None,
    config: SplitConfig | None = None,
) -> Split:
    """Return a training and a test side, out of time whenever dates are given.

    By share, the cut is the day that leaves the share of newest rows nearest to the one asked
    for; the rows of one day are never divided. With dates and groups, the earlier rows of an
    applicant who is tested leave the training side, so that the test stays what came through the
    door. With groups alone the share is the nearest one in n. Raises SplitRefused for missing
    dates or groups, a single day, or a side with only one class.
    """
    config = config or SplitConfig()
    rows = _Rows.checked(bad, dates, groups)
    if rows.days is not None:
        chosen = rows.out_of_time(
            rows.days,
            (_cut(rows.days, config), None),
            gap_months=config.gap_months,
            why=_why_in_time(config),
        )
    elif config.cut_date is not None or config.gap_months:
        raise SplitRefused("A cut date and a gap need the dates of the rows.")
    elif rows.groups is not None:
        parts = max(2, round(1 / config.test_share))
        chosen = rows.grouped(FoldConfig(folds=parts, seed=config.seed))[0]
    else:
        chosen = rows.stratified_split(config)
    rows.refuse_one_class(chosen)
    return chosen


def folds(
    bad: Column,
    dates: Column | None = None,
    groups: Column | None = None,
    config: FoldConfig | None = None,
) -> Folds:
    """Return cross-validation folds: an expanding window in time whenever dates are given.

    Without dates, scikit-learn's StratifiedKFold (shuffled with the seed), or with groups its
    StratifiedGroupKFold. With dates the rows become `folds` + 1 blocks of whole days and about
    equal size; fold i learns from the blocks before block i + 1 and is tested on it. Raises
    SplitRefused as `split` does, and for fewer days or groups than folds need.
    """
    config = config or FoldConfig()
    rows = _Rows.checked(bad, dates, groups)
    if rows.days is not None:
        made = rows.expanding(rows.days, config)
    elif config.gap_months:
        raise SplitRefused("A gap needs the dates of the rows.")
    elif rows.groups is not None:
        made = rows.grouped(config)
    else:
        made = rows.stratified(config)
    for fold in made:
        rows.refuse_one_class(fold)
    return Folds(rule=made[0].rule, why=made[0].why, folds=tuple(made))


def group_numbers(groups: Column) -> Positions:
    """Return each row's group as a number in order of appearance; SplitRefused if one has none."""
    numbers, _ = pd.factorize(pd.Series(groups).reset_index(drop=True))
    if (numbers < 0).any():
        first = int(np.flatnonzero(numbers < 0)[0])
        raise SplitRefused(f"The row at position {first} has no group.")
    return numbers.astype(np.int_)


@dataclass(frozen=True)
class _Rows:
    """Checked outcomes with what is known of each row, and the ways to divide them."""

    bad: Floats
    days: Days | None
    groups: Positions | None

    @classmethod
    def checked(cls, bad: Column, dates: Column | None, groups: Column | None) -> "_Rows":
        outcomes = np.asarray(bad)
        if outcomes.ndim != 1 or not len(outcomes) or not np.isin(outcomes, (0, 1)).all():
            raise SplitRefused("Every row needs an outcome, 0 (good) or 1 (bad).")
        for what, column in (("dates", dates), ("groups", groups)):
            if column is not None and len(column) != len(outcomes):
                raise SplitRefused(f"There are {len(outcomes)} outcomes but {len(column)} {what}.")
        return cls(
            outcomes.astype(np.float64),
            None if dates is None else _days(dates),
            None if groups is None else group_numbers(groups),
        )

    def out_of_time(self, days: Days, window: _Window, *, gap_months: int, why: str) -> Split:
        """Return the rows before the window, less the gap, against those within it."""
        start, end = window
        limit = _months_before(start, gap_months)
        tested = days >= start if end is None else (days >= start) & (days < end)
        old = days < limit
        known = self._of_groups_in(tested) & old
        return Split(
            rule="out_of_time",
            why=why,
            train=np.flatnonzero(old & ~known),
            test=np.flatnonzero(tested),
            in_gap=np.flatnonzero((days >= limit) & (days < start)),
            of_tested_group=np.flatnonzero(known),
            last_train_day=_latest(days[old & ~known]),
            first_test_day=start.astype(date),
            last_test_day=_latest(days[tested]),
        )

    def expanding(self, days: Days, config: FoldConfig) -> list[Split]:
        """Return one split per window of whole days, each learning from all that was before."""
        starts = _block_starts(days, config.folds + 1)
        why = "The rows have dates, so every fold learns from the past and is tested on what came."
        return [
            self.out_of_time(days, window, gap_months=config.gap_months, why=why)
            for window in zip(starts[1:], [*starts[2:], None], strict=True)
        ]

    def stratified_split(self, config: SplitConfig) -> Split:
        """Return a random split with the same bad rate on both sides."""
        self._refuse_rare_class(2)
        try:
            train, test = model_selection.train_test_split(
                np.arange(len(self.bad)),
                test_size=config.test_share,
                random_state=config.seed,
                stratify=self.bad,
            )
        except ValueError as error:
            raise SplitRefused(f"{len(self.bad)} rows cannot be divided so: {error}") from error
        return Split(rule="stratified", why=_AT_RANDOM, train=np.sort(train), test=np.sort(test))

    def stratified(self, config: FoldConfig) -> list[Split]:
        """Return shuffled folds with the same bad rate in each."""
        self._refuse_rare_class(config.folds)
        splitter = model_selection.StratifiedKFold(
            config.folds, shuffle=True, random_state=config.seed
        )
        return [
            Split(rule="stratified", why=_AT_RANDOM, train=train, test=test)
            for train, test in splitter.split(self.bad, self.bad)
        ]

    def grouped(self, config: FoldConfig) -> list[Split]:
        """Return shuffled folds of whole groups with about the same bad rate in each."""
        self._refuse_rare_class(config.folds)
        groups = self.groups
        found = 0 if groups is None else len(np.unique(groups))
        if found < config.folds:
            raise SplitRefused(f"{config.folds} parts need as many groups; there are {found}.")
        splitter = model_selection.StratifiedGroupKFold(
            config.folds, shuffle=True, random_state=config.seed
        )
        why = "Rows of one group (an applicant) depend on each other, so none is on both sides."
        return [
            Split(rule="grouped", why=why, train=train, test=test)
            for train, test in splitter.split(self.bad, self.bad, groups)
        ]

    def refuse_one_class(self, made: Split) -> None:
        """Raise SplitRefused if a side is empty or knows only goods or only bads."""
        for name, side in (("training", made.train), ("test", made.test)):
            bads = int(self.bad[side].sum())
            if bads in (0, len(side)):
                raise SplitRefused(
                    f"The {name} side has {len(side) - bads} good and {bads} bad rows;"
                    " it needs some of each."
                )

    def _refuse_rare_class(self, needed: int) -> None:
        bads = int(self.bad.sum())
        goods = len(self.bad) - bads
        if min(bads, goods) < needed:
            raise SplitRefused(
                f"{needed} parts need as many good and bad rows; there are {goods} good and"
                f" {bads} bad."
            )

    def _of_groups_in(self, chosen: Flags) -> Flags:
        if self.groups is None:
            return np.zeros(len(chosen), dtype=np.bool_)
        return np.isin(self.groups, self.groups[chosen])


_AT_RANDOM = "The rows have neither dates nor groups, so they were drawn at random by outcome."


def _why_in_time(config: SplitConfig) -> str:
    if config.cut_date is not None:
        return f"The rows have dates; the test begins on the day asked for, {config.cut_date}."
    return f"The rows have dates; the newest {config.test_share:.0%} in whole days are the test."


def _cut(days: Days, config: SplitConfig) -> np.datetime64:
    """Return the first day of the test side."""
    if config.cut_date is not None:
        return np.datetime64(config.cut_date, "D")
    distinct, counts = np.unique(days, return_counts=True)
    if len(distinct) < 2:
        raise SplitRefused(f"All rows are of one day, {distinct[0]}, which cannot be divided.")
    newest_share = np.cumsum(counts[::-1])[::-1] / len(days)
    # The first day as a cut would leave nothing to learn from.
    nearest = 1 + int(np.argmin(np.abs(newest_share[1:] - config.test_share)))
    cut: np.datetime64 = distinct[nearest]
    return cut


def _block_starts(days: Days, blocks: int) -> list[np.datetime64]:
    """Return the first day of each of `blocks` runs of whole days of about equal row counts."""
    distinct, counts = np.unique(days, return_counts=True)
    if len(distinct) < blocks:
        raise SplitRefused(f"{blocks} windows need as many days; there are {len(distinct)}.")
    rows_before = np.cumsum(counts) - counts
    starts = [0]
    for block in range(1, blocks):
        first, last = starts[-1] + 1, len(distinct) - blocks + block
        wanted = len(days) * block / blocks
        starts.append(first + int(np.argmin(np.abs(rows_before[first : last + 1] - wanted))))
    return [distinct[start] for start in starts]


def _months_before(day: np.datetime64, months: int) -> np.datetime64:
    """Return the same day of an earlier month, or that month's last day if it is shorter."""
    earlier = pd.Timestamp(day) - pd.DateOffset(months=months)
    return np.datetime64(earlier.date(), "D")


def _latest(days: Days) -> date | None:
    return None if len(days) == 0 else days.max().astype(date)


def _unread(dates: Column) -> str:
    """Return the sentence about the first date that is neither a date nor ISO text."""
    read = pd.to_datetime(pd.Index(dates), format="ISO8601", errors="coerce", utc=True)
    wrong = np.flatnonzero(read.isna() & ~pd.isna(pd.Index(dates)))
    if len(wrong) == 0:
        return "A date cannot be read; give dates or ISO text, all of them with or without a zone."
    shown = str(pd.Index(dates)[wrong[0]])[:60]
    return f"A date cannot be read: {shown!r} at position {wrong[0]} is not ISO text."


def _days(dates: Column) -> Days:
    if pd.api.types.is_numeric_dtype(pd.Series(dates).dtype):
        raise SplitRefused("Dates are given as dates or ISO text, not as numbers.")
    try:
        index = pd.DatetimeIndex(pd.to_datetime(pd.Index(dates), format="ISO8601"))
    except (ValueError, TypeError) as error:
        raise SplitRefused(_unread(dates)) from error
    if index.hasnans:
        first = int(np.flatnonzero(index.isna())[0])
        raise SplitRefused(f"The row at position {first} has no date.")
    return index.tz_localize(None).to_numpy().astype("datetime64[D]")
