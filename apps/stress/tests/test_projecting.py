"""Loans through the years of a scenario: by hand, without a shock, and what must grow with one."""

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.impairment import bulk
from apps.impairment.bulk import Numbers
from apps.stress import economy, projecting, summing
from apps.stress.economy import Means, Scenario, Year
from apps.stress.projecting import Book, Ground
from apps.stress.summing import MEASURES
from apps.stress.tests.factories import NONE, YEARS, flat, ground, loans, sensitivities, year

STILL = economy.Rolls(
    shares=sensitivities().rolls.shares, unemployment=Decimal(0), income=Decimal(0)
)


def sums(book: Book, scenario: Scenario, on: Ground | None = None) -> dict[str, Numbers]:
    """Return the sum of all loans, a measure by year."""
    _places, _stage, found = summing.project(book, on or ground(), scenario)
    return dict(zip(MEASURES, found.sum(axis=2), strict=True))


def still() -> Ground:
    """Return a ground on which nothing rolls later."""
    return ground(sensitivities=replace(sensitivities(), rolls=STILL))


# --- By hand --------------------------------------------------------------------------------------
def test_a_bullet_loan_comes_to_what_it_does_by_hand() -> None:
    one = {"is_bullet": True, "effective_rate": 0.0, "months_left": 24, "stage": 2}
    shock = flat(unemployment="0.05")

    found = sums(loans(one), shock, still())

    # 5 points at 0.12 a point: the odds of 1/99 times e^0.6. Stage 2, in time: 24 + 3 months.
    odds = math.exp(0.6) / 99
    hazard = odds / (1 + odds)
    alive = [(1 - hazard) ** (12 * year_) for year_ in range(3)]
    end = (1 - hazard) ** 27
    assert found["ecl"][0] == pytest.approx(500 * (1 - end))
    assert found["defaults"][1] == pytest.approx(1 - alive[1])
    assert found["at_risk"][1] == pytest.approx(1)
    assert found["npa"][1:3] == pytest.approx([1000 * (1 - one_) for one_ in alive[1:]])
    assert found["performing"][:3] == pytest.approx([1000, 1000 * alive[1], 0])
    # What defaulted in the first year at its LGD, and of the rest what is still to come.
    gone = 1000 * (1 - alive[1])
    assert found["ecl"][1] == pytest.approx(0.5 * gone + 500 * (alive[1] - end))
    assert found["interest"][1] == pytest.approx(0.12 * gone / 2)
    assert found["interest"][2] == pytest.approx(0.12 * (gone + 1000 * (alive[1] - alive[2]) / 2))


def test_security_that_loses_value_leaves_a_loss_as_unsecured_money_does() -> None:
    one = {"stage": 3, "covered": 0.8, "security": 1, "lgd": 0.2}

    found = sums(loans(one), flat(collateral="-0.25"))

    # Of 80 % that was covered a quarter is not: 20 %, of which 65 % is lost.
    assert found["ecl"] == pytest.approx([1000 * (0.2 + 0.2 * 0.65)] * 4)
    assert found["npa"] == pytest.approx([1000] * 4)


def test_a_deposit_is_worth_what_it_was() -> None:
    one = {"stage": 3, "covered": 0.8, "security": 1, "lgd": 0.2}

    found = sums(loans(one), flat(collateral="-0.25"), ground(kinds=["unsecured", "deposit"]))

    assert found["ecl"] == pytest.approx([200] * 4)


def test_provisions_of_the_regulator_follow_age_and_cover() -> None:
    bad = {"stage": 3, "is_bad": True, "covered": 0.8, "security": 1, "booked": 400.0}
    new = {"is_bullet": True, "months_left": 48, "booked": 4.0, "effective_rate": 0.0}

    of_bad = sums(loans(bad), flat(collateral="-0.25"))["regulatory"]
    of_new = sums(loans(new), NONE)["regulatory"]

    # 80 % at 25 % and 20 % at 100 % were booked as 400; now 60 % and 40 %.
    assert of_bad == pytest.approx([400] + [400 + 1000 * (0.55 - 0.4)] * 3)
    # After a year 25 % of what defaulted, 0.4 % of what performs.
    alive = 0.99**12
    assert of_new[:2] == pytest.approx([4, 4 * alive + 250 * (1 - alive)])


