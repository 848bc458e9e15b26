"""The place of payments in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="servicing",
        label=_("Repayment desk"),
        url_name="repayments:desk",
        icon="receipt",
        permission="repayments.post_repayment",
        order=42,
    ),
    Entry(
        group="servicing",
        label=_("Sheet of the day"),
        url_name="repayments:day_sheet",
        icon="calendar",
        permission="repayments.view_repayment",
        order=43,
    ),
    Entry(
        group="servicing",
        label=_("Promises to pay"),
        url_name="repayments:promises",
        icon="clock",
        permission="loans.view_loan",
        order=46,
        badge_url_name="repayments:promises_count",
    ),
    Entry(
        group="servicing",
        label=_("Statements"),
        url_name="repayments:statements",
        icon="landmark",
        permission="repayments.view_statement",
        order=44,
    ),
    Entry(
        group="servicing",
        label=_("Money in suspense"),
        url_name="repayments:suspense",
        icon="inbox",
        permission="repayments.view_statement",
        order=45,
        badge_url_name="repayments:suspense_count",
    ),
    Entry(
        group="control",
        label=_("Accrual of days"),
        url_name="repayments:accruals",
        icon="calendar",
        permission="repayments.run_accrual",
        order=43,
    ),
)
