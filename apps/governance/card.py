"""The documentation of a model: what people must write, and what is still missing. Pure.

Rule book 7.3: the card has the sections classification, governance, development, validation and
mitigants, and a limitation without a mitigant blocks the promotion.
"""

from collections.abc import Mapping
from typing import Any

SECTIONS = ("classification", "governance", "development", "validation", "mitigants")
# What people write, by the section it stands in.
TEXTS: Mapping[str, tuple[str, ...]] = {
    "classification": ("purpose", "intended", "excluded", "prohibited"),
    "governance": ("oversight",),
    "development": ("method", "data_quality", "assumptions"),
    "validation": ("monitoring_plan",),
    "mitigants": (),
}
NAMES = tuple(name for names in TEXTS.values() for name in names)
LONGEST = 4_000
Limitation = Mapping[str, str]


def tidy(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was written without empty ends and without limitations that say nothing."""
    limitations = [
        {"limitation": one["limitation"].strip(), "mitigant": one["mitigant"].strip()}
        for one in body.get("limitations", [])
    ]
    return {
        **{name: str(body.get(name, "")).strip() for name in NAMES},
        "limitations": [one for one in limitations if one["limitation"] or one["mitigant"]],
    }


def missing(body: Mapping[str, Any]) -> list[str]:
    """Return what must still be written; a limitation without its mitigant is `mitigants`.

    A model without any known limitation was not looked at closely, so one is needed.
    """
    found = [name for name in NAMES if not body.get(name)]
    limitations = body.get("limitations", [])
    if not limitations or not all(one["limitation"] for one in limitations):
        found.append("limitations")
    if not all(one["mitigant"] for one in limitations):
        found.append("mitigants")
    return found


def sections(body: Mapping[str, Any]) -> list[str]:
    """Return the sections that are complete, in their order. Rule book 7.3 T1."""
    lacking = set(missing(body))
    mitigants = {"limitations", "mitigants"}
    return [
        section
        for section in SECTIONS
        if not lacking & (mitigants if section == "mitigants" else set(TEXTS[section]))
    ]
