"""Many loans at once through the years of a scenario: the arithmetic of `economy`, on arrays. Pure.

The book runs off: what is on the books on the day is followed to its end, nothing new is lent,
and what defaults stays, neither recovered nor written off, to the last year that is looked at. A
loan is followed by chance, as `impairment.bulk` does it: month by month the share that has not
defaulted, under each outlook, with the hazard's log-odds raised by the scenario. Its loss at the
end of a year is that of the months to come, discounted to then, and of what has defaulted by then.

All know the shock from the first day (perfect foresight): year 0 is that day. Loans that roll
later by it are split by share: what stays as late as it was, what is one lateness later, and,
of the latest, what is in default at once. `summing` makes figures of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from apps.impairment import bulk, cells
from apps.impairment.bulk import Batch, Curves, Numbers, Places
from apps.impairment.measuring import Outlook
from apps.impairment.measuring import Scenario as Terms
from apps.impairment.staging import Rules
from apps.stress import economy
from apps.stress.economy import POINTS, YEAR, Scenario, Sensitivities


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Loans as columns, beside what `Batch` has of them; one row each.

    `segment` and `security` are places in lists of names. Means are NaN where they are not known.
    """

    batch: Batch
    weight: Numbers
    stage: Places
    segment: Places
    security: Places
    pd_lifetime: Numbers
    pd_expected: Numbers
    lgd_unsecured: Numbers
    # The share of what is owed that security covers.
    covered: Numbers
    burden: Numbers
    instalment: Numbers
    is_floating: NDArray[np.bool_]
    # What the regulator has provided on the day, and the share that counts while a loan performs.
    booked: Numbers
    performing_rate: Numbers
    # Whether it does not perform for the regulator; and the rates of the secured and the unsecured
    # portion so many years after the day, for what is bad by then: [year, loan].
    is_bad: NDArray[np.bool_]
    bad_secured: Numbers
    bad_unsecured: Numbers
    # The same for what defaults, by whole years since: [years since, loan].
    new_secured: Numbers
    new_unsecured: Numbers

    def __len__(self) -> int:
        return len(self.weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all scenarios share: curves, outlooks with their weights, stages, sensitivities."""

    curves: Curves
    outlooks: Mapping[Outlook, Terms]
    stages: Rules
    sensitivities: Sensitivities
    # Names by place.
    segments: Sequence[str]
    kinds: Sequence[str]
    years: int


@dataclass(frozen=True, slots=True)
class Paths:
    """Per year and loan: what is added to log-odds, and the share that security covers."""

    factor: Numbers
    covered: Numbers


@dataclass(frozen=True, slots=True)
class Passed:
    """Sums of one outlook: by year (and a last one for what is later), and at the ends of years."""

    lost: Numbers
    chance: Numbers
    exposure: Numbers
    alive: Numbers
    alive_end: Numbers
    lgds: Numbers


def taken(book: Book, places: Places) -> Book:
    """Return some of the loans."""
    columns = {
        one.name: getattr(book, one.name)[..., places]
        for one in fields(Book)
        if one.name != "batch"
    }
    return Book(batch=bulk.taken(book.batch, places), **columns)


# --- What rolls -----------------------------------------------------------------------------------
def split(book: Book, ground: Ground, scenario: Scenario) -> tuple[Book, Places, NDArray[np.bool_]]:
    """Return the book with what rolls later as rows of its own.

    Beside it, which loan each row comes from, and which rows fell into default by rolling.
    """
    share = _rolled(book, ground, scenario)
    everyone = np.arange(len(book))
    rolls = np.flatnonzero((share > 0) & (book.stage < 3))
    if not len(rolls):
        return book, everyone, np.zeros(len(book), dtype=np.bool_)
    keeps = replace(book, weight=book.weight * np.where(book.stage < 3, 1 - share, 1.0))
    later = taken(book, rolls)
    falls = later.batch.late == cells.MOST_TO_DEFAULT
    late = np.minimum(later.batch.late + 1, cells.MOST_TO_DEFAULT)
    stage = np.where(late >= 2, np.maximum(later.stage, 2), later.stage)
    later = replace(
        later,
        weight=later.weight * share[rolls],
        stage=np.where(falls, 3, stage),
        batch=replace(later.batch, late=late),
        booked=np.zeros(len(rolls)),
    )
    fell = np.concatenate([np.zeros(len(book), dtype=np.bool_), falls])
    return _joined(keeps, later), np.concatenate([everyone, rolls]), fell


def _rolled(book: Book, ground: Ground, scenario: Scenario) -> Numbers:
    table = np.array(
        [
            [
                economy.rolled(band, scenario.of(segment)[0], ground.sensitivities.rolls)
                for band in cells.LATENESS
            ]
            for segment in ground.segments
        ]
    )
    found: Numbers = table[book.segment, book.batch.late]
    return found


def _joined(one: Book, other: Book) -> Book:
    columns = {
        field.name: np.concatenate([getattr(one, field.name), getattr(other, field.name)], axis=-1)
        for field in fields(Book)
        if field.name != "batch"
    }
    return Book(batch=bulk.joined(one.batch, other.batch), **columns)


# --- What the economy does ------------------------------------------------------------------------
def paths_of(book: Book, ground: Ground, scenario: Scenario) -> Paths:
    """Return what a scenario does to every loan in every year."""
    factor = np.empty((ground.years, len(book)))
    covered = np.empty((ground.years, len(book)))
    rules = ground.sensitivities
    reaches = [rules.reaches(kind) for kind in ground.kinds]
    for place in range(ground.years):
        years = [economy.at(scenario.of(segment), place) for segment in ground.segments]
        plain = np.array([economy.added(one, rules.log_odds, None) for one in years])
        known = np.array(
            [POINTS * float(rules.log_odds.unemployment * one.unemployment) for one in years]
        )
        more = stressed_burdens(book, years) - book.burden
        by_burden = known[book.segment] + POINTS * float(rules.log_odds.burden) * more
        both = np.where(np.isnan(by_burden), plain[book.segment], by_burden)
        factor[place] = np.exp(np.minimum(both, economy.MOST_ADDED))
        left = np.array(
            [[economy.covered(1.0, one.collateral, reach) for reach in reaches] for one in years]
        )
        covered[place] = book.covered * left[book.segment, book.security]
    return Paths(factor, covered)


def stressed_burdens(book: Book, years: Sequence[economy.Year]) -> Numbers:
    """Return `economy.stressed_burden` of every loan; NaN where means are not known."""
    rates = np.array([float(one.rates) for one in years])[book.segment]
    income = np.array([float(one.income) for one in years])[book.segment]
    months = np.maximum(book.batch.months_left, 1)
    was, now = (
        _level(book.batch.annual_rate, months),
        _level(book.batch.annual_rate + rates, months),
    )
    more = np.where(book.is_floating, book.instalment * (now / was - 1), 0.0)
    moved = (rates != 0) | (income != 0)
    found: Numbers = np.where(moved, (book.burden + more) / (1 + income), book.burden)
    return found


def _level(annual_rate: Numbers, months: Places) -> Numbers:
    rate = np.maximum(annual_rate, 0.0) / YEAR
    safe = np.where(rate == 0, 1.0, rate)
    found: Numbers = np.where(rate == 0, 1 / months, safe / -np.expm1(-months * np.log1p(safe)))
    return found


def _lgds(book: Book, covered: Numbers, terms: Terms) -> Numbers:
    """Return the LGD of each year and loan under an outlook, between its floor and 1."""
    lost = book.covered - covered
    known = np.minimum(1.0, book.batch.lgd + lost * book.lgd_unsecured)
    found: Numbers = np.minimum(
        1.0, np.maximum(book.batch.lgd_floor, known * float(terms.lgd_shift))
    )
    return found


# --- Month by month -------------------------------------------------------------------------------
def passed(book: Book, paths: Paths, ground: Ground, terms: Terms) -> Passed:
    """Return the sums of one outlook over the months, in the order of the book."""
    order = np.argsort(-book.batch.months, kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    batch, years = bulk.taken(book.batch, order), ground.years
    lgds = _lgds(book, paths.covered, terms)
    by_year, factor = lgds[:, order], paths.factor[:, order]
    sums, at_end = np.zeros((3, years + 2, len(book))), np.ones((years + 1, len(book)))
    alive, discount = np.ones(len(book)), np.ones(len(book))
    worth, paid = (1 + batch.effective_rate) ** (-1 / YEAR), bulk.Paydown(batch)
    months = batch.months
    last = int(months.max(initial=0))
    for month in range(last):
        # The first so many of them have a month like this.
        here = slice(0, int(np.searchsorted(-months, -month, side="left")))
        place, path = min(month // YEAR, years + 1), min(month // YEAR, years - 1)
        hazard = bulk.hazard_of(batch, ground.curves, here, month) * float(terms.pd_shift)
        hazard = np.minimum(1.0, hazard)
        hazard = hazard * factor[path][here] / (1 + hazard * (factor[path][here] - 1))
        discount[here] *= worth[here]
        owed, chance = paid.owed(here, month), alive[here] * hazard
        sums[0, place, here] += chance * by_year[path][here] * owed * discount[here]
        sums[1, place, here] += chance
        sums[2, place, here] += chance * owed
        alive[here] *= 1 - hazard
        if month % YEAR == YEAR - 1 or month == last - 1:
            at_end[min(month // YEAR + 1, years + 1) :] = alive
    lost, chance, exposure = sums[..., back]
    return Passed(lost, chance, exposure, at_end[:, back], alive[back], lgds)
