"""Configurations that suit application scoring of any size, and the two ways to use them.

`CHAMPION` is one explainable model: LightGBM in the declared directions, its size chosen on unseen
rows. `record()` blends models that err differently, for the best prediction that the data allows.
Nobody tunes them for a data set; what differs between sets is chosen by inner folds.
"""

from dataclasses import replace
from importlib.util import find_spec

from ml.blend import BlendConfig
from ml.boosting import BoostingConfig
from ml.catboost_trees import CatBoostConfig
from ml.choice import ChoiceConfig
from ml.families import Config
from ml.scorecard import ScorecardConfig
from ml.xgboost_trees import XGBoostConfig

# A model goes on ordering people better long after its own loss has turned; see `best_stage`.
_PATIENCE = 400

SMALL = BoostingConfig(
    num_leaves=4,
    most_trees=1000,
    min_child_samples=20,
    l2=10.0,
    early_stopping_rounds=_PATIENCE,
)
SMOOTH = BoostingConfig(
    num_leaves=8,
    most_trees=900,
    min_child_samples=10,
    l2=10.0,
    path_smooth=10.0,
    one_against_rest=64,
    early_stopping_rounds=_PATIENCE,
)
WIDE = BoostingConfig(
    num_leaves=16,
    most_trees=700,
    min_child_samples=100,
    l2=30.0,
    path_smooth=50.0,
    feature_fraction=0.3,
    early_stopping_rounds=_PATIENCE,
)
FREE_DEEP = BoostingConfig(
    num_leaves=63,
    most_trees=1200,
    learning_rate=0.05,
    min_child_samples=5,
    l2=1.0,
    monotone=False,
    early_stopping_rounds=_PATIENCE,
    least_patience=40,
)
DEEP = replace(
    FREE_DEEP,
    min_child_samples=3,
    l2=0.3,
    feature_fraction=0.8,
    monotone=True,
    advanced_directions=True,
)
FREE = replace(SMOOTH, monotone=False)
RANDOM = BoostingConfig(
    num_leaves=8,
    most_trees=1600,
    min_child_samples=20,
    l2=10.0,
    bagging_fraction=0.7,
    random_splits=True,
    one_against_rest=64,
    monotone=False,
    early_stopping_rounds=_PATIENCE,
)
RANDOM_SURE = replace(RANDOM, monotone=True, feature_fraction=0.8)
# For few rows: random thresholds, and hardly any of the restraint that many trees need.
FINE = replace(
    RANDOM,
    num_leaves=16,
    most_trees=1000,
    min_child_samples=10,
    l2=0.5,
    bagging_fraction=0.6,
    least_of_a_category=20,
)
FINE_SURE = replace(
    FINE, num_leaves=31, min_child_samples=5, l2=3.0, path_smooth=5.0, monotone=True
)
# Few trees are quick to explain and quick to train; the stages tell whether they are enough.
_SERVED = (
    SMALL,
    replace(RANDOM_SURE, most_trees=600),
    SMOOTH,
    WIDE,
    DEEP,
)
CHAMPION = ChoiceConfig(candidates=_SERVED, for_few=FINE_SURE)

_GROWN = (SMALL, WIDE, FREE, RANDOM, DEEP, FREE_DEEP)


def record(*, seed: int = 42) -> BlendConfig:
    """Return the blend of all that is installed: scorecard, LightGBM in six ways, challengers.

    On few rows it is the plain mean of three families, with the scorecard and small trees in the
    place of challengers that are not installed.
    """
    members: tuple[Config, ...] = (
        ScorecardConfig(seed=seed),
        *(replace(one, seed=seed) for one in _GROWN),
    )
    challengers: tuple[Config, ...] = ()
    if find_spec("xgboost"):
        challengers = (XGBoostConfig(early_stopping_rounds=_PATIENCE, seed=seed),)
    if find_spec("catboost"):
        another = CatBoostConfig(monotone=False, early_stopping_rounds=_PATIENCE, seed=seed)
        challengers = (*challengers, another)
    instead = (replace(SMALL, seed=seed), ScorecardConfig(seed=seed))
    few: tuple[Config, ...] = (replace(FINE, seed=seed), *challengers)
    return BlendConfig(
        members=(*members, *challengers),
        few=(*few, *instead[: 3 - len(few)]),
        seed=seed,
    )
