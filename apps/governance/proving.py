"""Whether a model comes out again: trained anew on the same loans, or scored anew."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from apps.governance.datasets import Sample
from apps.governance.models import TrainingRun
from apps.governance.report_facts import Facts, Floats
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from ml import artefact as artefacts
from ml import training
from ml.application_schema import SCHEMA
from ml.families import FAMILIES
from ml.serving import Scorer
from ml.training import TrainedModel, TrainingConfig


def prove(
    run: TrainingRun, sample: Sample, later: Any, pd: Floats, *, offered: TrainingConfig | None
) -> Facts:
    """Return the proof: what was done, whether the same came out, and how far it lies apart.

    Trained anew where the loans are those of then and the way of training can be told from the
    model; the hash says whether the very same model came out. Else the stored text is read anew
    and scores the later loans again, to the last bit. `offered` is what the kind is trained with.
    """
    model = run.model
    config = _config_of(model.manifest, offered)
    if sample.sha256 != run.dataset_sha256:
        return _scored_again(model, later, pd, why="data_changed")
    if config is None:
        return _scored_again(model, later, pd, why="way_unknown")
    packed = artefacts.pack(train_like(run, sample, config))
    again = artefacts.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    return {
        "way": "trained_again",
        "same": packed.sha256 == model.sha256,
        "found_sha256": packed.sha256,
        "expected_sha256": model.sha256,
        "largest_difference": _difference(again, later, pd),
        "libraries": _libraries(model.manifest, packed.manifest),
        "why": "",
    }


def train_like(run: TrainingRun, sample: Sample, config: TrainingConfig) -> TrainedModel:
    """Return a model trained on the loans of a run as that was, in another way if so configured."""
    return training.train(
        sample.frame,
        sample.bad,
        schema=SCHEMA,
        config=config,
        dates=sample.paid_out if run.holdout_to_date is None else None,
        groups=sample.groups,
    )


def _scored_again(model: ModelVersion, later: Any, pd: Floats, *, why: str) -> Facts:
    stored = champion.verified_artefact(model)
    again = artefacts.load(stored.body, stored.manifest, expected_sha256=model.sha256)
    difference = _difference(again, later, pd)
    return {
        "way": "scored_again",
        "same": difference == 0,
        "found_sha256": stored.sha256,
        "expected_sha256": model.sha256,
        "largest_difference": difference,
        "libraries": {},
        "why": why,
    }


def _difference(scorer: Scorer, later: Any, pd: Floats) -> float:
    return float(np.abs(scorer.score_frame(later) - pd).max())


def _config_of(
    manifest: Mapping[str, Any], offered: TrainingConfig | None
) -> TrainingConfig | None:
    """Return the configuration that the manifest tells of; None where that is not certain."""
    written = manifest.get("config", {})
    if offered is not None and offered.to_dict() == written:
        return offered
    found = _rebuilt(written)
    return found if found is not None and found.to_dict() == written else None


def _rebuilt(written: Mapping[str, Any]) -> TrainingConfig | None:
    given = dict(written.get("model", {}))
    family = FAMILIES.get(given.pop("kind", ""))
    if family is None:
        return None
    try:
        return TrainingConfig(
            model=family.config(**given),
            folds=written["folds"],
            calibration=written["calibration"],
            seed=written["seed"],
        )
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def _libraries(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the libraries that are of another version now: then and now."""
    old, new = before.get("libraries", {}), now["libraries"]
    return {
        name: [str(old.get(name, "")), str(new.get(name, ""))]
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    }
