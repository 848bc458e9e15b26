"""Post many payments at once: set by set, with every check and rule of a single one."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.audit import services as audit
from apps.core.errors import DomainError, NotVisible
from apps.ledger import selectors as ledger
from apps.ledger.services import posting
from apps.loans.models import Loan
from apps.repayments import hooks, policies, reading, walking, writing
from apps.repayments.allocation import Standing
from apps.repayments.errors import ReferenceUsed
from apps.repayments.facts import Receipt, Recovery
from apps.repayments.models import AccountEvent, LoanAccount
from apps.repayments.services import entering, holding, references
from apps.repayments.walking import Position
from apps.repayments.writing import Added

# Payments of one transaction.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Incoming:
    """A payment for a loan, under the reference of whoever reports it."""

    loan_id: uuid.UUID
    fact: Receipt | Recovery
    reference: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one payment: the event it made or had made before, or why it was refused."""

    event_id: uuid.UUID | None = None
    is_new: bool = False
    refusal: DomainError | None = None


@dataclass
class _Batch:
    """The payments of one transaction on their way."""

    loans: dict[uuid.UUID, Loan]
    accounts: dict[uuid.UUID, LoanAccount]
    positions: dict[uuid.UUID, Position]
    known: dict[str, AccountEvent]
    # References under which money of a customer was split over loans.
    split: set[str]
    # Those whose money is in suspense, or was returned from there.
    kept: set[str]
    places: dict[tuple[uuid.UUID, Any], int]
    # Loans whose rest was given up for good.
    settled: set[uuid.UUID]
    closed: dict[uuid.UUID, date | None]
    added: list[Added] = field(default_factory=list)


def enter_many(*, actor: Any, receipts: Sequence[Incoming], now: datetime) -> list[Answer]:
    """Post payments, and say of each in its order what became of it.

    Each comes out as if it were entered alone, one after the other; what is refused hinders no
    other. Some hundred are one transaction: a break between two leaves the earlier ones, and doing
    it again answers with what stands. Raises NotAllowed.
    """
    holding.require(actor, policies.POST)
    answers: list[Answer] = []
    for start in range(0, len(receipts), CHUNK):
        answers += _chunk(actor, receipts[start : start + CHUNK], now)
    return answers


def _chunk(actor: Any, receipts: Sequence[Incoming], now: datetime) -> list[Answer]:
    with transaction.atomic(), audit.together():
        batch = _begin(actor, receipts)
        answers: list[Answer | None] = [None] * len(receipts)
        alone = []
        for place, one in enumerate(receipts):
            answers[place] = found = _enter(batch, one, actor=actor, now=now)
            if found is None:
                alone.append(place)
        if batch.added:
            writing.write(actor, batch.added, now=now)
        for added in batch.added:
            if added.event is not None:
                entering.record(actor, added.loan, added.event)
    # What changes what came before goes the long way, after the others of its loan.
    for place in alone:
        answers[place] = _enter_alone(actor, receipts[place], now)
    return [one or Answer() for one in answers]


def _begin(actor: Any, receipts: Sequence[Incoming]) -> _Batch:
    seen = _visible(actor, {one.loan_id for one in receipts})
    held = holding.hold_all(seen)
    running = [loan for loan in held if loan.disbursed_date is not None]
    accounts = reading.accounts(running)
    last = max((one.fact.day for one in receipts), default=None)
    positions = reading.positions(running, accounts, upto=last) if last and running else {}
    told = {one.reference for one in receipts}
    references.hold(told)
    return _Batch(
        loans={loan.pk: loan for loan in held},
        accounts=accounts,
        positions=positions,
        known=_known(told),
        split=references.split_before(told),
        kept=_kept(held, receipts),
        places=_places(receipts),
        settled=hooks.settled([loan.pk for loan in held if loan.status == "written_off"]),
        closed=_closed(held),
    )


def _kept(loans: Iterable[Loan], receipts: Sequence[Incoming]) -> set[str]:
    """Return the references of money that came in already and is on no loan, by their lenders."""
    of_loans = {loan.pk: loan.branch.entity for loan in loans}
    found: set[str] = set()
    for entity in set(of_loans.values()):
        told = [one.reference for one in receipts if of_loans.get(one.loan_id) == entity]
        found |= references.kept(entity, told)
    return found


