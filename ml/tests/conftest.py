"""One small trained model shared by the tests that need one."""

from datetime import date

import pandas as pd
import pytest

from ml import artefact, synthetic, training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact
from ml.boosting import BoostingConfig
from ml.serving import Scorer
from ml.training import TrainedModel, TrainingConfig

SMALL = TrainingConfig(model=BoostingConfig(most_trees=80, learning_rate=0.1))


@pytest.fixture(scope="session")
def applications() -> pd.DataFrame:
    """Return 4,000 synthetic applications with their outcomes and true risk."""
    return synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=4000,
        seed=7,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
        with_truth=True,
    )


@pytest.fixture(scope="session")
def features(applications: pd.DataFrame) -> pd.DataFrame:
    """Return only what the model may see."""
    return applications[list(SCHEMA.names)]


@pytest.fixture(scope="session")
def trained(applications: pd.DataFrame, features: pd.DataFrame) -> TrainedModel:
    """Return a model of the synthetic applications."""
    return training.train(features, applications["bad"], schema=SCHEMA, config=SMALL)


@pytest.fixture(scope="session")
def packed(trained: TrainedModel) -> Artefact:
    """Return that model as it is stored."""
    return artefact.pack(trained)


@pytest.fixture(scope="session")
def scorer(packed: Artefact) -> Scorer:
    """Return that model as it serves."""
    return artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
