"""Collateral's place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="lending",
        label=_("Collateral"),
        url_name="collateral:list",
        icon="shield-check",
        permission="collateral.view_item",
        order=35,
    )
)
