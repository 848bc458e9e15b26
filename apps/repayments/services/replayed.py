"""Make the books of a loan what its history says, whatever of it changed."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F

from apps.accounts.models import User
from apps.core import rows as single
from apps.ledger import services as ledger
from apps.ledger.difference import Planned
from apps.ledger.services import Rederived
from apps.loans.models import Allocation, Instalment, Loan, ScheduleVersion
from apps.loans.services import scheduling
from apps.repayments import reading, writing
from apps.repayments.account import ZERO, Booked, Generation, RowKey
from apps.repayments.allocation import Part
from apps.repayments.models import AccountEvent, BranchMove, ChargeAllocation, LoanAccount
from apps.repayments.replaying import Account
from apps.repayments.services import carrying
from apps.schedules.terms import Row

# What an allocation is told apart by: the entry that was posted first, and what it went to.
Went = tuple[int, uuid.UUID | None, str]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Who changes a history from which day on, why, and under which reference.

    `corrects_closed` says that what changes of closed days is booked on the first open one.
    """

    actor: Any
    since: date
    said: str
    reference: str
    now: datetime
    corrects_closed: bool = False


def make_so(loan: Loan, row: LoanAccount, account: Account, reason: Reason) -> Rederived:
    """Make entries, schedules, allocations and what is paid of a loan what its account says.

    What belongs to a day on which the loan was in another branch is posted there, and carried on.
    The caller holds the loan. Raises DayClosed where a day to change is closed, unless the reason
    is one to correct it.
    """
    moves = carrying.moves_of(loan)
    changed = ledger.rederive(
        actor=reason.actor,
        loan_id=loan.pk,
        since=reason.since,
        derive=lambda _standing: planned(account, reason.since),
        reason=reason.said,
        reference=reason.reference,
        now=reason.now,
        events=reading.DERIVED,
        branch_on=carrying.branch_on(loan, moves),
        corrects_closed=reason.corrects_closed,
    )
    _carry(account, moves, changed, reason)
    entries = _entries(loan)
    instalments = _schedules(loan, account, reason.actor)
    _allocate(loan, account, entries, instalments)
    _link(loan, account, entries)
    writing.keep_accounts([writing.take_position(row, account.position)])
    writing.follow([writing.Added(loan, row, account.position, reason.reference)])
    return changed


def _carry(account: Account, moves: list[BranchMove], changed: Rederived, reason: Reason) -> None:
    """Let what changed before the loan moved go along with it; moves are days it stood at."""
    if not moves:
        return
    carrying.carry(
        actor=reason.actor,
        moves=moves,
        posted=[*changed.reversals, *changed.posted],
        reference=reason.reference,
        now=reason.now,
    )
    position, last = account.position, moves[-1].day
    position.moved_on = max(position.moved_on or last, last)


def planned(account: Account, since: date) -> list[Planned]:
    """Return the entries that should stand from a day on, in their order."""
    return [
        Planned(one.kind, one.day, one.lines, writing.facts_of(one), one.key)
        for one in account.position.booked
        if one.day >= since
    ]


def _entries(loan: Loan) -> dict[tuple[str, date, str], int]:
    """Return the entries of the history that stand, by what they are told apart by."""
    rows = reading.derived(loan.pk)
    return {
        (event, day, facts.get("key", "")): key
        for key, event, day, facts in rows.values_list("pk", "event", "of_day", "facts")
    }


def _entry_of(entries: dict[tuple[str, date, str], int], one: Booked) -> int:
    return entries[one.kind.value, one.day, one.key]


