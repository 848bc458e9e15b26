"""How groups of applicants fared under a model's decisions. Pure; rule book 4.6 and 4.7.

Only counts come here: no row keeps an attribute. A small group gets its numbers and no verdict.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ml import fairness, proportions
from ml.fairness import FairnessConfig
from ml.proportions import Count

_CONFIG = FairnessConfig()
# Attribute, then group: how many were approved, and how many there were.
Cells = Mapping[str, Mapping[str, tuple[int, int]]]


def facts(cells: Cells) -> list[dict[str, Any]]:
    """Return each attribute with its groups, each against the reference, as JSON values."""
    return [_attribute(name, groups) for name, groups in sorted(cells.items()) if groups]


def with_silent(groups: Mapping[str, tuple[int, int]], whole: tuple[int, int]) -> Any:
    """Return the groups of one attribute with those who stated nothing as one of their own."""
    approved = whole[0] - sum(one[0] for one in groups.values())
    total = whole[1] - sum(one[1] for one in groups.values())
    if total <= 0:
        return dict(groups)
    return {**groups, fairness.NOT_STATED: (approved, total)}


def _attribute(name: str, groups: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    counts = {group: Count(*found) for group, found in sorted(groups.items())}
    reference = fairness.reference_group(counts, _CONFIG)
    return {
        "attribute": name,
        "reference": reference,
        "groups": [_group(group, counts, reference) for group in counts],
    }


def _group(name: str, counts: Mapping[str, Count], reference: str) -> dict[str, Any]:
    count = counts[name]
    found: dict[str, Any] = {
        "group": name,
        "approved": count.hits,
        "n": count.total,
        "rate": count.rate,
        "interval": list(proportions.wilson(count)),
        "comparison": None,
    }
    if name != reference:
        compared = fairness.compare(count, counts[reference], _CONFIG)
        found["comparison"] = {**asdict(compared), "verdict": compared.verdict}
    return found
