"""How a cut-off treats groups: the cases of the rule book, 4.6, and fairlearn as a second voice."""

import json

import numpy as np
import pytest
from fairlearn import metrics as fair  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ml import fairness, proportions
from ml.fairness import FairnessConfig
from ml.proportions import Count

CONFIG = FairnessConfig()
counts = st.tuples(st.integers(1, 400), st.floats(0, 1)).map(
    lambda drawn: Count(round(drawn[0] * drawn[1]), drawn[0])
)


def _people(**groups: tuple[int, int]) -> tuple[np.ndarray, list[str]]:
    """Return who is selected and the group of everybody, from (selected, total) per group."""
    selected = [i < hits for hits, total in groups.values() for i in range(total)]
    return np.array(selected), [name for name, (_, total) in groups.items() for _ in range(total)]


def _assess(
    *, config: FairnessConfig = CONFIG, **groups: tuple[int, int]
) -> fairness.FairnessReport:
    selected, names = _people(**groups)
    return fairness.assess(
        np.where(selected, 0.05, 0.5), selected, names, attribute="gender", config=config
    )


def test_it_flags_half_the_selection_rate_4_6_t2() -> None:
    found = fairness.compare(Count(12, 40), Count(48, 80), CONFIG)

    assert found.ratio == pytest.approx(0.5)
    assert (found.flag, found.verdict) == (True, "below four fifths")


def test_it_flags_a_ratio_that_chance_may_explain_and_says_so_4_6_t3() -> None:
    found = fairness.compare(Count(30, 100), Count(40, 100), CONFIG)

    assert found.ratio == pytest.approx(0.75)
    assert found.difference == pytest.approx(-0.1)
    assert found.z == pytest.approx(-1.482499, abs=1e-6)
    assert found.p_value == pytest.approx(0.138208, abs=1e-6)
    assert found.fisher_p_value == pytest.approx(0.181932, abs=1e-6)
    assert (found.flag, found.significant) == (True, False)


def test_it_measures_equal_opportunity_among_the_good_4_6_t5() -> None:
    selected, names = _people(a=(54, 90), b=(72, 90))

    report = fairness.assess(
        np.full(180, 0.1), selected, names, attribute="group", bad=np.zeros(180)
    )

    found = report.group("a").outcomes
    assert found.true_positive_rate == pytest.approx(0.6)
    assert found.equal_opportunity_difference == pytest.approx(-0.2)
    low, high = found.equal_opportunity_interval
    assert low < -0.2 < high < 0
    assert report.group("b").outcomes.equal_opportunity_difference is None


def test_it_gives_no_verdict_on_six_people_4_6_t6() -> None:
    report = _assess(a=(1, 3), b=(2, 3))

    found = report.group("a").comparison
    assert found.ratio == pytest.approx(0.5)
    assert found.verdict == "insufficient sample"
    assert (found.flag, found.significant) == (None, None)
    assert found.caution == "Fewer than 30 people in one of the two groups."
    assert report.flagged == ()


def test_it_gives_no_verdict_where_a_cell_expects_fewer_than_five() -> None:
    found = fairness.compare(Count(0, 40), Count(3, 400), CONFIG)

    assert found.caution == "Fewer than 5 people expected in one of the four cells."
    assert found.verdict == "insufficient sample"


def test_it_compares_with_the_most_selected_group_of_enough_people() -> None:
    report = _assess(women=(30, 100), men=(60, 100), other=(9, 10))

    assert report.reference == "men"
    assert report.group("men").comparison is None
    assert report.group("women").comparison.ratio == pytest.approx(0.5)
    assert report.group("other").comparison.verdict == "insufficient sample"
    assert report.flagged == ("women",)


def test_it_compares_with_the_group_that_was_named() -> None:
    report = _assess(women=(30, 100), men=(60, 100), config=FairnessConfig(reference="women"))

    assert report.reference == "women"
    assert report.group("men").comparison.ratio == pytest.approx(2.0)
    assert report.flagged == ()


def test_it_prefers_the_larger_of_two_equally_selected_groups() -> None:
    assert _assess(a=(30, 60), b=(50, 100), c=(40, 80)).reference == "b"


@pytest.mark.parametrize("missing", [None, float("nan"), "", "  "])
def test_it_makes_a_group_of_those_who_did_not_say(missing: object) -> None:
    selected, names = _people(women=(30, 60), men=(40, 60), silent=(58, 60))
    said = [missing if name == "silent" else name for name in names]

    report = fairness.assess(np.full(180, 0.1), selected, said, attribute="gender")

    assert report.group("not stated").selection_rate == pytest.approx(58 / 60)
    assert report.reference == "men"


def test_it_compares_the_silent_with_themselves_if_nobody_spoke() -> None:
    report = fairness.assess(np.full(40, 0.1), np.ones(40), [None] * 40, attribute="gender")

    assert report.reference == "not stated"
    assert report.demographic_parity_ratio is None


