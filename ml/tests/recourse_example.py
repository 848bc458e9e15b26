"""A small loan schema and a margin that anyone can work out by hand."""

from typing import Any

import numpy as np

from ml.counterfactual import Actionable, ActionTable
from ml.schema import Feature, Schema
from ml.tests.explained_models import Floats


def number(name: str, direction: int = 0, **declared: Any) -> Feature:
    """Return a number from 0 to 1,000 unless declared otherwise."""
    return Feature(
        name,
        "number",
        group=name,
        direction=direction,
        **{"minimum": 0, "maximum": 1000, **declared},
    )


LOAN = Schema(
    "loan",
    1,
    (
        number("amount", 1),
        number("income", -1),
        number("savings", -1, missing="allowed", missing_meaning="Not known."),
        number("ratio", 1),
        number("mood"),
        Feature("months", "integer", group="term", minimum=1, maximum=60, direction=1),
        Feature("purpose", "category", group="purpose", categories=("car", "home")),
    ),
)
ROW = np.array([100.0, 50.0, 10.0, 2.0, 5.0, 24.0, 1.0])
AMOUNT = Actionable(feature="amount", direction=-1, lowest=20, step=1)
INCOME = Actionable(feature="income", direction=1, highest=100, step=1)
SAVINGS = Actionable(feature="savings", direction=1, highest=100, step=5)


def table(*actions: Actionable, **others: Any) -> ActionTable:
    """Return the table of these actions on the loan schema."""
    return ActionTable(schema=LOAN, actions=actions, **others)


def risk(matrix: Floats) -> Floats:
    """Return a monotone margin: 2 for the present row."""
    margins: Floats = 0.1 * matrix[:, 0] - 0.1 * matrix[:, 1] - 0.3 * matrix[:, 2]
    return margins
