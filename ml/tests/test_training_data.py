"""What training does with data that are thin, wrong, late, weighted, too good or turned round."""

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ml import artefact, canonical, training
from ml.application_schema import SCHEMA
from ml.boosting import BoostingConfig, ForestConfig
from ml.calibrating import Method
from ml.leakage import LeakageConfig, LeakageFound
from ml.scaling import PRESETS
from ml.schema import Feature, Schema, SchemaViolation
from ml.scorecard import ScorecardConfig
from ml.splitting import SplitConfig
from ml.training import TrainedModel, TrainingConfig, TrainingRefused

Floats = npt.NDArray[np.float64]
Change = Callable[[pd.DataFrame], pd.DataFrame]

ROWS = 1200
QUICK = TrainingConfig(model=BoostingConfig(trees=30, learning_rate=0.1), folds=3)
DIRECTED = SCHEMA.subset(
    ["amount_to_income", "existing_dti", "delinquencies_24m", "enquiries_6m", "annual_income"]
)


@pytest.fixture(scope="module")
def frame(features: pd.DataFrame) -> pd.DataFrame:
    return features.head(ROWS)


@pytest.fixture(scope="module")
def bad(applications: pd.DataFrame) -> npt.NDArray[np.int_]:
    return np.array(applications["bad"].head(ROWS), dtype=np.int_)


@pytest.fixture(scope="module")
def dates(applications: pd.DataFrame) -> list[date]:
    return list(applications["applied_date"].head(ROWS))


def train(frame: pd.DataFrame, bad: Any, schema: Schema = SCHEMA, **more: Any) -> TrainedModel:
    return training.train(frame, bad, schema=schema, **{"config": QUICK, **more})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda frame: frame.head(0), "The frame has no rows"),
        (lambda frame: frame.drop(columns="amount"), "amount is not among the values"),
        (lambda frame: frame.assign(age=30), "age is not a feature"),
        (lambda frame: pd.concat([frame, frame[["amount"]]], axis=1), "more than once"),
        (lambda frame: frame.assign(amount=np.nan), "Row 0: amount must be given"),
        (lambda frame: frame.assign(annual_income=np.inf), "must be a finite number"),
        (lambda frame: frame.assign(existing_dti=-np.inf), "must be a finite number"),
        (lambda frame: frame.assign(amount="much"), "must be a number"),
        (lambda frame: frame.assign(amount=True), "must be a number"),
        (lambda frame: frame.assign(term_months=12.5), "must be a whole number"),
        (lambda frame: frame.assign(purpose=7), "must be text"),
        (lambda frame: frame.assign(income_verification="rumour"), "one of its declared"),
        (lambda frame: frame.assign(amount=-1.0), "must be at least"),
    ],
)
def test_it_refuses_a_frame_that_does_not_fit(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], change: Change, why: str
) -> None:
    changed = change(frame)

    with pytest.raises(SchemaViolation, match=why):
        train(changed, bad[: len(changed)])


def test_it_refuses_ten_rows(frame: pd.DataFrame) -> None:
    with pytest.raises(TrainingRefused, match="at least 200 rows; there are 10"):
        train(frame.head(10), np.tile([0, 1], 5))


