"""How alerts and thresholds are shown: words and shapes, values in percent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import formatting
from apps.loans.presentation import Look
from apps.npa import policies, watch_rows, wording
from apps.npa.measures import Measure
from apps.npa.models import Threshold

LOOKS: Mapping[str, Look] = {
    "open": Look("danger", "triangle-alert", _("Not acknowledged")),
    "acknowledged": Look("warning", "user-round", _("Acknowledged")),
    "over": Look("success", "circle-check", _("Over")),
    "unwatched": Look("neutral", "eye-off", _("No longer watched")),
}
DELIVERIES: Mapping[str, Look] = {
    "queued": Look("neutral", "clock", _("Waits")),
    "sending": Look("info", "loader", _("Being sent")),
    "sent": Look("success", "circle-check", _("Sent")),
    "failed": Look("danger", "circle-x", _("Not sent")),
    "unknown": Look("warning", "triangle-alert", _("Not known")),
}
_PERCENT = Decimal(100)


def row(actor: User, alert: Any) -> dict[str, Any]:
    """Return an alert of `watch_rows.alerts` with its words, messages and button for a person."""
    return {
        "one": alert,
        "look": LOOKS[alert.status],
        "name": wording.measure(alert.measure),
        "of": watch_rows.of(alert.measure, alert.branch_name or alert.told, alert.subject),
        "value": _percent(alert.value),
        "last_value": _percent(alert.last_value),
        "bound": _percent(alert.bound),
        "deliveries": [(one, DELIVERIES[one.status]) for one in alert.deliveries.all()],
        "may_acknowledge": alert.may("acknowledge") and actor.has_perm(policies.ACKNOWLEDGE),
    }


def threshold(measure: Measure, found: Threshold | None) -> dict[str, Any]:
    """Return one measure with its threshold in words."""
    return {
        "measure": measure.value,
        "name": wording.measure(measure),
        "definition": wording.DEFINITIONS[measure],
        "is_below": wording.is_breached_below(measure),
        "one": found,
        "bound": _percent(found.bound) if found else "",
    }


def initial(found: Threshold | None) -> dict[str, Any]:
    """Return what the form of a threshold begins with."""
    if found is None:
        return {}
    return {
        "bound": f"{(found.bound * _PERCENT).normalize():f}",
        "owner": found.owner_id,
        "webhook_url": found.webhook_url,
        "is_watched": found.is_watched,
    }


def _percent(value: Decimal) -> str:
    return formatting.format_percent(value, decimals=2)
