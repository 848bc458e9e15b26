"""Applications' place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="lending",
        label=_("Applications"),
        url_name="applications:list",
        icon="file-text",
        permission="applications.view_application",
        order=20,
    )
)
