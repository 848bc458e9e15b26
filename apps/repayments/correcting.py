"""What is said before something is taken back: on which day the books change."""

from datetime import timedelta

from django.utils.translation import gettext as _

from apps.core.templatetags.format import day
from apps.ledger import selectors as ledger
from apps.repayments.models import AccountEvent


def booked_on(event: AccountEvent) -> str:
    """Return where taking back is booked, in a sentence; empty where its day is still open."""
    if event.status != "live":
        return ""
    opens_on = ledger.first_open_day(event.loan.branch.entity_id)
    if event.day >= opens_on:
        return ""
    sentence = _(
        "The books are closed up to %(closed)s. What changes of closed days is booked on %(day)s"
        " and says which day it is for; balances that were reported stay."
    )
    return sentence % {"closed": day(opens_on - timedelta(days=1)), "day": day(opens_on)}
