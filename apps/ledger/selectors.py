"""Read the ledger: what loans hold on a day, statements, entries, the lines of an account."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.ledger import balances as holdings
from apps.ledger import statement as statements
from apps.ledger.balances import Balances
from apps.ledger.chart import BORROWERS, HELD_BY_LOAN, Account, Event
from apps.ledger.models import Closing, Entry, Line, ProofRun
from apps.ledger.statement import Statement
from apps.ledger.trial import TrialBalance, trial_balance

__all__ = [
    "EntryFilter",
    "TrialBalance",
    "balances",
    "branches",
    "closed_up_to",
    "closings",
    "currency_of",
    "days_of",
    "entities",
    "entries",
    "first_open_day",
    "held_in",
    "journal",
    "last_proof",
    "lines_of",
    "live_entries",
    "received",
    "statement",
    "trial_balance",
]

_SUMS = """
    SELECT l.loan_id, l.account, sum(l.debit), sum(l.credit) FROM ledger_line l {known}
    WHERE l.loan_id = ANY(%(loans)s) AND l.day <= %(day)s
    GROUP BY l.loan_id, l.account
"""
_KNOWN = "JOIN ledger_entry e ON e.id = l.entry_id AND e.posted_at <= %(known)s"


def balances(
    loan_ids: Iterable[uuid.UUID], as_of: date | None = None, *, known_at: datetime | None = None
) -> dict[uuid.UUID, Balances]:
    """Return what each loan holds at the end of a day (default: everything posted).

    With `known_at`, as it was known at that moment: without what was posted later. A loan nothing
    was posted to holds zero everywhere.
    """
    wanted = set(loan_ids)
    values: dict[str, Any] = {"loans": list(wanted), "day": as_of or date.max, "known": known_at}
    sql = _SUMS.format(known=_KNOWN if known_at else "")
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        sums: dict[uuid.UUID, list[Any]] = {key: [] for key in wanted}
        for loan, *one in cursor.fetchall():
            sums[loan].append(one)
    return {key: holdings.of_sums(rows) for key, rows in sums.items()}


def received(loan_id: uuid.UUID) -> Decimal:
    """Return the money that came in on a loan, less what was taken back or paid back.

    What was paid out of it, and what of that came back, is not money received.
    """
    paid_out = (Event.DISBURSEMENT.value, Event.DISBURSEMENT_REVERSAL.value)
    rows = Line.objects.filter(loan_id=loan_id, account=Account.CASH.value)
    found = rows.exclude(entry__event__in=paid_out).aggregate(sum=Sum(F("debit") - F("credit")))
    return found["sum"] or Decimal(0)


def held_in(loan_id: uuid.UUID, branch_id: uuid.UUID) -> dict[Account, Decimal]:
    """Return what a loan holds in one branch, debits less credits; accounts of nothing left out."""
    rows = Line.objects.filter(
        loan_id=loan_id,
        branch_id=branch_id,
        account__in=[account.value for account in HELD_BY_LOAN],
    )
    sums = rows.values_list("account").annotate(sum=Sum(F("debit") - F("credit")))
    return {Account(code): amount for code, amount in sums.order_by("account") if amount}


def currency_of(loan_id: uuid.UUID) -> str:
    """Return the currency a loan is posted in; empty where nothing was posted."""
    found = Entry.objects.filter(loan_id=loan_id).values_list("currency", flat=True)
    return found.order_by("day", "id").first() or ""


def live_entries(
    loan_id: uuid.UUID, *, since: date, events: Collection[Event] = ()
) -> QuerySet[Entry]:
    """Return the entries of a loan from a day on that stand, with their lines, in their order.

    Neither reversals nor what they took back; of some events, where any are named. What corrects a
    closed day is of that day: `of_day` says it of each.
    """
    rows = Entry.objects.with_of_day().filter(
        # Nothing is posted before the day it belongs to: the index narrows by the first.
        loan_id=loan_id,
        day__gte=since,
        of_day__gte=since,
        reverses__isnull=True,
        reversal__isnull=True,
    )
    if events:
        rows = rows.filter(event__in=[event.value for event in events])
    return rows.select_related("branch__entity").prefetch_related("lines").order_by("day", "id")


def statement(
    loan_id: uuid.UUID, *, start: date, end: date, with_corrections: bool = True
) -> Statement:
    """Return the statement of a loan's account from one day to another, both included.

    Whoever calls has seen to it that the person may see the loan. Without corrections, an entry
    taken back on its own day is left out together with its reversal: the balances are the same.
    """
    opening = _before(loan_id, start)
    closing = balances([loan_id], end)[loan_id]
    posted = [
        _posted(entry) for entry in _stated(loan_id, start, end, with_corrections=with_corrections)
    ]
    return Statement(
        loan_id=loan_id,
        currency=currency_of(loan_id),
        start=start,
        end=end,
        opening=opening,
        closing=closing,
        rows=statements.rows(posted, owed=opening.owed),
    )


def _before(loan_id: uuid.UUID, day: date) -> Balances:
    """Return what a loan held when a day began; before the calendar's first there was nothing."""
    if day == date.min:
        return Balances()
    return balances([loan_id], day - timedelta(days=1))[loan_id]


