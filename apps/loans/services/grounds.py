"""What must hold for money to go out, asked again at every step that brings it nearer."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collateral import standings
from apps.core import dates
from apps.core.errors import NotPermitted
from apps.decisions import services as decisions
from apps.decisions.errors import NotBinding
from apps.loans.errors import NotPayable, NotSecured, refused_field
from apps.loans.models import Disbursement, Loan
from apps.offers.models import Offer

# So far ahead a payment may be planned; what is later is asked for later.
FARTHEST = timedelta(days=90)


def require(actor: User, permission: str) -> None:
    """Raise NotPermitted where the person's role does not allow this step."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this step of a payment."))


def today(loan: Loan, now: datetime) -> date:
    """Return the day it is in the lender's calendar."""
    return dates.local_date(now, loan.branch.entity.time_zone)


def require_payable(loan: Loan, *, now: datetime) -> None:
    """Raise a refusal where the loan may not be paid out now.

    The contract runs, its decision binds and its offer was taken up, the borrower is on no block
    list, the required papers are there or were waived, and what is to secure it stands. Payment
    within the cooling-off time is allowed: whoever steps back after it settles at the cost that the
    offer told.
    """
    # Read anew: the borrower may have stepped back while this waited for the loan.
    if loan.offer is not None:
        require_wanted(loan.offer)
    if loan.status not in ("opened", "active") or loan.source or loan.offer is None:
        raise NotPayable("not_payable", _("Nothing is paid out under this loan in its state."))
    _require_decided(loan, now)
    decisions.require_unblocked(loan.application, now=now)
    decisions.require_papers(loan.application, now=now)
    found = standings.standing(loan.application, today(loan, now), amount=loan.principal)
    if found.lacks:
        raise NotSecured("not_secured", " ".join(lack.sentence for lack in found.lacks))


def require_planned_day(loan: Loan, day: date, *, now: datetime, field: str) -> None:
    """Raise DomainError for a day on which no payment is planned: past, or too far ahead."""
    first = today(loan, now)
    if day < first:
        raise refused_field("day_refused", field, _("This day has passed."))
    if day > first + FARTHEST:
        raise refused_field(
            "day_refused",
            field,
            _("Payments are planned at most %(days)s days ahead.") % {"days": FARTHEST.days},
        )


def require_paid_day(disbursement: Disbursement, day: date, *, now: datetime) -> None:
    """Raise DomainError for a day on which it was not paid: to come, or before it was approved."""
    loan = disbursement.loan
    if day > today(loan, now):
        raise refused_field("day_refused", "paid_date", _("This day is still to come."))
    approved = dates.local_date(
        disbursement.checked_at or disbursement.requested_at, loan.branch.entity.time_zone
    )
    if day < approved:
        raise refused_field(
            "day_refused", "paid_date", _("Nothing is paid out before it was approved.")
        )


def require_wanted(offer: Offer) -> None:
    """Raise NotPayable where the borrower stepped back from the loan, or asked to."""
    standing = Offer.objects.only("status", "exit_asked_date").get(pk=offer.pk)
    if standing.status != "taken_up":
        raise NotPayable("offer_ended", _("The borrower stepped back from this loan."))
    if standing.exit_asked_date is not None:
        raise NotPayable(
            "exit_asked",
            _("The borrower asked to step back from this loan: nothing more is paid out."),
        )


def _require_decided(loan: Loan, now: datetime) -> None:
    try:
        decisions.binding_decision(loan.application, now=now)
    except NotBinding as refusal:
        # An approval that has run out since is no hindrance: this contract took it up in time.
        if refusal.code != "decision_expired":
            raise
