"""Training a model, loading it, and watching the people it scores: figures of `bench_ml`."""

from datetime import date

import lightgbm
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

from benchmarks import measuring, ml_models
from benchmarks.measuring import Figure
from ml import artefact, baseline, discrimination, drift, portfolio, synthetic, training
from ml.artefact import Artefact
from ml.boosting import BoostingConfig
from ml.portfolio import PortfolioConfig
from ml.training import TrainingConfig

FEATURES = 60
TREES = 100
ROUNDS = 5
MILLISECONDS = 1_000
APPLICATIONS = 20_000


def figures(packed: Artefact, *, rows: int, judged: int) -> list[Figure]:
    """Return the figures; `rows` are learned from and watched, `judged` are ranked."""
    return [
        _trained(rows),
        _loaded(packed),
        _made_up(),
        _watched(rows),
        _ranked(judged),
    ]


def _trained(rows: int) -> Figure:
    """Compare a whole run, with folds, calibration and checks, with growing the trees once."""
    schema = ml_models.schema_of(FEATURES)
    matrix, bad = ml_models.sample_of(FEATURES, rows=rows)
    frame = pd.DataFrame(matrix, columns=list(schema.names))
    model = BoostingConfig(trees=TREES)
    config = TrainingConfig(model=model)
    directions = [feature.direction for feature in schema.features]
    parameters = {**model.parameters(), "monotone_constraints": directions}
    own, bare = measuring.by_turns(
        [
            lambda: training.train(frame, bad, schema=schema, config=config),
            lambda: lightgbm.train(
                parameters,
                lightgbm.Dataset(matrix, label=bad, params={"num_threads": 1, "verbosity": -1}),
                num_boost_round=TREES,
            ),
        ],
        times=1,
        rounds=ROUNDS,
    )
    return measuring.figure(
        f"train, {FEATURES} features, {config.folds} folds, {TREES} trees",
        own,
        "s",
        peer=("lightgbm.train, the same trees once", bare),
        # Five folds of four fifths, the model itself, and as much again for everything else.
        goal="at most 10",
        n=rows,
    )


def _loaded(packed: Artefact) -> Figure:
    """Compare a model that is verified and read with its trees read alone."""
    own, bare = measuring.by_turns(
        [
            lambda: artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256),
            lambda: lightgbm.Booster(model_str=packed.body),
        ],
        times=5,
    )
    return measuring.figure(
        "load and verify the champion",
        own * MILLISECONDS,
        "ms",
        peer=("Booster from its text, unverified", bare * MILLISECONDS),
        goal="",
        n=5,
    )


def _made_up() -> Figure:
    """Compare applications whose loans are lived through with those drawn from a formula."""
    market = synthetic.MARKETS["in-retail"]
    start, end = date(2022, 1, 1), date(2024, 12, 31)
    config = PortfolioConfig(market=market, rows=APPLICATIONS, seed=11, start=start, end=end)
    own, drawn = measuring.by_turns(
        [
            lambda: [len(part.truth) for part in portfolio.iterate(config, chunk_rows=5_000)],
            lambda: synthetic.generate(market, rows=APPLICATIONS, seed=11, start=start, end=end),
        ],
        times=1,
        rounds=ROUNDS,
    )
    return measuring.figure(
        "portfolio.iterate",
        APPLICATIONS / own,
        "rows/s",
        peer=("synthetic.generate, nobody's loan lived through", APPLICATIONS / drawn),
        goal="at least 8,333 rows/s",
        n=APPLICATIONS,
    )


def _watched(rows: int) -> Figure:
    """Compare a report of every feature and the score with scipy's test of every feature."""
    schema = ml_models.schema_of(FEATURES)
    old, _ = ml_models.sample_of(FEATURES, rows=rows)
    new, _ = ml_models.sample_of(FEATURES, rows=rows, seed=12)
    scores = np.random.default_rng(1).normal(600, 40, size=(2, rows))
    known = baseline.of_sample(schema, old, scores[0])
    before, now = drift.Sample(old, scores[0]), drift.Sample(new, scores[1])
    own, bare = measuring.by_turns(
        [
            lambda: drift.report(known, schema, now, reference=before),
            lambda: [
                stats.ks_2samp(one, other, method="asymp", nan_policy="omit")
                for one, other in zip(old.T, new.T, strict=True)
            ],
        ],
        times=1,
        rounds=ROUNDS,
    )
    return measuring.figure(
        f"drift.report, {FEATURES} features and the score",
        own,
        "s",
        peer=("scipy.stats.ks_2samp of every feature", bare),
        goal="",
        n=rows,
    )


def _ranked(rows: int) -> Figure:
    """Compare DeLong's interval with scikit-learn's bare AUC."""
    chance = np.random.default_rng(7)
    pd_ = chance.beta(2, 12, rows)
    bad = (chance.random(rows) < pd_).astype(np.float64)
    own, bare = measuring.by_turns(
        [
            lambda: discrimination.auc_interval(pd_, bad),
            lambda: roc_auc_score(bad, pd_),
        ],
        times=1,
    )
    return measuring.figure(
        "auc_interval (DeLong)",
        own,
        "s",
        peer=("sklearn roc_auc_score, no interval", bare),
        goal="",
        n=rows,
    )
