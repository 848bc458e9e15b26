"""The hash of what scoring stores; it survives the trip through the database. Pure."""

from collections.abc import Mapping
from typing import Protocol

from ml import canonical


class Stored(Protocol):
    """What a score run holds of a score, told from the subject and the model it belongs to."""

    @property
    def model_sha256(self) -> str: ...
    @property
    def schema_hash(self) -> str: ...
    @property
    def features_sha256(self) -> str: ...
    @property
    def pd(self) -> float: ...
    @property
    def score(self) -> int: ...
    @property
    def log_odds(self) -> float: ...
    @property
    def base(self) -> float: ...
    @property
    def attributions(self) -> Mapping[str, float]: ...


def of_features(features: Mapping[str, object]) -> str:
    """Return the SHA-256 of the canonical JSON of the features."""
    return of_content(features)


def of_run(run: Stored) -> str:
    """Return the SHA-256 of a score as it is stored, with the hashes of model and features.

    The audit trail keeps it, so that a result changed in its row is told from a model or a
    program that says something else.
    """
    return of_content(
        {
            "model_sha256": run.model_sha256,
            "schema_hash": run.schema_hash,
            "features_sha256": run.features_sha256,
            "pd": run.pd,
            "score": run.score,
            "log_odds": run.log_odds,
            "base": run.base,
            "attributions": run.attributions,
        }
    )


def of_content(content: Mapping[str, object]) -> str:
    """Return the SHA-256 of the canonical JSON of any values."""
    return canonical.sha256(canonical.canonical_bytes(dict(content)))
