"""Decisions' places in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="review",
        label=_("Review queue"),
        url_name="decisions:queue",
        icon="inbox",
        permission="decisions.view_queue",
        order=10,
        badge_url_name="decisions:count",
    ),
    Entry(
        group="models",
        label=_("Credit policy"),
        url_name="decisions:policies",
        icon="scale",
        permission="decisions.view_policy",
        order=20,
    ),
    Entry(
        group="models",
        label=_("Automated decisions"),
        url_name="decisions:automation",
        icon="power",
        permission="decisions.view_policy",
        order=20,
    ),
)
