"""What becomes of a machine's judgement while automated decisions are stopped. Pure.

The judgement is kept: score, trace and the reasons of what the policy asked for stand beside a
first reason that names the stop. The stop is a fact from outside: a replay takes it from the
record and does not derive it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.decisions.reasons import Reason

CAUSE = "automation_stopped"


def reason(stop_id: str) -> Reason:
    """Return the reason that a stop keeps a machine from deciding; its value is the stop's id."""
    return Reason(code=f"cause.{CAUSE}", source="cause", about=CAUSE, value=stop_id)


def named_by(stored: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """Return the stop that stored reasons name: one or none."""
    found = (Reason.from_json(one) for one in stored)
    return [one for one in found if one.source == "cause" and one.about == CAUSE]


def stop_id(stored: Iterable[Mapping[str, Any]]) -> str:
    """Return the id of the stop that stored reasons name; empty where they name none."""
    return next((str(one.value) for one in named_by(stored)), "")
