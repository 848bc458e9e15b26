"""Stages, reasons and scenarios in words, and what the figures are."""

from django.utils.translation import gettext_lazy as _

from apps.collateral.models.item import Kind
from apps.impairment.measuring import Outlook
from apps.impairment.staging import Reason

STAGES = {
    1: _("Stage 1: twelve months"),
    2: _("Stage 2: lifetime"),
    3: _("Stage 3: impaired"),
}
REASONS = {
    Reason.NON_PERFORMING: _("does not perform"),
    Reason.DAYS_90: _("90 days past due or more"),
    Reason.CURING_3: _("was in stage 3 and is curing"),
    Reason.DAYS_30: _("more than 30 days past due"),
    Reason.WATCHED: _("on the watch list"),
    Reason.PD_ROSE: _("its PD rose by the lender's multiple"),
    Reason.CURING_2: _("was in a worse stage and is curing"),
    Reason.NONE: _("nothing speaks for another stage"),
}
OUTLOOKS = {
    Outlook.BASE: _("Base"),
    Outlook.UPSIDE: _("Upside"),
    Outlook.DOWNSIDE: _("Downside"),
}
STATES = {
    "proposed": (_("Waits for another person"), "warning", "clock"),
    "approved": (_("Approved"), "success", "circle-check"),
    "refused": (_("Refused"), "danger", "circle-x"),
    "withdrawn": (_("Taken back"), "neutral", "rotate-ccw"),
}
GROUPS = {
    "stage": _("Stage"),
    "product": _("Product"),
    "branch": _("Branch"),
    "reason": _("Reason of the stage"),
    "security": _("Secured by"),
}
COLUMNS = {
    "opening": _("Opening"),
    "transfers_in": _("From other stages"),
    "transfers_out": _("To other stages"),
    "new": _("New loans"),
    "remeasured": _("Remeasured"),
    "derecognised": _("Repaid"),
    "written_off": _("Written off"),
    "closing": _("Closing"),
}


def security(code: str) -> str:
    """Return what secures a loan in words."""
    return str(dict(Kind.choices).get(code, _("Unsecured")))
