"""On a real model every suggestion is allowed, enough, and needed in each of its parts."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import counterfactual
from ml.application_schema import SCHEMA
from ml.counterfactual import Actionable, ActionTable
from ml.tests.explained_models import Floats, applicants

NAMES = SCHEMA.names
APPLICATION = ActionTable(
    schema=SCHEMA,
    actions=(
        Actionable(feature="amount", direction=-1, lowest=-0.6, relative=True, step=5000),
        Actionable(feature="term_months", direction=-1, lowest=6, step=6, integer=True, weight=2),
        Actionable(feature="enquiries_6m", direction=-1, lowest=0, step=1, integer=True, weight=5),
        Actionable(feature="revolving_utilisation", direction=-1, lowest=0.1, step=0.05),
        Actionable(feature="employment_months", direction=1, highest=480, step=3, integer=True),
    ),
    linked=("amount_to_income",),
)


def amount_to_income(matrix: Floats) -> Floats:
    amount, income = matrix[..., NAMES.index("amount")], matrix[..., NAMES.index("annual_income")]
    matrix[..., NAMES.index("amount_to_income")] = amount / income
    return matrix


def limits(row: Floats) -> dict[str, tuple[float, float]]:
    present = dict(zip(NAMES, row.tolist(), strict=True))
    return {
        "amount": (0.4 * present["amount"], present["amount"]),
        "term_months": (6, present["term_months"]),
        "enquiries_6m": (0, present["enquiries_6m"]),
        "revolving_utilisation": (0.1, present["revolving_utilisation"]),
        "employment_months": (present["employment_months"], 480),
    }


@settings(max_examples=25, deadline=None)
@given(place=st.integers(0, 1999), ask=st.floats(0.05, 1.2))
def test_it_suggests_only_what_is_allowed_enough_and_needed(place: int, ask: float) -> None:
    model, matrix, _ = applicants()
    row = matrix[place]
    target = float(model.margins(row[None, :])[0]) - ask

    found, again = (
        counterfactual.search(
            model.margins, row, APPLICATION, target_margin=target, derive=amount_to_income
        )
        for _ in range(2)
    )

    assert found == again
    for suggestion in found.suggestions:
        assert_holds(row, suggestion, target)
    assert found.best_margin <= min(
        (each.margin for each in found.suggestions), default=found.present_margin
    )
    assert (not found.suggestions) == (found.best_margin > target)
    moved = [frozenset(each.feature for each in s.changes) for s in found.suggestions]
    assert len(set(moved)) == len(moved)
    assert [len(names) for names in moved] == sorted(len(names) for names in moved)


def assert_holds(row: Floats, suggestion: counterfactual.Suggestion, target: float) -> None:
    model, _, _ = applicants()
    steps = {action.feature: action.step for action in APPLICATION.actions}
    changed = row.copy()
    for each in suggestion.changes:
        low, high = limits(row)[each.feature]
        assert low <= each.after <= high
        assert each.after / steps[each.feature] == pytest.approx(
            round(each.after / steps[each.feature])
        )
        changed[NAMES.index(each.feature)] = each.after
    amount_to_income(changed)
    assert float(model.margins(changed[None, :])[0]) == suggestion.margin <= target
    # Taking any one change back by a step towards the present is not enough.
    for each in suggestion.changes:
        less = changed.copy()
        back = math.copysign(steps[each.feature], each.before - each.after)
        nearer = each.after + back
        beyond = (nearer - each.before) * back > 0
        less[NAMES.index(each.feature)] = each.before if beyond else nearer
        amount_to_income(less)
        assert float(model.margins(less[None, :])[0]) > target