def test_it_has_no_ratio_if_nobody_of_the_reference_was_selected() -> None:
    found = fairness.compare(Count(50, 100), Count(0, 100), CONFIG)

    assert (found.ratio, found.ratio_interval, found.flag) == (None, None, None)
    assert found.verdict == "undefined"


def test_it_approves_below_the_cut_off_only() -> None:
    assert fairness.approved_below([0.1, 0.2, 0.3], 0.2).tolist() == [True, False, False]


def test_it_agrees_with_fairlearn() -> None:
    rng = np.random.default_rng(3)
    groups = rng.choice(["a", "b", "c"], 3000)
    pd = rng.beta(2, 6, 3000) * np.where(groups == "a", 1.2, 1.0) / 1.2
    bad = (rng.random(3000) < pd).astype(int)
    selected = fairness.approved_below(pd, 0.22)

    report = fairness.assess(pd, selected, groups, attribute="group", bad=bad)

    frame = fair.MetricFrame(
        metrics={
            "selection": fair.selection_rate,
            "true": fair.true_positive_rate,
            "false": fair.false_positive_rate,
        },
        y_true=1 - bad,
        y_pred=selected.astype(int),
        sensitive_features=groups,
    )
    for group in report.groups:
        oracle = frame.by_group.loc[group.name]
        assert group.selection_rate == pytest.approx(oracle["selection"])
        assert group.outcomes.true_positive_rate == pytest.approx(oracle["true"])
        assert group.outcomes.false_positive_rate == pytest.approx(oracle["false"])
    spread = frame.difference()
    assert report.demographic_parity_ratio == pytest.approx(frame.ratio()["selection"])
    assert report.demographic_parity_difference == pytest.approx(spread["selection"])
    found = report.group("a").outcomes
    assert found.auc_interval[0] < found.auc < found.auc_interval[1]
    assert report.equalized_odds_difference == pytest.approx(max(spread["true"], spread["false"]))


def test_it_averages_the_odds_of_the_good_and_the_bad() -> None:
    selected, names = _people(a=(40, 80), b=(60, 80))
    bad = np.array([i % 2 for i in range(160)])

    report = fairness.assess(np.full(160, 0.1), selected, names, attribute="group", bad=bad)

    found = report.group("a").outcomes
    assert found.average_odds_difference == pytest.approx(-0.25)
    assert found.false_positive_rate == pytest.approx(0.5)


def test_it_sees_which_group_is_promised_too_little_risk() -> None:
    rng = np.random.default_rng(5)
    groups = np.repeat(["a", "b"], 2000)
    pd = np.full(4000, 0.1)
    bad = (rng.random(4000) < np.where(groups == "a", 0.1, 0.16)).astype(int)

    report = fairness.assess(pd, np.ones(4000), groups, attribute="group", bad=bad)

    fine, off = report.group("a").outcomes, report.group("b").outcomes
    assert (fine.calibrated, off.calibrated) == (True, False)
    assert off.observed_interval[0] > off.mean_pd == pytest.approx(0.1)


def test_it_orders_within_groups_by_auc_and_leaves_one_class_undefined() -> None:
    pd = np.array([0.1, 0.2, 0.3, 0.4] * 10)
    bad = np.array([0, 0, 1, 1] * 5 + [0] * 20)

    report = fairness.assess(pd, np.ones(40), ["a"] * 20 + ["b"] * 20, attribute="group", bad=bad)

    assert report.group("a").outcomes.auc == 1.0
    assert report.group("b").outcomes.auc is None
    assert report.group("b").outcomes.false_positive_rate is None
    assert report.group("b").outcomes.average_odds_difference is None


def test_it_gives_no_verdict_on_calibration_from_few_outcomes() -> None:
    few = fairness.assess(
        np.full(29, 0.1), np.ones(29), ["a"] * 29, attribute="group", bad=[1] * 10 + [0] * 19
    )
    rare = fairness.assess(
        np.full(99, 0.1), np.ones(99), ["a"] * 99, attribute="group", bad=[1] * 4 + [0] * 95
    )

    assert few.group("a").outcomes.calibrated is None
    assert few.group("a").outcomes.caution == "Fewer than 30 people with a known outcome."
    assert rare.group("a").outcomes.caution == "Fewer than 5 good or bad outcomes."


def test_it_says_nothing_of_odds_if_only_the_approved_have_outcomes() -> None:
    selected, names = _people(a=(40, 80), b=(60, 80))
    bad = np.where(selected, [i % 2 for i in range(160)], np.nan)

    report = fairness.assess(np.full(160, 0.1), selected, names, attribute="group", bad=bad)

    found = report.group("a").outcomes
    assert (found.n, found.bads) == (40, 20)
    assert (found.true_positive_rate, found.equal_opportunity_difference) == (None, None)
    assert report.equalized_odds_difference is None