def test_what_rolls_later_is_a_row_of_its_own() -> None:
    shock = flat(unemployment="0.05")
    rows = [{"late": late, "stage": 1 if late < 2 else 2, "months_left": 12} for late in range(4)]

    places, stage, _found = summing.project(loans(*rows), ground(), shock)
    book, _origin, fell = projecting.split(loans(*rows), ground(), shock)

    # Odds of the shares that roll anyway times e^(5 x 0.10).
    shares = [0.02, 0.20, 0.45, 0.60]
    odds = [share / (1 - share) * math.exp(0.5) for share in shares]
    more = [odd / (1 + odd) - share for odd, share in zip(odds, shares, strict=True)]
    assert list(places) == [0, 1, 2, 3, 0, 1, 2, 3]
    assert book.weight == pytest.approx([*(1 - one for one in more), *more])
    assert list(book.batch.late) == [0, 1, 2, 3, 1, 2, 3, 3]
    assert list(stage) == [1, 1, 2, 2, 1, 2, 2, 3]
    assert list(fell) == [False] * 7 + [True]


def test_a_pd_that_rises_by_the_multiple_moves_a_loan_to_stage_2() -> None:
    one = {"pd_lifetime": 0.2, "pd_expected": 0.2}

    quiet = summing.project(loans(one), still(), flat(unemployment="0.01"))[1]
    loud = summing.project(loans(one), still(), flat(unemployment="0.20"))[1]

    assert (list(quiet), list(loud)) == ([1], [2])


def test_a_segment_has_years_of_its_own() -> None:
    hard = flat(unemployment="0.10").years
    scenario = Scenario(name="one", source="", years=NONE.years, segments={"home": hard})
    both = loans({"segment": 0}, {"segment": 1})

    found = summing.project(both, still(), scenario)[2]
    alone = sums(loans({"segment": 1}), flat(unemployment="0.10"), still())

    ecl = found[MEASURES.index("ecl")]
    assert ecl[:, 0] == pytest.approx(sums(loans({}), NONE)["ecl"])
    assert ecl[:, 1] == pytest.approx(alone["ecl"])


# --- Without a shock ------------------------------------------------------------------------------
LOANS = st.fixed_dictionaries(
    {
        "ead": st.floats(1, 1e7),
        "annual_rate": st.sampled_from([0.0, 0.08, 0.24]),
        "effective_rate": st.sampled_from([0.0, 0.1, 0.6]),
        "is_bullet": st.booleans(),
        "lgd": st.floats(0.1, 1),
        "months_left": st.integers(1, 80),
        "late": st.integers(0, 3),
        "stage": st.sampled_from([1, 2, 3]),
        "segment": st.integers(0, 1),
        "security": st.integers(0, 1),
        "covered": st.floats(0, 1),
        "burden": st.sampled_from([np.nan, 0.2, 0.6]),
        "instalment": st.sampled_from([0.1, 0.2]),
        "is_floating": st.booleans(),
    }
)
BOOKS = st.lists(LOANS, min_size=1, max_size=6)


@given(BOOKS)
@settings(max_examples=60, deadline=None)
def test_no_shock_is_the_base_case_exactly(rows: list[dict[str, Any]]) -> None:
    book = loans(*rows)

    base = summing.project(book, ground(), economy.nothing(YEARS))
    found = summing.project(book, ground(), NONE)

    assert all(np.array_equal(one, other) for one, other in zip(base, found, strict=True))
    assert np.array_equal(base[1], book.stage)