def test_it_takes_gaps_constants_and_other_types_of_number(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    changed = frame.assign(
        term_months=24,
        bankruptcies=None,
        amount=frame["amount"].astype(int),
        existing_dti=frame["existing_dti"].where(frame.index % 2 == 0).astype("Float64"),
    )

    found = train(changed, pd.Series(bad, index=frame.index + ROWS).astype(bool))

    assert 0.6 < found.metrics["auc"] < 0.9
    rows = changed.head(50).assign(existing_dti=np.nan)
    assert np.isfinite(found.model.margins(SCHEMA.to_matrix(rows))).all()


def test_it_counts_the_categories_it_did_not_know(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    strange = frame["purpose"].where(frame.index >= 17, "space_travel")

    found = train(frame.assign(purpose=strange), bad)

    assert found.unseen == {"purpose": 17}
    assert artefact.pack(found).manifest["unseen"] == {"purpose": 17}
    assert train(frame, bad).unseen == {}


def test_it_asks_whether_good_and_bad_are_swapped(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    """Every feature has a direction here and all point against it: nothing can be learned."""
    with pytest.raises(TrainingRefused, match=r"are good and bad swapped\?"):
        train(frame[list(DIRECTED.names)], 1 - bad, DIRECTED)


def test_it_warns_of_swapped_outcomes_where_a_model_can_be_trained(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    """Categories have no direction, so they carry a weak model even of swapped outcomes."""
    warning = "Most features point against their direction: are good and bad swapped?"

    assert warning in train(frame, 1 - bad).warnings
    assert warning not in train(frame, bad).warnings


@pytest.mark.parametrize("seed", range(5))
def test_it_blames_no_swap_for_features_that_say_nothing(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], seed: int
) -> None:
    noise = np.random.default_rng(seed).permutation(bad)
    try:
        warnings = train(frame, noise).warnings
    except TrainingRefused as refused:
        warnings = (str(refused),)

    assert not any("swapped" in one for one in warnings)


def test_it_warns_where_the_newest_rows_are_the_other_way_round(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], dates: list[date]
) -> None:
    late = np.arange(ROWS) >= 0.8 * ROWS

    found = train(frame, np.where(late, 1 - bad, bad), dates=dates)

    assert found.out_of_time is not None
    assert found.out_of_time["auc"] < 0.4
    assert any("below one half by more than chance" in one for one in found.warnings)
    assert found.metrics["auc"] > 0.6
    assert artefact.pack(found).manifest["warnings"] == list(found.warnings)


def test_it_reports_on_the_newest_rows_and_learns_nothing_from_them(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], dates: list[date]
) -> None:
    found = train(frame, bad, dates=dates)

    judged = found.out_of_time
    assert judged is not None
    assert judged["sample"] == "out_of_time"
    assert judged["rows"] + found.rows == ROWS
    assert judged["rows"] == pytest.approx(0.2 * ROWS, abs=10)
    assert judged["split"]["last_train_day"] < judged["split"]["first_test_day"]
    assert 0.6 < judged["auc"] < 0.95
    late = np.arange(ROWS) >= found.rows
    shuffled = np.where(late, np.random.default_rng(1).permutation(bad), bad)
    other = train(frame, shuffled, dates=dates)
    assert other.model.to_body() == found.model.to_body()
    assert other.calibration == found.calibration
    assert other.metrics == found.metrics


def test_it_does_not_mind_the_order_of_dated_rows(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], dates: list[date]
) -> None:
    found = train(frame, bad, dates=dates).out_of_time

    reverse = train(frame[::-1], bad[::-1], dates=dates[::-1]).out_of_time

    assert found is not None
    assert reverse is not None
    for name in ("rows", "bad_rate", "split"):
        assert reverse[name] == found[name]


def test_it_holds_out_from_the_day_it_is_told(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], dates: list[date]
) -> None:
    split = SplitConfig(cut_date=date(2024, 3, 1), gap_months=1)

    found = train(frame, bad, dates=dates, config=dataclasses.replace(QUICK, split=split))

    assert found.out_of_time is not None
    assert found.out_of_time["split"]["first_test_day"] == "2024-03-01"
    assert found.out_of_time["split"]["rows_in_gap"] > 0
    assert found.rows == sum(day < date(2024, 2, 1) for day in dates)
    assert found.config.to_dict()["split"]["cut_date"] == "2024-03-01"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda dates, _: (dates[:10], None), "1200 outcomes but 10 dates"),
        (lambda dates, _: ([None, *dates[1:]], None), "has no date"),
        (lambda dates, _: ([dates[0]] * ROWS, None), "All rows are of one day"),
        (lambda dates, bad: (dates, np.where(np.arange(ROWS) < 900, bad, 0)), "0 bad rows"),
        (lambda dates, bad: (dates, np.where(np.arange(ROWS) > 900, bad, 0)), "20 good and as"),
    ],
)
def test_it_refuses_dates_that_divide_nothing(
    frame: pd.DataFrame,
    bad: npt.NDArray[np.int_],
    dates: list[date],
    spoil: Any,
    why: str,
) -> None:
    given, outcomes = spoil(dates, bad)

    with pytest.raises(TrainingRefused, match=why):
        train(frame, bad if outcomes is None else outcomes, dates=given)


