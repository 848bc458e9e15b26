"""Letters' place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="lending",
        label=_("Letters"),
        url_name="letters:list",
        icon="mail",
        permission="letters.view_letter",
        order=30,
        badge_url_name="letters:count",
    )
)
