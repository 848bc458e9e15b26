"""Give up what was not paid out under a loan whose borrower steps back, and tell what was."""

import uuid
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import names
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.core.formatting import format_money
from apps.loans import payout
from apps.loans.models import Disbursement, Loan
from apps.loans.services import scheduling
from apps.loans.services.requesting import history
from apps.offers.errors import BranchMustHelp
from apps.offers.hooks import Payout


def borrower_steps_back(offer_id: uuid.UUID, actor: User | None, now: datetime) -> None:
    """Take back the payments the bank was not told of, and cancel a loan not paid out.

    In the transaction in which the borrower steps back, the application held and the offer not yet.
    A loan of which something was paid out, all or the first tranches, stays to be settled. Raises
    Conflict where the bank was told to pay and has not said what became of it; a borrower who acts
    by a signed link is sent to the branch.
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


def payouts(offer_id: uuid.UUID) -> tuple[Payout, ...] | None:
    """Return what was paid out under an offer; fees paid beforehand go with the first tranche.

    What came back is not among it. None where no loan was opened under the offer.
    """
    paid = Disbursement.objects.filter(loan__offer=offer_id, status="paid")
    rows = list(paid.order_by("paid_date", "tranche"))
    if not rows and not Loan.objects.filter(offer=offer_id).exists():
        return None
    first = next((one for one in rows if one.tranche == 1), None)
    agreed = None if first is None else scheduling.agreed(Loan(pk=first.loan_id))
    upfront = Decimal(0) if agreed is None else payout.upfront(agreed).total
    return tuple(
        Payout(
            paid_date=one.paid_date,
            amount=one.amount,
            upfront=upfront if one is first else Decimal(0),
            taken_off=one.deducted,
        )
        for one in rows
        if one.paid_date is not None
    )


def _hindrance(loan: Loan) -> Conflict | None:
    """Return why nobody steps back now, or None: a payment the bank was told of may still go."""
    told = loan.disbursements.filter(status="instructed").select_related("payment_file").first()
    if told is None:
        return None
    sentence = _(
        "Payment %(payment)s of %(amount)s is with the bank, in file %(file)s. Have the bank stop"
        " it and record that it was not paid, or record that it was; then the borrower can step"
        " back."
    )
    values = {
        "payment": told.reference,
        "amount": format_money(told.net_amount, told.currency),
        "file": str(told.payment_file),
    }
    return Conflict("payment_on_its_way", sentence % values)


def _take_back(one: Disbursement, actor: User | None, reason: str, *, now: datetime) -> None:
    one.move("cancel", ended_by=actor, ended_at=now, ended_reason=reason)
    audit.record(
        actor or names.APPLICANT,
        "loans.payment_taken_back",
        one.loan,
        **history(one),
        reason=reason,
    )
