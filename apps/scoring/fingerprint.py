"""The hash of a feature snapshot; it survives the trip through the database. Pure."""

from collections.abc import Mapping

from ml import canonical


def of_features(features: Mapping[str, object]) -> str:
    """Return the SHA-256 of the canonical JSON of the features."""
    return canonical.sha256(canonical.canonical_bytes(dict(features)))
