"""Real models for tests: trained once per process on synthetic applications."""

import functools
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from apps.accounts.models import User
from apps.scoring import services
from apps.scoring.models import ModelVersion
from ml import artefact, synthetic, training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact
from ml.blend import BlendConfig
from ml.boosting import BoostingConfig, ForestConfig
from ml.families import Config
from ml.scorecard import ScorecardConfig
from ml.training import TrainingConfig

# Packed and signed by the first version of the library, under the key of the test settings; beside
# it the row it scored then and what it said.
FIRST_FORMAT: dict[str, Any] = json.loads(Path(__file__).with_name("first_format.json").read_text())
PROMOTED_AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@functools.cache
def applications(rows: int = 3000) -> pd.DataFrame:
    """Return synthetic applications with outcomes."""
    return synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=rows,
        seed=11,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
    )


@functools.cache
def trained_artefact(seed: int = 42, kind: str = "lightgbm") -> Artefact:
    """Return a small real model of any kind as text; another seed gives another model."""
    frame = applications()
    config = TrainingConfig(model=_small(kind, seed), folds=3, seed=seed)
    return artefact.pack(
        training.train(frame[list(SCHEMA.names)], frame["bad"], schema=SCHEMA, config=config)
    )


def registered(segment: str, rita: User, *, seed: int = 42, kind: str = "lightgbm") -> ModelVersion:
    """Return a registered model that nobody has promoted."""
    return services.register_model(
        actor=rita,
        segment=segment,
        name="Test model",
        artefact=trained_artefact(seed, kind),
        now=PROMOTED_AT,
    )


def champion(
    segment: str, rita: User, mark: User, *, seed: int = 42, kind: str = "lightgbm"
) -> ModelVersion:
    """Return the champion of a segment: developed by rita, approved by mark."""
    model = registered(segment, rita, seed=seed, kind=kind)
    return services.promote(model=model, approved_by=mark, now=PROMOTED_AT)


def first_format(segment: str, rita: User) -> ModelVersion:
    """Return a model as it was stored before there were several kinds, signature and all."""
    return ModelVersion.objects.create(
        segment=segment,
        number=1,
        name="Old model",
        body=FIRST_FORMAT["body"],
        manifest=FIRST_FORMAT["manifest"],
        sha256=FIRST_FORMAT["sha256"],
        signature=FIRST_FORMAT["signature"],
        schema_hash=FIRST_FORMAT["manifest"]["schema_hash"],
        developed_by=rita,
    )


def _small(kind: str, seed: int) -> Config:
    trees = BoostingConfig(most_trees=60, learning_rate=0.1, seed=seed)
    scorecard = ScorecardConfig(seed=seed)
    configs: dict[str, Config] = {
        "lightgbm": trees,
        "scorecard": scorecard,
        "forest": ForestConfig(trees=20, num_leaves=16, seed=seed),
        "blend": BlendConfig(members=(scorecard, trees), additions=4, folds=2, seed=seed),
    }
    return configs[kind]


def features(**changes: object) -> dict[str, object]:
    """Return a complete row of features of an ordinary applicant."""
    row: dict[str, object] = {
        "amount": 200_000.0,
        "term_months": 24,
        "purpose": "home_improvement",
        "annual_income": 600_000.0,
        "amount_to_income": 200_000 / 600_000,
        "existing_dti": 0.10,
        "employment_months": 60,
        "employment_type": "salaried",
        "income_verification": "documents",
        "home_ownership": "own",
        "credit_history_months": 96,
        "delinquencies_24m": 0,
        "months_since_delinquency": None,
        "enquiries_6m": 1,
        "open_accounts": 5,
        "total_accounts": 9,
        "public_records": 0,
        "months_since_public_record": None,
        "revolving_balance": 20_000.0,
        "revolving_utilisation": 0.25,
        "revolving_balance_to_income": 20_000 / 600_000,
        "bankruptcies": 0,
        "accounts_delinquent_now": 0,
    }
    assert changes.keys() <= row.keys()
    return {**row, **changes}
