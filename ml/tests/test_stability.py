"""A model measured in every segment and month, with intervals and without verdicts on a few."""

import json

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from ml import discrimination, metrics, stability
from ml.stability import StabilityConfig

Floats = npt.NDArray[np.float64]

DEVELOPMENT = np.linspace(0.01, 0.6, 1000)


def drawn(rows: int = 900, seed: int = 4) -> tuple[Floats, Floats]:
    """Return probabilities and outcomes that keep them."""
    chance = np.random.default_rng(seed)
    scores = chance.uniform(0.01, 0.6, rows)
    return scores, (chance.random(rows) < scores).astype(np.float64)


def test_it_measures_one_segment_exactly() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.9, 0.9])
    bad = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    segments = ["north"] * 4 + ["south"] * 2

    report = stability.by_segment(scores, bad, segments, development_scores=DEVELOPMENT)

    north, south = report.parts
    assert (north.label, north.n, north.known, north.bads) == ("north", 4, 4, 2)
    assert (north.bad_rate, north.mean_pd) == (0.5, pytest.approx(0.25))
    assert north.observed_to_expected == pytest.approx(2.0)
    assert (north.auc, north.ks) == (1.0, 1.0)
    # Perfect separation leaves DeLong's formula without spread, and so without an interval.
    assert north.auc_interval is None
    jeffreys = stats.beta(2.5, 2.5).ppf([0.025, 0.975])
    assert north.bad_rate_interval == pytest.approx(jeffreys, abs=1e-9)
    assert north.observed_to_expected_interval == pytest.approx(jeffreys / 0.25, abs=1e-9)
    assert (south.auc, south.ks, south.auc_interval) == (None, None, None)
    assert south.bad_rate == 1.0


def test_it_agrees_with_the_measures_of_the_whole_sample() -> None:
    scores, bad = drawn()

    overall = stability.by_segment(scores, bad, ["x"] * 900, development_scores=DEVELOPMENT).overall

    oracle = discrimination.auc_interval(scores, bad)
    assert oracle is not None
    assert overall.auc == pytest.approx(metrics.auc(scores, bad), abs=1e-12)
    assert overall.auc_interval == (oracle.lower, oracle.upper)
    assert overall.ks == metrics.ks(scores, bad)
    assert overall.mean_pd == pytest.approx(scores.mean(), abs=1e-15)


def test_it_finds_the_segment_where_the_model_orders_worst() -> None:
    scores, bad = drawn()
    segments = np.repeat(["a", "b", "c"], 300)
    shuffled = scores.copy()
    shuffled[300:600] = np.random.default_rng(1).permutation(scores[300:600])

    report = stability.by_segment(shuffled, bad, segments, development_scores=DEVELOPMENT)

    assert report.worst_ranked == "b"
    areas = {part.label: part.auc for part in report.parts}
    assert areas["b"] is not None
    assert areas["b"] < 0.6 < min(areas["a"] or 0, areas["c"] or 0)


@pytest.mark.parametrize("factor", [0.4, 1.6])
def test_it_finds_the_segment_with_the_wrong_level_either_way(factor: float) -> None:
    scores, bad = drawn()
    segments = np.repeat(["a", "b", "c"], 300)
    shifted = np.where(segments == "c", np.clip(scores * factor, 0, 1), scores)

    report = stability.by_segment(shifted, bad, segments, development_scores=DEVELOPMENT)

    assert report.worst_calibrated == "c"


def test_it_never_calls_a_handful_of_people_the_worst() -> None:
    scores, bad = drawn(610)
    segments = np.array(["large"] * 600 + ["tiny"] * 10)
    scores[600:], bad[600:] = np.linspace(0.9, 0.1, 10), np.repeat([0.0, 1.0], 5)

    report = stability.by_segment(scores, bad, segments, development_scores=DEVELOPMENT)

    tiny = report.parts[1]
    assert (tiny.label, tiny.auc, tiny.small) == ("tiny", 0.0, True)
    assert (report.worst_ranked, report.worst_calibrated) == ("large", "large")


