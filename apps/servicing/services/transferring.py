"""Transfer a loan to another branch: one person proposes, one of the receiving branch approves."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.servicing import policies
from apps.servicing.errors import NotRunning, OtherContent, OwnProposal, refused_field
from apps.servicing.models import Transfer
from apps.servicing.services import _ground

LONGEST_REFERENCE = 80
# What is owed, or was, goes along; before it was paid out there is nothing to transfer.
_STATES = ("active", "closed", "written_off")


@transaction.atomic
def propose_transfer(
    *,
    actor: User,
    loan: Loan,
    to_branch: Branch,
    reason: str,
    now: datetime,
    reference: str = "",
) -> Transfer:
    """Propose that a loan goes to another branch of its lender; return it, nothing moves.

    The same reference with the same content returns the transfer it made. Raises NotPermitted,
    NotVisible, NotRunning, OtherContent, Conflict where one waits already, and DomainError for a
    branch, a reason or a reference that is refused.
    """
    _ground.permit(actor, policies.PROPOSE_TRANSFER)
    found = _ground.locked(actor, loan)
    standing = _standing(found, to_branch, reason, reference)
    if standing is not None:
        return standing
    if found.status not in _STATES:
        raise NotRunning
    _require_other_branch(found, to_branch)
    made = _written(found, to_branch, _ground.said(reason), reference, actor=actor, now=now)
    audit.record(actor, "servicing.transfer_proposed", found, **_told(made))
    return made


@transaction.atomic
def approve_transfer(*, actor: User, transfer: Transfer, now: datetime, note: str = "") -> Transfer:
    """Take a loan over that another person proposed to transfer, today; return the transfer.

    Who approves works in the receiving branch. Raises NotPermitted, NotVisible, OwnProposal, and
    Conflict for one that was answered or where the loan cannot move now.
    """
    found = _to_answer(actor, transfer)
    move = repayments.move_branch(actor=actor, loan=found.loan, to_branch=found.to_branch, now=now)
    found.move(
        "approve",
        answered_by=actor,
        answered_at=now,
        answer_note=_ground.said(note, field="note") if note.strip() else None,
        move_made=move,
    )
    audit.record(actor, "servicing.transfer_approved", found.loan, **_told(found))
    return found


@transaction.atomic
def refuse_transfer(*, actor: User, transfer: Transfer, note: str, now: datetime) -> Transfer:
    """Refuse to take a loan over, with a reason; return the transfer. Raises as approving it."""
    found = _to_answer(actor, transfer)
    why = _ground.said(note, field="note")
    found.move("refuse", answered_by=actor, answered_at=now, answer_note=why)
    audit.record(actor, "servicing.transfer_refused", found.loan, **_told(found))
    return found


@transaction.atomic
def withdraw_transfer(*, actor: User, transfer: Transfer, now: datetime) -> Transfer:
    """Take back what one proposed oneself. Raises NotPermitted, NotVisible, Conflict."""
    _ground.permit(actor, policies.PROPOSE_TRANSFER)
    found = _held(actor, transfer)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_proposal", _("Only who proposed this takes it back; refuse it instead.")
        )
    found.move("withdraw", answered_by=actor, answered_at=now)
    audit.record(actor, "servicing.transfer_withdrawn", found.loan, **_told(found))
    return found


def _to_answer(actor: User, transfer: Transfer) -> Transfer:
    _ground.permit(actor, policies.APPROVE_TRANSFER)
    found = _held(actor, transfer)
    if found.proposed_by_id == actor.pk:
        raise OwnProposal
    if not policies.reaches(actor, found.to_branch_id):
        raise NotPermitted(
            "not_receiving", _("Somebody of the branch that receives the loan answers this.")
        )
    found.lifecycle.target("approve", found.status)
    return found


def _held(actor: User, transfer: Transfer) -> Transfer:
    """Return the transfer with its loan, both held; who receives it need not see the loan yet."""
    seen = get_visible(Transfer.objects.only("loan"), actor, pk=transfer.pk)
    loan = _ground.locked_for(Loan(pk=seen.loan_id))
    held = Transfer.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(
        held.select_related("proposed_by", "from_branch", "to_branch__entity"),
        actor,
        pk=transfer.pk,
    )
    found.loan = loan
    return found


def _standing(loan: Loan, to_branch: Branch, reason: str, reference: str) -> Transfer | None:
    """Return the transfer of the same reference, if it says the same. Raises OtherContent."""
    if not reference:
        return None
    if len(reference) > LONGEST_REFERENCE or not reference.isprintable():
        raise refused_field("reference_refused", "reference", _("This reference is too long."))
    found = Transfer.objects.filter(reference=reference).first()
    if found is None:
        return None
    said = (loan.pk, to_branch.pk, reason.strip())
    if (found.loan_id, found.to_branch_id, found.reason) != said:
        raise OtherContent
    return found


def _require_other_branch(loan: Loan, to_branch: Branch) -> None:
    if to_branch.pk == loan.branch_id:
        raise refused_field("same_branch", "branch", _("The loan is in this branch already."))
    if to_branch.entity_id != loan.branch.entity_id:
        raise refused_field("other_lender", "branch", _("A loan moves within its lender only."))


def _written(
    loan: Loan, to_branch: Branch, reason: str, reference: str, *, actor: User, now: datetime
) -> Transfer:
    made = Transfer(
        loan=loan,
        from_branch=loan.branch,
        to_branch=to_branch,
        reason=reason,
        reference=reference or f"{loan.number}-T{loan.transfers.count() + 1}",
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict(
            "transfer_waits", _("A transfer of this loan waits already, or its reference is taken.")
        ) from refusal
    return made


def _told(transfer: Transfer) -> dict[str, Any]:
    """Return what the history says of a transfer; why stays with it."""
    return {
        "case": transfer.loan.application,
        "transfer": transfer.reference,
        "from_branch": transfer.from_branch.code,
        "to_branch": transfer.to_branch.code,
    }
