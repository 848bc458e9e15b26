"""CatBoost and XGBoost: challengers where they are installed, a plain sentence where not."""

import dataclasses
import json
import sys
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ml import artefact, families, models, training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact, ArtefactCorrupt
from ml.blend import BlendConfig
from ml.boosting import BoostingConfig
from ml.catboost_trees import CatBoostConfig
from ml.estimator import Fitted, TrainingRefused
from ml.families import Config
from ml.tests.explained_models import applicants
from ml.training import TrainingConfig
from ml.xgboost_trees import XGBoostConfig

Floats = npt.NDArray[np.float64]

CATBOOST = CatBoostConfig(trees=20, learning_rate=0.1, depth=4)
CONFIGS: dict[str, Config] = {
    "catboost": CATBOOST,
    "xgboost": XGBoostConfig(trees=20, learning_rate=0.1, depth=3),
}
NAMES = {"catboost": "CatBoost", "xgboost": "XGBoost"}


def installed(name: str) -> ModuleType:
    module: ModuleType = pytest.importorskip(name, reason=f"{NAMES[name]} is not installed here.")
    return module


@pytest.fixture(params=CONFIGS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    installed(name)
    return name


@cache
def model(kind: str) -> Fitted:
    known, matrix, bad = applicants()
    found: Fitted = families.estimator(known.schema, CONFIGS[kind]).fit(matrix, bad).model_
    return found


def test_it_grows_as_many_trees_as_it_is_told(kind: str) -> None:
    facts = model(kind).facts()

    assert facts["trees"] == 20
    assert 2 <= facts["leaves"] <= 16


def test_it_finds_a_number_of_trees_on_unseen_rows(kind: str) -> None:
    known, matrix, bad = applicants()
    config: Any = CONFIGS[kind]
    free = dataclasses.replace(config, trees=None, most_trees=50)

    found = families.estimator(known.schema, free).fit(matrix, bad).model_

    assert 1 <= found.facts()["trees"] <= 50


def test_it_writes_no_time_and_no_identity(kind: str) -> None:
    known, matrix, bad = applicants()

    again = families.estimator(known.schema, CONFIGS[kind]).fit(matrix, bad).model_

    assert again.to_body() == model(kind).to_body()
    assert "train_finish_time" not in again.to_body()
    assert "model_guid" not in again.to_body()


def test_it_learns_directions_freely_when_told_to(kind: str) -> None:
    known, matrix, bad = applicants()
    config: Any = CONFIGS[kind]
    free = dataclasses.replace(config, monotone=False)

    found = families.estimator(known.schema, free).fit(matrix, bad).model_

    assert found.margins(matrix).tolist() != model(kind).margins(matrix).tolist()


def test_it_says_what_catboost_says() -> None:
    """What is stored is CatBoost's own model: its reader gives the same margins."""
    catboost = installed("catboost")
    _, matrix, _ = applicants()
    given: Any = model("catboost")

    assert isinstance(given.model, catboost.CatBoost)
    trees = json.loads(given.to_body())["oblivious_trees"]
    assert len(trees) == 20
    assert min(weight for tree in trees for weight in tree["leaf_weights"]) > 0
    scale, bias = json.loads(given.to_body())["scale_and_bias"]
    assert scale == 1
    base = float(given.contributions(matrix)[0, -1])
    assert base == pytest.approx(float(given.margins(matrix).mean()), abs=0.05)
    assert np.isfinite(bias).all()


def test_it_begins_a_longer_run_like_a_shorter_one() -> None:
    """Sizes are compared on the first trees of one run, so these must not change later."""
    installed("catboost")
    known, matrix, bad = applicants()
    longer = families.estimator(known.schema, dataclasses.replace(CATBOOST, trees=40))

    both: Any = longer.fit(matrix, bad).model_

    both.model.shrink(20)
    assert both.margins(matrix) == pytest.approx(model("catboost").margins(matrix), abs=1e-9)


def test_it_says_what_xgboost_says() -> None:
    """The attributions are XGBoost's own but for the rounding that the strongest takes over."""
    xgboost = installed("xgboost")
    _, matrix, _ = applicants()
    given: Any = model("xgboost")
    kinds = ["c" if feature.kind == "category" else "q" for feature in given.schema.features]
    rows = xgboost.DMatrix(
        matrix,
        feature_names=list(given.schema.names),
        feature_types=kinds,
        enable_categorical=True,
    )

    own = np.asarray(given.booster.predict(rows, pred_contribs=True), dtype=np.float64)

    found = given.contributions(matrix)
    assert np.abs(found - own).max() < 1e-5
    assert ((found != own).sum(axis=1) <= 1).all()
    assert found.sum(axis=1) == pytest.approx(given.margins(matrix), abs=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
def test_it_predicts_in_as_many_threads_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    xgboost = installed("xgboost")
    _, matrix, _ = applicants()
    given: Any = model("xgboost")
    predict, used = xgboost.Booster.predict, []

    def threads_of(booster: Any) -> int:
        return int(json.loads(booster.save_config())["learner"]["generic_param"]["nthread"])

    def watched(booster: Any, *rows: Any, **more: Any) -> Any:
        used.append(threads_of(booster))
        return predict(booster, *rows, **more)

    expected = given.margins(matrix).tolist(), given.contributions(matrix).tolist()
    monkeypatch.setattr(xgboost.Booster, "predict", watched)

    found = [ask(matrix, threads=threads).tolist() for ask in (given.margins, given.contributions)]

    assert tuple(found) == expected
    assert used == [threads] * 3
    assert threads_of(given.booster) == 1, "the model itself stays as it was"


def test_it_refuses_the_other_ones_trees() -> None:
    for name in CONFIGS:
        installed(name)
    schema = applicants()[0].schema

    for own, other in (("catboost", "xgboost"), ("xgboost", "catboost")):
        with pytest.raises((ValueError, KeyError)):
            models.load(own, model(other).to_body(), schema)


@pytest.mark.parametrize("body", ["{}", "17", '{"learner": {}}'])
def test_it_refuses_what_xgboost_cannot_read_in_one_sentence(body: str) -> None:
    """The library's own message is forty lines of addresses."""
    installed("xgboost")

    with pytest.raises(ValueError, match=r"^These are not XGBoost's trees\.$"):
        models.load("xgboost", body, SCHEMA)


def packed(features: pd.DataFrame, applications: pd.DataFrame, model: Config) -> Artefact:
    return artefact.pack(
        training.train(
            features.head(1500),
            applications["bad"].head(1500),
            schema=SCHEMA,
            config=TrainingConfig(model=model, folds=3),
        )
    )


def test_it_names_the_libraries_of_a_blend(
    features: pd.DataFrame, applications: pd.DataFrame
) -> None:
    for name in CONFIGS:
        installed(name)
    members = (*CONFIGS.values(), BoostingConfig(trees=20))

    stored = packed(features, applications, BlendConfig(members=members))

    kinds = {one["kind"] for one in stored.manifest["model"]["members"]}
    assert kinds & CONFIGS.keys()
    assert stored.manifest["libraries"].keys() & CONFIGS.keys() == kinds & CONFIGS.keys()


@pytest.mark.parametrize("name", CONFIGS)
def test_it_says_so_where_a_library_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    known, matrix, bad = applicants()
    monkeypatch.setitem(sys.modules, name, None)
    sentence = f"{NAMES[name]} is not installed; requirements-challengers.txt brings it."

    with pytest.raises(TrainingRefused, match=sentence):
        families.estimator(known.schema, CONFIGS[name]).fit(matrix, bad)
    with pytest.raises(TrainingRefused, match=sentence):
        models.load(name, "{}", known.schema)


def test_it_does_not_load_a_model_whose_library_is_missing(
    kind: str,
    features: pd.DataFrame,
    applications: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = packed(features, applications, CONFIGS[kind])
    monkeypatch.setitem(sys.modules, kind, None)

    with pytest.raises(ArtefactCorrupt, match=f"{NAMES[kind]} is not installed"):
        artefact.load(stored.body, stored.manifest, expected_sha256=stored.sha256)
