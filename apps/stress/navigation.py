"""The place of stress tests in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.stress import policies

register(
    Entry(
        group="quality",
        label=_("Stress tests"),
        url_name="stress:tests",
        icon="gauge",
        permission=policies.VIEW,
        order=51,
    ),
)
