"""What a new model and the present champion say of later loans, which the new model has not seen.

The later loans are either a window of their own, after the one learned from, or the newest share
of the window itself, which training held out. Both ways give the same two parts: `holdout` and
`champion`, JSON values, None where there is nothing to say.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from apps.governance import datasets, evaluation
from apps.governance.datasets import Sample
from apps.governance.models import TrainingRun
from apps.scoring import champion
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ModelVersion
from ml import artefact as artefacts
from ml import leakage
from ml.artefact import Artefact
from ml.estimator import Floats
from ml.serving import Scorer
from ml.training import TrainedModel

_NOTHING: dict[str, Any] = {"holdout": None, "champion": None}


def on_a_window(
    *, segment: str, from_date: date, to_date: date, packed: Artefact
) -> dict[str, Any]:
    """Return the figures on loans paid out in [from_date, to_date), of model and champion."""
    later = datasets.build(segment=segment, from_date=from_date, to_date=to_date)
    if not later.rows:
        return dict(_NOTHING)
    scorer = artefacts.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    warning = leakage.reversed_labels_warning(scorer.score_frame(later.frame), later.bad)
    return {
        "holdout": {
            **_measured(scorer, later.frame, later.bad),
            "warning": warning,
            "dataset_sha256": later.sha256,
            "refused": later.refused,
        },
        "champion": _of_champion(segment, later.frame, later.bad, since=from_date),
    }


def on_the_newest(*, segment: str, sample: Sample, trained: TrainedModel) -> dict[str, Any]:
    """Return the figures on the loans that training held out, of model and champion."""
    if trained.out_of_time is None:
        return dict(_NOTHING)
    first = date.fromisoformat(trained.out_of_time["split"]["first_test_day"])
    frame, bad = sample.since(first)
    return {
        "holdout": counted(trained.out_of_time),
        "champion": _of_champion(segment, frame, bad, since=first),
    }


def counted(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures of the library with the size and the defaults of their sample."""
    bads = sum(band["bads"] for band in figures["bands"])
    return {"n": figures["rows"], "bads": bads, **figures}


def _of_champion(
    segment: str, frame: pd.DataFrame, bad: Floats, *, since: date
) -> dict[str, Any] | None:
    """Return the present champion's figures on the same loans; None where none can score."""
    try:
        model, scorer = champion.current(segment)
    except ScoringFailed:
        return None
    return {
        "model": str(model),
        "sha256": model.sha256,
        "has_learned_from_them": _has_learned_from(model, since),
        **_measured(scorer, frame, bad),
    }


def _has_learned_from(model: ModelVersion, day: date) -> bool:
    """Say whether a model trained here learned from loans paid out on the day or after it."""
    run = TrainingRun.objects.filter(model=model).first()
    return run is not None and run.last_learned_day >= day


def _measured(scorer: Scorer, frame: pd.DataFrame, bad: Floats) -> dict[str, Any]:
    return evaluation.measure(scorer.score_frame(frame), bad)
