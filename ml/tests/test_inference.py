"""A contract from an unknown frame: what it keeps, leaves out and repairs."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.inference import (
    OTHER,
    Hints,
    InferenceConfig,
    Inferred,
    infer_schema,
    outcomes,
    shape,
)
from ml.schema import SchemaError, SchemaViolation

LOOSE = InferenceConfig(fewest_of_a_level=1, fewest_rows_of_an_identifier=1000)


def _infer(frame: pd.DataFrame, **rest: Any) -> Inferred:
    return infer_schema(frame, name="unknown", **({"config": LOOSE} | rest))


def _kinds(inferred: Inferred) -> dict[str, str]:
    return {feature.name: feature.kind for feature in inferred.schema.features}


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([1, 2], "integer"),
        ([1.0, 2.0], "integer"),
        ([1.0, np.nan, 2.0], "integer"),
        ([0.5, 2.0], "number"),
        (["1", "2"], "integer"),
        (["1,234.5", "12"], "number"),
        (["10.65%", "8%"], "number"),
        (["1", "?"], "integer"),
        ([True, False], "boolean"),
        ([True, None, False], "boolean"),
        (["yes", "no"], "category"),
        (["1", "two"], "category"),
        ([1, "two"], "category"),
        ([True, "two"], "category"),
        (["1,23", "12"], "category"),
        (["True", "False"], "category"),
        ([10**400, 1], "integer"),
        ([Decimal("1.5"), Decimal(2)], "number"),
        (pd.Categorical(["own", "rent"]), "category"),
        (pd.array([1, None], dtype="Int64"), "integer"),
    ],
)
def test_it_tells_kinds_apart(column: Any, kind: str) -> None:
    assert _kinds(_infer(pd.DataFrame({"x": column}))) == {"x": kind}


def test_it_states_what_it_does_not_know() -> None:
    inferred = _infer(pd.DataFrame({"income": [1.5, np.nan], "Late Months": [0, 3]}))

    income, late = inferred.schema.features
    assert (income.direction, income.minimum, income.maximum, income.unit) == (0, None, None, "")
    assert (income.missing, late.missing) == ("allowed", "refused")
    assert income.missing_meaning
    assert (income.group, late.group) == ("income", "Late Months")


def test_it_makes_names_identifiers() -> None:
    frame = pd.DataFrame([[1, 2, 3, 4, 5], [2, 3, 4, 5, 7]])
    frame.columns = pd.Index(["Late Months", "Late-Months", "30 days", "%", 7])

    renames = _infer(frame).renames

    assert dict(renames) == {
        "Late Months": "Late_Months",
        "Late-Months": "Late_Months_2",
        "30 days": "x_30_days",
        "%": "column",
        "7": "x_7",
    }
    with pytest.raises(TypeError):
        renames["7"] = "seven"


def test_it_buckets_rare_levels_and_keeps_the_frequent_ones() -> None:
    levels = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 2 + ["e"]
    frame = pd.DataFrame({"x": levels})

    few = _infer(frame, config=InferenceConfig(fewest_of_a_level=3))
    fewer = _infer(frame, config=InferenceConfig(fewest_of_a_level=3, most_levels=2))

    assert few.schema.feature("x").categories == ("a", "b", "c", OTHER)
    assert fewer.schema.feature("x").categories == ("a", "b", OTHER)
    assert shape(frame, few).unseen == {"x": 3}
    assert shape(pd.DataFrame({"x": ["never seen", "a"]}), few).unseen == {"x": 1}


def test_it_leaves_out_what_can_be_no_feature() -> None:
    numbers = np.arange(30)
    frame = pd.DataFrame(
        {
            "amount": numbers * 1.5,
            "row": numbers[::-1],
            "customer_id": numbers * 7 % 31,
            "reference": [f"R{number}" for number in numbers],
            "always": ["x"] * 30,
            "empty": [None] * 30,
            "asked": ["2024-01-31"] * 15 + ["2024-02-29"] * 15,
            "when": pd.date_range("2024-01-01", periods=30),
            "rare": [f"level {number // 3}" for number in numbers],
            "gaps": [1.0] * 29 + [np.nan],
        }
    )

    dropped = infer_schema(frame, name="unknown").dropped

    assert dict(dropped) == {
        "row": "it tells rows apart, as an identifier does",
        "customer_id": "it tells rows apart, as an identifier does",
        "reference": "it tells rows apart, as an identifier does",
        "always": "it is constant",
        "empty": "it holds no value",
        "asked": "it is a date; turn it into an age at application",
        "when": "it is a date; turn it into an age at application",
        "rare": "none of its levels has 10 rows",
    }


def test_it_keeps_distinct_amounts() -> None:
    """An amount is often different in every row and still says much about the loan."""
    frame = pd.DataFrame({"amount": np.arange(30) ** 2, "paid": np.arange(30) * 2})

    assert not infer_schema(frame, name="unknown").dropped


@pytest.mark.parametrize(
    ("name", "is_left_out"),
    [
        ("ID", True),
        ("loan_no", True),
        ("CustomerId", True),
        ("systemloanid", True),
        ("paid", False),
        ("unpaid", False),
        ("casino", False),
    ],
)
def test_it_takes_a_distinct_whole_number_for_an_identifier_by_its_name(
    name: str, is_left_out: bool
) -> None:
    frame = pd.DataFrame({name: np.arange(30) * 7 % 31, "amount": np.arange(30) / 4})

    assert (name in infer_schema(frame, name="unknown").dropped) == is_left_out


def test_it_knows_protected_names_and_believes_a_person() -> None:
    frame = pd.DataFrame({"Age": [20, 30], "branch": ["a", "b"], "income": [1.0, 2.5]})

    schema = _infer(frame, hints=Hints(sensitive={"branch": "proxy"})).schema

    assert [feature.sensitivity for feature in schema.features] == ["protected", "proxy", "none"]
    assert schema.without_sensitive(proxies=True).names == ("income",)


def test_it_leaves_the_target_out() -> None:
    inferred = _infer(pd.DataFrame({"x": [1, 2], "bad": [0, 1]}), target="bad")

    assert (inferred.schema.names, inferred.target) == (("x",), "bad")


def test_it_reads_codes_as_categories_and_levels_as_ranks_when_told() -> None:
    frame = pd.DataFrame({"code": [1.0, 2.0, np.nan], "grade": ["low", "high", "odd"]})
    hints = Hints(categorical=["code"], ordered={"grade": ["low", "mid", "high"]})

    inferred = _infer(frame, hints=hints)
    shaped = shape(frame, inferred)

    assert _kinds(inferred) == {"code": "category", "grade": "integer"}
    assert shaped.frame["code"].tolist()[:2] == ["1", "2"]
    np.testing.assert_array_equal(shaped.frame["grade"], [0.0, 2.0, np.nan])
    assert shaped.repairs == {"grade": {"unranked": 1}}
    assert shape(frame.astype({"code": "Int64"}), inferred).unseen == {}


def test_it_counts_every_repair() -> None:
    frame = pd.DataFrame(
        {
            "amount": ["1,200", " 80 ", "?", "7.5%"],
            "ratio": [0.5, np.inf, -np.inf, np.nan],
            "home": ["own ", "", "NA", "rent"],
        },
        index=[7, 7, 8, 9],
    )

    shaped = shape(frame, _infer(frame))

    assert shaped.repairs == {
        "amount": {"blank": 1, "text": 3},
        "ratio": {"infinite": 2},
        "home": {"blank": 2},
    }
    np.testing.assert_array_equal(shaped.frame["amount"], [1200.0, 80.0, np.nan, 7.5])
    np.testing.assert_array_equal(shaped.frame["ratio"], [0.5, np.nan, np.nan, np.nan])
    assert shaped.frame["home"].isna().tolist() == [False, True, True, False]
    assert shaped.frame["home"].tolist()[0] == "own"
    assert shaped.frame.index.tolist() == [7, 7, 8, 9]


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ([1, "plenty"], "type"),
        (["1", "1.2.3"], "type"),
        ([1, True], "type"),
        ([1, pd.Timestamp(0)], "type"),
        ([1.0, np.nan], "missing"),
        ([1.0, np.inf], "missing"),
        ([1.0, 1.5], "type"),
    ],
)
def test_it_refuses_what_no_repair_explains(column: Any, rule: str) -> None:
    inferred = _infer(pd.DataFrame({"visits": [1, 2]}))

    with pytest.raises(SchemaViolation, match=r"^Row b: visits must be") as refused:
        shape(pd.DataFrame({"visits": column}, index=["a", "b"]), inferred)

    assert (refused.value.feature, refused.value.rule) == ("visits", rule)


def test_it_needs_only_the_columns_it_kept() -> None:
    frame = pd.DataFrame({"x": [1, 2], "always": [1, 1]})
    inferred = _infer(frame)

    assert list(shape(frame[["x"]], inferred).frame.columns) == ["x"]
    with pytest.raises(SchemaViolation, match="no column x"):
        shape(frame[["always"]], inferred)


def test_it_refuses_a_frame_that_says_nothing() -> None:
    frame = pd.DataFrame({"x": [1, 2], "always": [1, 1]})

    with pytest.raises(SchemaViolation, match="no rows"):
        _infer(frame.iloc[:0])
    with pytest.raises(SchemaViolation, match="x appears more than once"):
        _infer(pd.concat([frame, frame[["x"]]], axis=1))
    with pytest.raises(SchemaError, match="No column of unknown can be a feature: always: it is"):
        _infer(frame[["always"]])
    with pytest.raises(SchemaError, match="no column outcome"):
        _infer(frame, target="outcome")
    with pytest.raises(SchemaError, match="no column grade"):
        _infer(frame, hints=Hints(ordered={"grade": ["low"]}))


def test_it_reads_outcomes_by_the_word_for_bad() -> None:
    assert outcomes(pd.Series(["paid", "lost", "paid"]), bad="lost").tolist() == [0.0, 1.0, 0.0]
    with pytest.raises(ValueError, match="Row 1 has no outcome"):
        outcomes(pd.Series(["paid", None]), bad="lost")
    with pytest.raises(ValueError, match="one of two values"):
        outcomes(pd.Series(["paid", "late", "lost"]), bad="lost")
    with pytest.raises(ValueError, match="one of two values"):
        outcomes(pd.Series(["paid", "late"]), bad="lost")


cell = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats()
    | st.sampled_from(["own", " rent", "?", "", "1.5", "2024-01-01", "NaN", "1,000"])
)


@settings(max_examples=60, deadline=None)
@given(table=st.lists(st.tuples(cell, cell, cell), min_size=2, max_size=8))
def test_it_always_fits_the_frame_it_was_made_from(table: list[tuple[object, ...]]) -> None:
    frame = pd.DataFrame(table, columns=["a", "b", "a b"])

    try:
        inferred = _infer(frame)
    except SchemaError:
        return
    shaped = shape(frame, inferred)

    matrix = inferred.schema.to_matrix(shaped.frame)
    assert matrix.shape == (len(frame), len(inferred.schema.names))
    assert not np.isinf(matrix).any()
