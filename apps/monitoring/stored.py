"""Facts as they are stored: JSON values in one canonical form, and their hash. Pure."""

import json
import math
from collections.abc import Mapping
from typing import Any

from ml import canonical


def plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as JSON holds them: lists for tuples, None for what is no finite number."""
    found: dict[str, Any] = json.loads(json.dumps(_finite(facts)))
    return found


def sha256(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of plain facts."""
    return canonical.sha256(canonical.canonical_bytes(facts))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
