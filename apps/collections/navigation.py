"""The place of the collections desk in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.collections import policies
from apps.core.navigation import Entry, register

register(
    Entry(
        group="servicing",
        label=_("Overdue loans"),
        url_name="collections:worklist",
        icon="list-checks",
        permission=policies.VIEW,
        order=39,
    ),
    Entry(
        group="servicing",
        label=_("Results of collectors"),
        url_name="collections:results",
        icon="chart-column",
        permission=policies.VIEW,
        order=40,
    ),
    Entry(
        group="servicing",
        label=_("Early signals"),
        url_name="collections:signals",
        icon="triangle-alert",
        permission=policies.VIEW,
        order=41,
    ),
    Entry(
        group="servicing",
        label=_("Open settlements"),
        url_name="collections:settlements",
        icon="hand-coins",
        permission=policies.VIEW,
        order=41,
    ),
    Entry(
        group="servicing",
        label=_("Numbers of the collections desk"),
        url_name="collections:rules",
        icon="sliders-horizontal",
        permission=policies.RULES,
        order=41,
    ),
)
