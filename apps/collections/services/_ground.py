"""What every action at the collections desk stands on: the right, the loan, the lender's day."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import dates
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.loans.models import Loan


def permit(actor: User, permission: str) -> None:
    """Raise NotPermitted without the permission."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))


def running(actor: User, loan: Loan) -> Loan:
    """Return a running loan the person may see. Raises NotVisible, Conflict for another state."""
    rows = Loan.objects.select_related("customer", "branch__entity", "product")
    found = get_visible(rows, actor, pk=loan.pk)
    if found.status != "active":
        raise Conflict("not_running", _("Nothing is to be paid under this loan in its state."))
    return found


def today(loan: Loan, now: datetime) -> date:
    """Return the day it is in the lender's calendar."""
    return dates.local_date(now, loan.branch.entity.time_zone)


def case_of(loan: Loan) -> str:
    """Return what the audit trail calls the case of a loan."""
    return f"applications.application:{loan.application_id}"