def test_it_has_no_outcomes_of_a_group_that_has_none_yet() -> None:
    bad = np.array([0.0] * 40 + [np.nan] * 40)

    report = fairness.assess(
        np.full(80, 0.1), np.ones(80), ["a"] * 40 + ["b"] * 40, attribute="group", bad=bad
    )

    assert report.group("a").outcomes.n == 40
    assert report.group("b").outcomes is None


def test_it_leaves_small_groups_out_of_the_summary() -> None:
    report = _assess(a=(50, 100), b=(60, 100), c=(0, 3))

    assert report.demographic_parity_ratio == pytest.approx(50 / 60)


def test_it_writes_the_report_as_json() -> None:
    written = json.loads(json.dumps(_assess(a=(30, 100), b=(60, 100)).to_dict()))

    assert written["flagged"] == ["a"]
    assert written["groups"][0]["comparison"]["verdict"] == "below four fifths"
    assert written["groups"][1]["comparison"] is None
    assert written["config"]["minimum_n"] == 30


@pytest.mark.parametrize(
    ("pd", "selected", "groups", "bad", "why"),
    [
        ([], [], [], None, "equally many"),
        ([0.1], [1, 0], ["a"], None, "equally many"),
        ([0.1], [1], ["a"], [0, 1], "equally many"),
        ([1.1], [1], ["a"], None, "between 0 and 1"),
        ([float("nan")], [1], ["a"], None, "between 0 and 1"),
        ([0.1], [2], ["a"], None, "selected"),
        ([0.1], [1], ["a"], [2], "outcome"),
    ],
)
def test_it_refuses_lists_that_say_nothing(
    pd: list[float], selected: list[int], groups: list[str], bad: list[int] | None, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        fairness.assess(pd, np.array(selected), groups, attribute="group", bad=bad)


def test_it_refuses_a_reference_nobody_belongs_to() -> None:
    with pytest.raises(ValueError, match="reference group 'x'"):
        _assess(a=(1, 2), config=FairnessConfig(reference="x"))


@pytest.mark.parametrize(
    "wrong", [{"minimum_n": 0}, {"minimum_expected": -1}, {"four_fifths": 0}, {"confidence": 1}]
)
def test_it_refuses_limits_that_mean_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"smallest group|between 0 and 1"):
        FairnessConfig(**wrong)


@given(count=counts)
def test_it_bounds_a_rate_as_scipy_does(count: Count) -> None:
    oracle = stats.binomtest(count.hits, count.total).proportion_ci(0.95, method="wilson")

    assert proportions.wilson(count) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


@given(count=counts, reference=counts)
def test_it_puts_every_estimate_inside_its_interval(count: Count, reference: Count) -> None:
    low, high = proportions.jeffreys(count)
    below, above = proportions.difference_interval(count, reference)
    ratio = proportions.ratio_interval(count, reference)

    assert low <= count.rate <= high
    assert below - 1e-12 <= count.rate - reference.rate <= above + 1e-12
    assert ratio is None or ratio[0] <= count.rate / reference.rate <= ratio[1]


def test_it_bounds_the_ratio_as_scipy_does() -> None:
    oracle = stats.contingency.relative_risk(30, 100, 40, 100).confidence_interval(0.95)

    found = proportions.ratio_interval(Count(30, 100), Count(40, 100))

    assert found == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_it_bounds_the_difference_as_newcombe_printed_it() -> None:
    # Newcombe 1998, table II, example (a), method 10.
    found = proportions.difference_interval(Count(56, 70), Count(48, 80))

    assert found == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_it_promises_no_certainty_from_everybody_or_nobody() -> None:
    assert proportions.ratio_interval(Count(0, 10), Count(5, 10)) is None
    assert proportions.ratio_interval(Count(10, 10), Count(10, 10)) is None
    assert proportions.pooled_p_value(Count(10, 10), Count(10, 10)) is None


def test_it_refuses_a_part_larger_than_the_whole() -> None:
    for hits, total in ((1, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="not a share"):
            Count(hits, total)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_it_does_not_depend_on_the_order_of_people(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pd, groups = rng.random(60), rng.choice(["a", "b", None], 60)
    bad, order = rng.integers(0, 2, 60), rng.permutation(60)
    selected = fairness.approved_below(pd, 0.5)

    found = fairness.assess(pd, selected, groups, attribute="group", bad=bad)
    again = fairness.assess(
        pd[order], selected[order], groups[order], attribute="group", bad=bad[order]
    )

    assert [(g.name, g.n, g.selected, g.comparison) for g in found.groups] == [
        (g.name, g.n, g.selected, g.comparison) for g in again.groups
    ]
    assert found.equalized_odds_difference == again.equalized_odds_difference
