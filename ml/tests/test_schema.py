"""The data contract: what fits, what does not, and why."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.application_schema import BUREAU, PROTECTED, SCHEMA
from ml.schema import Feature, Schema, SchemaError, SchemaViolation

LEFT_OUT = "Not stated."
TINY = Schema(
    "tiny",
    3,
    (
        Feature("amount", "number", group="g", minimum=0.01, maximum=1000, direction=1),
        Feature(
            "visits",
            "integer",
            group="g",
            minimum=0,
            missing="allowed",
            missing_meaning=LEFT_OUT,
        ),
        Feature("home", "category", group="g", categories=("own", "rent")),
        Feature("job", "category", group="g", categories=("paid", "else"), other="else"),
        Feature("known", "boolean", group="g", missing="allowed", missing_meaning=LEFT_OUT),
    ),
)
OPEN = Schema(
    "open",
    1,
    (
        Feature("age", "integer", group="g", sensitivity="protected"),
        Feature("postcode", "category", group="g", categories=("1", "2"), sensitivity="proxy"),
        Feature("income", "number", group="g"),
    ),
)
ROW: dict[str, object] = {
    "amount": 5.0,
    "visits": 2,
    "home": "rent",
    "job": "paid",
    "known": True,
}

BROKEN = [
    pytest.param("amount", None, "missing", id="missing"),
    pytest.param("amount", "5", "type", id="text"),
    pytest.param("amount", True, "type", id="true is no number"),
    pytest.param("amount", np.True_, "type", id="numpy's true neither"),
    pytest.param("amount", math.nan, "finite", id="nan"),
    pytest.param("amount", math.inf, "finite", id="infinity"),
    pytest.param("amount", 10**400, "finite", id="beyond float"),
    pytest.param("amount", 0.0, "minimum", id="too small"),
    pytest.param("amount", 1000.5, "maximum", id="too large"),
    pytest.param("visits", 2.0, "type", id="a float is no count"),
    pytest.param("visits", -1, "minimum", id="negative count"),
    pytest.param("home", "tent", "category", id="new category"),
    pytest.param("home", 1, "type", id="a number is no category"),
    pytest.param("job", 1, "type", id="nor for the bucket"),
    pytest.param("job", "a\x00b", "type", id="NUL is no text"),
    pytest.param("job", "\ud800", "type", id="nor is half of a character"),
    pytest.param("known", 1, "type", id="a number is not true"),
]


def test_it_returns_a_row_that_fits() -> None:
    assert TINY.validate_row(ROW | {"amount": 5}) == ROW
    assert TINY.validate_row(ROW | {"visits": None, "known": None})["visits"] is None


def test_it_encodes_a_row_for_the_model() -> None:
    encoded = TINY.to_matrix_row(ROW | {"visits": None})

    assert encoded.dtype == np.float64
    np.testing.assert_array_equal(encoded, [5.0, np.nan, 1.0, 0.0, 1.0])


@pytest.mark.parametrize(("name", "value", "rule"), BROKEN)
def test_it_names_feature_and_rule(name: str, value: object, rule: str) -> None:
    for reads in (TINY.validate_row, TINY.to_matrix_row):
        with pytest.raises(SchemaViolation, match=f"^{name} must be") as refused:
            reads(ROW | {name: value})

        assert (refused.value.feature, refused.value.rule) == (name, rule)
        assert refused.value.value is value


def test_it_keeps_a_hostile_value_out_of_the_sentence() -> None:
    with pytest.raises(SchemaViolation) as refused:
        TINY.validate_row(ROW | {"home": "x" * 100_000})

    assert len(str(refused.value)) < 200


def test_it_refuses_a_key_too_few_and_a_key_too_many() -> None:
    lacking = {name: value for name, value in ROW.items() if name != "home"}

    with pytest.raises(SchemaViolation, match="home is not among") as few:
        TINY.validate_row(lacking)
    with pytest.raises(SchemaViolation, match="gender is not a feature of tiny") as many:
        TINY.validate_row(ROW | {"gender": "f"})

    assert (few.value.rule, many.value.rule) == ("missing_feature", "unknown_feature")


def test_it_buckets_and_counts_an_unseen_category() -> None:
    frame = pd.DataFrame([ROW, ROW | {"job": "astronaut"}])

    encoded = TINY.encode(frame)

    assert encoded.matrix[:, 3].tolist() == [0.0, 1.0]
    assert encoded.unseen == {"job": 1}
    assert TINY.unseen_in_row(ROW | {"job": "astronaut"}) == ("job",)
    assert TINY.to_matrix_row(ROW | {"job": "astronaut"})[3] == 1.0
    assert TINY.validate_row(ROW | {"job": "astronaut"})["job"] == "astronaut"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [case for case in BROKEN if not str(case.id).startswith(("nan", "a float"))],
)
def test_it_names_the_row_of_a_frame(name: str, value: object, rule: str) -> None:
    rows = [ROW, ROW | {name: value}, ROW]
    frame = pd.DataFrame(rows, index=[11, 12, 13], dtype=object)

    with pytest.raises(SchemaViolation, match=rf"^Row 12: {name} must be") as refused:
        TINY.validate_frame(frame)

    assert (refused.value.feature, refused.value.rule, refused.value.row) == (name, rule, 12)


@pytest.mark.parametrize(
    ("name", "column", "rule"),
    [
        ("amount", [5.0, np.inf], "finite"),
        ("amount", [5.0, np.nan], "missing"),
        ("amount", [5.0, 1001.0], "maximum"),
        ("amount", [5, 0], "minimum"),
        ("amount", [True, False], "type"),
        ("visits", [1.0, 1.5], "type"),
        ("visits", pd.array([1, -1], dtype="Int64"), "minimum"),
        ("home", pd.Categorical(["own", "tent"]), "category"),
    ],
)
def test_it_checks_typed_columns(name: str, column: object, rule: str) -> None:
    frame = pd.DataFrame([ROW, ROW])
    frame[name] = pd.Series(column)

    with pytest.raises(SchemaViolation) as refused:
        TINY.to_matrix(frame)

    assert (refused.value.feature, refused.value.rule) == (name, rule)


def test_it_refuses_an_empty_frame_and_a_doubled_column() -> None:
    frame = pd.DataFrame([ROW])

    with pytest.raises(SchemaViolation, match="no rows"):
        TINY.to_matrix(frame.iloc[:0])
    with pytest.raises(SchemaViolation, match="home appears more than once"):
        TINY.to_matrix(pd.concat([frame, frame[["home"]]], axis=1))
    with pytest.raises(SchemaViolation, match="home is not among"):
        TINY.to_matrix(frame.drop(columns="home"))


def test_it_lists_the_first_violation_of_every_feature() -> None:
    frame = pd.DataFrame([ROW, ROW | {"amount": -1.0, "home": "tent"}, ROW | {"amount": -2.0}])

    found = TINY.violations(frame)

    assert [(each.feature, each.rule, each.row) for each in found] == [
        ("amount", "minimum", 2),
        ("home", "category", 1),
    ]
    assert TINY.violations(pd.DataFrame([ROW])) == ()
    assert [each.rule for each in TINY.violations(frame.iloc[:0])] == ["empty"]
    assert [each.rule for each in TINY.violations(frame[["home"]])] == ["missing_feature"]


def test_it_takes_a_constant_column() -> None:
    """A single application is a frame in which every column is constant."""
    assert TINY.to_matrix(pd.DataFrame([ROW] * 3)).std(axis=0).tolist() == [0.0] * 5


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT])
def test_it_keeps_missing_missing(gap: object) -> None:
    frame = pd.DataFrame([ROW, ROW])
    frame["visits"] = pd.Series([2, gap], dtype=object)

    assert np.isnan(TINY.to_matrix(frame)[:, 1]).tolist() == [False, True]


rows = st.fixed_dictionaries(
    {
        "amount": st.floats(0.01, 1000) | st.integers(1, 1000),
        "visits": st.none() | st.integers(0, 99),
        "home": st.sampled_from(["own", "rent"]),
        "job": st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)
        | st.just("paid"),
        "known": st.none() | st.booleans(),
    }
)


@settings(max_examples=50, deadline=None)
@given(several=st.lists(rows, min_size=1, max_size=5))
def test_it_encodes_a_frame_as_it_encodes_its_rows(several: list[dict[str, object]]) -> None:
    frame = pd.DataFrame(several)

    matrix = TINY.to_matrix(frame)

    for encoded, row in zip(matrix, several, strict=True):
        np.testing.assert_array_equal(encoded, TINY.to_matrix_row(row))
    assert TINY.to_rows(frame) == [TINY.validate_row(row) for row in several]


def test_it_survives_json_with_the_same_hash() -> None:
    text = json.dumps(SCHEMA.to_dict())

    restored = Schema.from_dict(json.loads(text))

    assert restored == SCHEMA
    assert restored.hash == SCHEMA.hash


def test_it_keeps_the_published_hash() -> None:
    """A stored model belongs to this very schema: change a feature, raise the version."""
    assert SCHEMA.hash == "e794e62c67d569c91a84b20e6661b2903dc354dbebb1e1a3c139b93f76715803"
    assert SCHEMA.version == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"maximum": 999},
        {"direction": 0},
        {"unit": "cents"},
        {"missing": "allowed", "missing_meaning": "x"},
    ],
)
def test_it_changes_its_hash_with_any_rule(changed: dict[str, object]) -> None:
    data = TINY.to_dict()
    data["features"][0] |= changed

    assert Schema.from_dict(data).hash != TINY.hash


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "x", "version": 1, "features": []},
        {"name": "x", "version": 1, "features": [{"name": "a", "colour": 1}]},
        {"name": "x", "version": 1, "features": ["a"]},
    ],
)
def test_it_refuses_what_is_no_schema(data: dict[str, object]) -> None:
    with pytest.raises(SchemaError):
        Schema.from_dict(data)


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ({"categories": ("a",)}, "categories belong"),
        ({"kind": "category"}, "categories belong"),
        ({"kind": "category", "categories": ("a", "a")}, "named twice"),
        ({"kind": "category", "categories": ("a",), "other": "b"}, "bucket"),
        ({"kind": "category", "categories": ("a",), "direction": 1}, "no order"),
        ({"kind": "boolean", "minimum": 1}, "range"),
        ({"kind": "money"}, "unknown"),
        ({"direction": 2}, "direction"),
        ({"missing": "allowed"}, "what a missing value means"),
        ({"missing_meaning": "x"}, "what a missing value means"),
        ({"group": ""}, "reason group"),
        ({"name": "two words"}, "identifier"),
        ({"available": "later"}, "'application' or 'behavioural'"),
        ({"sensitivity": "secret"}, "'none', 'protected' or 'proxy'"),
    ],
)
def test_it_refuses_a_contradictory_feature(declared: dict[str, Any], why: str) -> None:
    whole: dict[str, Any] = {"name": "income", "kind": "number", "group": "g"}

    with pytest.raises(SchemaError, match=why):
        Feature(**(whole | declared))


@pytest.mark.parametrize(
    "name",
    [*sorted(PROTECTED), "applicant_age", "age_years", "customer_gender_code", "Gender"],
)
def test_it_refuses_a_protected_attribute(name: str) -> None:
    with pytest.raises(SchemaError, match="protected"):
        Feature(name, "number", group="g")


@pytest.mark.parametrize("name", ["age", "Gender", "marital_status"])
def test_it_takes_a_protected_attribute_that_is_declared_as_one(name: str) -> None:
    assert Feature(name, "number", group="g", sensitivity="protected").name == name
    with pytest.raises(SchemaError, match="protected attribute"):
        Feature(name, "number", group="g", sensitivity="proxy")


def test_it_leaves_out_what_is_sensitive() -> None:
    assert OPEN.protected == ("age",)
    assert OPEN.without_sensitive().names == ("postcode", "income")
    assert OPEN.without_sensitive(proxies=True).names == ("income",)
    with pytest.raises(SchemaError, match="no features"):
        OPEN.subset(["age"]).without_sensitive()


def test_it_keeps_its_own_order_in_a_subset() -> None:
    assert OPEN.subset(["income", "age"]).names == ("age", "income")
    assert OPEN.subset(iter(OPEN.names)) == OPEN
    with pytest.raises(SchemaError, match="no feature wealth"):
        OPEN.subset(["income", "wealth"])


def test_it_writes_the_sensitivity_only_where_there_is_one() -> None:
    written = OPEN.to_dict()["features"]

    assert [item.get("sensitivity") for item in written] == ["protected", "proxy", None]
    assert Schema.from_dict(OPEN.to_dict()) == OPEN
    assert all("sensitivity" not in item for item in SCHEMA.to_dict()["features"])


@pytest.mark.parametrize("name", ["mortgage", "wage", "average_balance", "credit_history_months"])
def test_it_does_not_take_a_word_for_another(name: str) -> None:
    assert Feature(name, "number", group="g").name == name


def test_it_refuses_a_schema_with_a_name_twice() -> None:
    with pytest.raises(SchemaError, match="twice"):
        Schema("x", 1, (TINY.features[0], TINY.features[0]))


def test_it_lets_a_thin_file_through() -> None:
    assert all(SCHEMA.feature(name).allows_missing for name in BUREAU)
    assert not SCHEMA.feature("amount").allows_missing


def test_it_names_every_column_that_is_lacking() -> None:
    frame = pd.DataFrame([ROW]).drop(columns=["visits", "job", "known"])

    with pytest.raises(SchemaViolation, match=r"^visits is not .* \(nor job, known\);") as refused:
        TINY.validate_frame(frame)

    assert refused.value.feature == "visits"
    assert refused.value.rule == "missing_feature"
    with pytest.raises(SchemaViolation, match=r"^amount .* \((nor )?(\w+, ){4}others\);"):
        SCHEMA.validate_frame(frame[[]])


def test_it_shows_a_value_as_a_person_would_write_it() -> None:
    frame = pd.DataFrame([ROW, ROW]).assign(amount=[5.0, np.nan])

    with pytest.raises(SchemaViolation, match=r"^Row 1: amount must be given \(got nan\)\.$"):
        TINY.validate_frame(frame)


def test_it_says_what_rows_come_as() -> None:
    series: Any = pd.Series(ROW)
    numbers: Any = np.ones((2, 5))

    with pytest.raises(SchemaViolation, match="A row is a mapping of names to values, not Series"):
        TINY.to_matrix_row(series)
    with pytest.raises(SchemaViolation, match="a pandas DataFrame, not as ndarray"):
        TINY.encode(numbers)