@given(BOOKS)
@settings(max_examples=60, deadline=None)
def test_the_day_of_the_base_case_is_the_measurement(rows: list[dict[str, Any]]) -> None:
    book, on = loans(*rows), ground()
    mean, _under = bulk.measure(book.batch, on.curves, on.outlooks)
    certain = book.batch.ead * np.maximum(book.batch.lgd, book.batch.lgd_floor)

    found = summing.project(book, on, economy.nothing(YEARS))[2][MEASURES.index("ecl")][0]

    of_stage = [mean.months_12, mean.months_12, mean.lifetime, certain]
    assert found == pytest.approx(np.choose(book.stage, of_stage))


# --- What must grow -------------------------------------------------------------------------------
SHOCKS = st.tuples(st.sampled_from(["unemployment", "rates", "income", "collateral"]), BOOKS)


@given(SHOCKS, st.integers(0, 20), st.integers(1, 20))
@settings(max_examples=150, deadline=None)
def test_a_harder_shock_costs_no_less(
    drawn: tuple[str, list[dict[str, Any]]], mild: int, more: int
) -> None:
    name, rows = drawn
    sign = -1 if name in {"income", "collateral"} else 1
    book = loans(*rows)

    low, high = (
        sums(book, flat(**{name: str(Decimal(sign * size) / 100)}), still())
        for size in (mild, mild + more)
    )

    for measure in ("ecl", "npa"):
        assert np.all(high[measure] >= low[measure] * (1 - 1e-9)), measure


@given(BOOKS)
@settings(max_examples=40, deadline=None)
def test_groups_add_up_to_all(rows: list[dict[str, Any]]) -> None:
    book, shock = loans(*rows), flat(unemployment="0.05", collateral="-0.3", rates="0.02")
    places, stage, found = summing.project(book, ground(), shock)

    groups = summing.by_group(places, stage, found, book.segment * 2 + book.security)

    assert sum(groups.values()) == pytest.approx(found.sum(axis=2))
    weights = projecting.split(book, ground(), shock)[0].weight
    of_loan = np.bincount(places, weights=weights)
    assert of_loan == pytest.approx(np.ones(len(book)))


# --- Arrays as one by one -------------------------------------------------------------------------
@given(BOOKS, st.integers(-30, 40), st.integers(-5, 30), st.integers(-50, 50))
@settings(max_examples=80, deadline=None)
def test_arrays_come_to_what_each_loan_does_alone(
    rows: list[dict[str, Any]], unemployment: int, rates: int, income: int
) -> None:
    one = Year(
        unemployment=Decimal(unemployment) / 100,
        rates=Decimal(rates) / 100,
        income=Decimal(income) / 100,
        collateral=Decimal("-0.2"),
    )
    scenario = Scenario(name="one", source="", years=(one,), segments={})
    book, on = loans(*rows), ground(years=1)

    paths = projecting.paths_of(book, on, scenario)

    for place in range(len(book)):
        burden = float(book.burden[place])
        means = Means(
            burden=burden,
            instalment=float(book.instalment[place]),
            is_floating=bool(book.is_floating[place]),
            annual_rate=float(book.batch.annual_rate[place]),
            months_left=int(book.batch.months_left[place]),
        )
        known = None if math.isnan(burden) else means
        added = economy.added(one, on.sensitivities.log_odds, known)
        assert math.log(paths.factor[0, place]) == pytest.approx(added, abs=1e-9)
        reaches = on.sensitivities.reaches(on.kinds[book.security[place]])
        covered = economy.covered(float(book.covered[place]), one.collateral, reaches)
        assert paths.covered[0, place] == pytest.approx(covered)


def test_a_floating_rate_weighs_on_known_means_alone() -> None:
    rise = year(rates="0.03")
    means = Means(burden=0.4, instalment=0.2, is_floating=True, annual_rate=0.12, months_left=120)

    floating = economy.stressed_burden(rise, means)
    fixed = economy.stressed_burden(rise, replace(means, is_floating=False))

    # 14.3471 a month for 1,000 at 12 % over ten years, 16.1335 at 15 %.
    assert floating == pytest.approx(0.4 + 0.2 * (16.1335 / 14.3471 - 1), abs=1e-6)
    assert fixed == 0.4
    assert economy.stressed_burden(year(income="-0.2"), means) == pytest.approx(0.5)
