"""Counts of a sample in the bins of a baseline: part by part they say what all rows at once say."""

import dataclasses
import json

import numpy as np
import pytest

from ml import baseline, drift, tallies
from ml.drift import Sample
from ml.schema import Feature, Schema
from ml.tallies import Tally

SCHEMA = Schema(
    "tallies",
    1,
    (
        Feature("income", "number", group="income", minimum=0),
        Feature("debt", "number", group="debt", missing="allowed", missing_meaning="none asked"),
        Feature("purpose", "category", group="loan", categories=("car", "house", "other")),
    ),
)


def _sample(rows: int, *, seed: int, income: float = 10.0) -> Sample:
    rng = np.random.default_rng(seed)
    debt = rng.normal(0, 1, rows)
    debt[rng.random(rows) < 0.1] = np.nan
    columns = [rng.lognormal(income, 0.5, rows), debt, rng.choice(3, rows, p=[0.5, 0.3, 0.2])]
    return Sample(np.column_stack(columns).astype(float), rng.normal(600, 50, rows))


DEVELOPMENT = _sample(4000, seed=1)
BASELINE = baseline.of_sample(SCHEMA, DEVELOPMENT.matrix, DEVELOPMENT.scores)


def _tally(sample: Sample) -> Tally:
    return tallies.of_sample(BASELINE, SCHEMA, sample.matrix, sample.scores, unseen=sample.unseen)


def _parts(sample: Sample, size: int) -> list[Tally]:
    starts = range(0, len(sample.scores), size)
    return [
        _tally(Sample(sample.matrix[at : at + size], sample.scores[at : at + size]))
        for at in starts
    ]


@pytest.mark.parametrize("income", [10.0, 10.4])
@pytest.mark.parametrize("size", [1, 7, 500])
def test_parts_say_what_all_rows_at_once_say(income: float, size: int) -> None:
    sample = _sample(900, seed=2, income=income)
    sample.matrix[:4, 0] = -1
    sample.matrix[:9, 2] = 7
    first, *others = _parts(sample, size)

    whole = sum(others, start=first)

    assert whole == _tally(sample)
    assert drift.of_tally(BASELINE, whole) == drift.report(BASELINE, SCHEMA, sample)


def test_it_counts_what_no_row_should_hold() -> None:
    sample = _sample(300, seed=3)
    sample.matrix[:4, 0] = -1
    sample.matrix[:9, 2] = 7

    found = tallies.of_sample(BASELINE, SCHEMA, sample.matrix, sample.scores, unseen={"purpose": 2})

    assert found.features["income"].out_of_range == 4
    assert found.features["purpose"].unseen == 11
    assert found.features["debt"].bins[-1] == int(np.isnan(sample.matrix[:, 1]).sum())


def test_it_is_kept_as_json() -> None:
    found = _tally(_sample(50, seed=4))

    assert Tally.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_nobody_adds_nothing_and_gives_no_verdict() -> None:
    nobody = _tally(Sample(np.empty((0, 3)), np.empty(0)))
    some = _tally(_sample(20, seed=5))

    assert nobody + some == some
    with pytest.raises(ValueError, match="needs rows"):
        drift.of_tally(BASELINE, nobody)


def test_it_refuses_what_does_not_belong_together() -> None:
    some = _tally(_sample(20, seed=6))
    fewer = dataclasses.replace(some, features={"income": some.features["income"]})

    with pytest.raises(ValueError, match="different features"):
        some + fewer
    with pytest.raises(ValueError, match="features of the baseline"):
        drift.of_tally(BASELINE, fewer)
    with pytest.raises(ValueError, match="columns of the"):
        tallies.of_sample(BASELINE, SCHEMA, np.zeros((3, 2)), np.zeros(3))
    with pytest.raises(ValueError, match="not a finite number"):
        tallies.of_sample(BASELINE, SCHEMA, np.zeros((1, 3)), np.array([np.nan]))
    with pytest.raises(ValueError, match="probabilities"):
        tallies.of_sample(BASELINE, SCHEMA, np.zeros((2, 3)), np.array([0.1, 0.2]))
