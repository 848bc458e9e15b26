"""Do what the bank's answers say: chunk by chunk, each row once, whatever the bank sends again.

What was collected is posted on its value date; what failed is recorded, and its reason says what
follows; what the bank takes back later is taken back from the loan.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import dates
from apps.core import rows as core_rows
from apps.core.errors import DomainError
from apps.core.jobs import enqueue
from apps.debits import errors, policies
from apps.debits.models import AnswerFile, AnswerLine, Debit, DebitFile, Recall
from apps.debits.services import failing, outcomes, presenting
from apps.debits.services.failing import WORKER
from apps.debits.services.outcomes import Chunk, Outcome, outcome, refused
from apps.ledger.refusals import DayClosed
from apps.repayments import services as repayments
from apps.repayments.errors import ReferenceUsed
from apps.repayments.services import chunking
from apps.repayments.services.many import Answer, Incoming

logger = structlog.get_logger(__name__)
CHUNK = 100
# A chunk takes seconds; a file nothing has happened to for this long was lost.
LOST_AFTER = timedelta(minutes=1)


def advance_answers(*, file_id: uuid.UUID | str, now: datetime) -> bool:
    """Do one chunk of rows; say whether there may be more to do. Safe to run twice, at once."""
    rows = AnswerFile.objects.select_related(
        "branch__entity", "entity", "started_by", "uploaded_by"
    )
    file = rows.get(pk=file_id)
    if file.status != "running":
        return False
    try:
        number = chunking.post_some(_work(file, now=now))
    except chunking.NoRight:
        _halt(file)
        return False
    if number:
        # Not within the chunk: two workers that hold the row as running would wait in a circle.
        AnswerFile.objects.filter(pk=file.pk).update(updated_at=Now())
        return True
    _finish(file, now=now)
    return False


@transaction.atomic
def go_on(*, actor: User, file: AnswerFile) -> AnswerFile:
    """Go on with answers whose starter lost the right to post. Raises NotPermitted, Conflict."""
    errors.require(policies.may_work_on(actor, file))
    file.move("go_on", started_by=actor)
    audit.record(actor, "debits.answers_resumed", file)
    send(file)
    return file


def send(file: AnswerFile) -> None:
    """Send the file to a worker; the database says which rows wait."""
    enqueue("debits.post_answers", file_id=str(file.pk))


def sweep_answers(*, now: datetime) -> int:
    """Send files again whose message or worker was lost; return how many."""
    lost = AnswerFile.objects.filter(status="running", updated_at__lte=now - LOST_AFTER)
    found = list(lost.order_by("uploaded_at"))
    for file in found:
        send(file)
    return len(found)


def settle(files: set[uuid.UUID], *, now: datetime) -> None:
    """Settle the released files all of whose debits are answered; recalls of them lapse.

    Whoever holds debits and files holds the debits first, and a recall last.
    """
    open_ones = Debit.objects.filter(file__in=files, status="presented").values("file")
    answered = DebitFile.objects.filter(pk__in=files, status="released").exclude(pk__in=open_ones)
    DebitFile.move_all(answered, "settle")
    waiting = Recall.objects.filter(file__in=files, file__status="settled", status="asked")
    Recall.move_all(waiting, "lapse", answered_at=now)


def take_back_again(line: AnswerLine, debit: Debit, *, now: datetime) -> Outcome:
    """Do what a refused row says that the bank returned a debit, and return what it comes to.

    The caller holds the row and writes that; nothing was done where it is refused again.
    """
    chunk = _chunk(line.file, [line], now=now)
    held = chunk.debits.get(debit.reference, debit)
    return _known(line, held) or failing.returned(chunk, line, held)


# --- a chunk -------------------------------------------------------------------------------------
def _work(file: AnswerFile, *, now: datetime) -> chunking.Work:
    return chunking.Work(
        file=file,
        lines=AnswerLine,
        size=CHUNK,
        permit=lambda: _require_right(file),
        post=lambda lines: _post(file, lines, now=now),
        give_up=lambda lines: _give_up(file, lines),
    )


def _give_up(file: AnswerFile, lines: Sequence[AnswerLine]) -> None:
    """Refuse rows that broke, each with its debit: a person posts their money or has it kept."""
    debits = _debits(file, lines)
    _write({one.pk: refused("", "unexpected", debits.get(one.reference)) for one in lines})


def _require_right(file: AnswerFile) -> None:
    if not policies.may_work_on(file.started_by, file):
        raise chunking.NoRight


def _post(file: AnswerFile, lines: list[AnswerLine], *, now: datetime) -> None:
    """Do what rows that wait say, and write what each came to."""
    chunk = _chunk(file, lines, now=now)
    came_to: dict[Any, Outcome] = {}
    to_post: list[AnswerLine] = []
    for line in lines:
        debit = chunk.debits.get(line.reference)
        found = refused("reference", "no_such_debit") if debit is None else _known(line, debit)
        if debit is not None and debit.status == "recalled":
            failing.answered_recalled(line, debit, now=now)
        if found is not None:
            came_to[line.pk] = found
        elif line.outcome == "collected":
            to_post.append(line)
        elif debit is not None:
            act = failing.failed if line.outcome == "failed" else failing.returned
            came_to[line.pk] = act(chunk, line, debit)
    came_to |= _collected(chunk, to_post)
    _write(came_to)


def _chunk(file: AnswerFile, lines: Sequence[AnswerLine], *, now: datetime) -> Chunk:
    return Chunk(
        file=file,
        debits=_debits(file, lines),
        rule=presenting.rule_of(file.entity_id),
        now=now,
        today=dates.local_date(now, file.entity.time_zone),
    )


def _debits(file: AnswerFile, lines: Sequence[AnswerLine]) -> dict[str, Debit]:
    """Return the debits that rows name, held to the end of the transaction, by reference."""
    rows = Debit.objects.select_related("file", "mandate", "loan", "event", "kept__event").filter(
        reference__in=[one.reference for one in lines], file__entity=file.entity_id
    )
    held = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    return {one.reference: one for one in held}


def _known(line: AnswerLine, debit: Debit) -> Outcome | None:
    """Return what a row comes to that nothing is done for; None where something is to be done."""
    needed = "collected" if line.outcome == "returned" else "presented"
    if debit.status == needed:
        return _misfit(line, debit)
    if _is_said_before(line, debit):
        return outcome("ignored", "known", debit)
    if debit.status in ("waiting", "withdrawn"):
        return refused("reference", "not_presented", debit)
    if debit.status == "recalled" and line.outcome != "returned":
        return refused("", "recalled", debit)
    is_early = line.outcome == "returned" and debit.status != "returned"
    code = "not_collected" if is_early else "answered_otherwise"
    return refused("outcome", code, debit)


def _is_said_before(line: AnswerLine, debit: Debit) -> bool:
    """Say whether a debit is as the row says already: nothing is done twice."""
    if line.outcome == "collected":
        said = (debit.collected, debit.value_date)
        return debit.status in ("collected", "returned") and said == (line.amount, line.value_date)
    if line.outcome == "returned":
        is_all = line.amount == debit.collected
        return debit.status == "returned" and is_all and debit.reason_code == line.reason_code
    return debit.status == "failed" and debit.reason_code == line.reason_code


def _misfit(line: AnswerLine, debit: Debit) -> Outcome | None:
    """Return the refusal of a row that does not fit its debit; None where it does."""
    if line.outcome == "collected":
        if line.money > debit.amount:
            return refused("amount", "more_than_asked", debit, asked=f"{debit.amount:f}")
        if line.value_date is not None and line.value_date < debit.file.collect_on:
            asked = debit.file.collect_on.isoformat()
            return refused("value_date", "before_asked", debit, asked=asked)
        return None
    expected = debit.amount if line.outcome == "failed" else debit.collected
    if expected is not None and line.amount != expected:
        return refused("amount", "other_amount", debit, asked=f"{expected:f}")
    return None


# --- what was collected --------------------------------------------------------------------------
def _collected(chunk: Chunk, lines: Sequence[AnswerLine]) -> dict[Any, Outcome]:
    """Post what was collected, all at once; what an account does not take waits in suspense."""
    if not lines:
        return {}
    debits = [chunk.debits[line.reference] for line in lines]
    incoming = [
        Incoming(
            loan_id=debit.loan_id,
            fact=outcomes.fact_of(line, debit, day=line.value_date or chunk.today),
            reference=outcomes.reference_of(chunk.file, debit),
        )
        for line, debit in zip(lines, debits, strict=True)
    ]
    answers = repayments.enter_many(actor=WORKER, receipts=incoming, now=chunk.now)
    came_to: dict[Any, Outcome] = {}
    moves = []
    for line, debit, answer in zip(lines, debits, answers, strict=True):
        if answer.refusal is not None:
            came_to[line.pk] = _not_taken(chunk, line, debit, answer)
            continue
        changes = outcomes.collected_as(line, debit, answer.event_id, chunk.now)
        moves.append((debit, ("collect",), changes))
        came_to[line.pk] = outcome("posted", changes["reason_code"] or "collected", debit)
    Debit.move_each(moves)
    return came_to


def _not_taken(chunk: Chunk, line: AnswerLine, debit: Debit, answer: Answer) -> Outcome:
    if isinstance(answer.refusal, DayClosed):
        closed = outcomes.closed_up_to(chunk.file)
        return refused("value_date", "day_closed", debit, closed=closed)
    code = answer.refusal.code if answer.refusal else ""
    logger.info("answer_not_taken", line=str(line.pk), code=code)
    if isinstance(answer.refusal, ReferenceUsed):
        return refused("", "refused_by_account", debit)
    try:
        outcomes.keep(chunk.file, line, debit, actor=WORKER, now=chunk.now)
    except DomainError:
        return refused("", "nothing_owed", debit)
    return outcome("posted", outcomes.IN_SUSPENSE, debit)


# --- the file ------------------------------------------------------------------------------------
@transaction.atomic
def _finish(file: AnswerFile, *, now: datetime) -> None:
    held = AnswerFile.objects.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
    if held.status != "running" or held.lines.filter(status="waiting").exists():
        # Rows another worker holds: it goes on itself, and the sweep sends the file if it dies.
        return
    held.move("finish", finished_at=now)
    touched = held.lines.filter(debit__isnull=False).values_list("debit__file", flat=True)
    settle(set(touched.distinct()), now=now)
    counts = {
        name: held.lines.filter(status=name).count() for name in ("posted", "recorded", "refused")
    }
    audit.record(file.started_by, "debits.answers_finished", held, **counts)


@transaction.atomic
def _halt(file: AnswerFile) -> None:
    """Halt a file whose starter may no longer post; somebody else lets it go on."""
    held = AnswerFile.objects.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
    if held.status == "running":
        held.move("halt")
        audit.record(WORKER, "debits.answers_halted", held)


def _write(came_to: dict[Any, Outcome]) -> None:
    core_rows.change_each(AnswerLine, came_to, while_={"status": "waiting"})
