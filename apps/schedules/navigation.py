"""The quotes' place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.schedules import policies

register(
    Entry(
        group="lending",
        label=_("Quotes"),
        url_name="schedules:quote",
        icon="percent",
        permission=policies.MAKE,
        order=45,
    )
)