def test_it_names_no_worst_where_all_are_small() -> None:
    scores, bad = drawn(20)

    report = stability.by_segment(scores, bad, ["x"] * 20, development_scores=DEVELOPMENT)

    assert (report.worst_ranked, report.worst_calibrated) == (None, None)


def test_it_puts_people_without_a_segment_into_one_of_their_own() -> None:
    scores, bad = drawn(6)

    report = stability.by_segment(
        scores, bad, ["a", None, "a", np.nan, "b", 7], development_scores=DEVELOPMENT
    )

    assert [(part.label, part.n) for part in report.parts] == [
        ("(missing)", 2),
        ("7", 1),
        ("a", 2),
        ("b", 1),
    ]


def test_it_orders_the_months_in_time() -> None:
    scores, bad = drawn(6)
    dates = ["2024-10-31", "2024-02-01", "2023-12-31", "2024-02-29", "2024-10-01", "2024-02-10"]

    report = stability.by_month(scores, bad, dates, development_scores=DEVELOPMENT)

    assert report.by == "month"
    assert [(part.label, part.n) for part in report.parts] == [
        ("2023-12", 1),
        ("2024-02", 3),
        ("2024-10", 2),
    ]
    assert report.parts[0].mean_pd == scores[2]
    assert report.parts[1].mean_pd == pytest.approx(scores[[1, 3, 5]].mean())


def test_it_counts_people_whose_outcome_is_not_known_yet_in_the_population_only() -> None:
    scores = np.array([0.1, 0.3, 0.8, 0.8])
    bad = np.array([0.0, 1.0, np.nan, np.nan])
    dates = pd.to_datetime(["2024-01-05", "2024-01-06", "2024-01-07", "2024-02-07"])

    january, february = stability.by_month(scores, bad, dates, development_scores=DEVELOPMENT).parts

    assert (january.n, january.known, january.bads) == (3, 2, 1)
    assert (january.mean_pd, january.mean_pd_of_all) == (0.2, pytest.approx(0.4))
    assert january.auc == 1.0
    assert (february.n, february.known, february.small) == (1, 0, True)
    assert (february.bad_rate, february.mean_pd, february.observed_to_expected) == (None,) * 3
    assert (february.bad_rate_interval, february.auc, february.ks) == (None,) * 3
    assert february.psi > 0


def test_it_measures_how_far_the_scores_of_a_part_moved() -> None:
    same, _ = drawn(1000)
    segments = np.repeat(["riskier", "same"], 1000)
    scores = np.concatenate([np.clip(same + 0.3, 0, 1), same])

    riskier, unmoved = stability.by_segment(
        scores, np.full(2000, np.nan), segments, development_scores=DEVELOPMENT
    ).parts

    assert riskier.psi_band == "act"
    assert unmoved.psi_band == "stable"
    # Ten bins of which all are filled, 1,000 people each: rule book 9.4.
    assert unmoved.psi_noise_limit == pytest.approx(0.033838, abs=1e-6)
    assert unmoved.psi < unmoved.psi_noise_limit


def test_it_leaves_the_ratio_undefined_where_nothing_was_expected() -> None:
    part = stability.by_segment(
        np.zeros(4), np.array([0.0, 0.0, 0.0, 1.0]), ["x"] * 4, development_scores=DEVELOPMENT
    ).parts[0]

    assert (part.observed_to_expected, part.observed_to_expected_interval) == (None, None)
    assert (part.auc, part.ks) == (0.5, 0.0)


