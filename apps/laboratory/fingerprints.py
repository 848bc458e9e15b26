"""The hashes by which an experiment is known again: of what went in, and of what came out."""

from collections.abc import Mapping
from typing import Any

from apps.decisions import policy_document
from apps.laboratory.models import Experiment
from apps.scoring.models import ModelVersion
from ml import canonical

_ASSUMED = ("loss_given_default", "cost_of_funds", "fee_share", "operating_cost")


def of_results(results: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of results."""
    return canonical.sha256(canonical.canonical_bytes(dict(results)))


def of_inputs(experiment: Experiment) -> str:
    """Return the SHA-256 of everything that determines the results of a finished experiment.

    All but the counts by group: what people said about themselves leaves no trace here, either.
    By content, not by name or key of a version: the policy tried, the one in force, the models'
    hashes, the assumptions, the period, and the digest of all applications that were read.
    """
    models = ModelVersion.objects.in_bulk(list(experiment.champions.values()))
    hashes = {str(key): model.sha256 for key, model in models.items()}
    inputs = {
        "entity": experiment.entity.code,
        "from_date": experiment.from_date.isoformat(),
        "to_date": experiment.to_date.isoformat(),
        "products": experiment.products,
        "currency": experiment.currency,
        "tried": policy_document.fingerprint(experiment.document),
        "in_force": experiment.in_force.sha256,
        "model": None if experiment.model is None else experiment.model.sha256,
        "champions": {segment: hashes[key] for segment, key in experiment.champions.items()},
        "assumptions": {name: str(getattr(experiment, name).normalize()) for name in _ASSUMED},
        "rows": experiment.rows_sha256,
        "applications": experiment.done_rows,
    }
    return canonical.sha256(canonical.canonical_bytes(inputs))
