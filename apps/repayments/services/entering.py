"""Report what happened on a loan's account: once, on its day, with all that follows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core import statements, stored_reasons
from apps.ledger import services as ledger
from apps.loans.models import Loan
from apps.repayments import before, facts, reading, replaying, walking, writing
from apps.repayments.account import Contract, Happened
from apps.repayments.errors import NotAllowed, ReferenceUsed, refused_field
from apps.repayments.facts import MONEY_IN, Charge, Fact, Receipt, Recovery, Refund, Waiver
from apps.repayments.models import AccountEvent, LoanAccount
from apps.repayments.models.event import BY_TWO
from apps.repayments.replaying import Account
from apps.repayments.services import holding, references, replayed
from apps.repayments.walking import Position
from apps.repayments.writing import Added

LONGEST_REFERENCE = 120
PART = references.PART


def enter(
    *,
    actor: Any,
    loan: Loan,
    fact: Fact,
    reference: str,
    now: datetime,
    approved_by: User | None = None,
    made_by: User | None = None,
    corrects_closed: bool = False,
    is_placed: bool = False,
) -> AccountEvent:
    """Enter a fact into the history of a loan, with all that follows from it; return its event.

    The actor is a person, or the name of the system's own work; `made_by` is for whom the system
    does it, who need not see the loan any more. The same fact under the same reference returns the
    event it made. A fact of an earlier day replays what came after. Payments
    are permitted here; for everything else whoever calls has seen to that. Raises NotAllowed,
    NotVisible, ReferenceUsed - for money in suspense or returned from there, too, unless it is
    `is_placed` from there -, FactRefused, NothingOwed, TermsRefused for what does not fit how the
    account stands, DayClosed where the books of a day it changes are closed - unless it is what law
    makes of an earlier day once history turned out otherwise, and `corrects_closed`: then what
    changes of closed days is booked on the first open one.
    """
    told = _Told(actor, fact, reference, approved_by, made_by, now, corrects_closed, is_placed)
    try:
        with transaction.atomic():
            return _enter(loan, told)
    except IntegrityError as refusal:
        # Somebody else used the reference for another loan at the same moment.
        if AccountEvent.objects.filter(reference=reference).exists():
            raise ReferenceUsed(reference) from refusal
        sentence = ledger.refusal_of(refusal, Branch.objects.get(loan=loan.pk))
        if sentence is None:
            raise
        raise sentence from refusal


@dataclass(frozen=True, slots=True)
class _Told:
    """What was reported, by whom, and under which reference."""

    actor: Any
    fact: Fact
    reference: str
    approved_by: User | None
    made_by: User | None
    now: datetime
    corrects_closed: bool
    is_placed: bool


def _enter(loan: Loan, told: _Told) -> AccountEvent:
    actor, fact, reference = told.actor, told.fact, told.reference
    holding.permit(actor, fact)
    held = holding.hold(actor, loan)
    met = _met(held, fact, reference)
    if met.is_kept and not told.is_placed:
        raise references.kept_refusal(held.branch.entity, reference)
    standing = _under(reference) if met.is_told else None
    if standing is not None:
        return same(standing, held, fact)
    holding.require_possible(held, fact, now=told.now)
    event = new_event(held, fact, actor=actor, reference=reference, now=told.now)
    event.approved_by = told.approved_by
    event.made_by = told.made_by or event.made_by
    event.position = met.place + 1
    _require_two(event)
    if goes_on(met.account, fact):
        added = append(met.account, met.position, event, fact)
        with statements.carrying():
            writing.write_one(actor, added, now=told.now)
            record(actor, held, event)
    else:
        _replay(held, met.account, event, told)
        record(actor, held, event)
    return event


def _met(loan: Loan, fact: Fact, reference: str) -> before.Before:
    """Return what the fact meets; of money the reference is held before it is looked up."""
    with statements.carrying():
        if fact.kind not in MONEY_IN:
            return before.read(loan, fact.day, reference)
        references.hold([reference])
        keys = references.keys(loan.branch.entity, reference)
        return before.read(loan, fact.day, reference, keys=keys)


def _under(reference: str) -> AccountEvent | None:
    """Return the event under a reference. Raises ReferenceUsed where it was split over loans."""
    rows = AccountEvent.objects.filter(
        Q(reference=reference) | Q(reference__startswith=f"{reference}{PART}")
    )
    found = rows.order_by("reference").first()
    if found is not None and found.reference != reference:
        raise ReferenceUsed(reference)
    return found


def posted_before(loan: Loan, fact: Fact, reference: str) -> list[AccountEvent]:
    """Return what was entered for a loan under a reference before; nothing where it is new.

    Raises ReferenceUsed where something else was, or its money waits in suspense: `enter` would.
    """
    references.require_not_kept(loan.branch.entity, reference)
    standing = _under(reference)
    return [] if standing is None else [same(standing, loan, fact)]


def record(actor: Any, loan: Loan, event: AccountEvent) -> None:
    """Say in the audit trail what was entered."""
    said = {
        "case": f"applications.application:{loan.application_id}",
        "event": str(event.pk),
        "kind": event.kind,
        "day": event.day.isoformat(),
        "amount": str(event.amount) if event.amount is not None else "",
        "reference": event.reference,
        "approved_by": str(event.approved_by_id or ""),
    }
    if event.kind in {kind.value for kind in MONEY_IN}:
        audit.record(actor, "repayments.payment_posted", loan, **said)
    else:
        audit.record(actor, "repayments.entered", loan, **said)


# --- an event -----------------------------------------------------------------------------------
def new_event(loan: Loan, fact: Fact, *, actor: Any, reference: str, now: datetime) -> AccountEvent:
    """Return the event of a fact, not written yet. Raises FactRefused for a reference."""
    if not 0 < len(reference) <= LONGEST_REFERENCE or not reference.isprintable():
        raise refused_field(
            "reference_refused",
            "reference",
            _("A reference has 1 to %(most)s letters.") % {"most": LONGEST_REFERENCE},
        )
    parameters, words = facts.parted(fact.to_parameters())
    require_own_words(actor, words.get("reason", ""))
    return AccountEvent(
        loan=loan,
        kind=fact.kind.value,
        day=fact.day,
        position=1,
        amount=facts.amount_of(fact),
        currency=loan.currency,
        parameters=parameters,
        words=words or None,
        reference=reference,
        made_by=actor if isinstance(actor, User) else None,
        made_at=now,
    )


def require_own_words(actor: Any, reason: str) -> None:
    """Raise FactRefused where a person's words would be read as a reason of the system."""
    if isinstance(actor, User) and stored_reasons.is_code(reason):
        sentence = _("Say it in words of your own: this is how the system keeps its reasons.")
        raise refused_field("reason_refused", "reason", sentence)


