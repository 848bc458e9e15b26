"""The desk's places in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="review",
        label=_("Review queue"),
        url_name="desk:queue",
        icon="inbox",
        permission="decisions.view_queue",
        order=10,
        badge_url_name="desk:count",
    ),
    Entry(
        group="review",
        label=_("Blind second opinions"),
        url_name="desk:blind",
        icon="eye-off",
        permission="decisions.view_queue",
        order=40,
        badge_url_name="desk:blind_count",
    ),
    Entry(
        group="review",
        label=_("Reviewer analytics"),
        url_name="desk:analytics",
        icon="chart-column",
        permission="decisions.view_queue",
        order=50,
    ),
    Entry(
        group="review",
        label=_("Conflicts of interest"),
        url_name="desk:interests",
        icon="users",
        permission="customers.view_customer",
        order=90,
    ),
)
