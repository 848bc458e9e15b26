"""What an entry of the register must hold, its tier, and when a model is validated again. Pure.

Rule book 7.2: the tier is the worst of its parts, never an average; a changed set of features or
another kind of model needs a validation of its own.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from apps.core import dates

LOW, MEDIUM, HIGH = "low", "medium", "high"
LEVELS = (LOW, MEDIUM, HIGH)
PARTS = ("materiality", "complexity", "autonomy")
# What people must say; everything else is known from the model and its papers.
TEXTS = (
    "users",
    "vendor",
    "upstream",
    "downstream",
    "explainability",
    "monitoring",
    "fallback",
    "retention",
    "tier_reason",
)
LONGEST = 2_000


def tier(levels: Iterable[str]) -> str:
    """Return the worst level. Rule book 7.2 T4; ValueError for a level nobody knows."""
    return LEVELS[max(LEVELS.index(one) for one in levels)]


def missing(texts: Mapping[str, str]) -> list[str]:
    """Return what people have not said yet."""
    return [name for name in TEXTS if not texts.get(name, "").strip()]


def next_validation(validated: date | None, tier_: str, limits: Mapping[str, str]) -> date | None:
    """Return the day by which a model is validated again; None for one that never was."""
    if validated is None:
        return None
    return dates.add_months(validated, int(limits[f"months_{tier_}"]))


def status_after_change(
    *, before: tuple[str, Iterable[str]], now: tuple[str, Iterable[str]], is_validated: bool
) -> str:
    """Return what a changed model needs, of its kind and its features. Rule book 7.2 T6.

    A material change is another kind of model or another set of features.
    """
    changed = before[0] != now[0] or set(before[1]) != set(now[1])
    if changed and not is_validated:
        return "revalidation_required"
    return "validated" if is_validated else "development"


def changes(
    before: tuple[str, Iterable[str]], now: tuple[str, Iterable[str]]
) -> dict[str, list[str]]:
    """Return the material changes from one model to another: features gone and come, and kinds."""
    old, new = set(before[1]), set(now[1])
    return {
        "added": sorted(new - old),
        "removed": sorted(old - new),
        "kind": [before[0], now[0]] if before[0] != now[0] else [],
    }
