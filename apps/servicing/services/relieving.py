"""Give up what is owed, or pay money back: one person proposes, another approves or refuses."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.facts import Bucket, Fact, Refund, Waiver, WriteOff
from apps.repayments.services import entering, holding
from apps.servicing import policies, selectors
from apps.servicing.errors import (
    AboveLimit,
    NotRunning,
    OtherContent,
    OwnProposal,
    refused_field,
    together,
)
from apps.servicing.models import Proposal
from apps.servicing.services import _ground

LONGEST_REFERENCE = 80


@dataclass(frozen=True, kw_only=True)
class Relief:
    """What is proposed: a waiver of a bucket, a write-off of everything, or a refund."""

    kind: str
    reason: str
    bucket: str = ""
    amount: Decimal | None = None
    reference: str = ""


@transaction.atomic
def propose(*, actor: User, loan: Loan, relief: Relief, now: datetime) -> Proposal:
    """Propose something to give up or pay back, and return it; nothing is posted.

    The same reference with the same content returns the proposal it made. Raises NotPermitted,
    NotVisible, NotRunning, OtherContent, Conflict where one of the kind waits already, PaidInPart,
    and DomainError for an amount, a bucket or a reason that is refused.
    """
    _ground.permit(actor, policies.PROPOSE)
    found = _ground.locked(actor, loan)
    standing = _standing(found, relief)
    if standing is not None:
        return standing
    _require_open(found, relief.kind)
    reason = _checked(actor, found, relief, day=_ground.today(found, now))
    made = _written(found, relief, reason, actor=actor, now=now)
    audit.record(
        actor,
        "servicing.relief_proposed",
        found,
        case=found.application,
        proposal=made.reference,
        what=made.kind,
        of=made.bucket,
        amount=str(made.amount or ""),
    )
    return made


@transaction.atomic
def approve(*, actor: User, proposal: Proposal, now: datetime, note: str = "") -> Proposal:
    """Approve what another person proposed and post it; return the proposal.

    Raises NotPermitted, NotVisible, OwnProposal, AboveLimit, Conflict for one that was answered,
    and what stands in the way of posting it today.
    """
    _ground.permit(actor, policies.APPROVE)
    found = _held(actor, proposal)
    if found.proposed_by_id == actor.pk:
        raise OwnProposal
    found.lifecycle.target("approve", found.status)
    _require_open(found.loan, found.kind)
    day = _ground.today(found.loan, now)
    _require_within_limit(actor, found, selectors.given_up(found, day=day))
    relief = Relief(
        kind=found.kind,
        reason=found.reason,
        bucket=found.bucket,
        amount=found.amount,
        reference=found.reference,
    )
    event = repayments.enter(
        actor=found.proposed_by,
        loan=found.loan,
        fact=_fact(found.kind, relief, day, found.reason),
        reference=f"relief:{found.pk}",
        now=now,
        approved_by=actor,
    )
    found.move(
        "approve",
        answered_by=actor,
        answered_at=now,
        answer_note=_note(note),
        event=event,
    )
    audit.record(actor, "servicing.relief_approved", found.loan, **_told(found))
    return found


@transaction.atomic
def refuse(*, actor: User, proposal: Proposal, note: str, now: datetime) -> Proposal:
    """Refuse what another person proposed, with a reason; return it. Raises as `approve`."""
    _ground.permit(actor, policies.APPROVE)
    found = _held(actor, proposal)
    if found.proposed_by_id == actor.pk:
        raise OwnProposal
    why = _ground.said(note, field="note")
    found.move("refuse", answered_by=actor, answered_at=now, answer_note=why)
    audit.record(actor, "servicing.relief_refused", found.loan, **_told(found))
    return found


@transaction.atomic
def withdraw(*, actor: User, proposal: Proposal, now: datetime) -> Proposal:
    """Take back what one proposed oneself; return it. Raises NotPermitted, NotVisible, Conflict."""
    _ground.permit(actor, policies.PROPOSE)
    found = _held(actor, proposal)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_proposal", _("Only who proposed this takes it back; refuse it instead.")
        )
    found.move("withdraw", answered_by=actor, answered_at=now)
    audit.record(actor, "servicing.relief_withdrawn", found.loan, **_told(found))
    return found


def _held(actor: User, proposal: Proposal) -> Proposal:
    """Return the proposal with its loan, both held until the transaction ends."""
    seen = get_visible(Proposal.objects.only("loan"), actor, pk=proposal.pk)
    loan = _ground.locked(actor, Loan(pk=seen.loan_id))
    rows = Proposal.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(rows.select_related("proposed_by"), actor, pk=proposal.pk)
    found.loan = loan
    return found


def _standing(loan: Loan, relief: Relief) -> Proposal | None:
    """Return the proposal of the same reference, if it says the same. Raises OtherContent."""
    if not relief.reference:
        return None
    if len(relief.reference) > LONGEST_REFERENCE or not relief.reference.isprintable():
        raise refused_field("reference_refused", "reference", _("This reference is too long."))
    found = Proposal.objects.filter(reference=relief.reference).first()
    if found is None:
        return None
    same = (found.loan_id, found.kind, found.bucket, found.amount, found.reason) == (
        *(loan.pk, relief.kind, relief.bucket, relief.amount),
        relief.reason.strip(),
    )
    if not same:
        raise OtherContent
    return found


def _require_open(loan: Loan, kind: str) -> None:
    """Raise NotRunning where the loan is in no state for this."""
    states = {"refund": ("active", "closed", "written_off")}.get(kind, ("active",))
    if loan.status not in states:
        raise NotRunning


def _checked(actor: User, loan: Loan, relief: Relief, *, day: date) -> str:
    """Return the reason without spaces around it. Raises DomainError with all that is wrong."""
    reason, faults = relief.reason.strip(), list[DomainError]()
    try:
        _ground.said(reason)
        # The account would refuse it of the same person once somebody agreed.
        entering.require_own_words(actor, reason)
    except DomainError as refusal:
        faults.append(refusal)
    try:
        _check(loan, relief)
        # What does not fit the account today is not put before a second person.
        selectors.require_fits(loan, _fact(relief.kind, relief, day, reason))
    except DomainError as refusal:
        faults.append(refusal)
    if faults:
        raise together(faults)
    return reason


def _check(loan: Loan, relief: Relief) -> None:
    if relief.kind not in Proposal.Kind.values:
        raise refused_field("unknown_kind", "kind", _("This is nothing that can be proposed."))
    is_waiver = relief.kind == Proposal.Kind.WAIVER
    if is_waiver != (relief.bucket in Proposal.Bucket.values):
        raise refused_field("bucket_refused", "bucket", _("Say what of the debt is given up."))
    if relief.kind == Proposal.Kind.WRITE_OFF:
        if relief.amount is not None:
            raise refused_field(
                "amount_refused", "amount", _("A write-off is of all that is owed.")
            )
        holding.require_paid_out(loan)
        return
    holding.require_amount(relief.amount or Decimal(0), loan.currency)


def _fact(kind: str, relief: Relief, day: date, reason: str) -> Fact:
    """Return what happens on the account once it is agreed."""
    amount = relief.amount or Decimal(0)
    if kind == Proposal.Kind.WAIVER:
        return Waiver(day=day, amount=amount, bucket=Bucket(relief.bucket), reason=reason)
    if kind == Proposal.Kind.REFUND:
        return Refund(
            day=day,
            amount=amount,
            channel="bank_transfer",
            external_reference=relief.reference[-60:],
        )
    return WriteOff(day=day, reason=reason)


def _written(loan: Loan, relief: Relief, reason: str, *, actor: User, now: datetime) -> Proposal:
    number = loan.proposals.count() + 1
    made = Proposal(
        loan=loan,
        kind=relief.kind,
        bucket=relief.bucket,
        amount=relief.amount,
        currency=loan.currency,
        reason=reason,
        reference=relief.reference or f"{loan.number}-G{number}",
        proposed_by=actor,
        proposed_at=now,
    )
    _ground.insert(made)
    return made


def _require_within_limit(actor: User, proposal: Proposal, amount: Decimal) -> None:
    limit = policies.limit(actor, proposal.loan)
    if amount > limit:
        raise AboveLimit(limit, proposal.currency)


def _note(note: str) -> str | None:
    return _ground.said(note, field="note") if note.strip() else None


def _told(proposal: Proposal) -> dict[str, Any]:
    """Return what the history of a loan and its case says of a proposal.

    Not why: that tells about the borrower, and stays with the proposal.
    """
    return {
        "case": proposal.loan.application,
        "proposal": proposal.reference,
        "what": proposal.kind,
    }
