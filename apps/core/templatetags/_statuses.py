"""What each state looks like: a tone, an icon and a word. Tone is never the only difference."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Look:
    """How a state is shown. `tone` is one of neutral, info, success, warning, danger, progress."""

    tone: str
    icon: str
    label: str | Promise


# States that mean the same wherever they occur.
SHARED: dict[str, Look] = {
    "draft": Look("neutral", "circle-dashed", _("Draft")),
    "new": Look("neutral", "circle-dashed", _("New")),
    "pending": Look("neutral", "clock", _("Pending")),
    "queued": Look("neutral", "clock", _("Queued")),
    "open": Look("neutral", "circle", _("Open")),
    "unclaimed": Look("neutral", "circle", _("Unclaimed")),
    "waiting": Look("neutral", "clock", _("Waiting")),
    "not_applicable": Look("neutral", "circle-minus", _("Not applicable")),
    "skipped": Look("neutral", "circle-minus", _("Skipped")),
    "withdrawn": Look("neutral", "undo-2", _("Withdrawn")),
    "cancelled": Look("neutral", "circle-slash", _("Cancelled")),
    "lapsed": Look("neutral", "hourglass", _("Lapsed")),
    "expired": Look("neutral", "hourglass", _("Expired")),
    "retired": Look("neutral", "archive", _("Retired")),
    "superseded": Look("neutral", "archive", _("Superseded")),
    "archived": Look("neutral", "archive", _("Archived")),
    "closed": Look("neutral", "archive", _("Closed")),
    "inactive": Look("neutral", "circle-pause", _("Inactive")),
    "submitted": Look("info", "send", _("Submitted")),
    "scoring": Look("info", "loader", _("Scoring")),
    "running": Look("info", "loader", _("Running")),
    "scored": Look("info", "gauge", _("Scored")),
    "offered": Look("info", "mail", _("Offer made")),
    "candidate": Look("info", "circle-dot", _("Candidate")),
    "registered": Look("info", "circle-dot", _("Registered")),
    "in_review": Look("progress", "user-round", _("In review")),
    "refer": Look("progress", "user-round", _("Refer to review")),
    "referred": Look("progress", "user-round", _("Referred")),
    "claimed": Look("progress", "hand", _("Claimed")),
    "awaiting_second": Look("progress", "users", _("Awaiting second signature")),
    "awaiting_approval": Look("progress", "users", _("Awaiting approval")),
    "appealed": Look("progress", "scale", _("Appealed")),
    "shadow": Look("progress", "layers", _("Shadow")),
    "challenger": Look("progress", "layers", _("Challenger")),
    "approved": Look("success", "circle-check", _("Approved")),
    "approve": Look("success", "circle-check", _("Approve")),
    "accepted": Look("success", "circle-check", _("Accepted")),
    "disbursed": Look("success", "banknote", _("Disbursed")),
    "active": Look("success", "circle-dot", _("Active")),
    "champion": Look("success", "badge-check", _("Champion")),
    "completed": Look("success", "circle-check", _("Completed")),
    "succeeded": Look("success", "circle-check", _("Succeeded")),
    "passed": Look("success", "circle-check", _("Passed")),
    "pass": Look("success", "circle-check", _("Pass")),
    "verified": Look("success", "shield-check", _("Verified")),
    "paid": Look("success", "circle-check", _("Paid")),
    "sealed": Look("success", "lock", _("Sealed")),
    "given": Look("success", "circle-check", _("Given")),
    "stale": Look("warning", "hourglass", _("Stale")),
    "late": Look("warning", "alarm-clock", _("Late")),
    "overdue": Look("warning", "alarm-clock", _("Overdue")),
    "suspended": Look("warning", "circle-pause", _("Suspended")),
    "unverified": Look("warning", "circle-question-mark", _("Unverified")),
    "unsealed": Look("warning", "lock-open", _("Not sealed yet")),
    "declined": Look("danger", "circle-x", _("Declined")),
    "decline": Look("danger", "circle-x", _("Decline")),
    "rejected": Look("danger", "circle-x", _("Rejected")),
    "refused": Look("danger", "circle-x", _("Refused")),
    "failed": Look("danger", "octagon-alert", _("Failed")),
    "fail": Look("danger", "octagon-alert", _("Fail")),
    "error": Look("danger", "octagon-alert", _("Error")),
    "defaulted": Look("danger", "octagon-x", _("Defaulted")),
    "written_off": Look("danger", "octagon-x", _("Written off")),
    "revoked": Look("danger", "ban", _("Revoked")),
    "broken": Look("danger", "shield-x", _("Broken")),
    "locked": Look("danger", "lock", _("Locked")),
}

# States that read differently for one kind of thing.
BY_KIND: dict[str, dict[str, Look]] = {
    "rule": {
        "passed": Look("success", "check", _("Passed")),
        "failed": Look("danger", "x", _("Failed")),
        "refer": Look("progress", "user-round", _("Refers")),
        "missing": Look("warning", "circle-question-mark", _("Value missing")),
    },
    "risk": {
        "low": Look("success", "arrow-down", _("Low risk")),
        "medium": Look("warning", "minus", _("Medium risk")),
        "high": Look("danger", "arrow-up", _("High risk")),
    },
    "information": {
        "arrived": Look("success", "circle-check", _("Has come")),
        "withdrawn": Look("neutral", "undo-2", _("Withdrawn")),
        "lapsed": Look("warning", "hourglass", _("Did not come in time")),
        "dropped": Look("neutral", "circle-slash", _("Ended with the case")),
    },
    "escalation": {
        "answered": Look("success", "circle-check", _("Answered")),
        "dropped": Look("neutral", "circle-slash", _("Ended with the case")),
    },
    "urgency": {
        "low": Look("neutral", "minus", _("Low")),
        "normal": Look("neutral", "minus", _("Normal")),
        "high": Look("warning", "arrow-up", _("High")),
        "urgent": Look("danger", "flag", _("Urgent")),
    },
    "delivery": {
        "sending": Look("info", "send", _("Being sent")),
        "sent": Look("success", "circle-check", _("Sent")),
        "bounced": Look("danger", "undo-2", _("Came back")),
    },
    "promotion": {
        "proposed": Look("progress", "shield-check", _("Waits for validation")),
        "validated": Look("progress", "users", _("Waits for approval")),
        "in_force": Look("success", "badge-check", _("In force")),
    },
    "gates": {
        "proposed": Look("progress", "users", _("Awaiting approval")),
    },
    "trial": {
        "proposed": Look("progress", "users", _("Awaiting approval")),
        "ended": Look("neutral", "archive", _("Ended")),
        "stopped": Look("danger", "ban", _("Stopped")),
    },
    "boolean": {
        "True": Look("success", "check", _("Yes")),
        "False": Look("neutral", "minus", _("No")),
    },
}


def look_of(value: str, kind: str) -> Look:
    """Return how a state is shown; an unlisted one is neutral and carries its own name as word."""
    specific = BY_KIND.get(kind, {}).get(value)
    if specific is not None:
        return specific
    if value in SHARED:
        return SHARED[value]
    return Look("neutral", "circle", value.replace("_", " ").capitalize())
