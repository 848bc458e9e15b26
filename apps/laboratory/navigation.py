"""The laboratory's place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="models",
        label=_("Laboratory"),
        url_name="laboratory:experiments",
        icon="chart-column",
        permission="laboratory.view_experiment",
        order=40,
    )
)