def test_it_stops_at_a_feature_that_knows_the_outcome(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    chance = np.random.default_rng(1).random(ROWS)
    leaky = frame.assign(enquiries_6m=np.where(chance < 0.03, 1 - bad, bad) * 9)

    with pytest.raises(LeakageFound, match="enquiries_6m alone has AUC") as stopped:
        train(leaky, bad)

    assert {one.feature for one in stopped.value.report.stops} >= {"enquiries_6m"}
    accepted = {"enquiries_6m": "A known case.", "(all features)": "For the same reason."}
    found = train(leaky, bad, accepted=accepted)
    assert found.metrics["auc"] > 0.9
    assert artefact.pack(found).manifest["leakage"]["accepted"] == accepted


def test_it_stops_at_perfect_separation(frame: pd.DataFrame, bad: npt.NDArray[np.int_]) -> None:
    told = frame.assign(enquiries_6m=np.where(bad == 1, 40, 0) + np.arange(ROWS) % 7)

    with pytest.raises(LeakageFound, match="enquiries_6m"):
        train(told, bad)
    for model in (QUICK.model, ScorecardConfig()):
        with pytest.raises(TrainingRefused, match="separate good from bad perfectly"):
            train(
                told,
                bad,
                config=dataclasses.replace(QUICK, model=model),
                accepted=dict.fromkeys((*SCHEMA.names, "(all features)"), "To see what happens."),
            )


def test_it_names_what_should_be_looked_at_and_goes_on(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    careful = LeakageConfig(check_auc=0.55)

    found = train(frame, bad, config=dataclasses.replace(QUICK, leakage=careful))

    assert any("alone has AUC" in one and "limit 0.55" in one for one in found.warnings)
    assert found.leakage["stopped"] is False
    strict = LeakageConfig(check_auc=0.55, stop_auc=0.58)
    with pytest.raises(LeakageFound, match=r"limit 0\.58"):
        train(frame, bad, config=dataclasses.replace(QUICK, leakage=strict))


@pytest.mark.parametrize(
    "weight",
    [
        np.full(ROWS, np.nan),
        np.full(ROWS, np.inf),
        np.full(ROWS, -1.0),
        np.zeros(ROWS),
        np.ones(ROWS - 1),
        np.ones((ROWS, 1)),
    ],
)
def test_it_refuses_weights_that_are_none(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], weight: Floats
) -> None:
    with pytest.raises(TrainingRefused, match="one positive, finite weight"):
        train(frame, bad, weight=weight)


def test_it_takes_equal_weights_as_none(frame: pd.DataFrame, bad: npt.NDArray[np.int_]) -> None:
    found = train(frame, bad, weight=[1.0] * ROWS)

    matrix = SCHEMA.to_matrix(frame)
    none = train(frame, bad)
    assert found.model.margins(matrix) == pytest.approx(none.model.margins(matrix), abs=1e-9)
    assert found.bad_rate == none.bad_rate == bad.mean()
    assert found.calibration.line.slope == pytest.approx(none.calibration.line.slope)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda bad: bad.map({0: "good", 1: "bad"}), "the one of row a0 is good"),
        (lambda bad: bad.where(bad.index != "a5"), "the one of row a5 is nan"),
        (lambda bad: np.where(np.arange(ROWS) == 7, 2, bad), "the one of row 7 is 2"),
        (lambda bad: bad.to_frame(), "must be one column"),
        (lambda bad: bad.iloc[::-1], "outcomes are in another order than the rows"),
    ],
)
def test_it_says_which_outcome_is_wrong(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], wrong: Callable[[pd.Series], Any], why: str
) -> None:
    named = frame.set_axis([f"a{row}" for row in range(ROWS)])

    with pytest.raises(TrainingRefused, match=why):
        train(named, wrong(pd.Series(bad, index=named.index)))


def test_it_matches_rows_by_position(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], dates: list[date]
) -> None:
    elsewhere = pd.Series(bad, index=np.arange(ROWS) + 100_000)
    turned = pd.Series(dates, index=frame.index)[::-1]

    assert train(frame, elsewhere).data_sha256 == train(frame, bad).data_sha256
    with pytest.raises(TrainingRefused, match="dates are in another order"):
        train(frame, bad, dates=turned)


def test_it_warns_of_a_protected_feature(frame: pd.DataFrame, bad: npt.NDArray[np.int_]) -> None:
    age = Feature("age", "number", group="g", sensitivity="protected")
    schema = Schema("studied", 1, (*DIRECTED.features, age))
    studied = frame[list(DIRECTED.names)].assign(age=np.arange(ROWS, dtype=float) % 40)

    found = train(studied, bad, schema)
    without = train(studied[list(DIRECTED.names)], bad, schema.without_sensitive())

    assert any("protected (age)" in one and "comparison" in one for one in found.warnings)
    assert not any("protected" in one for one in without.warnings)


@pytest.mark.parametrize("model", ["lightgbm", BoostingConfig])
def test_it_refuses_what_is_no_configuration(model: Any) -> None:
    with pytest.raises(ValueError, match="model cannot be"):
        TrainingConfig(model=model)


