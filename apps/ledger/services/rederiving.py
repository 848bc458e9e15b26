"""Derive anew what follows from a changed day of a loan: take back what differs, post the rest."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch
from apps.audit import services as audit
from apps.ledger import difference as differences
from apps.ledger import refusals, selectors
from apps.ledger.chart import Account, Event, Side
from apps.ledger.difference import Change, Difference, Planned, Standing
from apps.ledger.models import Entry
from apps.ledger.models.entries import OF_DAY
from apps.ledger.services import posting as single

# Takes the entries that stand from the day on, and returns those that should.
Derive = Callable[[Sequence[Standing]], Iterable[Planned]]
# Says in which branch a loan was on a day.
BranchOn = Callable[[date], Branch]
# Of the two numbers of the lock that keeps derivations of one loan apart ("REDR").
_LOCK = 0x52454452


@dataclass(frozen=True, slots=True)
class Rederived:
    """What a derivation changed: entries taken back and posted, and balances before and after."""

    loan_id: UUID
    since: date
    difference: Difference
    reversals: tuple[Entry, ...]
    posted: tuple[Entry, ...]
    changes: tuple[Change, ...]


@transaction.atomic
def rederive(  # noqa: PLR0913 - what follows, since when, why, and how each is to be posted
    *,
    actor: Any,
    loan_id: UUID,
    since: date,
    derive: Derive,
    reason: str,
    reference: str,
    now: datetime,
    events: Collection[Event] = (),
    branch_on: BranchOn | None = None,
    corrects_closed: bool = False,
) -> Rederived:
    """Make the entries of a loan from a day on into what should follow, and report the change.

    `derive` is given what stands - of `events`, where any are named - and returns what should.
    It is posted in the branch of `branch_on` its day, or else in that of the loan's last entry.
    What differs is taken back on its own day, last first, and the rest posted, first first, under
    `reference` with a number: balances of every later day are then right, while what was known
    before stays known. Deriving the same again changes nothing. All or nothing: raises DayClosed
    where a day to change is closed, ReferenceTaken where the reference was used before, and what
    `post` and `reverse` raise.

    With `corrects_closed` closed days stay as they were reported: what differs there is taken back
    and posted on the first open day, and says of which day it is.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(loan_id)])
    rows, found, changes = _compared(loan_id, since, derive, events)
    ground = _ground(loan_id, rows)
    opens_on = single.hold_days(ground.branch.entity_id) if corrects_closed else date.min
    reversals = _reversed(found, rows, opens_on, actor=actor, reason=reason, now=now)
    _require_fresh(reference, len(found.posted))
    step = _Step(actor, reference, now, opens_on, branch_on or (lambda _day: ground.branch))
    posted = _posted(found, ground, step)
    if found:
        audit.record(
            actor,
            "ledger.rederived",
            f"ledger.loan:{loan_id}",
            since=str(since),
            reference=reference,
            taken_back=len(reversals),
            posted=len(posted),
            kept=len(found.kept),
        )
    return Rederived(loan_id, since, found, tuple(reversals), tuple(posted), tuple(changes))


def foresee(
    *, loan_id: UUID, since: date, derive: Derive, events: Collection[Event] = ()
) -> tuple[Difference, tuple[Change, ...]]:
    """Return what `rederive` would change now, and what balances would become; nothing is posted.

    Raises LedgerRefused for what lies before the changed day.
    """
    _rows, found, changes = _compared(loan_id, since, derive, events)
    return found, tuple(changes)


def _compared(
    loan_id: UUID, since: date, derive: Derive, events: Collection[Event]
) -> tuple[list[Entry], Difference, list[Change]]:
    """Return what stands from a day on, how it differs from what should, and what comes of that."""
    rows = list(selectors.live_entries(loan_id, since=since, events=events))
    standing = [Standing(row.pk, _says(row)) for row in rows]
    found = differences.difference(standing, _checked(derive(standing), since))
    return rows, found, differences.changes(_held(loan_id), found)


