"""How much the declined must overstate, found for models where a formula gives the answer."""

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import sensitivity
from ml.calibration import probability
from ml.overstatement import Overstatement, OverstatementConfig, overstatement
from ml.schema import Feature, Schema
from ml.sensitivity import Subject

Floats = npt.NDArray[np.float64]

INCOME = Feature("income", "number", group="Affordability", minimum=0, maximum=1e6, direction=-1)
RATIO = Feature("loan_to_income", "number", group="Affordability", minimum=0, direction=1)
DELAYS = Feature(
    "delays",
    "integer",
    group="History",
    minimum=0,
    maximum=9,
    missing="allowed",
    missing_meaning="No report.",
    direction=1,
)
HOME = Feature("home", "category", group="Residence", categories=("own", "rent", "family"))
OWNER = Feature("owner", "boolean", group="Residence")
SCHEMA = Schema("test", 1, (INCOME, RATIO, DELAYS, HOME, OWNER))
ROWS = np.array(
    [
        [50_000.0, 0.2, 0.0, 0.0, 1.0],
        [40_000.0, 0.5, 1.0, 1.0, 0.0],
        [20_000.0, 1.0, np.nan, 2.0, 0.0],
        [10_000.0, 2.0, 4.0, 1.0, 1.0],
    ]
)


def by_delays(matrix: Floats) -> Floats:
    """Return 10 % plus 10 points for every delay; without a report 90 %."""
    return np.nan_to_num(0.1 + 0.1 * matrix[:, 2], nan=0.9)


def by_income(matrix: Floats) -> Floats:
    """Return one half at an income of 25,000 and less above it."""
    return probability((25_000 - matrix[:, 0]) / 10_000)


def subject(
    score: sensitivity.Score = by_income, matrix: Floats = ROWS, cut_off: float = 0.5
) -> Subject:
    return Subject(score, SCHEMA, matrix, cut_off)


def declare(score: sensitivity.Score = by_income, **rules: object) -> Overstatement:
    config = OverstatementConfig(**rules)  # type: ignore[arg-type]  # mixed test rules
    return overstatement(subject(score), ["income"], config=config)


def test_it_finds_the_smallest_overstatement_that_is_enough() -> None:
    found = declare(ceiling=2.0)

    # Approved from just above 25,000: 20,000 needs a quarter more, 10,000 one and a half times.
    assert found.declined.tolist() == [2, 3]
    assert found.needed == pytest.approx([0.25, 1.5], abs=1e-4)
    assert (found.needed >= [0.25, 1.5]).all()
    assert found.flipped == ((0.05, 0.0), (0.10, 0.0), (0.20, 0.0), (0.50, 0.5))


def test_it_says_whom_the_ceiling_does_not_help() -> None:
    found = declare()

    assert found.needed[0] == pytest.approx(0.25, abs=1e-4)
    assert np.isnan(found.needed[1])
    assert found.within_ceiling == 0.5
    shown = json.loads(json.dumps(found.to_dict()))
    assert shown["declined"] == 2
    assert shown["needed_quantiles"]["0.5"] == pytest.approx(0.25, abs=1e-4)
    assert shown["needed_quantiles"]["0.95"] is None


def test_it_recalculates_what_follows_from_the_statement() -> None:
    def by_ratio(rows: Floats) -> Floats:
        return np.where(rows[:, 1] < 1.0, 0.1, 0.9)

    def derive(rows: Floats) -> Floats:
        derived = rows.copy()
        # The two who are declined both asked for 20,000.
        derived[:, 1] = 20_000 / rows[:, 0]
        return derived

    without = overstatement(subject(by_ratio), ["income"])
    linked = overstatement(
        subject(by_ratio), ["income"], derive=derive, config=OverstatementConfig(ceiling=1.5)
    )

    assert np.isnan(without.needed).all()
    assert linked.needed == pytest.approx([0.0, 1.0], abs=1e-4)


def test_it_understates_what_one_would_rather_hide() -> None:
    matrix = np.tile(ROWS[0], (2, 1))
    matrix[:, 2] = [5.0, 9.0]
    config = OverstatementConfig(understate=True, levels=(0.2,))

    found = overstatement(subject(by_delays, matrix), ["delays"], config=config)

    # Three delays are approved, and whole numbers round: 3.5 of 5 and of 9 are the borders.
    assert found.needed == pytest.approx([0.3, 1 - 3.5 / 9], abs=2e-4)
    assert found.flipped == ((0.2, 0.0),)


def test_it_cannot_overstate_beyond_the_declared_range_or_what_is_missing() -> None:
    def never(rows: Floats) -> Floats:
        return np.where(rows[:, 0] > 1e6, 0.1, 0.9)

    rich = np.array([[900_000.0, 1.0, 0.0, 0.0, 0.0], [np.nan, 1.0, 0.0, 0.0, 0.0]])

    found = overstatement(subject(never, rich), ["income"])

    assert np.isnan(found.needed).all()
    assert found.flipped[-1] == (0.5, 0.0)


def test_it_has_no_share_where_nobody_is_declined() -> None:
    found = overstatement(subject(lambda rows: np.full(len(rows), 0.1)), ["income"])

    assert (len(found.declined), found.within_ceiling) == (0, None)
    assert found.flipped[0] == (0.05, None)
    assert found.to_dict()["needed_quantiles"]["0.5"] is None


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        ([], "at least one feature"),
        (["wealth"], "wealth is not a feature of test"),
        (["home"], "home is not a number"),
        (["owner"], "owner is not a number"),
    ],
)
def test_it_refuses_what_cannot_be_overstated(features: list[str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        overstatement(subject(by_income), features)


def test_it_refuses_a_derivation_that_loses_columns() -> None:
    with pytest.raises(ValueError, match="shape of the matrix"):
        overstatement(subject(by_income), ["income"], derive=lambda rows: rows[:, :2])


@pytest.mark.parametrize(
    "wrong",
    [
        {"precision": 0.0},
        {"precision": 2.0},
        {"levels": (0.0,)},
        {"levels": (1.5,)},
        {"understate": True, "ceiling": 1.5},
        {"rows": 0},
    ],
)
def test_it_refuses_a_search_without_ground_or_end(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must lie|more than all|At least one"):
        OverstatementConfig(**wrong)  # type: ignore[arg-type]  # the wrong numbers are the point


@given(incomes=st.lists(st.floats(13_000, 24_900), min_size=1, max_size=20))
def test_it_finds_what_the_formula_gives(incomes: list[float]) -> None:
    matrix = np.tile(ROWS[0], (len(incomes), 1))
    matrix[:, 0] = incomes

    found = overstatement(subject(by_income, matrix), ["income"])

    assert found.needed == pytest.approx(25_000 / np.array(incomes) - 1, abs=1e-4)
    assert (by_income(matrix * (1 + found.needed[:, np.newaxis])) < 0.5).all()
