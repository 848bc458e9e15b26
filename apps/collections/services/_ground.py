"""What every action at the collections desk stands on: the right, the loan, the lender's day."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collections import selectors
from apps.core import dates, reasons
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.loans import selectors as loans
from apps.loans.models import Loan

SHORTEST, LONGEST = 3, 300


def permit(actor: User, permission: str) -> None:
    """Raise NotPermitted without the permission."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))


def running(actor: User, loan: Loan) -> Loan:
    """Return a running loan the person may see. Raises NotVisible, Conflict for another state."""
    rows = Loan.objects.select_related(
        "customer", "branch__entity", "product", "application__customer", "application__branch"
    )
    found = get_visible(rows, actor, pk=loan.pk)
    if found.status != "active":
        raise Conflict("not_running", _("Nothing is to be paid under this loan in its state."))
    return found


def hold(loan: Loan) -> None:
    """Hold a loan until the transaction ends, by itself."""
    Loan.objects.select_for_update(no_key=True).only("pk").filter(pk=loan.pk).first()


def require_overdue(actor: User, loan: Loan, day: date) -> None:
    """Raise Conflict where nothing is overdue, neither by the last day that was ended nor now."""
    last_day = selectors.last_day(actor, loan)
    was_late = last_day is not None and last_day.dpd_ifrs > 0
    if not was_late and not loans.position(loan, day).arrears.amount:
        raise Conflict("not_overdue", _("Nothing is overdue under this loan."))


def require_no_settlement(loan: Loan) -> None:
    """Raise Conflict while an agreed settlement of a loan is being kept."""
    if selectors.is_being_settled(loan):
        raise Conflict(
            "being_settled",
            _(
                "A settlement of this loan is agreed: while it is kept, nothing else is demanded."
                " Withdraw it first."
            ),
        )


def said(text: str, *, field: str) -> str:
    """Return words without spaces around them. Raises DomainError where they say nothing."""
    found = " ".join(text.split())
    if not SHORTEST <= len(found) <= LONGEST:
        sentence = reasons.asked_for(least=SHORTEST, most=LONGEST)
        raise DomainError("reason_missing", sentence, fields={field: sentence})
    return found


def today(loan: Loan, now: datetime) -> date:
    """Return the day it is in the lender's calendar."""
    return dates.local_date(now, loan.branch.entity.time_zone)


def case_of(loan: Loan) -> str:
    """Return what the audit trail calls the case of a loan."""
    return f"applications.application:{loan.application_id}"
