"""The place of proposals and rates in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.servicing import policies

register(
    Entry(
        group="servicing",
        label=_("Waivers, write-offs"),
        url_name="servicing:proposals",
        icon="hand-coins",
        permission=policies.APPROVE,
        order=46,
        badge_url_name="servicing:count",
    )
)
register(
    Entry(
        group="servicing",
        label=_("Transfers"),
        url_name="servicing:transfers",
        icon="building-2",
        permission=policies.APPROVE_TRANSFER,
        order=47,
        badge_url_name="servicing:transfers_count",
    )
)
register(
    Entry(
        group="servicing",
        label=_("Written off"),
        url_name="servicing:losses",
        icon="trending-down",
        permission=policies.VIEW_LOSSES,
        order=49,
    )
)
register(
    Entry(
        group="servicing",
        label=_("Benchmark rates"),
        url_name="servicing:rates",
        icon="percent",
        permission=policies.RATES,
        order=48,
    )
)
