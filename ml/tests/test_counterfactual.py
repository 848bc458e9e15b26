"""Suggested changes are allowed, verified, as small as can be, and the same every time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import counterfactual
from ml.counterfactual import Actionable, Change, SearchConfig
from ml.tests.explained_models import Floats
from ml.tests.recourse_example import AMOUNT, INCOME, ROW, SAVINGS, risk, table


def with_ratio(matrix: Floats) -> Floats:
    matrix[..., 3] = matrix[..., 0] / matrix[..., 1]
    return matrix


def changes(found: counterfactual.Counterfactuals) -> list[dict[str, float]]:
    return [{each.feature: each.after for each in s.changes} for s in found.suggestions]


# One feature


def test_it_finds_the_smallest_monotone_change() -> None:
    found = counterfactual.search(risk, ROW, table(AMOUNT), target_margin=1.05)

    # 0.1 x 90 - 8 = 1.0 meets 1.05; 91 gives 1.1.
    (suggestion,) = found.suggestions
    assert suggestion.changes == (Change(feature="amount", before=100.0, after=90.0),)
    assert suggestion.linked == ()
    assert suggestion.margin == pytest.approx(1.0)
    assert suggestion.cost == 10.0
    assert found.present_margin == pytest.approx(2.0)
    assert not found.already_met


@settings(max_examples=60, deadline=None)
@given(
    present=st.floats(30, 200),
    step=st.sampled_from([0.05, 0.3, 1.0, 2.5, 7.0]),
    share=st.floats(0.01, 1.3),
    bend=st.floats(0.2, 3),
)
def test_it_equals_a_search_of_the_whole_grid(
    present: float, step: float, share: float, bend: float
) -> None:
    row = ROW.copy()
    row[0] = present

    def score(matrix: Floats) -> Floats:
        curve: Floats = (matrix[:, 0] / 100) ** bend
        return curve

    target = float((present * (1 - share) / 100) ** bend) if share < 1 else -1.0
    action = Actionable(feature="amount", direction=-1, lowest=-0.7, relative=True, step=step)

    found = counterfactual.search(score, row, table(action), target_margin=target)

    grid = [
        value
        for multiple in range(math.floor(present / step) + 1)
        if present * 0.3 <= (value := round(multiple * step, 9)) < present - 1e-9 * step
    ]
    enough = [value for value in grid if (value / 100) ** bend <= target]
    assert changes(found) == ([{"amount": pytest.approx(max(enough))}] if enough else [])


def test_it_scores_few_rows_where_the_schema_promises_a_monotone_response() -> None:
    fine = Actionable(feature="amount", direction=-1, lowest=0, step=0.001)

    found = counterfactual.search(risk, ROW, table(fine), target_margin=1.05001)

    # One of 100,000 values: two to the power of seventeen.
    assert changes(found) == [{"amount": 90.5}]
    assert found.evaluations < 25


def test_it_finds_the_nearest_value_without_a_promise() -> None:
    action = Actionable(feature="mood", lowest=0, highest=1000, step=1)

    def valley(matrix: Floats) -> Floats:
        # Low between 30 and 32, and at 0 which is farther than it looks from 28.
        mood = matrix[:, 4]
        return np.where((mood >= 30) & (mood <= 32), -1.0, 1.0)

    row = ROW.copy()
    row[4] = 28.0
    up = counterfactual.search(valley, row, table(action), target_margin=0.0)
    row[4] = 40.0
    down = counterfactual.search(valley, row, table(action), target_margin=0.0)

    assert changes(up) == []  # 972 values, 64 tried at first: the valley lies between them
    assert changes(down) == [{"mood": 32.0}]
    wide = SearchConfig(levels=1000)
    row[4] = 28.0
    exact = counterfactual.search(valley, row, table(action), target_margin=0.0, config=wide)
    assert changes(exact) == [{"mood": 30.0}]


def test_it_does_not_trust_directions_when_told_so() -> None:
    def broken(matrix: Floats) -> Floats:
        return np.where(matrix[:, 0] == 60, -1.0, 1.0)

    trusting = counterfactual.search(broken, ROW, table(AMOUNT), target_margin=0.0)
    careful = counterfactual.search(
        broken,
        ROW,
        table(AMOUNT),
        target_margin=0.0,
        config=SearchConfig(monotone=False, levels=80),
    )

    assert changes(trusting) == []
    assert changes(careful) == [{"amount": 60.0}]


def test_it_offers_round_figures() -> None:
    row = ROW.copy()
    row[0] = 97.3
    tenths = Actionable(feature="amount", direction=-1, lowest=0, step=0.1)
    fives = Actionable(feature="amount", direction=-1, lowest=0, step=5)

    fine = counterfactual.search(risk, row, table(tenths), target_margin=1.701)
    coarse = counterfactual.search(risk, row, table(fives), target_margin=1.7)

    assert changes(fine) == [{"amount": 97.0}]
    assert changes(coarse) == [{"amount": 95.0}]
    assert coarse.suggestions[0].cost == pytest.approx((97.3 - 95) / 5)


def test_it_keeps_whole_numbers_whole_and_inside_the_schema() -> None:
    months = Actionable(feature="months", direction=-1, lowest=-5, step=6, integer=True)

    found = counterfactual.search(
        lambda matrix: matrix[:, 5], ROW, table(months), target_margin=14.0
    )
    least = counterfactual.search(
        lambda matrix: matrix[:, 5], ROW, table(months), target_margin=0.0
    )

    assert changes(found) == [{"months": 12.0}]
    # 0 is a multiple of six, but the schema starts at 1.
    assert (changes(least), least.best_margin) == ([], 6.0)


def test_it_starts_inside_limits_that_the_present_value_is_outside_of() -> None:
    action = Actionable(feature="savings", direction=1, lowest=40, highest=60, step=5)

    found = counterfactual.search(risk, ROW, table(action), target_margin=1.9)

    assert changes(found) == [{"savings": 40.0}]


def test_it_cannot_move_what_nobody_knows() -> None:
    row = ROW.copy()
    row[2] = np.nan

    found = counterfactual.search(
        lambda matrix: risk(np.nan_to_num(matrix)), row, table(SAVINGS), target_margin=0.0
    )

    assert (found.suggestions, found.best_changes) == ((), ())


# Several features


def test_it_needs_two_where_one_is_not_enough() -> None:
    amount = Actionable(feature="amount", direction=-1, lowest=95, step=1)
    income = Actionable(feature="income", direction=1, highest=58, step=1)

    found = counterfactual.search(risk, ROW, table(amount, income), target_margin=1.0)

    (suggestion,) = found.suggestions
    steps = {each.feature: abs(each.after - each.before) for each in suggestion.changes}
    assert steps.keys() == {"amount", "income"}
    assert sum(steps.values()) == 10
    assert suggestion.cost == 10.0


def test_it_needs_three_where_two_are_not_enough() -> None:
    amount = Actionable(feature="amount", direction=-1, lowest=95, step=1)
    income = Actionable(feature="income", direction=1, highest=55, step=1)
    savings = Actionable(feature="savings", direction=1, highest=20, step=1)

    found = counterfactual.search(risk, ROW, table(amount, income, savings), target_margin=-1.8)
    two = counterfactual.search(
        risk,
        ROW,
        table(amount, income, savings),
        target_margin=-1.8,
        config=SearchConfig(most_features=2),
    )

    assert [len(each.changes) for each in found.suggestions] == [3]
    assert (two.suggestions, two.best_margin) == ((), pytest.approx(-1.5))


def test_it_offers_few_features_first_then_the_cheaper() -> None:
    dear = Actionable(feature="income", direction=1, highest=100, step=1, weight=3)

    found = counterfactual.search(risk, ROW, table(dear, AMOUNT, SAVINGS), target_margin=1.0)

    # Savings 10 -> 15 costs one step; amount ten; income ten at three.
    assert changes(found) == [{"savings": 15.0}, {"amount": 90.0}, {"income": 60.0}]
    assert [each.cost for each in found.suggestions] == [1.0, 10.0, 30.0]


def test_it_offers_a_mixture_only_if_it_costs_less_than_its_parts() -> None:
    def bent(matrix: Floats) -> Floats:
        # The first steps of each feature help most, so halves of two beat the whole of one.
        moved = np.sqrt(100 - matrix[:, 0]) + np.sqrt(matrix[:, 1] - 50)
        return -moved

    both = counterfactual.search(bent, ROW, table(AMOUNT, INCOME), target_margin=-6.0)
    straight = counterfactual.search(risk, ROW, table(AMOUNT, INCOME), target_margin=1.0)

    assert changes(both)[:2] == [{"amount": 64.0}, {"income": 86.0}]
    assert changes(both)[2].keys() == {"amount", "income"}
    # The best of all mixtures is nine steps of each.
    assert [each.cost for each in both.suggestions[:2]] == [36.0, 36.0]
    assert 18.0 <= both.suggestions[2].cost <= 18.5
    assert changes(straight) == [{"amount": 90.0}, {"income": 60.0}]


def test_it_moves_a_feature_one_way_only() -> None:
    mood = Actionable(feature="mood", lowest=0, highest=10, step=1)

    found = counterfactual.search(
        lambda matrix: -np.abs(matrix[:, 4] - 5), ROW, table(mood), target_margin=-2.0
    )

    assert changes(found) == [{"mood": 3.0}]


def test_it_gives_an_honest_empty_answer_with_the_best_it_met() -> None:
    found = counterfactual.search(risk, ROW, table(AMOUNT, INCOME), target_margin=-50.0)

    assert found.suggestions == ()
    assert found.best_margin == pytest.approx(0.1 * 20 - 0.1 * 100 - 3)
    assert {each.feature: each.after for each in found.best_changes} == {
        "amount": 20.0,
        "income": 100.0,
    }


def test_it_changes_nothing_where_nothing_needs_to_change() -> None:
    found = counterfactual.search(risk, ROW, table(AMOUNT), target_margin=2.5)

    assert (found.already_met, found.suggestions, found.best_changes) == (True, (), ())


def test_it_does_not_try_what_the_schema_says_is_riskier() -> None:
    either = Actionable(feature="amount", step=1, lowest=20, highest=200)

    found = counterfactual.search(risk, ROW, table(either), target_margin=-50.0)

    assert {each.feature: each.after for each in found.best_changes} == {"amount": 20.0}
    assert found.evaluations < 5


# Linked features


def test_it_recomputes_what_follows_and_says_so() -> None:
    def by_ratio(matrix: Floats) -> Floats:
        return matrix[:, 3]

    found = counterfactual.search(
        by_ratio,
        ROW,
        table(AMOUNT, linked=("ratio",)),
        target_margin=1.61,
        derive=with_ratio,
    )

    (suggestion,) = found.suggestions
    assert changes(found) == [{"amount": 80.0}]
    assert suggestion.linked == (Change(feature="ratio", before=2.0, after=1.6),)
    assert suggestion.margin == pytest.approx(1.6)


def test_it_never_offers_a_linked_value_outside_the_schema() -> None:
    def by_twice(matrix: Floats) -> Floats:
        return -matrix[:, 1]

    def to_negative(matrix: Floats) -> Floats:
        matrix[..., 3] = 52.0 - matrix[..., 1]
        return matrix

    found = counterfactual.search(
        by_twice, ROW, table(INCOME, linked=("ratio",)), target_margin=-53.0, derive=to_negative
    )

    # Only 51 and 52 leave the ratio at 0 or above, and neither is enough.
    assert (found.suggestions, found.best_margin) == ((), -52.0)


def test_it_refuses_a_row_or_a_rule_that_contradicts_itself() -> None:
    row = ROW.copy()
    row[3] = 2.5

    def meddling(matrix: Floats) -> Floats:
        matrix[..., 6] = 0.0
        return matrix

    linked = table(AMOUNT, linked=("ratio",))
    with pytest.raises(ValueError, match="ratio of the row does not follow"):
        counterfactual.search(risk, row, linked, target_margin=0.0, derive=with_ratio)
    with pytest.raises(ValueError, match="changed purpose, which is not declared as linked"):
        counterfactual.search(risk, ROW, linked, target_margin=0.0, derive=meddling)
    with pytest.raises(ValueError, match="derive returned shape"):
        counterfactual.search(
            risk, ROW, linked, target_margin=0.0, derive=lambda matrix: matrix[:, :2]
        )


# Refusals


@pytest.mark.parametrize("target", [math.nan, math.inf])
def test_it_refuses_a_target_that_is_no_number(target: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        counterfactual.search(risk, ROW, table(AMOUNT), target_margin=target)


def test_it_refuses_margins_that_are_none() -> None:
    for score in (lambda matrix: matrix[:, 0] * np.nan, lambda matrix: matrix):
        with pytest.raises(ValueError, match="one margin for every row"):
            counterfactual.search(score, ROW, table(AMOUNT), target_margin=0.0)


@pytest.mark.parametrize(
    "wrong", [{"suggestions": 0}, {"most_features": 4}, {"levels": 1}, {"beam": 0}]
)
def test_it_refuses_a_configuration_without_a_search(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"Ask for|The search needs"):
        SearchConfig(**wrong)
