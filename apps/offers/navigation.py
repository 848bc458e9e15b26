"""Offers' place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="lending",
        label=_("Offers"),
        url_name="offers:list",
        icon="file-text",
        permission="offers.view_offer",
        order=36,
        badge_url_name="offers:count",
    )
)
