"""Scoring's places in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="models",
        label=_("Models"),
        url_name="scoring:models",
        icon="gauge",
        permission="scoring.view_model",
        order=10,
    )
)