def _closed(loans: Iterable[Loan]) -> dict[uuid.UUID, date | None]:
    """Return up to which day the books of each lender are closed."""
    found: dict[uuid.UUID, date | None] = {}
    for entity in {loan.branch.entity_id for loan in loans}:
        last = ledger.closed_up_to(entity)
        found[entity] = last.day if last else None
    return found


def _visible(actor: Any, keys: set[uuid.UUID]) -> set[uuid.UUID]:
    if isinstance(actor, str):
        return keys
    rows = Loan.objects.visible_to(actor).filter(pk__in=keys)
    return set(rows.values_list("pk", flat=True))


def _known(told: Collection[str]) -> dict[str, AccountEvent]:
    rows = AccountEvent.objects.filter(reference__in=told)
    return {row.reference: row for row in rows}


def _places(receipts: Iterable[Incoming]) -> dict[tuple[uuid.UUID, Any], int]:
    """Return the last place of a day that is taken, of the days and loans of some payments."""
    rows = AccountEvent.objects.filter(
        loan__in={one.loan_id for one in receipts}, day__in={one.fact.day for one in receipts}
    ).values_list("loan", "day", "position")
    found: dict[tuple[uuid.UUID, Any], int] = {}
    for loan, day, position in rows:
        found[loan, day] = max(found.get((loan, day), 0), position)
    return found


def _enter(batch: _Batch, one: Incoming, *, actor: Any, now: datetime) -> Answer | None:
    """Add a payment to the batch; None where it has to be entered alone."""
    loan = batch.loans.get(one.loan_id)
    if loan is None:
        return Answer(refusal=NotVisible("not_found", "There is no such loan."))
    standing = batch.known.get(one.reference)
    try:
        if one.reference in batch.kept:
            raise references.kept_refusal(loan.branch.entity, one.reference)
        if standing is not None:
            entering.same(standing, loan, one.fact)
            return Answer(event_id=standing.pk)
        if one.reference in batch.split:
            raise ReferenceUsed(one.reference)
        holding.require_possible(loan, one.fact, now=now, settled=batch.settled)
        return _append(batch, loan, one, actor=actor, now=now)
    except DomainError as refusal:
        return Answer(refusal=refusal)


def _append(
    batch: _Batch, loan: Loan, one: Incoming, *, actor: Any, now: datetime
) -> Answer | None:
    position = batch.positions[loan.pk]
    if position.moved_on is not None and one.fact.day < position.moved_on:
        return None
    _require_open(batch, loan, one.fact.day)
    is_lost = position.standing == Standing.WRITTEN_OFF
    if position.is_settled and not is_lost:
        raise holding.nothing_owed()
    # Before the account goes on to the day: what is refused moves nothing.
    walking.check(position, one.fact)
    event = entering.new_event(loan, one.fact, actor=actor, reference=one.reference, now=now)
    place = batch.places.get((loan.pk, one.fact.day), 0) + 1
    event.position = place
    added = entering.append(batch.accounts[loan.pk], position, event, one.fact)
    batch.places[loan.pk, one.fact.day] = place
    batch.known[one.reference] = event
    batch.added.append(added)
    return Answer(event_id=event.pk, is_new=True)


def _require_open(batch: _Batch, loan: Loan, day: date) -> None:
    """Raise DayClosed where a payment, or what fell due before it, belongs to a closed day."""
    closed = batch.closed[loan.branch.entity_id]
    position = batch.positions[loan.pk]
    pending = [claim.due_on for claim in position.ahead if claim.due_on <= day]
    if closed is not None and min([day, *pending]) <= closed:
        raise posting.day_closed(loan.branch)


def _enter_alone(actor: Any, one: Incoming, now: datetime) -> Answer:
    try:
        event = entering.enter(
            actor=actor,
            loan=Loan(pk=one.loan_id),
            fact=one.fact,
            reference=one.reference,
            now=now,
        )
    except DomainError as refusal:
        return Answer(refusal=refusal)
    return Answer(event_id=event.pk, is_new=event.made_at == now)
