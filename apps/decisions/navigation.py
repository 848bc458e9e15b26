"""Decisions' places in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
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
        label=_("Reason codes"),
        url_name="decisions:reasons",
        icon="list",
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
