"""Write what facts added to accounts: entries, allocations, what is paid, how accounts stand.

Set by set: one statement for each table, however many accounts. `write_one` is for one fact alone.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection

from apps.core import bulk, rows
from apps.core.statements import Given, Statement
from apps.ledger import services as ledger
from apps.ledger.posting import Posting
from apps.loans.models import Allocation, Loan
from apps.repayments.account import UPFRONT, ZERO, Asked, Booked
from apps.repayments.allocation import Part
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent, ChargeAllocation, LoanAccount
from apps.repayments.walking import Position


@dataclass
class Added:
    """What was added to one account: the event, if it was one, and the entries that follow."""

    loan: Loan
    account: LoanAccount
    position: Position
    reference: str
    event: AccountEvent | None = None
    booked: Sequence[Booked] = field(default_factory=list)


@dataclass
class _Written:
    """An entry that was posted for a loan, and what it was for."""

    loan: Loan
    booked: Booked
    entry_id: int


def write(actor: Any, added: Sequence[Added], *, now: datetime) -> None:
    """Write what was added to some accounts, each account's additions in their order.

    The caller holds the loans. Raises DayClosed, and what `ledger.post_many` raises.
    """
    written = _posted(actor, added, now)
    events = [one.event for one in added if one.event is not None]
    if events:
        bulk.copy_into(AccountEvent, [_event_row(event) for event in events])
    _allocate(written)
    _settle(written)
    keep_accounts({one.loan.pk: _kept(one) for one in added}.values())
    follow(added)


def write_one(actor: Any, one: Added, *, now: datetime) -> None:
    """Write what one fact added to its account, under a reference never used before.

    What nobody waits for travels with the next question of a block of `statements.carrying`. The
    caller holds the loan. Raises IntegrityError for what the database refuses; `ledger.refusal_of`
    says what that means once the transaction is undone. Raises what `ledger.post_few` raises.
    """
    written = _posted_few(actor, one, now)
    if one.event is not None:
        rows.insert(one.event)
    _allocate_few(written)
    _settle(written)
    _keep_account(_kept(one))
    follow([one])


def _posted_few(actor: Any, one: Added, now: datetime) -> list[_Written]:
    wanted = [
        (one, booked, f"{one.reference}:{number}")
        for number, booked in enumerate(one.booked, start=1)
    ]
    postings = [posting(one.loan, booked, name) for _one, booked, name in wanted]
    numbers = ledger.post_few(actor=actor, postings=postings, branch=one.loan.branch, now=now)
    return _noted(wanted, numbers)


def _posted(actor: Any, added: Sequence[Added], now: datetime) -> list[_Written]:
    wanted = [
        (one, booked, f"{one.reference}:{number}")
        for one in added
        for number, booked in enumerate(one.booked, start=1)
    ]
    postings = [posting(one.loan, booked, name) for one, booked, name in wanted]
    numbers = ledger.post_many(actor=actor, postings=postings, now=now) if postings else []
    return _noted(wanted, numbers)


def _noted(wanted: Sequence[tuple[Added, Booked, str]], numbers: Sequence[int]) -> list[_Written]:
    """Return the entries that were posted; each event learns which one stands for it."""
    found = []
    for (one, booked, _name), number in zip(wanted, numbers, strict=True):
        found.append(_Written(one.loan, booked, number))
        if one.event is not None and booked.event == str(one.event.pk):
            one.event.entry_id = number
    return found


def posting(loan: Loan, booked: Booked, reference: str) -> Posting:
    """Return what is posted for an entry of an account."""
    return Posting(
        event=booked.kind,
        day=booked.day,
        lines=booked.lines,
        reference=reference,
        branch_id=loan.branch_id,
        currency=loan.currency,
        loan_id=loan.pk,
        customer_id=loan.customer_id,
        facts=facts_of(booked),
    )


def facts_of(booked: Booked) -> dict[str, Any]:
    """Return what an entry says of itself beside its lines: whose it is."""
    found = {"key": booked.key}
    if booked.event:
        found["event"] = booked.event
    return found


def _event_row(event: AccountEvent) -> dict[str, Any]:
    names = [column.attname for column in AccountEvent._meta.concrete_fields]
    return {name: getattr(event, name) for name in names}


# --- allocations --------------------------------------------------------------------------------
def _allocate(written: Iterable[_Written]) -> None:
    paid = []
    charges = []
    for one in written:
        for part in one.booked.parts:
            if isinstance(part.key, uuid.UUID):
                paid.append(_row_allocation(one.entry_id, part))
            else:
                charges.append(_charge_allocation(one, part))
    if paid:
        bulk.copy_into(Allocation, paid)
    if charges:
        ChargeAllocation.objects.bulk_create(charges)


def _allocate_few(written: Iterable[_Written]) -> None:
    """Write allocations one by one: each by the same statement."""
    for one in written:
        for part in one.booked.parts:
            if isinstance(part.key, uuid.UUID):
                rows.insert(Allocation(**_row_allocation(one.entry_id, part)))
            else:
                rows.insert_all([_charge_allocation(one, part)], nameless=True)


def _row_allocation(entry_id: int, part: Part) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "instalment_id": part.key,
        "bucket": part.bucket.value,
        "amount": part.amount,
    }


def _charge_allocation(one: _Written, part: Part) -> ChargeAllocation:
    return ChargeAllocation(
        entry_id=one.entry_id,
        loan_id=one.loan.pk,
        charge_id=charge_of(part),
        bucket=part.bucket.value,
        amount=part.amount,
    )


def charge_of(part: Part) -> uuid.UUID | None:
    """Return the charge that a part went to; None where it is owed since the loan was paid out."""
    if part.key == UPFRONT:
        return None
    if not isinstance(part.key, Asked):
        raise TypeError(f"{part.key!r} is no charge.")
    return uuid.UUID(part.key.event)


_PAY = Statement(
    "repayments.pay instalments",
    """
    UPDATE loans_instalment i SET paid_principal = i.paid_principal + p.principal,
        paid_interest = i.paid_interest + p.interest, paid_fee = i.paid_fee + p.fee
    FROM unnest(%s::uuid[], %s::numeric[], %s::numeric[], %s::numeric[])
        AS p(id, principal, interest, fee)
    WHERE i.id = p.id