def test_it_reports_as_json() -> None:
    scores, bad = drawn()
    report = stability.by_segment(
        scores, bad, ["x"] * 900, development_scores=DEVELOPMENT, config=StabilityConfig(bins=5)
    )

    shown = json.loads(json.dumps(report.to_dict()))

    assert shown["by"] == "segment"
    assert shown["config"] == {"fewest_of_a_class": 20, "confidence": 0.95, "bins": 5}
    assert shown["parts"][0]["auc_interval"] == list(report.parts[0].auc_interval or ())


@pytest.mark.parametrize(
    ("scores", "bad", "segments", "sentence"),
    [
        ([], [], [], "at least one probability"),
        ([0.1, np.nan], [0, 1], ["a", "a"], "from 0 to 1"),
        ([0.1, 1.5], [0, 1], ["a", "a"], "from 0 to 1"),
        ([0.1, 0.2], [0, 2], ["a", "a"], "0 .good., 1 .bad. or missing"),
        ([0.1, 0.2], [0], ["a", "a"], "2 scores, 1 outcomes and 2 segments"),
        ([0.1, 0.2], [0, 1], ["a"], "2 scores, 2 outcomes and 1 segments"),
    ],
)
def test_it_refuses_rows_that_do_not_belong_together(
    scores: list[float], bad: list[float], segments: list[str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        stability.by_segment(
            np.array(scores), np.array(bad, float), segments, development_scores=DEVELOPMENT
        )


def test_it_refuses_a_row_without_a_date() -> None:
    scores, bad = drawn(2)

    with pytest.raises(ValueError, match="position 1 has no date"):
        stability.by_month(scores, bad, ["2024-01-01", None], development_scores=DEVELOPMENT)


def test_it_refuses_a_confidence_that_is_none() -> None:
    with pytest.raises(ValueError, match="confidence"):
        StabilityConfig(confidence=1.0)


def test_it_compares_how_parts_order_the_features() -> None:
    importances = {
        "2023": {"income": 3.0, "term": 2.0, "amount": 1.0, "purpose": 0.0},
        "2024": {"purpose": 0.0, "amount": 1.0, "term": 9.0, "income": 5.0},
        "2025": {"income": 0.0, "term": 1.0, "amount": 2.0, "purpose": 3.0},
    }

    found = stability.ranking_stability(importances)

    # One swap of neighbours among four costs 6 * 2 / (4 * 15) of a perfect agreement.
    assert found.pairs == (
        ("2023", "2024", pytest.approx(0.8)),
        ("2023", "2025", pytest.approx(-1.0)),
        ("2024", "2025", pytest.approx(-0.8)),
    )
    assert found.lowest == pytest.approx(-1.0)
    assert found.mean == pytest.approx(-1 / 3)
    assert json.loads(json.dumps(found.to_dict()))["lowest"] == pytest.approx(-1.0)


def test_it_knows_no_order_where_all_features_weigh_the_same() -> None:
    flat = {"a": 1.0, "b": 1.0, "c": 1.0}

    found = stability.ranking_stability({"x": flat, "y": {"a": 1.0, "b": 2.0, "c": 3.0}})

    assert found.pairs == (("x", "y", None),)
    assert (found.mean, found.lowest) == (None, None)


@pytest.mark.parametrize(
    ("importances", "sentence"),
    [
        ({"x": {"a": 1.0, "b": 2.0, "c": 3.0}}, "at least two parts"),
        ({"x": {"a": 1.0, "b": 2.0}, "y": {"a": 1.0, "b": 2.0}}, "at least 3 features"),
        (
            {"x": {"a": 1.0, "b": 2.0, "c": 3.0}, "y": {"a": 1.0, "b": 2.0, "d": 3.0}},
            "y does not name the same features",
        ),
        (
            {"x": {"a": 1.0, "b": 2.0, "c": 3.0}, "y": {"a": 1.0, "b": np.nan, "c": 3.0}},
            "not a finite number",
        ),
    ],
)
def test_it_refuses_rankings_that_cannot_be_compared(
    importances: dict[str, dict[str, float]], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        stability.ranking_stability(importances)
