"""Principal factors beside the reference of a cut-off, on data whose risk is known."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml import artefact, reference, training
from ml.boosting import BoostingConfig
from ml.principal import Comparison
from ml.reference import Reference
from ml.schema import Feature, Schema, SchemaViolation
from ml.serving import Scorer
from ml.training import TrainingConfig

CUT = 0.3
FEATURES = (
    Feature("debt", "number", group="burden", minimum=0, maximum=10, direction=1),
    Feature("debt_share", "number", group="ratio", minimum=0, maximum=10, direction=1),
    Feature("late", "integer", group="record", minimum=0, maximum=9, direction=1),
    Feature(
        "years",
        "integer",
        group="work",
        minimum=0,
        maximum=40,
        direction=-1,
        missing="allowed",
        missing_meaning="Not stated.",
    ),
    Feature("kind", "category", group="kind", categories=("a", "b")),
)
SCHEMA = Schema("made-up", 1, FEATURES)


def _frame(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    chance = np.random.default_rng(seed)
    debt = chance.uniform(0, 10, rows)
    frame = pd.DataFrame(
        {
            "debt": debt,
            # The same thing said twice.
            "debt_share": np.clip(debt + chance.normal(0, 0.5, rows), 0, 10),
            "late": chance.poisson(0.8, rows).clip(0, 9),
            "years": pd.array(chance.integers(0, 30, rows), dtype="Int64"),
            "kind": chance.choice(["a", "b"], rows),
        }
    )
    frame.loc[::9, "years"] = pd.NA
    log_odds = 0.45 * debt + 0.9 * frame["late"] - 0.08 * frame["years"].fillna(10).astype(float)
    bad = chance.uniform(size=rows) < 1 / (1 + np.exp(-(log_odds - 3.5)))
    return frame, bad.astype(int)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    frame, bad = _frame(3000, 1)
    config = TrainingConfig(model=BoostingConfig(most_trees=60, learning_rate=0.1), folds=3)
    packed = artefact.pack(training.train(frame, bad, schema=SCHEMA, config=config))
    return artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256)


@pytest.fixture(scope="module")
def declined(scorer: Scorer) -> list[dict[str, Any]]:
    frame, _bad = _frame(600, 2)
    rows = SCHEMA.to_rows(frame)
    return [row for row in rows if scorer.score_one(row).pd > CUT][:80]


def _compared(scorer: Scorer, row: dict[str, Any]) -> Comparison:
    shares = scorer.score_one(row).attributions
    return Comparison(scorer, row, cutoff=CUT, shares=shares)  # type: ignore[arg-type]


def test_groups_that_say_the_same_are_one_factor(scorer: Scorer) -> None:
    assert scorer.reference is not None
    assert scorer.reference.factors == (("burden", "ratio"), ("record",), ("work",), ("kind",))


def test_contributions_add_up_to_the_distance_from_the_reference(
    scorer: Scorer, declined: list[dict[str, object]]
) -> None:
    for row in declined[:20]:
        compared = _compared(scorer, row)

        total = sum(one.contribution for one in compared.factors())

        distance = (
            scorer.score_one(row).log_odds - scorer.score_one(compared.typical.values).log_odds
        )
        assert total == pytest.approx(distance, abs=1e-9)


def test_the_named_raise_the_score_more_than_any_other_so_many(
    scorer: Scorer, declined: list[dict[str, object]]
) -> None:
    best = 0
    for row in declined:
        compared = _compared(scorer, row)
        factors, named = compared.factors(), compared.named(4)
        places = tuple(sorted(factors.index(one) for one in named))
        gains = compared.gains(list(combinations(range(len(factors)), len(named))))
        assert all(one.gain > 0 and one.contribution > 0 and one.features for one in named)
        assert list(named) == sorted(named, key=lambda one: -one.contribution)
        best += compared.gains([places])[0] >= max(gains) - 1e-9

    assert len(declined) == 80
    assert best >= 0.95 * len(declined)


def test_no_factor_is_told_by_what_helped(
    scorer: Scorer, declined: list[dict[str, object]]
) -> None:
    for row in declined:
        for one in _compared(scorer, row).named(4):
            for feature in one.features:
                direction = SCHEMA.feature(feature.feature).direction
                if direction and feature.value is not None and feature.reference is not None:
                    assert (feature.value - feature.reference) * direction > 0  # type: ignore[operator]


def test_a_limit_of_reasons_is_kept(scorer: Scorer, declined: list[dict[str, object]]) -> None:
    assert {len(_compared(scorer, row).named(1)) for row in declined} == {1}
    assert all(len(_compared(scorer, row).named(2)) <= 2 for row in declined)


def test_a_proxy_is_never_named(scorer: Scorer, declined: list[dict[str, object]]) -> None:
    features = tuple(
        replace(one, sensitivity="proxy") if one.name == "late" else one for one in FEATURES
    )
    schema = Schema("made-up", 1, features)
    hidden = Scorer(
        model=scorer.model,
        calibration=scorer.calibration,
        scale=scorer.scale,
        sha256=scorer.sha256,
        reference=scorer.reference,
    )
    hidden.schema = schema

    for row in declined[:30]:
        named = _compared(hidden, row).named(4)
        assert not {each.feature for one in named for each in one.features} & {"late"}


def test_the_reference_of_a_cut_off_is_the_span_just_below_it() -> None:
    frame, _bad = _frame(1000, 3)
    matrix = SCHEMA.to_matrix(frame)
    pds = np.linspace(0.0, 0.999, 1000)

    found = reference.of_sample(SCHEMA, matrix, pds)

    assert [one.rows for one in found.spans] == [50] * 20
    assert found.just_above(0.30).highest == pytest.approx(0.299)
    assert found.just_above(0.299 - 1e-9).highest == pytest.approx(0.249)
    assert found.just_above(0.0001) == found.spans[0]
    assert Reference.from_dict(found.to_dict(), SCHEMA) == found


def test_few_rows_make_one_span_and_what_most_lack_is_nothing() -> None:
    frame, _bad = _frame(60, 4)
    frame["years"] = pd.array([pd.NA] * 40 + [7] * 20, dtype="Int64")

    found = reference.of_sample(SCHEMA, SCHEMA.to_matrix(frame), np.linspace(0.1, 0.2, 60))

    [only] = found.spans
    assert dict(only.values)["years"] is None


def test_a_reference_that_does_not_fit_is_refused() -> None:
    frame, _bad = _frame(100, 5)
    written = reference.of_sample(SCHEMA, SCHEMA.to_matrix(frame), np.linspace(0, 0.9, 100))

    with pytest.raises(ValueError, match="at least one span"):
        Reference.from_dict({**written.to_dict(), "spans": []}, SCHEMA)
    with pytest.raises(ValueError, match="not the groups"):
        Reference.from_dict({**written.to_dict(), "factors": [["burden"]]}, SCHEMA)
    broken = written.to_dict()
    broken["spans"][0]["values"]["late"] = 99
    with pytest.raises(SchemaViolation):
        Reference.from_dict(broken, SCHEMA)


def test_a_model_without_a_reference_compares_nobody(scorer: Scorer) -> None:
    old = Scorer(
        model=scorer.model, calibration=scorer.calibration, scale=scorer.scale, sha256="old"
    )
    frame, _bad = _frame(1, 6)
    [row] = SCHEMA.to_rows(frame)

    with pytest.raises(ValueError, match="without a reference"):
        Comparison(old, row, cutoff=CUT, shares={})
