"""How far applicants have moved: the tests against scipy, alarms against planted changes."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ml import _two_samples, baseline, drift
from ml.drift import DriftConfig, Sample
from ml.schema import Feature, Schema

SCHEMA = Schema(
    "drift",
    1,
    (
        Feature("income", "number", group="income", minimum=0),
        Feature("debt", "number", group="debt", missing="allowed", missing_meaning="none asked"),
        Feature("late", "integer", group="history", minimum=0, maximum=30),
        Feature("purpose", "category", group="loan", categories=("car", "house", "other")),
        Feature("owner", "boolean", group="wealth"),
    ),
)
MONTHS = [f"20{24 + i // 12}-{i % 12 + 1:02d}" for i in range(24)]


def _sample(rows: int, *, seed: int) -> Sample:
    rng = np.random.default_rng(seed)
    debt = rng.normal(0, 1, rows)
    debt[rng.random(rows) < 0.1] = np.nan
    columns = [
        rng.lognormal(10, 0.5, rows),
        debt,
        rng.poisson(1, rows),
        rng.choice(3, rows, p=[0.5, 0.3, 0.2]),
        rng.random(rows) < 0.4,
    ]
    return Sample(np.column_stack(columns).astype(float), rng.normal(600, 50, rows))


DEVELOPMENT = _sample(5000, seed=1)
BASELINE = baseline.of_sample(SCHEMA, DEVELOPMENT.matrix, DEVELOPMENT.scores)


def _changed(sample: Sample, feature: str, rows: np.ndarray, values: np.ndarray) -> Sample:
    matrix = sample.matrix.copy()
    matrix[rows, SCHEMA.names.index(feature)] = values
    return Sample(matrix, sample.scores)


@pytest.mark.parametrize("reference", [None, DEVELOPMENT])
@pytest.mark.parametrize("rows", [60, 800])
def test_it_raises_no_alarm_in_24_months_without_drift(reference: Sample | None, rows: int) -> None:
    sample = _sample(24 * rows, seed=2)

    reports = drift.by_month(BASELINE, SCHEMA, sample, np.repeat(MONTHS, rows), reference=reference)

    assert [report.month for report in reports] == MONTHS
    assert [report.alarmed for report in reports] == [()] * 24


@pytest.mark.parametrize("reference", [None, DEVELOPMENT])
def test_it_finds_a_shift_on_its_feature_from_its_month_on(reference: Sample | None) -> None:
    months = np.repeat(MONTHS, 500)
    sample, late = _sample(12_000, seed=3), months >= "2025-03"
    moved = _changed(sample, "income", late, sample.matrix[late, 0] * 1.4)

    reports = drift.by_month(BASELINE, SCHEMA, moved, months, reference=reference)

    assert [report.alarmed for report in reports] == [()] * 14 + [("income",)] * 10
    assert reports[14].feature("income").alarms == ("distribution",)


PROBABILITIES = dataclasses.replace(DEVELOPMENT, scores=np.linspace(0, 1, 5000))


@pytest.mark.parametrize(
    ("of", "given", "why"),
    [
        (DEVELOPMENT, PROBABILITIES, "scores are probabilities; the baseline is of points"),
        (PROBABILITIES, DEVELOPMENT, "scores are points; the baseline is of probabilities"),
    ],
)
def test_it_refuses_probabilities_for_points_and_the_reverse(
    of: Sample, given: Sample, why: str
) -> None:
    known = baseline.of_sample(SCHEMA, of.matrix, of.scores)

    for refused in (
        lambda: drift.report(known, SCHEMA, given),
        lambda: drift.report(known, SCHEMA, of, reference=given),
        lambda: drift.by_month(known, SCHEMA, given, ["2026-03"] * len(given.scores)),
        lambda: baseline.score_psi(known, given.scores),
    ):
        with pytest.raises(ValueError, match=why):
            refused()
    assert drift.report(known, SCHEMA, of, reference=of).score.psi == 0


@pytest.mark.parametrize("scores", [[-1.2, 0.4, 0.9], [0.2, 0.8, 1.7], [1.5, 2.0, 2.5]])
def test_it_takes_log_odds_for_scores(scores: list[float]) -> None:
    """They may lie on either side of 0 and 1, so nothing can be said of them."""
    log_odds = dataclasses.replace(DEVELOPMENT, scores=np.resize([-3.0, -0.5, 0.5, 2.0], 5000))
    known = baseline.of_sample(SCHEMA, log_odds.matrix, log_odds.scores)
    newer = Sample(DEVELOPMENT.matrix[:3], np.array(scores))

    assert drift.report(known, SCHEMA, newer).n == 3


def test_it_knows_no_unit_where_the_baseline_has_no_bins() -> None:
    empty = {**BASELINE, "score": {"edges": [], "shares": [1.0, 0.0]}}

    assert drift.report(empty, SCHEMA, PROBABILITIES).score.psi == 0


def test_it_finds_categories_that_trade_places() -> None:
    sample = _sample(2000, seed=4)
    moved = _changed(sample, "purpose", np.arange(400), np.full(400, 2.0))

    report = drift.report(BASELINE, SCHEMA, moved, reference=DEVELOPMENT)

    found = report.feature("purpose")
    assert report.alarmed == ("purpose",)
    assert (found.test, found.alarms) == ("chi-square", ("distribution",))


def test_it_finds_a_score_that_moved_alone() -> None:
    sample = _sample(2000, seed=5)

    report = drift.report(BASELINE, SCHEMA, Sample(sample.matrix, sample.scores - 25))

    assert report.alarmed == ("score",)
    assert report.score.band == "act"


def test_it_tells_missing_values_from_a_moved_distribution() -> None:
    sample = _sample(2000, seed=6)
    moved = _changed(sample, "debt", np.arange(0, 2000, 6), np.nan)

    found = drift.report(BASELINE, SCHEMA, moved, reference=DEVELOPMENT).feature("debt")

    assert found.alarms == ("missing",)
    assert found.missing_before == pytest.approx(0.1, abs=0.01)
    assert found.missing_now > 0.2


def test_it_finds_a_column_that_is_all_missing() -> None:
    sample = _sample(300, seed=7)
    gone = _changed(sample, "debt", np.arange(300), np.nan)

    found = drift.report(BASELINE, SCHEMA, gone, reference=DEVELOPMENT).feature("debt")

    assert (found.test, found.effect, found.p_value) == (None, None, None)
    assert "missing" in found.alarms


def test_it_counts_values_that_should_not_occur() -> None:
    sample = _sample(1000, seed=8)
    wrong = _changed(sample, "late", np.array([0, 1]), np.array([-1.0, 31.0]))
    wrong = _changed(wrong, "purpose", np.arange(3), np.array([-1.0, 3.0, 7.0]))

    report = drift.report(BASELINE, SCHEMA, wrong)

    assert report.feature("late").out_of_range == 2
    assert report.feature("late").alarms == ("range",)
    assert report.feature("purpose").unseen == 3
    assert report.feature("purpose").alarms == ()


def test_it_alarms_on_more_unseen_categories_than_one_in_a_hundred() -> None:
    sample = _sample(1000, seed=8)
    sample = Sample(sample.matrix, sample.scores, unseen={"purpose": 11})

    assert drift.report(BASELINE, SCHEMA, sample).feature("purpose").alarms == ("unseen",)


def test_it_counts_values_beyond_those_of_the_reference() -> None:
    sample = _sample(1000, seed=9)
    far = _changed(sample, "income", np.array([0]), DEVELOPMENT.matrix[:, 0].max() + 1)

    found = drift.report(BASELINE, SCHEMA, far, reference=DEVELOPMENT).feature("income")

    inside = drift.report(BASELINE, SCHEMA, DEVELOPMENT, reference=DEVELOPMENT)
    assert found.outside_reference >= 1
    assert inside.feature("income").outside_reference == 0
    assert drift.report(BASELINE, SCHEMA, far).feature("income").outside_reference is None


def test_it_sees_no_shift_of_the_sample_from_itself() -> None:
    report = drift.report(BASELINE, SCHEMA, DEVELOPMENT, reference=DEVELOPMENT)

    assert {shift.psi for shift in report.shifts} == {0.0}
    assert {shift.effect for shift in report.shifts} == {0.0}
    assert {shift.p_value for shift in report.shifts} == {1.0}


def test_it_says_how_much_of_the_index_is_chance_9_4() -> None:
    report = drift.report(BASELINE, SCHEMA, _sample(5000, seed=10))

    # Ten bins and nobody missing: chi-square of 9 at 95 % is 16.919.
    assert report.score.psi_noise_limit == pytest.approx(16.918978 * 2 / 5000, abs=1e-8)
    assert report.score.psi < report.score.psi_noise_limit


@given(
    first=st.lists(st.integers(0, 12), min_size=2, max_size=40),
    second=st.lists(st.integers(0, 12), min_size=2, max_size=40),
)
def test_it_measures_the_distance_as_scipy_does_with_ties(
    first: list[int], second: list[int]
) -> None:
    ordered = np.sort(np.array(first, float)), np.sort(np.array(second, float))

    distance, p_value = _two_samples.kolmogorov_smirnov(*ordered)

    assert distance == pytest.approx(
        stats.ks_2samp(first, second, method="asymp").statistic, abs=1e-12
    )
    assert 0 <= p_value <= 1


def test_it_gives_the_p_value_of_scipy_to_large_samples() -> None:
    first, second = (np.sort(_sample(n, seed=n).scores) for n in (3000, 2000))

    _, p_value = _two_samples.kolmogorov_smirnov(first, second)

    assert p_value == pytest.approx(stats.ks_2samp(first, second).pvalue, abs=0.01)


def test_it_tests_counts_as_scipy_does() -> None:
    before, now = np.array([30.0, 50.0, 20.0]), np.array([60.0, 80.0, 70.0])

    effect, p_value = _two_samples.chi_square(before, now)

    table = np.vstack([before, now])
    assert p_value == pytest.approx(stats.chi2_contingency(table).pvalue)
    cramer = stats.contingency.association(table.astype(int), method="cramer")
    assert effect == pytest.approx(cramer)


def test_it_takes_rare_bins_together_before_testing() -> None:
    before, now = np.array([500.0, 480, 9, 8, 3]), np.array([250.0, 240, 0, 9, 1])

    found = _two_samples.chi_square(before, now)

    # Two rare bins would expect 3 and 1.3 and together 4.3; the next rarest joins them.
    oracle = stats.chi2_contingency([[500, 480, 20], [250, 240, 10]])
    assert found == pytest.approx((np.sqrt(oracle.statistic / 1500), oracle.pvalue))


@pytest.mark.parametrize(
    ("before", "now"), [([10.0, 0.0], [10.0, 0.0]), ([1.0, 1.0], [1.0, 1.0]), ([5.0], [0.0])]
)
def test_it_tests_nothing_where_one_bin_is_left(before: list[float], now: list[float]) -> None:
    assert _two_samples.chi_square(np.array(before), np.array(now)) is None


def test_it_adjusts_p_values_and_leaves_the_untested_alone() -> None:
    # Benjamini and Hochberg by hand: 0.01 x 3, 0.02 x 3/2, 0.3 x 1, then made monotone.
    given = [0.02, None, 0.01, 0.3]

    assert drift.adjusted_p_values(given, months_watched=1) == pytest.approx(
        [0.03, None, 0.03, 0.3]
    )
    assert drift.adjusted_p_values(given, months_watched=10) == pytest.approx([0.3, None, 0.3, 1.0])
    assert drift.adjusted_p_values([None], months_watched=1) == [None]
    assert drift.adjusted_p_values([], months_watched=1) == []


def test_it_judges_a_month_as_if_there_were_no_other() -> None:
    sample, months = _sample(1000, seed=13), np.repeat(MONTHS[:2], 500)
    first = Sample(sample.matrix[:500], sample.scores[:500])

    both = drift.by_month(BASELINE, SCHEMA, sample, months)

    alone = drift.report(BASELINE, SCHEMA, first)
    assert both[0].shifts == alone.shifts


def test_it_does_not_alarm_on_a_certain_but_tiny_shift() -> None:
    rng = np.random.default_rng(11)
    large = Sample(np.tile(DEVELOPMENT.matrix, (20, 1)), np.tile(DEVELOPMENT.scores, 20))
    base = baseline.of_sample(SCHEMA, large.matrix, large.scores)
    moved = Sample(large.matrix, large.scores + 2 + rng.normal(0, 0.1, 100_000))

    report = drift.report(base, SCHEMA, moved)

    assert report.score.adjusted_p_value < 1e-6
    assert report.alarmed == ()


def test_it_writes_the_report_as_json() -> None:
    sample = _sample(1000, seed=12)
    report = drift.report(BASELINE, SCHEMA, Sample(sample.matrix, sample.scores - 30))

    written = json.loads(json.dumps(report.to_dict()))

    assert written["alarmed"] == ["score"]
    assert [feature["name"] for feature in written["features"]] == list(SCHEMA.names)


@pytest.mark.parametrize(
    ("matrix", "scores", "why"),
    [
        (np.empty((0, 5)), np.empty(0), "needs rows"),
        (np.zeros((3, 4)), np.zeros(3), "5 columns"),
        (np.zeros((3, 5)), np.zeros(2), "a score for each"),
        (np.zeros((3, 5)), np.array([1, 2, np.nan]), "not a finite number"),
    ],
)
def test_it_refuses_a_sample_that_does_not_fit(
    matrix: np.ndarray, scores: np.ndarray, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        drift.report(BASELINE, SCHEMA, Sample(matrix, scores))


def test_it_refuses_months_that_do_not_cover_the_rows() -> None:
    with pytest.raises(ValueError, match="one month"):
        drift.by_month(BASELINE, SCHEMA, DEVELOPMENT, ["2024-01"])


def test_it_refuses_limits_that_are_no_shares() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        DriftConfig(smallest_psi=1.5)
    with pytest.raises(ValueError, match="at least one month"):
        DriftConfig(months_watched=0)
