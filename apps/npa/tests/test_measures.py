"""Ratios of a portfolio and when they are a breach (rule book 2.3)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.npa import measures
from apps.npa.measures import Largest, Measure, Totals

D = Decimal
FIVE_PERCENT = D("0.05")


def test_it_flags_an_npl_ratio_above_five_percent_2_3_t1() -> None:
    bad = D(30_000) + D(15_000) + D(10_000)
    totals = Totals(loans=100, principal=D(1_000_000), npa_loans=6, npa_principal=bad)

    ratio = measures.ratios(totals)[Measure.NPA_RATIO]

    assert ratio == D("0.055")
    assert measures.is_breached(Measure.NPA_RATIO, ratio, FIVE_PERCENT)


def test_it_counts_the_whole_balance_over_thirty_days_2_3_t3() -> None:
    totals = Totals(loans=10, principal=D(1_000_000), over_30=D(60_000) + D(40_000))

    assert measures.ratios(totals)[Measure.PAR30] == D("0.1")


def test_it_takes_exactly_the_threshold_as_within() -> None:
    assert not measures.is_breached(Measure.NPA_RATIO, FIVE_PERCENT, FIVE_PERCENT)
    assert not measures.is_breached(Measure.COVERAGE, D("0.6"), D("0.6"))


def test_it_takes_coverage_below_its_threshold_as_a_breach() -> None:
    totals = Totals(
        loans=2, principal=D(100), npa_loans=1, npa_principal=D(50), npa_provision=D(25)
    )

    coverage = measures.ratios(totals)[Measure.COVERAGE]

    assert coverage == D("0.5")
    assert measures.is_breached(Measure.COVERAGE, coverage, D("0.6"))
    assert not measures.is_breached(Measure.COVERAGE, D("0.7"), D("0.6"))


def test_it_says_nothing_without_a_denominator() -> None:
    assert measures.ratios(Totals()) == {}
    assert Measure.COVERAGE not in measures.ratios(Totals(loans=1, principal=D(5)))


def test_it_counts_defaults_by_number() -> None:
    totals = Totals(loans=8, principal=D(1_000), npa_loans=2, npa_principal=D(10))

    assert measures.ratios(totals)[Measure.DEFAULT_RATE] == D("0.25")


def test_it_measures_the_largest_share_and_leaves_out_what_is_not_known() -> None:
    found = measures.concentrations(
        Totals(loans=2, principal=D(200)),
        {Measure.LARGEST_BORROWER: Largest("C-1", D(50)), Measure.LARGEST_SECTOR: None},
    )

    assert found == {Measure.LARGEST_BORROWER: D("0.25")}


def test_it_measures_the_rise_of_a_month_in_points() -> None:
    rise = measures.jump({Measure.NPA_RATIO: D("0.065")}, {Measure.NPA_RATIO: D("0.05")})

    assert rise == D("0.015")
    assert measures.jump({Measure.NPA_RATIO: D("0.065")}, {}) is None


@pytest.mark.parametrize("measure", list(Measure))
@given(value=st.decimals(0, 1, places=6), bound=st.decimals("0.000001", 1, places=6))
def test_it_is_beyond_a_threshold_on_one_side_only(
    measure: Measure, value: Decimal, bound: Decimal
) -> None:
    is_breached = measures.is_breached(measure, value, bound)

    assert is_breached is ((value < bound) if measure == Measure.COVERAGE else (value > bound))
