"""The hash of a decision as it is stored. Pure.

The audit trail keeps it from the moment of the decision on. So a replay can tell a decision that
was changed in its row from a program, a model or a policy that says something else today.
"""

from datetime import UTC, datetime
from typing import Any

from apps.scoring import fingerprint

_TEXTS = ("kind", "outcome", "failure", "note")
_JSON = ("inputs", "trace", "reasons")
_KEYS = ("policy_id", "score_run_id", "letter_id", "submitted_by_id")
_PEOPLE = ("decided_by_id", "countersigned_by_id")
# What decisions came to hold later is left out where it is empty: earlier hashes stay true.
_LATER = (*("recommendation", "recourse", "override_id", "valid_until", "is_counter_offer"),)


def of_decision(decision: Any) -> str:
    """Return the SHA-256 of everything a decision says and rests on."""
    content: dict[str, Any] = {name: getattr(decision, name) for name in (*_TEXTS, *_JSON)}
    content |= {name: _key(getattr(decision, name)) for name in (*_KEYS, *_PEOPLE)}
    content |= {
        "number": decision.number,
        "reason_codes": list(decision.reason_codes),
        "amount": f"{decision.amount:.2f}",
        "term_months": decision.term_months,
        "annual_rate": f"{decision.annual_rate:.6f}",
        "decided_at": _plain(decision.decided_at),
    }
    later = {name: getattr(decision, name, None) for name in _LATER}
    content |= {name: _plain(value) for name, value in later.items() if value}
    instalment = getattr(decision, "instalment", None)
    if instalment is not None:
        # As its column keeps it, whose currency may have no fractions.
        content["instalment"] = f"{instalment:.2f}"
    return fingerprint.of_content(content)


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it: a moment in UTC, a key as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if isinstance(value, list | dict) else str(value)


def _key(value: object) -> str:
    return "" if value is None else str(value)
