"""What follows where the bank could not collect, or takes back what it had collected."""

from datetime import date, datetime
from typing import Any

import structlog

from apps.audit import services as audit
from apps.core import stored_reasons
from apps.core.errors import DomainError
from apps.debits import reasons, sentences
from apps.debits.models import AnswerLine, Debit, Mandate
from apps.debits.services import mandates, outcomes
from apps.debits.services.outcomes import Chunk, Outcome
from apps.repayments import services as repayments
from apps.repayments.errors import TakenBackAlready
from apps.repayments.facts import Bucket
from apps.repayments.services import bouncing, charging
from apps.repayments.services.bouncing import Bounced

logger = structlog.get_logger(__name__)
# An answer says whose loan it is, whoever may see that; the file keeps who took it in.
WORKER = audit.system("debits")


def failed(chunk: Chunk, line: AnswerLine, debit: Debit) -> Outcome:
    """Record that a debit failed, with what follows; return what its row comes to."""
    changes = _consequences(chunk, line, debit)
    debit.move("fail", value_date=line.value_date, bank_reference=line.bank_reference, **changes)
    _record(debit, verb="debits.failed")
    return outcomes.outcome("recorded", "failed", debit)


def returned(chunk: Chunk, line: AnswerLine, debit: Debit) -> Outcome:
    """Take money back from a loan that the bank took back; return what the row comes to.

    A bank may do so weeks later: what it changes of closed days is booked on the first open one.
    """
    event = debit.kept.event if debit.kept else debit.event
    if event is None:
        return outcomes.refused("", "not_on_a_loan", debit)
    is_before = False
    try:
        repayments.take_back(
            actor=WORKER,
            event=event,
            reason=stored_reasons.stored(sentences.RETURNED, line.reason_code),
            now=chunk.now,
        )
    except TakenBackAlready:
        # Somebody was faster than the bank's file: the loan stands as without it already. Whether
        # the money was entered anew, or the bounce charged, a person sees.
        is_before = True
        logger.info("return_taken_back_before", line=str(line.pk))
    except DomainError as refusal:
        logger.info("return_not_taken_back", line=str(line.pk), code=refusal.code)
        return outcomes.refused("", "refused_by_account", debit)
    debit.move("return", **_consequences(chunk, line, debit, is_before=is_before))
    _record(debit, verb="debits.returned")
    return outcomes.outcome("recorded", "returned", debit)


def answered_recalled(line: AnswerLine, debit: Debit, *, now: datetime) -> None:
    """Put a debit on the list to look at that the bank answered though its file was recalled.

    Its row is refused: money may have come, and the loan may have been asked again meanwhile.
    """
    debit.needs_look, debit.looked_by, debit.looked_at = True, None, None
    debit.reason_code, debit.answered_at = "answered_recalled", now
    debit.save(
        update_fields=[
            *("needs_look", "looked_by", "looked_at", "reason_code", "answered_at", "updated_at")
        ]
    )
    audit.record(
        WORKER,
        "debits.answered_after_recall",
        debit.loan,
        case=f"applications.application:{debit.loan.application_id}",
        reference=debit.reference,
        outcome=line.outcome,
        amount=str(line.amount),
    )


def _consequences(
    chunk: Chunk, line: AnswerLine, debit: Debit, *, is_before: bool = False
) -> dict[str, Any]:
    """Do what follows from a reason - charge, mandate - and return what the debit becomes.

    Where somebody took the money back before, nothing is tried again or charged: a person looks.
    """
    reason = reasons.table()[line.reason_code]
    again = (
        None
        if is_before
        else reasons.retry_on(
            reason,
            attempt=debit.attempt,
            most_tries=chunk.rule.most_tries,
            answered=max(line.value_date or chunk.today, debit.file.collect_on),
            days_between=chunk.rule.days_between,
        )
    )
    if reason.mandate:
        _move_mandate(debit.mandate, reason, now=chunk.now)
    return {
        "reason_code": reason.code,
        "answered_at": chunk.now,
        "retry_on": again,
        "needs_look": again is None,
        # What somebody looked at was another answer.
        "looked_by": None,
        "looked_at": None,
        "charge_id": _charged(chunk, line, debit, is_before=is_before)
        if reason.charges
        else debit.charge_id,
    }


def _move_mandate(mandate: Mandate, reason: reasons.Reason, *, now: datetime) -> None:
    held = mandates.hold(mandate.pk)
    if not held.may(reason.mandate):
        # The borrower was faster, or it has expired.
        return
    if reason.mandate == "pause":
        mandates.pause(held, actor=WORKER, reason=reason.code)
    else:
        mandates.cancel_for_bank(held, reason=reason.code, now=now)


def _charged(chunk: Chunk, line: AnswerLine, debit: Debit, *, is_before: bool) -> Any:
    """Ask for what a bounce costs, where the borrower was told so; return the charge's key.

    What somebody charged by hand for it is that charge. Where the money was taken back before,
    nothing else is charged: a person looks.
    """
    amount = charging.told(debit.loan).get(bouncing.CODE)
    if not amount or debit.charge_id is not None:
        return debit.charge_id
    asked = repayments.Asked(
        code=bouncing.CODE,
        bucket=Bucket.FEE,
        amount=amount,
        day=chunk.today,
        due_on=chunk.today,
        reason=stored_reasons.stored(sentences.BOUNCED, debit.reference),
        bounced=Bounced(
            debit=debit.reference, since=_known_since(line, debit, is_before=is_before)
        ),
    )
    others = Debit.objects.filter(loan=debit.loan_id).exclude(pk=debit.pk)
    try:
        event = charging.charge_bounce(
            actor=WORKER,
            loan=debit.loan,
            asked=asked,
            reference=f"bounce:{debit.pk}",
            charged=list(others.exclude(charge=None).values_list("charge", flat=True)),
            other_debits=list(others.values_list("reference", flat=True)),
            is_ours=not is_before,
            now=chunk.now,
        )
    except DomainError as refusal:
        # A loan that is over owes no charge; the failure is recorded all the same.
        logger.info("bounce_not_charged", debit=str(debit.pk), code=refusal.code)
        return None
    return event.pk if event else None


def _known_since(line: AnswerLine, debit: Debit, *, is_before: bool) -> date:
    """Return the first day on which somebody could know that a debit failed or was returned."""
    collected = debit.file.collect_on
    if debit.status == "presented":
        return collected
    # Whoever has the bank on the line hears of a return before the day it counts for.
    collected = debit.value_date or collected
    if is_before or line.value_date is None:
        return collected
    return max(collected, line.value_date - bouncing.NEAR)


def _record(debit: Debit, *, verb: str) -> None:
    audit.record(
        WORKER,
        verb,
        debit.loan,
        case=f"applications.application:{debit.loan.application_id}",
        reference=debit.reference,
        amount=str(debit.amount),
        reason=debit.reason_code,
        again=debit.retry_on.isoformat() if debit.retry_on else "",
    )
