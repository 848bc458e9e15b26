"""A real champion for tests: trained once per process on synthetic applications."""

import functools
from datetime import UTC, date, datetime

import pandas as pd

from apps.accounts.models import User
from apps.scoring import services
from apps.scoring.models import ModelVersion
from ml import artefact, synthetic, training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact
from ml.training import TrainingConfig

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
def trained_artefact(seed: int = 42) -> Artefact:
    """Return a small real model as text; another seed gives another model."""
    frame = applications()
    config = TrainingConfig(n_estimators=60, learning_rate=0.1, num_threads=1, seed=seed)
    return artefact.pack(
        training.train(frame[list(SCHEMA.names)], frame["bad"], schema=SCHEMA, config=config)
    )


def registered(segment: str, rita: User, *, seed: int = 42) -> ModelVersion:
    """Return a registered model that nobody has promoted."""
    return services.register_model(
        actor=rita,
        segment=segment,
        name="Test model",
        artefact=trained_artefact(seed),
        now=PROMOTED_AT,
    )


def champion(segment: str, rita: User, mark: User, *, seed: int = 42) -> ModelVersion:
    """Return the champion of a segment: developed by rita, approved by mark."""
    model = registered(segment, rita, seed=seed)
    return services.promote(model=model, approved_by=mark, now=PROMOTED_AT)


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
