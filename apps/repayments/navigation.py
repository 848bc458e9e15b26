"""The place of payments in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="lending",
        label=_("Promises to pay"),
        url_name="repayments:promises",
        icon="clock",
        permission="loans.view_loan",
        order=46,
        badge_url_name="repayments:promises_count",
    ),
)