def same(standing: AccountEvent, loan: Loan, fact: Fact) -> AccountEvent:
    """Return the event under a reference where it says the same. Raises ReferenceUsed."""
    said = (
        *(standing.loan_id, standing.kind, standing.day, standing.amount),
        *(standing.parameters, standing.words or {}),
    )
    now_said = (
        *(loan.pk, fact.kind.value, fact.day, facts.amount_of(fact)),
        *facts.parted(fact.to_parameters()),
    )
    if said != now_said:
        raise ReferenceUsed(standing.reference)
    return standing


def _require_two(event: AccountEvent) -> None:
    """Raise NotAllowed where one person alone would give away what is owed or was paid."""
    if event.kind in BY_TWO and (
        event.made_by_id is None or event.approved_by_id in (None, event.made_by_id)
    ):
        raise NotAllowed


# --- a fact after all others --------------------------------------------------------------------
def goes_on(account: LoanAccount, fact: Fact) -> bool:
    """Say whether a fact adds to an account without changing what came before or the schedule."""
    is_plain = isinstance(fact, Receipt | Recovery | Charge | Waiver | Refund)
    if isinstance(fact, Charge) and fact.day < fact.due_on <= account.through:
        # It fell due meanwhile: what waited ahead was paid for it on that day.
        return False
    return is_plain and (account.moved_on is None or fact.day >= account.moved_on)


def append(account: LoanAccount, position: Position, event: AccountEvent, fact: Fact) -> Added:
    """Bring an account to the day of a fact and let it happen; return what is to be written."""
    before = len(position.booked)
    position.bring(fact.day)
    happen(position, Happened(str(event.pk), event.position, fact))
    return Added(
        loan=event.loan,
        account=account,
        position=position,
        reference=f"account:{event.pk}",
        event=event,
        booked=position.booked[before:],
    )


def happen(position: Position, one: Happened) -> None:
    """Let a fact happen that leaves the schedule as it is. Raises TermsRefused."""
    walking.check(position, one.fact)
    position.enter(one)


# --- a fact among others, or one that changes the schedule --------------------------------------
def _replay(loan: Loan, row: LoanAccount, event: AccountEvent, told: _Told) -> None:
    account = replay(
        loan, row, [*reading.happened(loan), reading.of_event(event)], new=str(event.pk)
    )
    event.save(force_insert=True)
    replayed.make_so(
        loan,
        row,
        account,
        replayed.Reason(
            actor=told.actor,
            # What fell due since the account was last brought forward is booked along with it.
            since=min(event.day, row.through),
            said=f"{event.kind} of {event.day}",
            reference=f"account:{event.pk}",
            now=event.made_at,
            corrects_closed=told.corrects_closed,
        ),
    )
    event.refresh_from_db(fields=["entry", "settled"])


def replay(
    loan: Loan,
    row: LoanAccount,
    history: list[Happened],
    *,
    new: str = "",
    contract: Contract | None = None,
    upto: date | None = None,
) -> Account:
    """Return the account of a loan by a history, brought as far as the loan's account stands.

    `contract` is what it begins with, where that was read before; `upto` a later day to go on to.
    """
    last = max((one.fact.day for one in history), default=row.through)
    return replaying.replay(
        contract or reading.contract(loan),
        history,
        upto=max(row.through, last, upto or last),
        points=reading.points(loan.pk),
        new=new,
    )
