"""Loans as they were read, made into the columns that are projected. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from apps.impairment import cells
from apps.impairment.bulk import Batch, Numbers
from apps.impairment.measuring import exposure_at_default
from apps.impairment.parameters import UNSECURED, Parameters
from apps.impairment.recoveries import Losses
from apps.npa.regimes import Rules
from apps.stress.economy import YEAR
from apps.stress.projecting import Book

# What defaults in a year does so in its middle, on average.
_HALF = 6
_DAYS_A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Read:
    """A loan as the statement gives it; the order is that of `statement.COLUMNS`."""

    loan_id: Any
    segment: str
    security: str
    stage: int
    band: int
    age: int
    days_late: int
    months_left: int
    is_bullet: bool
    annual_rate: Decimal
    effective_rate: Decimal
    lgd: Decimal
    pd_lifetime: Decimal
    pd_expected: Decimal
    drawn: Decimal
    undrawn: Decimal
    secured: Decimal
    provided_for: Decimal
    booked: Decimal
    rule_table_id: int | None
    bad_months: int | None
    burden: Decimal | None
    instalment: Decimal | None
    is_floating: bool


@dataclass(frozen=True, kw_only=True)
class Source:
    """What loans are judged by beside themselves."""

    day: date
    years: int
    parameters: Parameters
    given: Losses
    # The regulator's tables by key.
    tables: Mapping[int, Rules]
    segments: Sequence[str]
    kinds: Sequence[str]


def book(rows: Sequence[Read], source: Source) -> Book:
    """Return loans as columns."""
    by_segment = {name: place for place, name in enumerate(source.segments)}
    by_kind = {name: place for place, name in enumerate(source.kinds)}
    unsecured = {
        name: source.given.of(UNSECURED, name, source.parameters.recoveries)
        for name in source.segments
    }
    return Book(
        batch=_batch(rows, source.parameters),
        weight=np.ones(len(rows)),
        stage=np.array([row.stage for row in rows], dtype=np.int64),
        segment=np.array([by_segment[row.segment] for row in rows], dtype=np.int64),
        security=np.array([by_kind[row.security] for row in rows], dtype=np.int64),
        pd_lifetime=_numbers(rows, "pd_lifetime"),
        pd_expected=_numbers(rows, "pd_expected"),
        lgd_unsecured=np.array([unsecured[row.segment] for row in rows], dtype=np.float64),
        covered=np.array([_covered(row) for row in rows], dtype=np.float64),
        burden=_means(rows, "burden"),
        instalment=_means(rows, "instalment"),
        is_floating=np.array([row.is_floating for row in rows], dtype=np.bool_),
        is_bad=np.array([row.bad_months is not None for row in rows], dtype=np.bool_),
        **_provided(rows, source),
    )


def _numbers(rows: Sequence[Read], name: str) -> Numbers:
    return np.array([getattr(row, name) for row in rows], dtype=np.float64)


def _means(rows: Sequence[Read], name: str) -> Numbers:
    """Return what is known of means; both shares have to be."""
    known = [row.burden is not None and row.instalment is not None for row in rows]
    return np.array(
        [
            float(getattr(row, name)) if is_known else np.nan
            for row, is_known in zip(rows, known, strict=True)
        ],
        dtype=np.float64,
    )


def _batch(rows: Sequence[Read], parameters: Parameters) -> Batch:
    eads = [
        exposure_at_default(row.drawn, row.undrawn, parameters.conversion_of(row.segment))
        for row in rows
    ]
    floors = [parameters.recoveries.floor_of(row.security) for row in rows]
    return Batch(
        ead=np.array(eads, dtype=np.float64),
        annual_rate=_numbers(rows, "annual_rate"),
        effective_rate=_numbers(rows, "effective_rate"),
        is_bullet=np.array([row.is_bullet for row in rows], dtype=np.bool_),
        lgd=_numbers(rows, "lgd"),
        lgd_floor=np.array(floors, dtype=np.float64),
        months_left=np.array([row.months_left for row in rows], dtype=np.int64),
        band=np.array([row.band for row in rows], dtype=np.int64),
        age=np.array([row.age for row in rows], dtype=np.int64),
        late=np.array([cells.late_of(row.days_late) for row in rows], dtype=np.int64),
        is_impaired=np.zeros(len(rows), dtype=np.bool_),
    )


def _covered(row: Read) -> float:
    return float(row.secured / row.provided_for) if row.provided_for > 0 else 0.0


# --- What the regulator asks for ------------------------------------------------------------------
def _provided(rows: Sequence[Read], source: Source) -> dict[str, Numbers]:
    """Return what is booked and the rates that follow; none where the table has no rates."""

    @cache
    def rates(table: int, months: int, has_cover: bool) -> tuple[float, float]:  # noqa: FBT001
        return bad_rates(source.tables[table], months, source.day, has_cover=has_cover)

    number, years = len(rows), source.years
    booked, performing = np.zeros(number), np.zeros(number)
    old, new = np.zeros((2, years + 1, number)), np.zeros((2, years, number))
    for place, row in enumerate(rows):
        table = row.rule_table_id
        if table is None or not source.tables[table].rates:
            continue
        booked[place] = row.booked
        if row.bad_months is None and row.provided_for > 0:
            performing[place] = row.booked / row.provided_for
        for year in range(years):
            new[:, year, place] = rates(table, YEAR * year + _HALF, row.secured > 0)
        if row.bad_months is not None:
            for year in range(years + 1):
                old[:, year, place] = rates(table, row.bad_months + YEAR * year, row.secured > 0)
    return {
        "booked": booked,
        "performing_rate": performing,
        "bad_secured": old[0],
        "bad_unsecured": old[1],
        "new_secured": new[0],
        "new_unsecured": new[1],
    }


def bad_rates(rules: Rules, months: int, day: date, *, has_cover: bool) -> tuple[float, float]:
    """Return the rates of the secured and unsecured portion after months of not performing.

    The class is the worst of those that age and days past due make. Where a table tells exposures
    without any security from the first, those without security now count as such (rule book 1.9).
    """
    days = rules.non_performing_from(day) + _DAYS_A_MONTH * months
    aged = [one.grade for one in rules.ageing if one.from_months <= months]
    late = [one.grade for one in rules.bands_on(day) if one.from_days <= days]
    worst = max([rules.first_bad, *aged, *late], key=rules.ranks.__getitem__)
    rate = rules.rate(worst)
    if not has_cover and rate.unsecured_from_start is not None:
        return float(rate.unsecured_from_start), float(rate.unsecured_from_start)
    if rate.secured is None or rate.unsecured is None:
        raise ValueError(f"{rules.code} has no rates of its own for {worst}.")
    return float(rate.secured), float(rate.unsecured)
