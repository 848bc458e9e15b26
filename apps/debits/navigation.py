"""The place of direct debits in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.debits import policies

register(
    Entry(
        group="servicing",
        label=_("Direct debits"),
        url_name="debits:files",
        icon="refresh-cw",
        permission=policies.SEE,
        order=45,
    ),
    Entry(
        group="servicing",
        label=_("Debits to follow up"),
        url_name="debits:following",
        icon="clipboard-list",
        permission=policies.FOLLOW,
        order=46,
        badge_url_name="debits:following_count",
    ),
    Entry(
        group="servicing",
        label=_("Recalls of debits"),
        url_name="debits:recalls",
        icon="undo-2",
        permission=policies.RELEASE,
        order=46,
        badge_url_name="debits:recalls_count",
    ),
)