# --- schedules ----------------------------------------------------------------------------------
def _schedules(loan: Loan, account: Account, actor: Any) -> dict[RowKey, Instalment]:
    """See that every schedule the account had is kept, the last in force; return their rows.

    A schedule that was kept before with the same rows is taken again; otherwise it is written.
    """
    base = reading.base_version(loan)
    known = [
        version
        for version in loan.schedules.prefetch_related("instalments").order_by("number")
        if version.number > base.number and version.reason not in reading.CONTRACTUAL
    ]
    found = {0: base}
    for generation in account.generations[1:]:
        same = next((one for one in known if _is_same(one, generation)), None)
        if same is None:
            same = _written(loan, generation, actor)
        else:
            known.remove(same)
        found[generation.number] = same
    put_in_force(loan, found[account.in_force.number])
    scheduling.keep_times(loan, _times(account, found))
    rows = Instalment.objects.filter(schedule__in=found.values())
    by_version = {version.pk: number for number, version in found.items()}
    return {RowKey(by_version[row.schedule_id], row.number): row for row in rows}


def _times(account: Account, found: dict[int, ScheduleVersion]) -> Mapping[Any, scheduling.Times]:
    """Return from when to when each schedule was in force: until the next one began."""
    starts = [None, *(one.starts_on for one in account.generations[1:])]
    return {
        found[one.number].pk: (began, ended)
        for one, began, ended in zip(account.generations, starts, [*starts[1:], None], strict=True)
    }


def _is_same(version: ScheduleVersion, generation: Generation) -> bool:
    kept = sorted(_figures_kept(one) for one in version.instalments.all())
    return kept == sorted(_figures(row) for row in generation.owed())


def figures(account: Account) -> list[tuple[Any, ...]]:
    """Return the schedule in force with what is paid of each row, as the history gives it."""
    last = account.in_force
    paid: dict[tuple[int, str], Decimal] = {}
    for _one, part in _parts(account):
        if isinstance(part.key, RowKey) and part.key.generation == last.number:
            key = (part.key.number, part.bucket.value)
            paid[key] = paid.get(key, ZERO) + part.amount
    return sorted(
        (*_figures(row), *(paid.get((row.number, bucket), ZERO) for bucket in _BUCKETS))
        for row in last.owed()
    )


def figures_kept(loan: Loan) -> list[tuple[Any, ...]]:
    """Return the schedule in force with what is paid of each row, as it is kept."""
    return sorted(
        (*_figures_kept(row), row.paid_principal, row.paid_interest, row.paid_fee)
        for row in loan.instalments.filter(in_force=True)
    )


def _figures_kept(one: Instalment) -> tuple[Any, ...]:
    return (
        *(one.number, one.due_date, one.opening, one.principal),
        *(one.interest, one.fee, one.closing),
    )


def _figures(row: Row) -> tuple[Any, ...]:
    return (
        *(row.number, row.due_on, row.opening, row.principal),
        *(row.interest, row.fee, row.closing),
    )


def _written(loan: Loan, generation: Generation, actor: Any) -> ScheduleVersion:
    return scheduling.keep(
        loan,
        generation.terms,
        reason=_reason(generation),
        actor=actor if isinstance(actor, User) else None,
        rows=generation.owed(),
    )


def _reason(generation: Generation) -> str:
    event = AccountEvent.objects.get(pk=generation.event)
    return str(event.parameters["change"]) if event.kind == "change" else str(event.kind)


def put_in_force(loan: Loan, version: ScheduleVersion) -> None:
    """Let a schedule that is kept, and no other, be in force. The caller holds the loan."""
    others = loan.schedules.filter(in_force=True).exclude(pk=version.pk)
    if others.update(in_force=False):
        loan.instalments.filter(in_force=True).exclude(schedule=version).update(in_force=False)
    if loan.schedules.filter(pk=version.pk, in_force=False).update(in_force=True):
        version.instalments.update(in_force=True)


