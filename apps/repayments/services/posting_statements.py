"""Post the lines of a statement: chunk by chunk, each whole or not at all, never twice.

A chunk is one transaction: what each line came to and its money are written together, so whoever is
killed in between leaves lines that wait. What a line's money is for is looked at anew when it is
posted. Money nobody can be found for is booked as well: debit cash, credit unidentified.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import rows as core_rows
from apps.core.errors import Conflict
from apps.core.jobs import enqueue
from apps.core.table_faults import Fault
from apps.ledger.refusals import DayClosed
from apps.loans.models import Loan
from apps.repayments import candidates, statement_lists, suspense_entries
from apps.repayments import statement_policies as policies
from apps.repayments.models import AccountEvent, StatementFile, StatementLine
from apps.repayments.services import (
    _permitting,
    checking_statements,
    chunking,
    entering,
    many,
    placing,
    references,
)
from apps.repayments.services.many import Incoming
from apps.repayments.statement_lifecycle import OFF_LOANS, TAKEN

logger = structlog.get_logger(__name__)
CHUNK = 100
# A statement says whose loan it is, whoever may see that; the file keeps who let it be posted.
_WORKER = audit.system("statements")
# What a line comes to, by column.
Outcome = dict[str, Any]


@transaction.atomic
def start_statement(*, actor: User, file: StatementFile, now: datetime) -> StatementFile:
    """Begin to post what a checked statement says.

    Raises NotPermitted, Conflict unless the file was checked.
    """
    _permitting.require(policies.may_work_on(actor, file))
    file.move("start", started_by=actor, started_at=now)
    audit.record(actor, "repayments.statement_started", file, rows=file.total_rows)
    send(file)
    return file


@transaction.atomic
def stop_statement(*, actor: User, file: StatementFile) -> StatementFile:
    """Stop posting: what was posted stays, the other lines wait. Raises NotPermitted, Conflict."""
    _permitting.require(policies.may_work_on(actor, file))
    # Waits for the chunk that is being posted at this moment.
    file.move("stop", started_by=None, started_at=None)
    audit.record(actor, "repayments.statement_stopped", file)
    return file


@transaction.atomic
def discard_statement(*, actor: User, file: StatementFile) -> StatementFile:
    """Discard a statement nothing of which is posted, with its lines; it can be uploaded anew.

    Raises NotPermitted, Conflict once something is posted.
    """
    _permitting.require(policies.may_work_on(actor, file))
    file.move("discard")
    if file.lines.filter(status__in=TAKEN).exists():
        raise Conflict("something_posted", _("Something of this statement is posted; it stays."))
    file.lines.all().delete()
    audit.record(actor, "repayments.statement_discarded", file)
    return file


def send(file: StatementFile) -> None:
    """Send the file to a worker; the database says which lines wait."""
    enqueue("repayments.post_statement", file_id=str(file.pk))


def advance_statement(*, file_id: uuid.UUID | str, now: datetime) -> bool:
    """Post one chunk of lines; say whether there may be more to do. Safe to run twice, at once."""
    file = StatementFile.objects.select_related("branch__entity", "started_by").get(pk=file_id)
    if file.status != "running":
        return False
    try:
        number = chunking.post_some(_work(file, now=now))
    except chunking.NoRight:
        _stop_without_right(file)
        return False
    if number:
        # Not within the chunk: two workers that hold the row as running would wait in a circle.
        StatementFile.objects.filter(pk=file.pk).update(updated_at=Now())
        return True
    return _finish(file, now=now)


def _work(file: StatementFile, *, now: datetime) -> chunking.Work:
    return chunking.Work(
        file=file,
        lines=StatementLine,
        size=CHUNK,
        permit=lambda: _require_right(file),
        post=lambda lines: _post(file, lines, now=now),
        give_up=lambda lines: _write(
            {line.pk: _refused(Fault("", "unexpected")) for line in lines}
        ),
    )


def _require_right(file: StatementFile) -> None:
    if file.started_by is None or not policies.may_work_on(file.started_by, file):
        raise chunking.NoRight


def _post(file: StatementFile, lines: list[StatementLine], *, now: datetime) -> None:
    """Post lines that wait, and write what each came to."""
    known = checking_statements.known_lines(lines)
    found = candidates.suggestions(lines, entity=file.branch.entity)
    meant = {
        line.pk: checking_statements.foreseen(line, suggestions, known)
        for line, suggestions in zip(lines, found, strict=True)
    }
    by_hand = _posted_by_hand(file, lines)
    outcomes: dict[Any, Outcome] = {}
    to_loans: list[StatementLine] = []
    for line in lines:
        loan_id, because = meant[line.pk]
        if line.key in known:
            outcomes[line.pk] = _taken_before(file, known[line.key], because)
        elif any(event.status == "live" for event in by_hand.get(line.pk, ())):
            outcomes[line.pk] = _posted_before(line, by_hand[line.pk])
        elif loan_id is not None:
            to_loans.append(line)
        else:
            outcomes[line.pk] = _outcome("suspense", because)
    outcomes |= _to_loans(file, to_loans, meant, by_hand, now=now)
    outcomes |= _posted_meanwhile(file, _for_suspense(lines, outcomes))
    held = _for_suspense(lines, outcomes)
    outcomes |= _hold(file, held, outcomes, now=now)
    _write(outcomes)


def _for_suspense(
    lines: Sequence[StatementLine], outcomes: Mapping[Any, Outcome]
) -> list[StatementLine]:
    return [line for line in lines if outcomes[line.pk]["status"] == "suspense"]


def _posted_meanwhile(file: StatementFile, lines: Sequence[StatementLine]) -> dict[Any, Outcome]:
    """Return what lines for suspense come to whose money somebody took in since they were read.

    Posted by hand, or in suspense already under another layout: taken over the counter, or a debit
    that no loan took. Their references are held from here on: whoever posts later finds the money.
    """
    if not lines:
        return {}
    references.hold([suspense_entries.event_reference(file, line) for line in lines])
    by_hand, kept = _posted_by_hand(file, lines), _kept_elsewhere(file, lines)
    found = {
        line.pk: _posted_before(line, by_hand[line.pk])
        for line in lines
        if any(event.status == "live" for event in by_hand.get(line.pk, ()))
    }
    held = {line.pk: _held_before(line, kept[line.pk]) for line in lines if line.pk in kept}
    return {**held, **found}


def _kept_elsewhere(
    file: StatementFile, lines: Sequence[StatementLine]
) -> dict[Any, StatementLine]:
    """Return by line what is in suspense under its reference, or was returned from there."""
    entity = file.branch.entity
    keys = {
        key: line.pk
        for line in lines
        for key in references.keys(entity, suspense_entries.event_reference(file, line))
    }
    rows = StatementLine.objects.filter(entity=entity, key__in=list(keys), status__in=OFF_LOANS)
    return {keys[one.key]: one for one in rows}


def _to_loans(
    file: StatementFile,
    lines: Sequence[StatementLine],
    meant: Mapping[Any, tuple[uuid.UUID | None, str]],
    taken_back: Mapping[Any, object],
    *,
    now: datetime,
) -> dict[Any, Outcome]:
    """Post lines to their loans, all at once; what an account does not take is for suspense.

    A payment that was taken back keeps its reference: the line's is made another one.
    """
    keys = [loan_id for line in lines if (loan_id := meant[line.pk][0]) is not None]
    gone = Loan.objects.filter(pk__in=keys, status="written_off").values_list("pk", flat=True)
    written_off = set(gone)
    incoming = [
        Incoming(
            loan_id=loan_id,
            fact=placing.fact_of(line, is_written_off=loan_id in written_off),
            reference=suspense_entries.event_reference(
                file, line, again=str(line.pk)[:8] if line.pk in taken_back else ""
            ),
        )
        for line, loan_id in zip(lines, keys, strict=True)
    ]
    answers = many.enter_many(actor=_WORKER, receipts=incoming, now=now)
    outcomes: dict[Any, Outcome] = {}
    for line, loan_id, answer in zip(lines, keys, answers, strict=True):
        if isinstance(answer.refusal, DayClosed):
            outcomes[line.pk] = _day_closed(file)
        elif answer.refusal is not None:
            code = answer.refusal.code
            logger.info("statement_line_not_taken", line=str(line.pk), code=code)
            outcomes[line.pk] = _outcome("suspense", "refused_by_account")
        else:
            because = meant[line.pk][1]
            event_id = answer.event_id
            outcomes[line.pk] = _outcome("posted", because, loan_id=loan_id, event_id=event_id)
    return outcomes


def _posted_by_hand(
    file: StatementFile, lines: Sequence[StatementLine]
) -> dict[Any, list[AccountEvent]]:
    """Return the payments that were posted under the references of lines before, by the line.

    Money against a customer is posted loan by loan, under the reference and the loan's number.
    """
    keys = {suspense_entries.event_reference(file, line): line.pk for line in lines}
    asked = Q(reference__in=list(keys))
    for reference in keys:
        asked |= Q(reference__startswith=f"{reference}{entering.PART}")
    found: dict[Any, list[AccountEvent]] = {}
    for event in AccountEvent.objects.filter(asked):
        whole = event.reference.rpartition(entering.PART)[0]
        line = keys.get(event.reference) or keys.get(whole)
        if line is not None:
            found.setdefault(line, []).append(event)
    return found


def _taken_before(file: StatementFile, before: StatementLine, because: str) -> Outcome:
    if because == "known":
        return _outcome("ignored", because)
    facts = {"row": before.number, "uploaded": before.file.uploaded_at.date().isoformat()}
    return _refused(Fault(_heading(file, "reference"), "reference_used", facts))


def _hold(
    file: StatementFile,
    lines: Sequence[StatementLine],
    outcomes: Mapping[Any, Outcome],
    *,
    now: datetime,
) -> dict[Any, Outcome]:
    """Book money that is for suspense, all at once; one by one where a day of it is closed."""
    try:
        with transaction.atomic():
            entries = suspense_entries.hold_all(actor=_WORKER, lines=lines, now=now)
    except DayClosed:
        if len(lines) == 1:
            return {lines[0].pk: _day_closed(file)}
        singly = [_hold(file, [line], outcomes, now=now) for line in lines]
        return {key: outcome for one in singly for key, outcome in one.items()}
    return {
        line.pk: {**outcomes[line.pk], "held_entry_id": entry}
        for line, entry in zip(lines, entries, strict=True)
    }


def _posted_before(line: StatementLine, before: Sequence[AccountEvent]) -> Outcome:
    """Return what a line comes to whose reference payments have: the same money, or another."""
    live = [event for event in before if event.status == "live"]
    amount = sum((event.amount or Decimal(0) for event in live), Decimal(0))
    if amount == line.amount and all(event.day == line.day for event in live):
        loan_id = live[0].loan_id if len(live) == 1 else None
        return _outcome("ignored", "by_hand", loan_id=loan_id)
    return _refused(Fault("", "payment_used"))


def _held_before(line: StatementLine, before: StatementLine) -> Outcome:
    """Return what a line comes to whose money is in suspense: the same money, or another."""
    if before.money == line.money and before.value_date == line.value_date:
        return _outcome("ignored", "kept")
    return _refused(Fault("", "kept_used"))


def _day_closed(file: StatementFile) -> Outcome:
    closed = suspense_entries.closed_up_to(file.entity_id)
    return _refused(Fault(_heading(file, "day"), "day_closed", {"closed": str(closed)}))


def _heading(file: StatementFile, role: str) -> str:
    place = file.roles.get(role)
    return "" if place is None else str(file.header[place])


def _refused(fault: Fault) -> Outcome:
    return _outcome("refused", "", faults=[fault.to_json()])


def _outcome(status: str, because: str, **changes: Any) -> Outcome:
    return {
        "status": status,
        "because": because,
        "loan_id": None,
        "event_id": None,
        "held_entry_id": None,
        "faults": [],
        **changes,
    }


def _write(outcomes: Mapping[Any, Outcome]) -> None:
    core_rows.change_each(StatementLine, outcomes, while_={"status": "waiting"})


@transaction.atomic
def _stop_without_right(file: StatementFile) -> None:
    """Stop a file whose starter may no longer post; somebody else starts it again."""
    held = StatementFile.objects.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
    if held.status == "running":
        held.move("stop", started_by=None, started_at=None)
        audit.record(_WORKER, "repayments.statement_stopped", held)


@transaction.atomic
def _finish(file: StatementFile, *, now: datetime) -> bool:
    held = StatementFile.objects.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
    counts = statement_lists.counts(held)
    # Lines another worker holds: it goes on itself, and the sweep sends the file if it dies.
    if held.status == "running" and not counts.waiting:
        held.move("finish", finished_at=now)
        audit.record(
            file.started_by,
            "repayments.statement_finished",
            held,
            posted=counts.posted,
            held=counts.held,
            refused=counts.refused,
        )
    return False
