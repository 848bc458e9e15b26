"""What the columns of the register are called."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

PARTS: Mapping[str, Any] = {
    "materiality": _("Materiality"),
    "complexity": _("Complexity"),
    "autonomy": _("Autonomy"),
}
TEXTS: Mapping[str, Any] = {
    "users": _("Who uses it"),
    "vendor": _("Vendor and rights of the contract"),
    "upstream": _("What it depends on"),
    "downstream": _("What depends on it"),
    "explainability": _("How it is explained, and how exactly"),
    "monitoring": _("What is watched, with thresholds"),
    "fallback": _("What happens when it fails"),
    "retention": _("How long it is kept after it is retired"),
    "tier_reason": _("Why this tier"),
}
STATUSES: Mapping[str, Any] = {
    "development": _("in development"),
    "revalidation_required": _("validation required"),
    "validated": _("validated"),
    "approved": _("approved"),
    "active": _("deciding"),
    "restricted": _("deciding on conditions"),
    "inactive": _("retired"),
    "decommissioned": _("put away"),
    "not_entered": _("not entered"),
}
