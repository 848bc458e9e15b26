"""What every kind of model owes: exact, repeatable, the same alone and in company, or refused."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ml import artefact, models, synthetic, training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact, ArtefactCorrupt
from ml.blend import BlendConfig, inner_folds
from ml.boosting import BoostingConfig, ForestConfig
from ml.catboost_trees import CatBoostConfig
from ml.choice import ChoiceConfig
from ml.estimator import Fitted
from ml.families import FAMILIES, Config
from ml.scorecard import ScorecardConfig
from ml.serving import Scorer
from ml.training import TrainedModel, TrainingConfig
from ml.xgboost_trees import XGBoostConfig

Floats = npt.NDArray[np.float64]

LIGHT = BoostingConfig(most_trees=60, learning_rate=0.1)
FOREST = ForestConfig(trees=30, num_leaves=16)
CONFIGS: dict[str, Config] = {
    "lightgbm": LIGHT,
    "lightgbm of many categories": BoostingConfig(
        most_trees=60, learning_rate=0.1, many_categories=8
    ),
    "lightgbm with weighted bads": BoostingConfig(most_trees=60, learning_rate=0.1, bad_weight=5),
    "forest": FOREST,
    "scorecard": ScorecardConfig(),
    "catboost": CatBoostConfig(most_trees=40, learning_rate=0.1, depth=4),
    "xgboost": XGBoostConfig(most_trees=60, learning_rate=0.1, depth=3),
    "blend": BlendConfig(members=(ScorecardConfig(), LIGHT, FOREST)),
    "choice": ChoiceConfig(
        candidates=(BoostingConfig(most_trees=60, learning_rate=0.1, num_leaves=3), LIGHT)
    ),
}
OPTIONAL = ("catboost", "xgboost")
DIRECTED = [place for place, feature in enumerate(SCHEMA.features) if feature.direction]
IN_ANOTHER_PROCESS = """
import json, sys
from ml import artefact
given = json.load(sys.stdin)
found = {}
for name, one in given["models"].items():
    scorer = artefact.load(one["body"], one["manifest"], expected_sha256=one["sha256"])
    found[name] = [[s.pd, s.log_odds, *s.attributions.values()]
                   for s in map(scorer.score_one, given["rows"])]
