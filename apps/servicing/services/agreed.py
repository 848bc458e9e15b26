"""Give up what two people agreed on elsewhere, once what they agreed on came about."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.facts import WriteOff
from apps.servicing.errors import NotRunning, OtherContent
from apps.servicing.models import Proposal
from apps.servicing.services import _ground

WORKER = audit.system("worker")


@transaction.atomic
def give_up_rest(
    *, proposed_by: User, approved_by: User, loan: Loan, reason: str, reference: str, now: datetime
) -> Proposal:
    """Write off all that is still owed, for the two people who agreed to it; return how.

    They were permitted to when they agreed, and the limit of the second was heeded then: the system
    enters it for them, though neither may see the loan any more. The same reference returns what
    it made. Raises NotRunning, OtherContent, Conflict where a write-off
    waits for an answer, and what stands in the way of posting it today.
    """
    held = _ground.locked_for(loan)
    standing = Proposal.objects.filter(reference=reference).first()
    if standing is not None:
        if standing.loan_id != held.pk:
            raise OtherContent
        return standing
    if held.status != "active":
        raise NotRunning
    made = Proposal(
        loan=held,
        kind=Proposal.Kind.WRITE_OFF,
        currency=held.currency,
        reason=_ground.said(reason),
        reference=reference,
        proposed_by=proposed_by,
        proposed_at=now,
    )
    _ground.insert(made)
    event = repayments.enter(
        actor=WORKER,
        loan=held,
        fact=WriteOff(day=_ground.today(held, now), reason=made.reason),
        reference=f"relief:{made.pk}",
        now=now,
        approved_by=approved_by,
        made_by=proposed_by,
    )
    made.move("approve", answered_by=approved_by, answered_at=now, event=event)
    audit.record(
        WORKER,
        "servicing.relief_agreed",
        held,
        case=held.application,
        proposal=made.reference,
        what=made.kind,
    )
    return made
