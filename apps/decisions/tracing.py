"""How a trace is stored with its decision, and read back for a page. Pure."""

from collections.abc import Mapping
from typing import Any

from apps.decisions import reasons
from apps.decisions.policy import Band, BandFinding, Trace


def to_json(trace: Trace) -> dict[str, Any]:
    """Return a trace as JSON values, numbers as exact text."""
    stored = {
        "outcome": trace.outcome,
        "pd": str(trace.pd),
        "band": _band(trace.band),
        "results": [
            {
                "code": one.rule.code,
                "sentence": one.rule.sentence,
                "input": one.rule.input,
                "test": one.rule.test,
                "threshold": reasons.plain(one.rule.threshold),
                "value": reasons.plain(one.value),
                "result": one.result,
                "outcome": one.outcome,
            }
            for one in trace.results
        ],
    }
    if trace.findings:
        # Only where there are any, so that a trace stored before bands had limits replays as it is.
        stored["findings"] = [_finding(one) for one in trace.findings]
    return stored


def recommends_decline(stored: Mapping[str, Any]) -> bool:
    """Say whether a stored trace holds anything that speaks for a decline."""
    if not stored:
        return False
    asked = [one["outcome"] for one in (*stored["results"], *stored.get("findings", ()))]
    return "decline" in [*asked, stored["band"]["outcome"]]


def recommendation(stored: Mapping[str, Any]) -> str:
    """Return what the policy alone would have a reviewer do; empty where it was not asked."""
    if not stored:
        return ""
    return "decline" if recommends_decline(stored) else str(stored["band"]["outcome"])


def _band(band: Band) -> dict[str, str]:
    return {
        "name": band.name,
        "from": str(band.start),
        "below": str(band.below),
        "outcome": band.outcome,
        "rate_addon": str(band.rate_addon),
    }


def _finding(one: BandFinding) -> dict[str, str | None]:
    return {
        "code": one.code,
        "value": reasons.plain(one.value),
        "limit": reasons.plain(one.limit),
        "outcome": one.outcome,
    }
