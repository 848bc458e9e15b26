"""Champions with scores of many months, and limits that two people set."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from apps.accounts.models import User
from apps.monitoring import services
from apps.monitoring.models import Limit, RetrainingPlan
from apps.monitoring.services import AskedLimit, AskedPlan
from apps.scoring import champion, fingerprint
from apps.scoring.models import ModelVersion, ScoreRun
from ml import synthetic
from ml.application_schema import SCHEMA

SEGMENT = "in-retail"
# Champions of the tests were promoted on 1 March 2026.
FIRST = date(2026, 3, 1)
NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def applicants(rows: int, *, seed: int, **changes: Any) -> pd.DataFrame:
    """Return applicants of the market the test models were trained on; `changes` are factors."""
    frame = synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=rows,
        seed=seed,
        start=date(2026, 1, 1),
        end=date(2026, 1, 31),
    )[list(SCHEMA.names)]
    for name, factor in changes.items():
        frame[name] = frame[name] * factor
    return frame


def scored(model: ModelVersion, month: date, frame: pd.DataFrame) -> list[ScoreRun]:
    """Store what a model says of applicants in the middle of a month."""
    scorer = champion.scorer_of(model)
    rows = SCHEMA.to_rows(frame)
    moment = datetime(month.year, month.month, 15, 9, tzinfo=UTC)
    runs = [
        ScoreRun(
            subject=f"tests.applicant:{month:%Y%m}-{number}",
            model=model,
            model_sha256=model.sha256,
            schema_hash=model.schema_hash,
            features=row,
            features_sha256=fingerprint.of_features(row),
            pd=found.pd,
            score=found.displayed_score,
            log_odds=found.log_odds,
            base=found.base,
            attributions={},
            scored_at=moment,
        )
        for number, (row, found) in enumerate(
            zip(rows, scorer.score_rows(rows, explain=False), strict=True)
        )
    ]
    return ScoreRun.objects.bulk_create(runs)


def asked(owner: User, **changes: Any) -> AskedLimit:
    """Return a limit of 0.25 on the stability of every feature, for review."""
    values: dict[str, Any] = {
        "segment": SEGMENT,
        "measure": "feature_psi",
        "level": "review",
        "bound": Decimal("0.25"),
        "owner": owner,
        "effective_from": FIRST,
        "reason": "Rule book 9.4",
        **changes,
    }
    return AskedLimit(**values)


def limit(rita: User, mark: User, **changes: Any) -> Limit:
    """Return a limit that Rita proposed and Mark approved on the day it begins."""
    wanted = asked(changes.pop("owner", rita), **changes)
    moment = datetime.combine(wanted.effective_from, datetime.min.time(), UTC)
    one = services.propose_limit(actor=rita, asked=wanted, now=moment)
    return services.approve(actor=mark, one=one, now=moment)


def plan(rita: User, mark: User, **changes: Any) -> RetrainingPlan:
    """Return a plan of retraining that Rita proposed and Mark approved."""
    values: dict[str, Any] = {
        "segment": SEGMENT,
        "effective_from": FIRST,
        "reason": "Keep up with the market",
        "window_months": 24,
        **changes,
    }
    moment = datetime.combine(values["effective_from"], datetime.min.time(), UTC)
    one = services.propose_plan(actor=rita, asked=AskedPlan(**values), now=moment)
    return services.approve(actor=mark, one=one, now=moment)