""",
    [Given(name) for name in ("ids", "principal", "interest", "fee")],
)
_SETTLE = Statement(
    "repayments.settle charges",
    """
    UPDATE repayments_accountevent e SET settled = e.settled + p.amount
    FROM unnest(%s::uuid[], %s::numeric[]) AS p(id, amount) WHERE e.id = p.id
""",
    [Given("ids"), Given("amounts")],
)
_PLACES = (Bucket.PRINCIPAL, Bucket.INTEREST, Bucket.FEE)


def _settle(written: Iterable[_Written]) -> None:
    """Add to what instalments and charges say was paid of them."""
    instalments: dict[uuid.UUID, dict[Bucket, Decimal]] = {}
    charges: dict[uuid.UUID, Decimal] = {}
    for part in (part for one in written for part in one.booked.parts):
        if isinstance(part.key, uuid.UUID):
            paid = instalments.setdefault(part.key, dict.fromkeys(_PLACES, ZERO))
            paid[part.bucket] += part.amount
        elif isinstance(part.key, Asked):
            key = uuid.UUID(part.key.event)
            charges[key] = charges.get(key, ZERO) + part.amount
    if instalments:
        paid_of = {
            bucket.value: [paid[bucket] for paid in instalments.values()] for bucket in _PLACES
        }
        _send(_PAY, {"ids": list(instalments), **paid_of})
    if charges:
        _send(_SETTLE, {"ids": list(charges), "amounts": list(charges.values())})


def _send(statement: Statement, values: Mapping[str, Any]) -> None:
    """Send a statement whose answer nobody reads, or leave it to the next question."""
    if not statement.carry(values):
        with connection.cursor() as cursor:
            statement.send(cursor, values)


# --- accounts -----------------------------------------------------------------------------------
_COLUMNS = (
    *("through", "moved_on", "orders", "overdue_interest", "advances", "unbilled"),
    *("upfront_fee", "upfront_tax", "upfront_interest", "written_off", "recovered", "standing"),
)


def _kept(one: Added) -> LoanAccount:
    return take_position(one.account, one.position)


def take_position(account: LoanAccount, position: Position) -> LoanAccount:
    """Let an account's row say how it stands; return it, not written yet."""
    upfront = next((claim.left for claim in position.due if claim.key == UPFRONT), {})
    account.through = position.through
    account.moved_on = position.moved_on
    account.advances = position.advances
    account.unbilled = position.unbilled
    account.upfront_fee = upfront.get(Bucket.FEE, ZERO)
    account.upfront_tax = upfront.get(Bucket.TAX, ZERO)
    account.upfront_interest = upfront.get(Bucket.INTEREST, ZERO)
    account.written_off = position.written_off
    account.recovered = position.recovered
    account.standing = position.standing.value
    return account


def keep_accounts(accounts: Iterable[LoanAccount]) -> None:
    """Write how accounts stand, those that are new and those that are known."""
    LoanAccount.objects.bulk_create(
        list(accounts),
        update_conflicts=True,
        unique_fields=["loan"],
        update_fields=list(_COLUMNS),
    )


@cache
def _keeping() -> Statement:
    """Return the statement that writes how one account stands."""
    columns = LoanAccount._meta.concrete_fields
    names = ", ".join(str(one.column) for one in columns)
    sets = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
    places = ", ".join(f"%s::{one.db_type(connection)}" for one in columns)
    sql = (
        f"INSERT INTO repayments_loanaccount ({names}) VALUES ({places})"  # noqa: S608 - own names
        f" ON CONFLICT (loan_id) DO UPDATE SET {sets}"
    )
    return Statement("repayments.keep an account", sql, [Given(one.attname) for one in columns])


def _keep_account(account: LoanAccount) -> None:
    """Write how one account stands; as `keep_accounts` does."""
    names = [one.attname for one in LoanAccount._meta.concrete_fields]
    values = {name: getattr(account, name) for name in names}
    _send(_keeping(), {**values, "orders": json.dumps(account.orders)})


# --- loans --------------------------------------------------------------------------------------
_STEPS = {
    ("active", "closed"): ("close",),
    ("active", "written_off"): ("write_off",),
    ("closed", "active"): ("reopen",),
    ("closed", "written_off"): ("reopen", "write_off"),
    ("written_off", "active"): ("write_back",),
    ("written_off", "closed"): ("write_back", "close"),
}


def follow(added: Iterable[Added]) -> None:
    """Close what is settled, open what is owed again."""
    last = {one.loan.pk: one for one in added}
    for one in last.values():
        steps = _STEPS.get((one.loan.status, state_of(one.position)), ())
        if steps:
            one.loan.move(*steps)


def state_of(position: Position) -> str:
    """Return the state of the loan that an account stands for."""
    if position.standing.value == "written_off":
        return "written_off"
    return "closed" if position.is_settled else "active"
