"""Configurations that suit application scoring of any size, and the two ways to use them.

`CHAMPION` is one explainable model: LightGBM in the declared directions, its size chosen on unseen
rows. `RECORD` blends models that err differently, for the best prediction that the data allows.
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

_PATIENCE = 150

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
DEEP = BoostingConfig(
    num_leaves=63, most_trees=1200, learning_rate=0.05, min_child_samples=5, l2=1.0
)
FREE = replace(SMOOTH, monotone=False)
FREE_DEEP = replace(DEEP, monotone=False)
RANDOM = BoostingConfig(
    num_leaves=8,
    most_trees=1200,
    min_child_samples=20,
    l2=10.0,
    bagging_fraction=0.7,
    random_splits=True,
    one_against_rest=64,
    monotone=False,
    early_stopping_rounds=_PATIENCE,
)
CHAMPION = ChoiceConfig(candidates=(SMALL, SMOOTH, WIDE, DEEP))


def record(*, seed: int = 42) -> BlendConfig:
    """Return the blend of all that is installed: scorecard, LightGBM in six ways, challengers."""
    members: tuple[Config, ...] = (
        ScorecardConfig(seed=seed),
        *(replace(one, seed=seed) for one in (SMALL, WIDE, FREE, RANDOM, DEEP, FREE_DEEP)),
    )
    if find_spec("xgboost"):
        members = (*members, XGBoostConfig(early_stopping_rounds=_PATIENCE, seed=seed))
    if find_spec("catboost"):
        members = (*members, CatBoostConfig(monotone=False, seed=seed))
    return BlendConfig(members=members, seed=seed)
