"""Appeals' place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="review",
        label=_("Appeals"),
        url_name="appeals:list",
        icon="scale",
        permission="appeals.view_appeal",
        order=30,
        badge_url_name="appeals:count",
    )
)
