"""Give up what was not paid out under a loan whose borrower steps back."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import names
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.loans.models import Disbursement, Loan
from apps.loans.services.requesting import history
from apps.offers.errors import BranchMustHelp


def borrower_steps_back(offer_id: uuid.UUID, actor: User | None, now: datetime) -> None:
    """Take back the payments the bank was not told of, and cancel a loan not paid out.

    In the transaction in which the borrower steps back, the application held and the offer not yet.
    A loan that was paid out stays, to be settled. Raises Conflict where the bank was told to pay
    and has not said what became of it, and where only a part was paid; a borrower who acts by a
    signed link is sent to the branch.
    """
    rows = Loan.objects.select_for_update(of=("self",), no_key=True).select_related("application")
    loan = rows.filter(offer=offer_id, status__in=("opened", "active")).first()
    if loan is None:
        return
    hindrance = _hindrance(loan)
    if hindrance is not None:
        if actor is not None:
            raise hindrance
        raise BranchMustHelp from hindrance
    # A record is in one language, whoever's link it was.
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("The borrower stepped back from this loan.")
    for one in loan.disbursements.filter(status__in=("requested", "approved")):
        one.loan = loan
        _take_back(one, actor, reason, now=now)
    if loan.status == "opened":
        loan.move("cancel")
        audit.record(
            actor or names.APPLICANT,
            "loans.cancelled",
            loan,
            case=loan.application,
            reason=reason,
            at=now.isoformat(),
        )


def _hindrance(loan: Loan) -> Conflict | None:
    """Return why nobody steps back now, or None."""
    if loan.disbursements.filter(status="instructed").exists():
        return Conflict(
            "payment_on_its_way", _("A payment of this loan is on its way; take that back first.")
        )
    paid = loan.disbursements.filter(status="paid").aggregate(sum=Sum("amount"))["sum"]
    if paid and paid < loan.principal:
        return Conflict(
            "paid_in_part", _("Only a part of the loan was paid out; the quote is for all of it.")
        )
    return None


def _take_back(one: Disbursement, actor: User | None, reason: str, *, now: datetime) -> None:
    one.move("cancel", ended_by=actor, ended_at=now, ended_reason=reason)
    audit.record(
        actor or names.APPLICANT,
        "loans.payment_taken_back",
        one.loan,
        **history(one),
        reason=reason,
    )
