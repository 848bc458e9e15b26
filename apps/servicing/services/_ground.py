"""What every change begins with: permitted, seen, locked, of a running loan, with a reason."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import dates, reasons
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.servicing.errors import NotRunning, refused_field
from apps.servicing.models import Proposal

SHORTEST_REASON, LONGEST_REASON = 3, 300


def permit(actor: User, permission: str) -> None:
    """Raise NotPermitted where the person's role does not allow this."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this change of a loan."))


def locked(actor: User, loan: Loan) -> Loan:
    """Return the loan, held until the transaction ends. Raises NotVisible."""
    hold(loan)
    return get_visible(_detailed(), actor, pk=loan.pk)


def locked_for(loan: Loan) -> Loan:
    """Return a loan held until the transaction ends, for who need not see it."""
    hold(loan)
    return _detailed().get(pk=loan.pk)


def insert(made: Proposal) -> None:
    """Write a new proposal down. Raises Conflict where one of its kind waits."""
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict(
            "proposal_waits", _("A proposal of this kind waits already, or its reference is taken.")
        ) from refusal


def hold(loan: Loan) -> None:
    """Hold a loan until the transaction ends, by itself.

    Joined to its branch it would be left out where it moved to another one meanwhile.
    """
    Loan.objects.select_for_update(no_key=True).only("pk").filter(pk=loan.pk).first()


def _detailed() -> "QuerySet[Loan]":
    rows: QuerySet[Loan] = Loan.objects.select_related(
        "application__customer", "application__branch__entity", "branch__entity", "product", "offer"
    )
    return rows


def running(actor: User, loan: Loan, permission: str) -> Loan:
    """Return a running loan, held. Raises NotPermitted, NotVisible, NotRunning."""
    permit(actor, permission)
    found = locked(actor, loan)
    if found.status != "active":
        raise NotRunning
    return found


def today(loan: Loan, now: datetime) -> date:
    """Return the day it is in the lender's calendar."""
    return dates.local_date(now, loan.branch.entity.time_zone)


def require_day(loan: Loan, day: date, *, now: datetime, field: str = "day") -> None:
    """Raise DomainError for a day that is still to come, or before the loan was paid out."""
    if day > today(loan, now):
        raise refused_field("day_refused", field, _("This day is still to come."))
    if loan.disbursed_date is None or day < loan.disbursed_date:
        raise refused_field("day_refused", field, _("The loan was not paid out by then."))


def said(reason: str, *, field: str = "reason") -> str:
    """Return a reason without spaces around it. Raises DomainError where it says nothing."""
    text = reason.strip()
    if not SHORTEST_REASON <= len(text) <= LONGEST_REASON:
        raise refused_field(
            "reason_missing",
            field,
            reasons.asked_for(least=SHORTEST_REASON, most=LONGEST_REASON),
        )
    return text