# --- allocations --------------------------------------------------------------------------------
def _allocate(
    loan: Loan,
    account: Account,
    entries: dict[tuple[str, date, str], int],
    instalments: dict[RowKey, Instalment],
) -> None:
    """Write the allocations that are missing or too many, and what is paid of each thing."""
    rows: Counter[Went] = Counter()
    charges: Counter[Went] = Counter()
    for one, part in _parts(account):
        entry = _entry_of(entries, one)
        if isinstance(part.key, RowKey):
            rows[entry, instalments[part.key].pk, part.bucket.value] += part.amount  # type: ignore[assignment]
        else:
            charges[entry, writing.charge_of(part), part.bucket.value] += part.amount  # type: ignore[assignment]
    kept = Allocation.objects.filter(instalment__loan=loan)
    for found in _differences(kept, "instalment_id", rows):
        Allocation.objects.create(
            entry_id=found.entry,
            instalment_id=found.what,
            bucket=found.bucket,
            amount=found.amount,
            place=found.place,
        )
    for found in _differences(ChargeAllocation.objects.filter(loan=loan), "charge_id", charges):
        ChargeAllocation.objects.create(
            entry_id=found.entry,
            loan=loan,
            charge_id=found.what,
            bucket=found.bucket,
            amount=found.amount,
            place=found.place,
        )
    _pay(loan, rows)
    _settle(loan, charges)


def _parts(account: Account) -> Iterable[tuple[Booked, Part]]:
    for one in account.position.booked:
        for part in one.parts:
            yield one, part


@dataclass(frozen=True, slots=True)
class _Moved:
    entry: int
    what: Any
    bucket: str
    amount: Decimal
    place: int


def _differences(kept: Any, name: str, wanted: Counter[Went]) -> list[_Moved]:
    """Return the allocations that make what is kept into what is wanted.

    What an entry that was taken back paid is taken away with its reversal; what an entry pays
    otherwise than before is taken away and added with itself.
    """
    values = kept.annotate(
        root=F("entry__reverses"), reversal=F("entry__reversal"), what=F(name)
    ).values_list("entry", "root", "reversal", "what", "bucket", "amount")
    sums: Counter[Went] = Counter()
    reversals: dict[int, int] = {}
    places: Counter[Went] = Counter()
    for entry, root, reversal, what, bucket, amount in values:
        first = root or entry
        sums[first, what, bucket] += amount
        places[entry, what, bucket] += 1
        if reversal:
            reversals[entry] = reversal
    found = []
    for went in sorted(set(sums) | set(wanted), key=str):
        added = wanted.get(went, ZERO) - sums.get(went, ZERO)
        if added:
            entry = reversals.get(went[0], went[0])
            place = places[entry, went[1], went[2]]
            found.append(_Moved(entry, went[1], went[2], Decimal(added), place))
    return found


def _pay(loan: Loan, rows: Counter[Went]) -> None:
    paid: dict[uuid.UUID, dict[str, Decimal]] = {}
    for (_entry, instalment, bucket), amount in rows.items():
        if instalment is not None:
            one = paid.setdefault(instalment, {})
            one[bucket] = one.get(bucket, ZERO) + Decimal(amount)
    changes = {}
    for row in loan.instalments.all():
        new = {f"paid_{name}": paid.get(row.pk, {}).get(name, ZERO) for name in _BUCKETS}
        if any(getattr(row, name) != amount for name, amount in new.items()):
            changes[row.pk] = new
    single.change_each(Instalment, changes, while_={})


_BUCKETS = ("principal", "interest", "fee")


def _settle(loan: Loan, charges: Counter[Went]) -> None:
    settled: dict[uuid.UUID | None, Decimal] = {}
    for (_entry, charge, _bucket), amount in charges.items():
        settled[charge] = settled.get(charge, ZERO) + Decimal(amount)
    rows = AccountEvent.objects.filter(loan=loan, kind="charge")
    changes = {
        row.pk: {"settled": settled.get(row.pk, ZERO)}
        for row in rows
        if row.settled != settled.get(row.pk, ZERO)
    }
    single.change_each(AccountEvent, changes, while_={})


def _link(loan: Loan, account: Account, entries: dict[tuple[str, date, str], int]) -> None:
    """Let every event say which entry stands for it now."""
    stands: dict[str, int] = {
        one.event: _entry_of(entries, one) for one in account.position.booked if one.event
    }
    rows = AccountEvent.objects.filter(loan=loan)
    changes = {
        row.pk: {"entry_id": stands.get(str(row.pk))}
        for row in rows
        if row.entry_id != stands.get(str(row.pk))
    }
    single.change_each(AccountEvent, changes, while_={})
