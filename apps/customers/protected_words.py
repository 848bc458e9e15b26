"""What protected attributes and their values are called, for forms and reports on groups."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

ATTRIBUTES: Mapping[str, Any] = {
    "gender": _("Gender"),
    "marital_status": _("Marital status"),
    "religion": _("Religion"),
    "community": _("Community"),
    "disability": _("Disability"),
}
VALUES: Mapping[str, Any] = {
    "female": _("Female"),
    "male": _("Male"),
    "other": _("Other"),
    "single": _("Single"),
    "married": _("Married"),
    "divorced": _("Divorced"),
    "widowed": _("Widowed"),
    "hindu": _("Hindu"),
    "muslim": _("Muslim"),
    "christian": _("Christian"),
    "sikh": _("Sikh"),
    "buddhist": _("Buddhist"),
    "jain": _("Jain"),
    "traditional": _("Traditional"),
    "none": _("None"),
    "general": _("General"),
    "obc": _("Other backward class"),
    "sc": _("Scheduled caste"),
    "st": _("Scheduled tribe"),
    "yes": _("Yes"),
    "no": _("No"),
}
