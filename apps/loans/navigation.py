"""The loan book's place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry("lending", _("All loans"), "loans:list", "banknote", "loans.view_loan", 40),
    Entry(
        group="lending",
        label=_("Disbursements"),
        url_name="loans:queue",
        icon="send",
        permission="loans.view_loan",
        order=41,
        badge_url_name="loans:count",
    ),
)
