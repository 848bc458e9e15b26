"""How mandates, files, debits and answers are shown: tone, symbol and words for each state."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.loans.presentation import Look

MANDATES: Mapping[str, Look] = {
    "draft": Look("neutral", "circle-dashed", _("Recorded")),
    "registered": Look("progress", "send", _("With the bank")),
    "active": Look("success", "circle-check", _("In force")),
    "paused": Look("warning", "circle-pause", _("Paused")),
    "cancelled": Look("neutral", "circle-slash", _("Ended")),
    "expired": Look("neutral", "archive", _("Expired")),
    "rejected": Look("danger", "circle-x", _("Refused by the bank")),
}
FILES: Mapping[str, Look] = {
    "draft": Look("neutral", "circle-dashed", _("Prepared automatically")),
    "prepared": Look("progress", "users", _("Waits for release")),
    "released": Look("info", "send", _("With the bank")),
    "settled": Look("success", "circle-check", _("Answered")),
    "recalled": Look("warning", "undo-2", _("Recalled")),
    "withdrawn": Look("neutral", "circle-slash", _("Withdrawn")),
}
DEBITS: Mapping[str, Look] = {
    "waiting": Look("neutral", "circle-dashed", _("Waits")),
    "presented": Look("info", "send", _("With the bank")),
    "collected": Look("success", "circle-check", _("Collected")),
    "failed": Look("danger", "circle-x", _("Failed")),
    "returned": Look("danger", "undo-2", _("Taken back by the bank")),
    "recalled": Look("warning", "undo-2", _("Recalled")),
    "withdrawn": Look("neutral", "circle-slash", _("Withdrawn")),
}
ANSWERS: Mapping[str, Look] = {
    "running": Look("progress", "loader", _("Being posted")),
    "halted": Look("warning", "circle-pause", _("Halted")),
    "finished": Look("success", "circle-check", _("Worked through")),
}
LINES: Mapping[str, Look] = {
    "waiting": Look("neutral", "circle-dashed", _("Waits")),
    "posted": Look("success", "circle-check", _("On the loan")),
    "recorded": Look("info", "circle-check", _("Recorded")),
    "ignored": Look("neutral", "circle-slash", _("Passed over")),
    "refused": Look("danger", "circle-x", _("Refused")),
    "closed": Look("neutral", "archive", _("Settled otherwise")),
}
VIEWS: Mapping[str, Any] = {
    "look": _("To look at"),
    "again": _("Tried again"),
    "rows": _("Refused rows"),
}