def _says(entry: Any) -> Planned:
    key = str(entry.facts.get("key", ""))
    return Planned(Event(entry.event), entry.of_day, entry.content(), entry.facts, key)


def _checked(planned: Iterable[Planned], since: date) -> list[Planned]:
    """Return what should follow. Raises LedgerRefused for what lies before the changed day."""
    found = list(planned)
    if any(one.day < since for one in found):
        sentence = _("What is derived anew cannot begin before the day that changed.")
        raise refusals.LedgerRefused("before_the_change", sentence)
    return found


def _held(loan_id: UUID) -> dict[Account, Any]:
    """Return debits less credits of each account of a loan, of all that was posted."""
    amounts = selectors.balances([loan_id])[loan_id].amounts
    return {
        account: amount if account.normal is Side.DEBIT else -amount
        for account, amount in amounts.items()
    }


def _ground(loan_id: UUID, rows: Sequence[Entry]) -> Entry:
    """Return an entry that says where the loan's next entries belong: branch, currency, whose."""
    if rows:
        return rows[-1]
    last = Entry.objects.select_related("branch__entity").filter(loan_id=loan_id)
    found = last.order_by("day", "id").last()
    if found is None:
        sentence = _("Nothing was posted to this loan yet, so nothing follows from it.")
        raise refusals.LedgerRefused("nothing_posted", sentence)
    return found


def _require_fresh(reference: str, number: int) -> None:
    """Raise ReferenceTaken for what was posted before.

    What is posted now does not stand. `post` would return the entry under a known reference, and
    that one was taken back since.
    """
    names = _references(reference, number)
    known = Entry.objects.filter(reference__in=names).order_by("id").first() if names else None
    if known is not None:
        raise refusals.reference_taken(known.reference)


def _references(reference: str, number: int) -> list[str]:
    return [f"{reference}:{place}" for place in range(1, number + 1)]


def _reversed(
    found: Difference,
    rows: Sequence[Entry],
    opens_on: date,
    *,
    actor: Any,
    reason: str,
    now: datetime,
) -> list[Entry]:
    """Take back what differs: each on its day, or on the first open one."""
    by_id = {row.pk: row for row in rows}
    reversals = []
    for one in found.taken_back:
        entry = by_id[one.entry_id]
        day = max(entry.day, opens_on)
        reversals.append(
            single.reverse(
                actor=actor,
                entry=entry,
                day=day,
                reason=reason,
                now=now,
                of_day=one.says.day if one.says.day < day else None,
            )
        )
    return reversals


@dataclass(frozen=True, slots=True)
class _Step:
    """Who posts under which reference, when, from which day on, and in which branch."""

    actor: Any
    reference: str
    now: datetime
    opens_on: date
    branch_on: BranchOn


def _posted(found: Difference, ground: Entry, step: _Step) -> list[Entry]:
    """Post what is missing: each on its day, or on the first open one; always where it belongs."""
    names = _references(step.reference, len(found.posted))
    return [
        single.post(
            actor=step.actor,
            event=plan.event,
            day=max(plan.day, step.opens_on),
            lines=plan.lines,
            branch=step.branch_on(plan.day),
            currency=ground.currency,
            reference=name,
            now=step.now,
            loan_id=ground.loan_id,
            customer_id=ground.customer_id,
            facts=_facts(plan, step.opens_on),
        )
        for name, plan in zip(names, found.posted, strict=True)
    ]


def _facts(plan: Planned, opens_on: date) -> dict[str, Any]:
    """Return what an entry says of itself: whose it is, and of which day if not of its own."""
    facts = {name: value for name, value in plan.facts.items() if name != OF_DAY}
    if plan.key:
        facts["key"] = plan.key
    if plan.day < opens_on:
        facts[OF_DAY] = plan.day.isoformat()
    return facts
