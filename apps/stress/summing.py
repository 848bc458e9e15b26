"""What loans that were followed through a scenario come to, at the end of each year. Pure.

Every sum is one of `MEASURES`. `year` 0 is the day of the measurement, with the shock known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from apps.impairment.bulk import Numbers, Places
from apps.impairment.measuring import Outlook
from apps.stress import projecting
from apps.stress.economy import YEAR, Scenario
from apps.stress.projecting import Book, Ground, Passed, Paths

# What is kept of each year.
MEASURES = (
    *("performing", "at_risk", "defaults", "npa", "ecl", "regulatory", "interest"),
    *("pd_12", "stage_2"),
)
# PDs are stored with so many digits.
_SHARE_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Loans that were followed: means over the outlooks, by year, and what became of stages."""

    book: Book
    ground: Ground
    paths: Paths
    passed: Mapping[Outlook, Passed]
    stage: Places
    # What rolled into default on the day.
    fell: NDArray[np.bool_]
    exposure: Numbers
    chance: Numbers
    alive: Numbers

    @property
    def is_3(self) -> NDArray[np.bool_]:
        """What is in default on the day."""
        found: NDArray[np.bool_] = self.stage == 3
        return found


def project(book: Book, ground: Ground, scenario: Scenario) -> tuple[Places, Places, Numbers]:
    """Return what is kept of each year: rows' places in the book, their stages, and their sums.

    The last has a row for each of `MEASURES`, in it a row for each year, 0 to `years`, with a
    column for each row. A loan that is split by rolling has several rows; their weights add up to
    its own.
    """
    split, origin, fell = projecting.split(book, ground, scenario)
    paths = projecting.paths_of(split, ground, scenario)
    passed = {
        name: projecting.passed(split, paths, ground, terms)
        for name, terms in ground.outlooks.items()
    }
    seen = _Seen(
        book=split,
        ground=ground,
        paths=paths,
        passed=passed,
        stage=_staged(split, ground, passed),
        fell=fell,
        exposure=_mean(ground, {name: one.exposure for name, one in passed.items()}),
        chance=_mean(ground, {name: one.chance for name, one in passed.items()}),
        alive=_mean(ground, {name: one.alive for name, one in passed.items()}),
    )
    return origin, seen.stage, _summed(seen)


