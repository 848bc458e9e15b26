"""How statements and their lines are shown: tone, symbol and words for each state."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.loans.presentation import Look
from apps.repayments import statement_columns as columns

FILES: Mapping[str, Look] = {
    "checking": Look("progress", "loader", _("Being checked")),
    "checked": Look("info", "circle-check", _("Checked, nothing more posted")),
    "running": Look("progress", "loader", _("Being posted")),
    "finished": Look("success", "circle-check", _("Posted")),
}
LINES: Mapping[str, Look] = {
    "waiting": Look("neutral", "circle-dashed", _("Waits")),
    "posted": Look("success", "circle-check", _("On a loan")),
    "suspense": Look("warning", "circle-question-mark", _("In suspense")),
    "returned": Look("neutral", "undo-2", _("Returned")),
    "refused": Look("danger", "circle-x", _("Refused")),
    "ignored": Look("neutral", "circle-slash", _("Passed over")),
}
ROLES: Mapping[str, Any] = {
    columns.DAY: _("Value date"),
    columns.CREDIT: _("Money in"),
    columns.DEBIT: _("Money out"),
    columns.AMOUNT: _("Amount"),
    columns.SIGN: _("In or out (CR, DR)"),
    columns.REFERENCE: _("Reference of the bank"),
    columns.NARRATIVE: _("Text"),
    columns.ACCOUNT: _("Account or loan number"),
    columns.PARTY: _("Who paid"),
    columns.PHONE: _("Telephone"),
    columns.STATUS: _("State of the payment"),
    columns.CURRENCY: _("Currency"),
}
