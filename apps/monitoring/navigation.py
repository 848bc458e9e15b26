"""Monitoring's places in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.monitoring import policies

register(
    Entry(
        group="models",
        label=_("Health of models"),
        url_name="monitoring:champions",
        icon="activity",
        permission=policies.SEE,
        order=12,
    ),
    Entry(
        group="models",
        label=_("Incidents of models"),
        url_name="monitoring:incidents",
        icon="triangle-alert",
        permission=policies.SEE,
        order=13,
    ),
    Entry(
        group="models",
        label=_("Limits and plans"),
        url_name="monitoring:limits",
        icon="sliders-horizontal",
        permission=policies.SEE,
        order=14,
    ),
)
