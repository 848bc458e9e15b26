"""What training knows of rows beside their values: how much they weigh and whose they are."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ml import artefact, calibrating, canonical, metrics, reject_inference, splitting, training
from ml.application_schema import SCHEMA
from ml.boosting import BoostingConfig, ForestConfig
from ml.inference import infer_schema
from ml.leakage import LeakageConfig
from ml.schema import Feature, Schema
from ml.splitting import FoldConfig, Folds, SplitRefused
from ml.training import TrainedModel, TrainingConfig, TrainingRefused

Floats = npt.NDArray[np.float64]
Splits = list[Folds]

ROWS = 1200
QUICK = TrainingConfig(model=BoostingConfig(trees=30, learning_rate=0.1), folds=3)
WEAK = Schema(
    "weak", 1, tuple(Feature(name, "number", group=name) for name in ("one", "two", "three"))
)


@pytest.fixture(scope="module")
def frame(features: pd.DataFrame) -> pd.DataFrame:
    return features.head(ROWS)


@pytest.fixture(scope="module")
def bad(applications: pd.DataFrame) -> npt.NDArray[np.int_]:
    return np.array(applications["bad"].head(ROWS), dtype=np.int_)


@pytest.fixture(scope="module")
def dates(applications: pd.DataFrame) -> list[Any]:
    return list(applications["applied_date"].head(ROWS))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Splits:
    """Return the list of all folds that are made while the test runs."""
    kept: Splits = []
    make: Callable[..., Folds] = splitting.folds

    def watched(*args: Any, **more: Any) -> Folds:
        kept.append(make(*args, **more))
        return kept[-1]

    monkeypatch.setattr(splitting, "folds", watched)
    return kept


def train(frame: pd.DataFrame, bad: Any, schema: Schema = SCHEMA, **more: Any) -> TrainedModel:
    return training.train(frame, bad, schema=schema, **{"config": QUICK, **more})


def test_it_weighs_its_figures(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], dates: list[Any]
) -> None:
    weight = np.where(np.arange(ROWS) % 3 == 0, 5.0, 0.5)

    found = train(frame, bad, weight=weight, dates=dates)

    later = np.sort(np.argsort(np.array(dates), kind="stable")[found.rows :])
    risk = found.calibration.probability_of(
        found.model.margins(SCHEMA.to_matrix(frame.iloc[later]))
    )
    judged = found.out_of_time
    assert judged is not None
    assert judged["weight"] == weight[later].sum()
    assert judged["bad_rate"] == np.average(bad[later], weights=weight[later])
    for name, measure in (
        ("auc", metrics.auc),
        ("ks", metrics.ks),
        ("brier", metrics.brier),
        ("log_loss", metrics.log_loss),
        ("expected_calibration_error", metrics.expected_calibration_error),
    ):
        assert judged[name] == measure(risk, bad[later], weight[later])
        assert judged[name] != measure(risk, bad[later])
    assert judged["rows"] == len(later)
    assert found.metrics["bad_rate"] == found.bad_rate
    assert sum(band["weight"] for band in found.metrics["bands"]) == found.metrics["weight"]


def test_it_says_in_the_manifest_whether_the_figures_are_weighted(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_]
) -> None:
    plain, weighed = (
        artefact.pack(train(frame, bad, weight=weight)).manifest["metrics"]
        for weight in (None, np.ones(ROWS))
    )

    assert weighed["weight"] == ROWS
    assert weighed.keys() - plain.keys() == {"weight"}
    assert {key for band in weighed["bands"] for key in band} - {
        key for band in plain["bands"] for key in band
    } == {"weight"}
    assert weighed["auc"] == pytest.approx(plain["auc"], abs=1e-6)


def test_it_keeps_the_form_of_figures_without_weights() -> None:
    """Models that are stored know these names and no others; their hash depends on it."""
    found = training.figures(np.array([0.1, 0.2, 0.6]), np.array([0.0, 0.0, 1.0]))

    assert list(found) == [
        "rows",
        "bad_rate",
        "auc",
        "gini",
        "ks",
        "brier",
        "brier_skill",
        "log_loss",
        "expected_calibration_error",
        "bands",
    ]
    assert list(found["bands"][0]) == [
        "n",
        "bads",
        "lowest_pd",
        "highest_pd",
        "mean_pd",
        "observed_rate",
    ]


def test_it_keeps_a_group_in_one_fold(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], made: Splits
) -> None:
    groups = np.arange(ROWS) // 2

    train(frame, bad, groups=groups)

    assert len(made) == 2, "for the margins and for the choice of a curve"
    assert [len(one) for one in made] == [3, 5]
    for one in made:
        assert one.rule == "grouped"
        for seen, unseen in one:
            assert not set(groups[seen]) & set(groups[unseen])


def test_it_is_not_flattered_by_a_row_that_comes_twice() -> None:
    """Little can be learned of these people, but their copies can be remembered."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(400), 4)
    values = rng.normal(size=(400, 3))
    outcome = (rng.random(400) < 1 / (1 + np.exp(1 - 0.7 * values[:, 0]))).astype(int)
    config = TrainingConfig(
        model=ForestConfig(trees=30, num_leaves=64, min_child_samples=2),
        leakage=LeakageConfig(stop_auc=0.999),
    )

    flattered, honest = (
        train(
            pd.DataFrame(values, columns=list(WEAK.names)).iloc[person],
            outcome[person],
            WEAK,
            config=config,
            groups=groups,
        )
        for groups in (None, person)
    )

    best = metrics.auc(values[:, 0], outcome)
    assert best is not None
    assert flattered.metrics["auc"] > 0.9
    assert honest.metrics["auc"] < best + 0.02 < 0.75