def test_it_hashes_the_weights_with_the_rows(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    some = np.where(np.arange(ROWS) % 2 == 0, 1.0, 2.0)

    hashes = [train(frame, bad, weight=weight).data_sha256 for weight in (None, some, 2 * some)]

    rows = SCHEMA.to_matrix(frame).tobytes(), bad.astype(np.float64).tobytes()
    assert hashes[0] == canonical.sha256(*rows)
    assert hashes[1] == canonical.sha256(*rows, some.tobytes())
    assert len(set(hashes)) == 3


def test_it_sets_the_level_by_the_weights(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], dates: list[date]
) -> None:
    weight = np.where(bad == 1, 3.0, 1.0)

    found = train(frame, bad, weight=weight)

    rate = float(np.average(bad, weights=weight))
    risk = found.calibration.probability_of(found.model.margins(SCHEMA.to_matrix(frame)))
    assert found.bad_rate == pytest.approx(rate)
    assert np.average(risk, weights=weight) == pytest.approx(rate, abs=0.03)
    later = train(frame, bad, weight=weight, dates=dates)
    assert later.bad_rate == pytest.approx(
        np.average(bad[: later.rows], weights=weight[: later.rows])
    )


@pytest.mark.parametrize("bad_weight", [0.2, 1.0, 6.0])
def test_it_keeps_the_level_when_bads_count_more(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], bad_weight: float
) -> None:
    model = BoostingConfig(trees=30, learning_rate=0.1, bad_weight=bad_weight)

    found = train(frame, bad, config=dataclasses.replace(QUICK, model=model))

    risk = found.calibration.probability_of(found.model.margins(SCHEMA.to_matrix(frame)))
    assert risk.mean() == pytest.approx(bad.mean(), abs=0.012)
    assert found.metrics["expected_calibration_error"] < 0.035


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic"])
def test_it_calibrates_as_it_is_told(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], method: Method
) -> None:
    found = train(frame, bad, config=dataclasses.replace(QUICK, calibration=method))

    stored = artefact.pack(found)
    scorer = artefact.load(stored.body, stored.manifest, expected_sha256=stored.sha256)
    assert found.calibration.method == scorer.calibration.method == method
    assert stored.manifest["calibration_choice"]["reason"] == f"{method} was asked for"
    assert scorer.score_frame(frame).mean() == pytest.approx(bad.mean(), abs=0.012)


def test_it_bends_the_line_of_a_model_that_is_bent() -> None:
    """A forest's margin is a straight line of the bad rate, not of its log-odds."""
    schema = Schema("steep", 1, (Feature("burden", "number", group="burden", direction=1),))
    rng = np.random.default_rng(4)
    burden = rng.normal(size=4000)
    truth = 1 / (1 + np.exp(2 - 2.5 * burden))
    outcomes = (rng.random(4000) < truth).astype(int)
    forest = ForestConfig(trees=40, num_leaves=32, min_child_samples=40)

    found, line = (
        training.train(
            pd.DataFrame({"burden": burden}),
            outcomes,
            schema=schema,
            config=TrainingConfig(
                model=forest, calibration=method, leakage=LeakageConfig(stop_auc=0.99)
            ),
        )
        for method in ("auto", "platt")
    )

    assert found.calibration.curve is not None
    assert "better beyond chance" in found.choice.reason
    assert found.metrics["log_loss"] < line.metrics["log_loss"]
    margins = found.model.margins(burden[:, None])
    errors = [
        np.abs(one.calibration.probability_of(margins) - truth).mean() for one in (found, line)
    ]
    assert errors[0] < 0.03
    assert errors[0] < errors[1]


def test_it_carries_the_scale_into_baseline_and_manifest(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    scale = PRESETS["300-900"].scale

    found = train(frame, bad, scale=scale)

    assert found.scale == scale
    assert artefact.pack(found).manifest["scale"]["maximum"] == 900
    edges = found.baseline["score"]["edges"]
    assert 300 <= min(edges) < max(edges) <= 900


def test_it_writes_its_configuration_as_json() -> None:
    written = TrainingConfig(split=SplitConfig(cut_date=date(2024, 5, 1))).to_dict()

    read = json.loads(canonical.canonical_bytes(written))
    assert read["model"]["kind"] == "lightgbm"
    assert read["split"]["cut_date"] == "2024-05-01"
    assert read["leakage"]["stop_auc"] == 0.9
    assert read["calibration"] == "auto"