print(json.dumps(found))
"""


@cache
def sample() -> Any:
    return synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=1500,
        seed=7,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
    )


@cache
def matrix() -> Floats:
    return SCHEMA.to_matrix(sample()[list(SCHEMA.names)])


@cache
def bad() -> Floats:
    return np.array(sample()["bad"], dtype=np.float64)


def trained_anew(name: str) -> TrainedModel:
    return training.train(
        sample()[list(SCHEMA.names)],
        bad(),
        schema=SCHEMA,
        config=TrainingConfig(model=CONFIGS[name], folds=3),
    )


@cache
def trained(name: str) -> TrainedModel:
    return trained_anew(name)


@cache
def packed(name: str) -> Artefact:
    return artefact.pack(trained(name))


@cache
def scorer(name: str) -> Scorer:
    stored = packed(name)
    return artefact.load(stored.body, stored.manifest, expected_sha256=stored.sha256)


@pytest.fixture(params=CONFIGS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name in OPTIONAL:
        pytest.importorskip(name, reason=f"{name} is a challenger and not installed here.")
    return name


@pytest.fixture
def model(kind: str) -> Fitted:
    return scorer(kind).model


def with_gaps() -> Floats:
    """Return rows of which every third value is missing, and one without any."""
    holed = matrix()[:200].copy()
    holed[np.random.default_rng(1).random(holed.shape) < 1 / 3] = np.nan
    holed[0] = np.nan
    return holed


def test_it_attributes_every_margin_in_full(model: Fitted) -> None:
    rows = np.concatenate([matrix(), with_gaps()])

    shares = model.contributions(rows)

    assert shares.shape == (len(rows), len(SCHEMA.names) + 1)
    np.testing.assert_allclose(shares.sum(axis=1), model.margins(rows), rtol=0, atol=1e-6)
    assert np.ptp(shares[:, -1]) == 0
    assert np.ptp(shares[:, :-1], axis=0).max() > 0.01


def test_it_explains_the_served_log_odds_in_full(kind: str) -> None:
    rows = SCHEMA.to_rows(sample()[list(SCHEMA.names)].head(20))

    for row in rows:
        scored = scorer(kind).score_one(row)
        assert scored.base + sum(scored.attributions.values()) == pytest.approx(
            scored.log_odds, abs=1e-6
        )


def test_it_gives_a_row_the_same_number_alone_and_in_company(model: Fitted) -> None:
    rows = np.concatenate([matrix()[:150], with_gaps()[:50]])

    alone = np.concatenate([model.margins(row[None]) for row in rows])
    explained = np.concatenate([model.contributions(row[None]) for row in rows])

    assert alone.tolist() == model.margins(rows).tolist() == model.margins(rows, threads=2).tolist()
    assert explained.tolist() == model.contributions(rows).tolist()


def test_it_serves_a_row_as_it_serves_a_frame(kind: str) -> None:
    frame = sample()[list(SCHEMA.names)].head(100)

    alone = [scorer(kind).score_one(row, explain=False).pd for row in SCHEMA.to_rows(frame)]

    assert alone == scorer(kind).score_frame(frame).tolist()


def test_it_explains_rows_together_as_each_alone(kind: str) -> None:
    rows = SCHEMA.to_rows(sample()[list(SCHEMA.names)].head(100))

    together = scorer(kind).score_rows(rows)

    assert together == [scorer(kind).score_one(row) for row in rows]


def test_it_comes_back_as_it_went(kind: str, model: Fitted) -> None:
    before = trained(kind).model

    again = models.load(before.kind, before.to_body(), SCHEMA)

    assert again.to_body() == before.to_body()
    assert again.facts() == before.facts()
    for known in (matrix(), with_gaps()):
        assert again.margins(known).tolist() == before.margins(known).tolist()
        assert again.contributions(known).tolist() == before.contributions(known).tolist()
        assert model.margins(known).tolist() == before.margins(known).tolist()


def test_it_scores_to_the_last_bit_in_another_process() -> None:
    names = [name for name in CONFIGS if name not in OPTIONAL or find_spec(name)]
    rows = SCHEMA.to_rows(sample()[list(SCHEMA.names)].head(20))
    stored = {
        name: {"body": one.body, "manifest": one.manifest, "sha256": one.sha256}
        for name, one in zip(names, map(packed, names), strict=True)
    }

    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        input=json.dumps({"models": stored, "rows": rows}),
        capture_output=True,
        text=True,
        check=True,
    )

    found = json.loads(done.stdout.splitlines()[-1])
    for name in names:
        scored = [scorer(name).score_one(row) for row in rows]
        assert found[name] == [[s.pd, s.log_odds, *s.attributions.values()] for s in scored], name


def test_it_gives_the_same_artefact_twice(kind: str) -> None:
    again = artefact.pack(trained_anew(kind))

    assert again.body == packed(kind).body
    assert again.sha256 == packed(kind).sha256


def test_it_never_works_against_a_declared_direction(model: Fitted) -> None:
    people = matrix()[::75]

    for place in DIRECTED:
        direction = SCHEMA.features[place].direction
        seen = np.unique(matrix()[:, place][~np.isnan(matrix()[:, place])])
        steps = np.unique(np.quantile(seen, np.linspace(0, 1, 25), method="nearest"))
        asked = np.repeat(people, len(steps), axis=0)
        asked[:, place] = np.tile(steps, len(people))
        margins = model.margins(asked).reshape(len(people), len(steps))
        assert (direction * np.diff(margins, axis=1) >= 0).all(), SCHEMA.names[place]


def test_it_scores_gaps_and_categories_it_never_met(model: Fitted) -> None:
    purpose = SCHEMA.names.index("purpose")
    met = set(matrix()[:, purpose].tolist())
    never = [code for code in SCHEMA.feature("purpose").codes.values() if code not in met]
    strange = matrix()[: len(never)].copy()
    strange[:, purpose] = never

    margins = np.concatenate([model.margins(with_gaps()), model.margins(strange)])

    assert never
    assert np.isfinite(margins).all()
    assert np.isfinite(model.contributions(strange)).all()


def test_it_tells_people_apart_and_knows_the_level(kind: str) -> None:
    pd_ = scorer(kind).score_frame(sample()[list(SCHEMA.names)])

    assert packed(kind).manifest["metrics"]["auc"] > 0.70
    assert pd_.mean() == pytest.approx(bad().mean(), abs=0.01)
    assert 0 < pd_.min() < 0.05
    assert 0.3 < pd_.max() < 1


def test_it_judges_by_rows_it_never_saw(kind: str) -> None:
    """What cross-fitting settled, fitted to the seen part alone, gives the unseen margins."""
    if kind in ("blend", "choice"):
        pytest.skip("The members of a blend or choice are compared one by one.")
    folds = inner_folds(bad(), count=3, seed=5)

    found = models.estimator(SCHEMA, CONFIGS[kind]).cross_fit(matrix(), bad(), None, folds)

    for seen, unseen in folds:
        learned = found.estimator.learn(matrix()[seen], bad()[seen], None)
        np.testing.assert_allclose(
            found.margins[unseen], learned.margins(matrix()[unseen]), rtol=1e-6, atol=1e-6
        )


def test_it_lets_weights_count(kind: str) -> None:
    salaried = matrix()[:, SCHEMA.names.index("employment_type")] == 0
    weight = np.where(salaried & (bad() == 1), 6.0, 1.0)
    estimator = models.estimator(SCHEMA, CONFIGS[kind])

    plain = estimator.fit(matrix(), bad()).predict_proba(matrix())[:, 1]
    weighted = estimator.fit(matrix(), bad(), weight).predict_proba(matrix())[:, 1]

    assert weighted[salaried].mean() > 1.5 * plain[salaried].mean()


def broken(body: str) -> Iterator[str]:
    """Yield other texts, the beginnings of this one, and this one with another feature."""
    yield from ("", "tree\nversion=v4\nof an oak", "{}", "[]", "17")
    yield from (body[:100], body[: len(body) // 2])
    yield body.replace("existing_dti", "existing_dtj")


def test_it_refuses_what_is_no_such_model(model: Fitted) -> None:
    for body in broken(model.to_body()):
        with pytest.raises((ValueError, KeyError, TypeError)):
            models.load(model.kind, body, SCHEMA)


@pytest.mark.parametrize("change", ["cut", "digit", "space", "manifest", "schema"])
def test_it_refuses_an_artefact_that_was_changed(kind: str, change: str) -> None:
    stored = packed(kind)
    body, manifest = stored.body, dict(stored.manifest)
    if change == "cut":
        body = body[:-1]
    elif change == "digit":
        place = max(body.rfind(digit) for digit in "0123456789")
        body = body[:place] + str((int(body[place]) + 1) % 10) + body[place + 1 :]
    elif change == "space":
        body += " "
    elif change == "manifest":
        manifest["rows"] += 1
    else:
        manifest["schema"] = SCHEMA.subset(SCHEMA.names[1:]).to_dict()

    with pytest.raises(ArtefactCorrupt, match="checksum"):
        artefact.load(body, manifest, expected_sha256=stored.sha256)
    if change == "schema":
        with pytest.raises(ArtefactCorrupt):
            artefact.load(body, manifest, expected_sha256=artefact.checksum(body, manifest))


def test_it_says_its_kind_and_its_libraries(kind: str) -> None:
    stored = packed(kind)

    expected = {"choice": "lightgbm"}.get(kind, kind.split(maxsplit=1)[0])
    assert stored.kind == stored.manifest["model"]["kind"] == expected
    assert stored.manifest["config"]["model"]["kind"] == CONFIGS[kind].kind
    assert (set(stored.manifest["libraries"]) & set(OPTIONAL)) == {expected} & set(OPTIONAL)
    assert expected == "blend" or expected in FAMILIES
