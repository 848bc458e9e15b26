"""Nobody is asked for what is protected, sensitive, unbounded or unknown to the schema."""

import math
from typing import Any

import pytest

from ml.counterfactual import Actionable, ActionRefused, ActionTable
from ml.schema import Feature, Schema
from ml.tests.recourse_example import AMOUNT, number, table


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"feature": "applicant_age"}, "protected attribute"),
        ({"feature": "gender"}, "protected attribute"),
        ({"direction": 2}, "direction must be"),
        ({"step": 0.0}, "step must be above 0"),
        ({"step": math.inf}, "step must be above 0"),
        ({"weight": -1.0}, "weight must be above 0"),
        ({"lowest": math.nan}, "not a finite number"),
        ({"lowest": 5, "highest": 4}, "exclude each other"),
        ({"step": 0.5, "integer": True}, "whole number"),
    ],
)
def test_it_refuses_an_action_nobody_may_ask_for(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ActionRefused, match=why):
        Actionable(**{"feature": "amount", "step": 1.0, **wrong})


@pytest.mark.parametrize(
    ("actions", "others", "why"),
    [
        ((Actionable(feature="charm", step=1),), {}, "charm is not a feature of loan"),
        ((AMOUNT,), {"linked": ("charm",)}, "charm is not a feature of loan"),
        ((AMOUNT, AMOUNT), {}, "in the table twice"),
        ((AMOUNT,), {"linked": ("amount",)}, "follows from other features"),
        ((Actionable(feature="purpose", step=1),), {}, "no amount to move"),
        ((Actionable(feature="months", step=1),), {}, "must say integer"),
    ],
)
def test_it_refuses_a_table_that_does_not_fit_the_schema(
    actions: tuple[Actionable, ...], others: dict[str, Any], why: str
) -> None:
    with pytest.raises(ActionRefused, match=why):
        table(*actions, **others)


@pytest.mark.parametrize("sensitivity", ["protected", "proxy"])
def test_it_refuses_what_the_schema_declares_sensitive(sensitivity: Any) -> None:
    declared = number("postcode_income", sensitivity=sensitivity)
    schema = Schema("sensitive", 1, (declared,))

    with pytest.raises(ActionRefused, match=f"the schema calls it {sensitivity}"):
        ActionTable(schema=schema, actions=(Actionable(feature=declared.name, step=1),))


def test_it_refuses_to_move_without_bounds() -> None:
    open_ended = Schema("open", 1, (Feature("wealth", "number", group="w", minimum=0),))
    rises = Actionable(feature="wealth", step=1, direction=1)

    with pytest.raises(ActionRefused, match="no limit on a side"):
        ActionTable(schema=open_ended, actions=(rises,))
    ActionTable(schema=open_ended, actions=(Actionable(feature="wealth", step=1, direction=-1),))
