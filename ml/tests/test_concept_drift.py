"""Whether outcomes still follow from predictions, against planted changes of the relation."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from ml import baseline, concept_drift, drift, metrics
from ml.calibration import probability
from ml.concept_drift import ConceptConfig, Performance
from ml.schema import Feature, Schema

SCHEMA = Schema(
    "concept",
    1,
    (Feature("debt", "number", group="debt"), Feature("income", "number", group="income")),
)
MONTHS = [f"20{24 + i // 12}-{i % 12 + 1:02d}" for i in range(24)]
ROWS = 800


def _applicants(rows: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (rows, 2))


def _pd(matrix: np.ndarray) -> np.ndarray:
    return probability(-2 + matrix[:, 0] - 0.7 * matrix[:, 1])


def _outcomes(truth: np.ndarray, *, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(truth)) < truth).astype(float)


DEVELOPED = _applicants(8000, seed=1)
DEVELOPMENT = concept_drift.performance(_pd(DEVELOPED), _outcomes(_pd(DEVELOPED), seed=2))
BASELINE = baseline.of_sample(SCHEMA, DEVELOPED, _pd(DEVELOPED))
NEWER = _applicants(24 * ROWS, seed=3)
BY_ROW = np.repeat(MONTHS, ROWS)
LATE = BY_ROW >= "2025-03"


def _diagnose(
    matrix: np.ndarray, bad: np.ndarray
) -> tuple[concept_drift.ConceptReport, list[concept_drift.Diagnosis]]:
    populations = drift.by_month(BASELINE, SCHEMA, drift.Sample(matrix, _pd(matrix)), BY_ROW)
    report = concept_drift.report(_pd(matrix), bad, BY_ROW, development=DEVELOPMENT)
    return report, list(concept_drift.diagnose(populations, report))


def test_it_raises_no_alarm_in_24_months_without_drift() -> None:
    report, found = _diagnose(NEWER, _outcomes(_pd(NEWER), seed=4))

    assert (report.alarmed, report.onset) == ((), None)
    assert {month.change for month in found} == {"none"}


def test_it_calls_a_changed_relation_with_unchanged_features_a_change_of_concept() -> None:
    changed = probability(-2 + 0.2 * NEWER[:, 0] - 0.7 * NEWER[:, 1])
    bad = _outcomes(np.where(LATE, changed, _pd(NEWER)), seed=5)

    report, found = _diagnose(NEWER, bad)

    assert [month.change for month in found] == ["none"] * 14 + ["concept"] * 10
    assert all(month.features == () for month in found)
    assert all("slope" in month.alarms for month in report.months[14:])


def test_it_calls_moved_features_with_the_same_relation_a_change_of_population() -> None:
    matrix = NEWER.copy()
    matrix[LATE, 0] += 0.8

    report, found = _diagnose(matrix, _outcomes(_pd(matrix), seed=6))

    assert [month.change for month in found] == ["none"] * 14 + ["population"] * 10
    assert found[14].features == ("score", "debt")
    assert report.alarmed == ()


def test_it_calls_both_by_both_names() -> None:
    matrix = NEWER.copy()
    matrix[LATE, 0] += 0.8
    bad = _outcomes(np.where(LATE, probability(-1 + matrix[:, 0]), _pd(matrix)), seed=7)

    _, found = _diagnose(matrix, bad)

    assert [month.change for month in found[13:16]] == [
        "none",
        "population and concept",
        "population and concept",
    ]


@pytest.mark.parametrize(
    ("moved", "alarms", "change"),
    [
        ((), ("auc",), "concept"),
        (("distribution",), ("auc",), "population"),
        (("distribution",), ("auc", "slope"), "population and concept"),
        (("distribution",), (), "population"),
        ((), (), "none"),
    ],
)
def test_it_blames_a_lower_auc_on_the_applicants_if_they_changed(
    moved: tuple[str, ...], alarms: tuple[str, ...], change: str
) -> None:
    population = drift.report(BASELINE, SCHEMA, drift.Sample(NEWER, _pd(NEWER)))
    population = replace(population, month="2026-01", score=replace(population.score, alarms=moved))
    month = concept_drift.Month(month="2026-01", n=100, alarms=alarms)
    outcomes = concept_drift.ConceptReport(DEVELOPMENT, (month,), None, ConceptConfig())

    (found,) = concept_drift.diagnose([population], outcomes)

    assert found.change == change


def test_it_adds_up_what_no_single_month_shows_and_says_where_it_began() -> None:
    worse = np.where(LATE, probability(np.log(_pd(NEWER) / (1 - _pd(NEWER))) + 0.2), _pd(NEWER))

    report, _ = _diagnose(NEWER, _outcomes(worse, seed=8))

    assert {alarm for month in report.months for alarm in month.alarms} == {"cusum"}
    assert report.alarmed[0] > "2025-03"
    assert report.onset == "2025-03"


def test_it_alarms_on_outcomes_that_became_better_too() -> None:
    better = np.where(LATE, _pd(NEWER) / 2, _pd(NEWER))

    report, _ = _diagnose(NEWER, _outcomes(better, seed=9))

    assert report.months[14].level_change < -0.5
    assert report.alarmed == tuple(MONTHS[14:])


def test_it_measures_a_sample_by_the_rules_of_9_8() -> None:
    bad = np.array([1] * 28 + [0] * 972)

    found = concept_drift.performance(np.full(1000, 0.02), bad)

    assert found.jeffreys_p_value == pytest.approx(0.04098292, abs=1e-8)
    assert found.observed_to_expected == pytest.approx(1.4)
    assert found.observed_to_expected_interval[0] < 1.4 < found.observed_to_expected_interval[1]
    assert (found.auc, found.slope) == (0.5, None)


def test_it_puts_auc_and_ks_inside_their_intervals() -> None:
    pd = _pd(DEVELOPED)
    bad = _outcomes(pd, seed=2)

    assert DEVELOPMENT.auc == metrics.auc(pd, bad)
    assert DEVELOPMENT.auc_interval[0] < DEVELOPMENT.auc < DEVELOPMENT.auc_interval[1]
    assert DEVELOPMENT.ks == pytest.approx(metrics.ks(pd, bad))
    assert DEVELOPMENT.ks_interval[0] < DEVELOPMENT.ks < DEVELOPMENT.ks_interval[1]
    assert abs(DEVELOPMENT.slope - 1) < 3 * DEVELOPMENT.slope_error


def test_it_measures_the_distance_of_a_reversed_order_too() -> None:
    found = concept_drift.performance([0.1, 0.2, 0.3, 0.4], [1, 1, 0, 0])

    assert found.ks == pytest.approx(1.0)
    assert found.ks_interval[1] == pytest.approx(1.0)


def test_it_has_no_ranking_of_one_class() -> None:
    found = concept_drift.performance([0.1, 0.2], [0, 0])

    assert (found.auc, found.ks, found.level, found.slope) == (None, None, None, None)
    assert found.observed_interval[0] == 0


def test_it_gives_no_verdict_while_an_outcome_is_open() -> None:
    bad = _outcomes(_pd(NEWER), seed=4)
    bad[-1] = np.nan

    report = concept_drift.report(_pd(NEWER), bad, BY_ROW, development=DEVELOPMENT)

    last = report.months[-1]
    assert last.caution == "Some outcomes are still open."
    assert (last.n, last.performance, last.cusum, last.alarms) == (ROWS, None, None, ())
    assert report.months[-2].caution is None


def test_it_gives_figures_without_a_verdict_on_few_outcomes() -> None:
    pd, bad = np.full(40, 0.1), np.array([1.0] * 9 + [0.0] * 31)

    month = concept_drift.report(pd, bad, ["2026-01"] * 40, development=DEVELOPMENT).months[0]

    assert month.caution == "Fewer than 10 good or bad outcomes."
    assert month.performance.bads == 9
    assert (month.residual, month.alarms) == (None, ())


def test_it_sums_residuals_by_hand() -> None:
    config = ConceptConfig(cusum_tolerance=0, cusum_allowance=0.5)
    pd = np.full(200, 0.5)
    bad = np.array([1.0] * 60 + [0.0] * 40 + [1.0] * 58 + [0.0] * 42)
    even = concept_drift.performance(np.array([0.4, 0.4, 0.6, 0.6] * 25), [0, 1] * 50)

    report = concept_drift.report(
        pd, bad, ["2026-01"] * 100 + ["2026-02"] * 100, development=even, config=config
    )

    # (60 - 50) / 5 = 2 and (58 - 50) / 5 = 1.6, each less 0.5.
    assert [month.residual for month in report.months] == pytest.approx([2.0, 1.6])
    assert [month.cusum for month in report.months] == pytest.approx([1.5, 2.6])


def test_it_reads_back_the_development_figures_it_wrote() -> None:
    written = json.loads(json.dumps(asdict(DEVELOPMENT)))

    assert Performance.from_dict(written) == DEVELOPMENT


def test_it_writes_the_report_as_json() -> None:
    report, _ = _diagnose(NEWER, _outcomes(_pd(NEWER), seed=4))

    written = json.loads(json.dumps(report.to_dict()))

    assert written["alarmed"] == []
    assert len(written["months"]) == 24


def test_it_leaves_out_of_the_diagnosis_what_one_report_lacks() -> None:
    population = drift.report(BASELINE, SCHEMA, drift.Sample(NEWER, _pd(NEWER)))
    report, _ = _diagnose(NEWER, _outcomes(_pd(NEWER), seed=4))

    assert concept_drift.diagnose([population], report) == ()


def test_it_refuses_what_cannot_be_monitored() -> None:
    one_class = concept_drift.performance([0.1, 0.2], [0, 0])

    with pytest.raises(ValueError, match="equally many"):
        concept_drift.report([0.1], [0, 1], ["2026-01"], development=DEVELOPMENT)
    with pytest.raises(ValueError, match="lack a level"):
        concept_drift.report([0.1], [0], ["2026-01"], development=one_class)
    with pytest.raises(ValueError, match="not all 0"):
        concept_drift.performance([0.0, 0.0], [0, 1])
    with pytest.raises(ValueError, match="no figures"):
        Performance.from_dict({"n": 1})


@pytest.mark.parametrize(
    "wrong", [{"false_alarm_rate": 1}, {"cusum_limit": 0}, {"smallest_auc_drop": -0.1}]
)
def test_it_refuses_limits_that_mean_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"alarm rate|CUSUM limit|below zero"):
        ConceptConfig(**wrong)