def by_group(
    places: Places, stage: Places, sums: Numbers, groups: Places
) -> dict[tuple[int, int], Numbers]:
    """Return the sums of each group of loans and stage: a row a measure, a column a year."""
    keys = groups[places] * 4 + stage
    known, inverse = np.unique(keys, return_inverse=True)
    flat = sums.reshape(-1, sums.shape[-1])
    added = np.array([np.bincount(inverse, weights=row, minlength=len(known)) for row in flat])
    return {
        (int(key) // 4, int(key) % 4): added[:, place].reshape(sums.shape[:2])
        for place, key in enumerate(known)
    }


def rounded(value: float) -> Decimal:
    """Return a sum as it is kept: whole cents."""
    return Decimal(float(value)).quantize(Decimal("0.01"))


# --- Stages ---------------------------------------------------------------------------------------
def _staged(book: Book, ground: Ground, passed: Mapping[Outlook, Passed]) -> Places:
    """Return stages with the shock known: a PD that rose by the lender's multiple is stage 2."""
    now = _mean(ground, {name: 1 - one.alive_end for name, one in passed.items()})
    now = np.round(now, _SHARE_DIGITS)
    then, rules = book.pd_expected, ground.stages
    rose = (
        (now > book.pd_lifetime + 2 * 10.0**-_SHARE_DIGITS)
        & (then > 0)
        & (now >= float(rules.pd_multiple) * then)
        & (now - then >= float(rules.pd_least))
    )
    found: Places = np.where(rose, np.maximum(book.stage, 2), book.stage)
    return found


def _mean(ground: Ground, values: Mapping[Outlook, Numbers]) -> Numbers:
    found: Numbers = np.sum(
        [float(ground.outlooks[name].weight) * one for name, one in values.items()], axis=0
    )
    return found


# --- Sums -----------------------------------------------------------------------------------------
def _summed(seen: _Seen) -> Numbers:
    years, book = seen.ground.years, seen.book
    found = np.zeros((len(MEASURES), years + 1, len(book)))
    rows = dict(zip(MEASURES, found, strict=True))
    for year in range(years + 1):
        _stocks(seen, rows, year)
        if year:
            _flows(seen, rows, year)
    rows["regulatory"][:] = _regulatory(seen, rows["performing"])
    found *= book.weight
    # What was booked is whole already, and stands with what stayed as late as it was.
    rows["regulatory"] += book.booked
    return found


def _stocks(seen: _Seen, rows: Mapping[str, Numbers], year: int) -> None:
    """Write what stands at the end of a year."""
    book, is_3, alive = seen.book, seen.is_3, seen.alive[year]
    performing = np.where(is_3, 0.0, alive * owed(book, year))
    # What rolled into default on the day is counted as of the first year.
    bad = np.where(seen.fell & (year == 0), 0.0, book.batch.ead)
    rows["performing"][year] = performing
    rows["npa"][year] = np.where(is_3, bad, seen.exposure[:year].sum(axis=0))
    rows["pd_12"][year] = np.where(is_3, 0.0, seen.chance[year])
    rows["stage_2"][year] = np.where(seen.stage == 2, performing, 0.0)
    rows["ecl"][year] = _loss(seen, year)
    rows["at_risk"][year] = np.where(is_3, 0.0, alive * (book.batch.months > YEAR * year))


def _flows(seen: _Seen, rows: Mapping[str, Numbers], year: int) -> None:
    """Write what happens in a year: who could default, who does, interest that is not earned."""
    book, is_3, fell = seen.book, seen.is_3, seen.fell
    at_once = 1.0 * (fell & (year == 1))
    could = seen.alive[year - 1] * (book.batch.months > YEAR * (year - 1))
    rows["at_risk"][year] = np.where(is_3, at_once, could)
    rows["defaults"][year] = np.where(is_3, at_once, seen.chance[year - 1])
    # Half a year of what defaults in the year.
    bad = seen.exposure[year - 1] / 2 + seen.exposure[: year - 1].sum(axis=0)
    bad = np.where(is_3, np.where(fell, book.batch.ead, 0.0), bad)
    rows["interest"][year] = bad * book.batch.annual_rate


def owed(book: Book, year: int) -> Numbers:
    """Return what a loan that performs owes at the end of a year: level, or all to the end."""
    batch, gone = book.batch, YEAR * year
    left, rate = batch.months_left, batch.annual_rate / YEAR
    # A rate of none falls in equal parts; another stands in for it so that nothing divides by 0.
    growth = np.where(rate == 0, 2.0, 1 + rate)
    whole = 1 - growth ** -left.astype(np.float64)
    level = (1 - growth ** -np.maximum(left - gone, 0).astype(np.float64)) / whole
    share = np.where(rate == 0, (left - gone) / left, level)
    share = np.where(batch.is_bullet | (left <= 1) | (gone == 0), 1.0, share)
    found: Numbers = np.where(left > gone, batch.ead * share, 0.0)
    return found


def _loss(seen: _Seen, year: int) -> Numbers:
    """Return the expected loss at the end of a year: of the months to come, and of defaults."""
    forward = (1 + seen.book.batch.effective_rate) ** year
    found = {}
    for name, one in seen.passed.items():
        lgd = one.lgds[min(year, seen.ground.years - 1)]
        first, life = one.lost[year] * forward, one.lost[year:].sum(axis=0) * forward
        ahead = np.where(seen.stage == 1, first, life)
        gone = one.exposure[:year].sum(axis=0) * lgd
        found[name] = np.where(seen.is_3, seen.book.batch.ead * lgd, ahead + gone)
    return _mean(seen.ground, found)


# --- What the regulator asks for ------------------------------------------------------------------
def _regulatory(seen: _Seen, performing: Numbers) -> Numbers:
    """Return by how much the regulator's provisions differ from those booked, at each year's end.

    What performs keeps its rate; what defaults and what is bad have those of their age. On the day
    itself they are as booked.
    """
    book = seen.book
    found = np.zeros_like(performing)
    start = np.where(book.is_bad, 0.0, book.batch.ead * book.performing_rate)
    for year in range(1, len(performing)):
        cover = seen.paths.covered[year - 1]
        runs = performing[year] * book.performing_rate
        for since in range(year):
            runs = runs + seen.exposure[year - 1 - since] * _rate(book, cover, since)
        runs = np.where(seen.fell, book.batch.ead * _rate(book, cover, year - 1), runs)
        # In default for the lender, performing still for the regulator.
        runs = np.where(seen.is_3 & ~book.is_bad & ~seen.fell, start, runs)
        now = cover * book.bad_secured[year] + (1 - cover) * book.bad_unsecured[year]
        was = book.covered * book.bad_secured[0] + (1 - book.covered) * book.bad_unsecured[0]
        found[year] = np.where(book.is_bad, book.batch.ead * (now - was), runs - start)
    return found


def _rate(book: Book, cover: Numbers, since: int) -> Numbers:
    """Return the rate of what defaulted so many whole years ago, by what security covers."""
    found: Numbers = cover * book.new_secured[since] + (1 - cover) * book.new_unsecured[since]
    return found
