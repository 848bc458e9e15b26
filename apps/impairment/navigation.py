"""The place of expected credit loss in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.impairment import policies

register(
    Entry(
        group="quality",
        label=_("Expected credit loss"),
        url_name="impairment:summary",
        icon="trending-down",
        permission=policies.VIEW,
        order=51,
    ),
)
