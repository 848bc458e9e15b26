"""Say whether a notice may go by e-mail just now: asked when it is written and before each try."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.collections import noticing
from apps.collections.contacting import Way
from apps.collections.models import Notice
from apps.collections.noticing import Kind
from apps.collections.services import contacting
from apps.core.errors import Conflict
from apps.customers.models import Customer
from apps.letters.models import Letter
from apps.loans.models import Loan


@transaction.atomic
def may_mail(letter: Letter, now: datetime) -> bool:
    """Say whether the e-mail of a notice may go out now; one nobody knows of stays with a person.

    Two that are asked about one borrower at once wait for each other, as contacts do.
    """
    notices = Notice.objects.select_related("loan__branch__entity")
    notice = notices.filter(letter=letter.pk).first()
    if notice is None:
        return False
    Customer.objects.select_for_update(no_key=True).get(pk=notice.loan.customer_id)
    return allows(notice.loan, Kind(notice.kind), letter, now)


def allows(loan: Loan, kind: Kind, letter: Letter, now: datetime) -> bool:
    """Say whether a letter may be sent as a message now; on paper it is bound by none of this."""
    local = now.astimezone(ZoneInfo(loan.branch.entity.time_zone))
    try:
        contacting.require_allowed(
            loan,
            Way.MESSAGE,
            local,
            is_reminder=kind in noticing.REMINDS,
            letter=letter.pk,
        )
    except Conflict:
        return False
    return True
