"""What the monthly record of a loan says: features by hand, outcomes, and no look ahead."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml import behaviour, discrimination, training
from ml.behaviour import ENDED, HISTORY, HORIZON
from ml.behaviour_schema import SCHEMA
from ml.boosting import BoostingConfig
from ml.datasets import credit_record
from ml.leakage import LeakageConfig
from ml.schema import SchemaViolation
from ml.training import TrainingConfig

NAN, LOST = np.nan, np.inf
RECORD = Path(__file__).parents[3] / "shared" / "data" / credit_record.FILE


def _months(*days: float) -> np.ndarray:
    """Return a history that ends with these months, nothing known before them."""
    return np.array([[NAN] * (HISTORY - len(days)) + list(days)])


# --- outcomes -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        ([0, 0, 0, 0, 0, 0], 0),
        ([0, 0, 0, 0, 0, 89], 0),
        ([0, 0, 0, 0, 0, 90], 1),
        ([90, 0, 0, 0, 0, 0], 1),
        ([0, 30, LOST, LOST, LOST, LOST], 1),
        ([0, ENDED, ENDED, ENDED, ENDED, ENDED], 0),
        ([0, ENDED, NAN, NAN, NAN, NAN], 0),
        ([0, ENDED, 120, 120, 120, 120], 0),
        ([0, 0, NAN, 0, 0, 0], NAN),
        ([0, 0, NAN, 0, 0, 95], 1),
        ([NAN] * 6, NAN),
    ],
)
def test_a_loan_is_bad_that_was_ever_ninety_days_late(ahead: list[float], expected: float) -> None:
    [found] = behaviour.outcomes(np.array([ahead], dtype=np.float64))

    assert found == pytest.approx(expected, nan_ok=True)


# --- features -----------------------------------------------------------------------------------
def test_features_of_a_loan_that_falls_behind_by_hand() -> None:
    [row] = behaviour.features(_months(0, 0, 35, 0, 10, 40, 70), np.array([6])).to_dict("records")

    assert row["months_on_book"] == 6
    assert (row["days_now"], row["days_worst_3m"], row["days_worst_6m"]) == (70, 70, 70)
    assert row["days_rise_3m"] == 70
    assert (row["months_late_3m"], row["months_late_12m"]) == (3, 4)
    assert (row["months_30_days_12m"], row["months_late_in_a_row"]) == (3, 3)
    assert np.isnan(row["instalments_missed"])


def test_features_of_a_loan_that_recovered_and_of_a_new_one() -> None:
    old = np.array([[60.0, 60, 30] + [0] * 9])
    [row] = behaviour.features(old, np.array([30])).to_dict("records")
    [new] = behaviour.features(_months(0), np.array([0])).to_dict("records")

    assert (row["days_now"], row["days_worst_6m"], row["days_worst_12m"]) == (0, 0, 60)
    assert (row["days_rise_3m"], row["months_late_in_a_row"]) == (0, 0)
    assert (new["days_worst_12m"], new["months_late_12m"]) == (0, 0)
    assert np.isnan(new["days_rise_3m"])


@settings(max_examples=60, deadline=None)
@given(
    record=arrays.arrays(
        np.float64,
        (7, HISTORY),
        elements=st.one_of(st.integers(0, 400).map(float), st.sampled_from([ENDED, LOST, NAN])),
    ),
    now=st.integers(0, 89),
)
def test_any_record_of_a_watched_loan_fits_the_contract(record: np.ndarray, now: int) -> None:
    record[:, -1] = now

    frame = behaviour.features(record, np.arange(7))

    assert SCHEMA.encode(frame).matrix.shape == (7, len(SCHEMA.names))
    assert (frame.days_worst_12m >= frame.days_worst_3m).all()
    assert (frame.months_late_12m >= frame.months_late_in_a_row).all()


@pytest.mark.parametrize("now", [90.0, LOST, ENDED, NAN])
def test_who_is_not_watched_has_no_features(now: float) -> None:
    with pytest.raises(ValueError, match="less than 90"):
        behaviour.features(_months(0, now), np.array([3]))


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="12 months of history"):
        behaviour.features(np.zeros((2, 11)), np.array([1, 1]))
    with pytest.raises(ValueError, match="6 months ahead"):
        behaviour.outcomes(np.zeros((2, 5)))


def test_the_contract_says_that_it_is_of_behaviour() -> None:
    assert {feature.available for feature in SCHEMA.features} == {"behavioural"}
    assert SCHEMA.protected == ()
    with pytest.raises(SchemaViolation):
        SCHEMA.validate_row(dict.fromkeys(SCHEMA.names, -50_000))


# --- observing ----------------------------------------------------------------------------------
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), month=st.integers(0, 17))
def test_features_know_nothing_of_what_comes(seed: int, month: int) -> None:
    rng = np.random.default_rng(seed)
    record = rng.choice([0.0, 15, 45, 75, 120, ENDED, NAN], (9, 18))
    other = record.copy()
    other[:, month + 1 :] = rng.choice([0.0, 95, NAN], (9, 18 - month - 1))

    found, again = (
        behaviour.observe(one, np.zeros(9, np.int_), np.array([month])) for one in (record, other)
    )

    assert found.frame.equals(again.frame)
    assert (found.loan == again.loan).all()


def test_no_outcome_is_known_where_the_record_ends_before_the_horizon() -> None:
    record = np.zeros((1, 10))
    record[0, 5:] = 95

    found = behaviour.observe(record, np.array([0]), np.arange(10))

    assert list(found.month) == [0, 1, 2, 3, 4]
    assert list(found.known) == [month + HORIZON < 10 for month in found.month]
    assert list(found.bad[:4]) == [1, 1, 1, 1]


def test_nobody_watched_gives_no_rows_and_no_months_give_none() -> None:
    record = np.full((3, 8), 120.0)

    for months in (np.array([2]), np.array([], np.int_)):
        found = behaviour.observe(record, np.zeros(3, np.int_), months)
        assert (len(found.bad), list(found.frame.columns)) == (0, list(SCHEMA.names))


# --- a real record ------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.skipif(not RECORD.exists(), reason="the credit record is not on this machine")
def test_on_a_real_record_it_finds_more_than_the_rule_and_than_the_days_alone() -> None:
    """Accounts and months that no tree saw; `benchmarks.bench_behaviour` has all figures."""
    early, late = credit_record.held_back(credit_record.read(RECORD.parent), fold=0)
    config = TrainingConfig(
        model=BoostingConfig(num_leaves=4, most_trees=120),
        folds=3,
        leakage=LeakageConfig(behavioural=True),
    )
    model = training.train(
        early.frame,
        early.bad,
        schema=SCHEMA,
        config=config,
        weight=early.weight,
        groups=early.loan,
    )

    pd = model.calibration.probability_of(model.model.margins(SCHEMA.encode(late.frame).matrix))

    flagged = int(late.by_rule.sum())
    by_model = discrimination.top(pd, late.bad, count=flagged).precision
    by_rule = discrimination.top(late.by_rule, late.bad, count=flagged).precision
    by_days = discrimination.top(late.frame.days_now, late.bad, count=flagged).precision
    assert by_model > by_rule
    assert by_model > by_days
