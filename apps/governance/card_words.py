"""What the parts of a model's documentation are called."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

SECTIONS: Mapping[str, Any] = {
    "classification": _("Classification"),
    "governance": _("Governance"),
    "development": _("Development"),
    "validation": _("Validation"),
    "mitigants": _("Limitations and mitigants"),
}
NAMES: Mapping[str, Any] = {
    "purpose": _("Purpose and decisions it supports"),
    "intended": _("Whom it is for"),
    "excluded": _("Whom it is not for"),
    "prohibited": _("Prohibited uses"),
    "oversight": _("How people oversee it and stop it"),
    "method": _("Why this method"),
    "data_quality": _("Data and its quality"),
    "assumptions": _("Assumptions"),
    "monitoring_plan": _("How it is watched, and what starts a new validation"),
}