def test_it_takes_the_groups_of_reject_inference(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], made: Splits
) -> None:
    matrix, accepted = SCHEMA.to_matrix(frame), np.arange(ROWS) < 800
    known = reject_inference.infer(
        reject_inference.Fuzzy(folds=3),
        accepted_matrix=matrix[accepted],
        accepted_bad=bad[accepted].astype(float),
        rejected_matrix=matrix[~accepted],
        fit=lambda rows, outcomes, _: float(outcomes.mean()),
        score=lambda rate, rows: np.full(len(rows), rate),
    )

    found = train(frame.iloc[known.source], known.bad, weight=known.weight, groups=known.groups)

    assert len(known.groups) == 800 + 2 * 400
    for seen, unseen in made[0]:
        assert not set(known.groups[seen]) & set(known.groups[unseen])
    assert found.metrics["weight"] == pytest.approx(ROWS)
    assert found.metrics["bad_rate"] == pytest.approx(np.average(known.bad, weights=known.weight))


def test_it_hashes_the_groups_with_the_rows(frame: pd.DataFrame, bad: npt.NDArray[np.int_]) -> None:
    pairs = np.arange(ROWS) // 2
    named = [f"customer {number}" for number in pairs]

    hashes = [
        train(frame, bad, groups=groups).data_sha256 for groups in (None, pairs, named, pairs // 2)
    ]

    rows = SCHEMA.to_matrix(frame).tobytes(), bad.astype(np.float64).tobytes()
    assert hashes[0] == canonical.sha256(*rows)
    assert hashes[1] == hashes[2] == canonical.sha256(*rows, pairs.astype(np.int64).tobytes())
    assert hashes[3] not in hashes[:3]


def test_it_holds_nobody_out_whom_it_has_learned_from(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], dates: list[Any]
) -> None:
    """Every applicant comes again half of the rows later, so the newest were all seen before."""
    order = np.argsort(np.array(dates), kind="stable")
    groups = np.empty(ROWS, dtype=int)
    groups[order] = np.arange(ROWS) % (ROWS // 2)

    found = train(frame, bad, dates=dates, groups=groups)

    assert found.out_of_time is not None
    tested = found.out_of_time["rows"]
    assert found.out_of_time["split"]["rows_of_tested_group"] == tested
    assert found.rows == ROWS - 2 * tested


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        (np.arange(ROWS - 1), "1200 outcomes but 1199 groups"),
        ([None, *range(ROWS - 1)], "position 0 has no group"),
        (np.arange(ROWS) % 2, "3 parts need as many groups; there are 2"),
        (pd.Series(range(ROWS), index=range(ROWS)[::-1]), "groups are in another order"),
    ],
)
def test_it_refuses_groups_that_divide_nothing(
    frame: pd.DataFrame, bad: npt.NDArray[np.int_], groups: Any, why: str
) -> None:
    with pytest.raises(TrainingRefused, match=why):
        train(frame, bad, groups=groups)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.filterwarnings("error")
def test_it_refuses_more_folds_than_rows_of_the_rarer_class(
    frame: pd.DataFrame, turned: bool
) -> None:
    rare = (np.arange(ROWS) < 25).astype(int)
    config = dataclasses.replace(QUICK, folds=26)

    with pytest.raises(TrainingRefused, match="26 parts need as many good and bad rows"):
        train(frame, 1 - rare if turned else rare, config=config)


@pytest.mark.filterwarnings("error")
def test_it_chooses_no_curve_where_a_fold_would_lack_a_class() -> None:
    margins = np.random.default_rng(2).normal(size=1200)
    bad = (margins >= np.sort(margins)[-5]).astype(float)
    bad[np.argmax(margins)] = 0

    with pytest.raises(SplitRefused, match=r"5 parts need .* 1196 good and 4 bad"):
        calibrating.choose(margins, bad)


def test_it_judges_curves_by_whole_groups(made: Splits) -> None:
    rng = np.random.default_rng(2)
    margins = np.repeat(rng.normal(size=600), 2)
    bad = (rng.random(1200) < 1 / (1 + np.exp(1 - margins))).astype(float)
    groups = np.repeat(np.arange(600), 2)

    calibrating.choose(margins, bad, groups=groups)
    calibrating.choose(margins, bad)

    assert [one.rule for one in made] == ["grouped", "stratified"]


def test_it_makes_the_folds_it_always_made(bad: npt.NDArray[np.int_], made: Splits) -> None:
    """Stored models were trained on scikit-learn's own folds of the seed."""
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415

    old = StratifiedKFold(3, shuffle=True, random_state=42).split(np.zeros(ROWS), bad)

    new = splitting.folds(bad, config=FoldConfig(folds=3, seed=42))

    for (seen, unseen), (seen_before, unseen_before) in zip(new, old, strict=True):
        assert seen.tolist() == seen_before.tolist()
        assert unseen.tolist() == unseen_before.tolist()


def test_it_asks_for_the_schema_itself(frame: pd.DataFrame, bad: npt.NDArray[np.int_]) -> None:
    inferred = infer_schema(frame, name="unknown")

    with pytest.raises(TypeError, match=r"trained on a Schema, not on Inferred.*`\.schema`"):
        train(frame, bad, inferred)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not on NoneType"):
        train(frame, bad, None)  # type: ignore[arg-type]