def _stated(
    loan_id: uuid.UUID, start: date, end: date, *, with_corrections: bool
) -> QuerySet[Entry]:
    theirs = Line.objects.filter(account__in=[account.value for account in BORROWERS])
    taken_back = Entry.objects.filter(reverses=OuterRef("pk")).values("day")[:1]
    rows = (
        # Between branches a loan moves as it is: nothing of that is the borrower's.
        Entry.objects.with_of_day()
        .filter(loan_id=loan_id, day__range=(start, end))
        .exclude(event=Event.TRANSFER.value)
        .annotate(taken_back_on=Subquery(taken_back))
        .prefetch_related(Prefetch("lines", queryset=theirs))
        .order_by("day", "id")
    )
    if with_corrections:
        return rows
    return rows.filter(
        Q(taken_back_on__isnull=True) | ~Q(taken_back_on=F("day")),
        Q(reverses__isnull=True) | ~Q(reverses__day=F("day")),
    )


def _posted(entry: Any) -> statements.Posted:
    return statements.Posted(
        entry_id=entry.pk,
        day=entry.day,
        event=Event(entry.event),
        reference=entry.reference,
        lines=entry.content(),
        reverses_id=entry.reverses_id,
        is_reversed=entry.taken_back_on is not None,
        of_day=entry.of_day if entry.of_day < entry.day else None,
    )


@dataclass(frozen=True, kw_only=True)
class EntryFilter:
    """What a list of entries is narrowed to; empty means anything. Days are both included."""

    event: str = ""
    branches: tuple[Branch, ...] | None = None
    from_date: date | None = None
    to_date: date | None = None
    reference: str = ""
    loan: uuid.UUID | None = None


def entries(actor: User, chosen: EntryFilter) -> QuerySet[Entry]:
    """Return the entries a person may see, with branch and lines; the caller pages them."""
    rows = Entry.objects.visible_to(actor).select_related("branch").prefetch_related("lines")
    if chosen.event:
        rows = rows.filter(event=chosen.event)
    if chosen.branches is not None:
        rows = rows.filter(branch__in=chosen.branches)
    if chosen.reference:
        rows = rows.filter(reference=chosen.reference)
    if chosen.loan:
        rows = rows.filter(loan_id=chosen.loan)
    if chosen.from_date:
        rows = rows.filter(day__gte=chosen.from_date)
    if chosen.to_date:
        rows = rows.filter(day__lte=chosen.to_date)
    return rows


def lines_of(
    actor: User, account: Account, *, currency: str, branches: Iterable[Branch], until: date
) -> QuerySet[Line]:
    """Return the lines of an account in some branches up to a day, as the person may see them."""
    seen = Entry.objects.visible_to(actor)
    rows = Line.objects.filter(
        account=account.value,
        currency=currency,
        branch__in=list(branches),
        day__lte=until,
        entry__in=seen,
    )
    return rows.select_related("entry__branch")


def branches(actor: User) -> QuerySet[Branch]:
    """Return the branches whose books a person may read, with their entities."""
    reach = accounts.in_reach(actor, branch_field="pk")
    return Branch.objects.filter(reach).select_related("entity").order_by("entity__name", "name")


def closed_up_to(entity_id: uuid.UUID) -> Closing | None:
    """Return the last closing of an entity."""
    rows = Closing.objects.select_related("entity").filter(entity=entity_id)
    return rows.order_by("-day").first()


def first_open_day(entity_id: uuid.UUID) -> date:
    """Return the first day that something can be posted for in the books of an entity."""
    last = closed_up_to(entity_id)
    return last.day + timedelta(days=1) if last else date.min


def entities(actor: User) -> QuerySet[Entity]:
    """Return the entities of the branches whose books a person may read."""
    return Entity.objects.filter(pk__in=branches(actor).order_by().values("entity")).order_by(
        "name"
    )


def closings(actor: User) -> QuerySet[Closing]:
    """Return the closings of the entities whose books a person may read."""
    return Closing.objects.select_related("entity").filter(
        entity__in=entities(actor).order_by().values("pk")
    )


def days_of(loan_id: uuid.UUID) -> tuple[date, date] | None:
    """Return the first and the last day something was posted to a loan for; None: nothing was."""
    rows = Entry.objects.filter(loan_id=loan_id).values_list("day", flat=True)
    first = rows.order_by("day", "id").first()
    last = rows.order_by("-day", "-id").first()
    return (first, last) if first and last else None


def last_proof() -> ProofRun | None:
    """Return the last run of the proofs."""
    return ProofRun.objects.order_by("-started_at", "-pk").first()


def journal(branches: Iterable[Branch], start: date, end: date) -> QuerySet[Line]:
    """Return every line of some branches' books from one day to another, in the journal's order.

    All of them: an accounting system that is given less no longer balances. Loans and customers
    stand there by key alone.
    """
    rows = Line.objects.filter(branch__in=list(branches), day__range=(start, end))
    return rows.order_by("day", "entry_id", "number")
