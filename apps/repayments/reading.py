"""What accounts are computed from, read from the database: contracts, histories, positions."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.ledger.chart import Event
from apps.ledger.models import Entry
from apps.loans.models import Instalment, Loan, ScheduleVersion
from apps.products.models import Product
from apps.repayments import facts
from apps.repayments.account import UPFRONT, ZERO, Asked, Claim, Contract, Happened, fee_lines
from apps.repayments.allocation import Order, Standing, named
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent, LoanAccount
from apps.repayments.walking import Position
from apps.schedules import building, documents

# Schedules that come from the contract; all others follow from the history.
CONTRACTUAL = ScheduleVersion.CONTRACTUAL
# The entries that follow from the history of an account; others are posted by who lent the money
# and who closes the day.
DERIVED = (
    Event.INTEREST_ACCRUAL,
    Event.FEE,
    Event.PENAL_CHARGE,
    Event.TAX,
    Event.REPAYMENT,
    Event.WAIVER,
    Event.WRITE_OFF,
    Event.RECOVERY,
    Event.REFUND,
)
_UPFRONT = """
    SELECT l.loan_id, l.account, sum(l.debit - l.credit)
    FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
    WHERE l.loan_id = ANY(%s) AND e.event IN ('disbursement', 'disbursement_reversal')
        AND l.account IN ('fees_receivable', 'tax_receivable', 'interest_receivable')
    GROUP BY l.loan_id, l.account HAVING sum(l.debit - l.credit) <> 0
"""
_EARNED_AT_PAYOUT = """
    SELECT l.loan_id, sum(l.credit - l.debit)
    FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
    WHERE l.loan_id = ANY(%s) AND e.event IN ('disbursement', 'disbursement_reversal')
        AND l.account = 'fee_income'
    GROUP BY l.loan_id
"""
_PAID_OUT = """
    SELECT l.loan_id, sum(l.debit - l.credit)
    FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
    WHERE l.loan_id = ANY(%s) AND l.day <= %s AND l.account = 'principal'
        AND e.event IN ('disbursement', 'disbursement_reversal')
    GROUP BY l.loan_id
"""
_BUCKETS = {
    "fees_receivable": Bucket.FEE,
    "tax_receivable": Bucket.TAX,
    "interest_receivable": Bucket.INTEREST,
}


def base_version(loan: Loan) -> ScheduleVersion:
    """Return the schedule that the loan's history begins with. Raises DoesNotExist."""
    return loan.schedules.filter(reason__in=CONTRACTUAL).order_by("-number")[:1].get()


def contract(loan: Loan) -> Contract:
    """Return what the account of a loan that was paid out begins with."""
    if loan.disbursed_date is None:
        raise ValueError(f"{loan.number} was not paid out.")
    terms = documents.from_document(base_version(loan).terms)
    kept = LoanAccount.objects.filter(pk=loan.pk).values_list("orders", flat=True)
    return Contract(
        terms=terms,
        rows=building.build(terms).rows,
        paid_out_on=loan.disbursed_date,
        upfront=upfront([loan.pk]).get(loan.pk, {}),
        orders=orders(kept[0] if kept else orders_of(loan.product)),
    )


def upfront(loans: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[Bucket, Decimal]]:
    """Return what of each loan was owed beside its principal when it was paid out."""
    found: dict[uuid.UUID, dict[Bucket, Decimal]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_UPFRONT, [list(loans)])
        for loan, account, amount in cursor.fetchall():
            found.setdefault(loan, {})[_BUCKETS[account]] = amount
    return found


def earned_at_payout(loans: Collection[uuid.UUID]) -> dict[uuid.UUID, Decimal]:
    """Return what of each loan's fees was credited to income when it was paid out, paid or not."""
    with connection.cursor() as cursor:
        cursor.execute(_EARNED_AT_PAYOUT, [list(loans)])
        return dict(cursor.fetchall())


def paid_out(loans: Collection[uuid.UUID], day: date) -> dict[uuid.UUID, Decimal]:
    """Return what of each loan had gone out by the end of a day, without what came back by then."""
    with connection.cursor() as cursor:
        cursor.execute(_PAID_OUT, [list(loans), day])
        return dict(cursor.fetchall())


def orders(kept: Mapping[str, Any]) -> dict[Standing, Order]:
    """Return how payments are allocated by class, as an account keeps it."""
    return {
        Standing(standing): named(said["buckets"], across=said["across"])
        for standing, said in kept.items()
    }


def orders_of(product: Product) -> dict[str, Any]:
    """Return how payments on loans of a product are allocated, as an account keeps it.

    Nothing where the product has no conditions: then the order is that of `allocation.Order`.
    """
    conditions = getattr(product, "conditions", None)
    if conditions is None:
        return {}
    named_by_class = {
        Standing.STANDARD: conditions.allocation_order,
        Standing.NPA: conditions.npa_allocation_order,
        Standing.WRITTEN_OFF: conditions.written_off_allocation_order,
        Standing.SETTLEMENT: conditions.settlement_allocation_order,
    }
    return {
        standing.value: {"buckets": list(buckets), "across": conditions.allocation_across}
        for standing, buckets in named_by_class.items()
        if buckets
    }


def runs_on(product: Product) -> bool:
    """Say whether the contract's interest runs on late instalments of loans of a product."""
    conditions = getattr(product, "conditions", None)
    return conditions is not None and bool(conditions.overdue_interest)


def happened(loan: Loan, *, but: AccountEvent | None = None) -> list[Happened]:
    """Return the history of a loan that counts, in its order, without one event where it is told.

    What was taken back counts no more.
    """
    rows = AccountEvent.objects.filter(loan=loan, status="live").order_by("day", "position")
    return [of_event(row) for row in rows if but is None or row.pk != but.pk]


def of_event(row: AccountEvent) -> Happened:
    """Return what a row of the history says."""
    return Happened(
        str(row.pk), row.position, facts.from_row(row.kind, row.day, row.amount, row.parameters)
    )


def points(loan_id: uuid.UUID) -> list[date]:
    """Return the days on which what the schedule earns was booked and still is.

    Interest charged on what is late is an event of its own day: what comes late, of days on which
    the loan was not accrued, is no day on which the rest was booked.
    """
    rows = derived(loan_id).filter(event=Event.INTEREST_ACCRUAL.value)
    rows = rows.exclude(facts__has_key="event")
    return sorted(set(rows.values_list("of_day", flat=True)))


def derived(loan_id: uuid.UUID, *, standing: bool = True) -> "QuerySet[Any]":
    """Return the entries of a loan that follow from its history: those that stand, or all.

    `of_day` is the day of the history that each belongs to.
    """
    rows: QuerySet[Any] = Entry.objects.with_of_day().filter(
        loan_id=loan_id, event__in=[event.value for event in DERIVED]
    )
    if standing:
        rows = rows.filter(reverses__isnull=True, reversal__isnull=True)
    return rows


def accounts(loans: Iterable[Loan]) -> dict[uuid.UUID, LoanAccount]:
    """Return the accounts of loans; of those that nothing happened to yet, as they begin."""
    found = {one.pk: one for one in loans}
    standing = LoanAccount.objects.in_bulk(found)
    fresh = [loan for key, loan in found.items() if key not in standing]
    owed = upfront([loan.pk for loan in fresh]) if fresh else {}
    for loan in fresh:
        standing[loan.pk] = begun(loan, owed.get(loan.pk, {}))
    return standing


def begun(loan: Loan, owed: dict[Bucket, Decimal]) -> LoanAccount:
    """Return the account of a loan that was paid out, to which nothing happened yet."""
    if loan.disbursed_date is None:
        raise ValueError(f"{loan.number} was not paid out.")
    return LoanAccount(
        loan=loan,
        through=loan.disbursed_date,
        orders=orders_of(loan.product),
        overdue_interest=runs_on(loan.product),
        upfront_fee=owed.get(Bucket.FEE, ZERO),
        upfront_tax=owed.get(Bucket.TAX, ZERO),
        upfront_interest=owed.get(Bucket.INTEREST, ZERO),
    )


def positions(
    loans: Collection[Loan], standing: dict[uuid.UUID, LoanAccount], *, upto: date
) -> dict[uuid.UUID, Position]:
    """Return how accounts stand, with the claims that fall due up to a day; three queries for all.

    Claims of later days are left out, but for one that says that there are some.
    """
    keys = [loan.pk for loan in loans]
    found = {loan.pk: position(loan, standing[loan.pk]) for loan in loans}
    for claim_of, claim in _rows(keys, upto):
        add(found[claim_of], claim)
    for claim_of, claim in _charges(keys):
        add(found[claim_of], claim)
    later = Instalment.objects.filter(loan__in=keys, in_force=True, due_date__gt=upto)
    unpaid = later.exclude(principal=0, interest=0, fee=0)
    for loan, day in (
        unpaid.values_list("loan", "due_date").order_by("loan", "due_date").distinct("loan")
    ):
        found[loan].ahead.append(later_claim(day))
    return found


def later_claim(day: date) -> Claim:
    """Return the claim that says that something falls due later."""
    return Claim("later", day, {Bucket.PRINCIPAL: Decimal(1)})


def position(loan: Loan, standing: LoanAccount) -> Position:
    """Return how an account stands, without the claims of rows and charges."""
    found = Position(
        through=standing.through,
        currency=loan.currency,
        orders=orders(standing.orders),
        advances=standing.advances,
        unbilled=standing.unbilled,
        standing=Standing(standing.standing),
        written_off=standing.written_off,
        recovered=standing.recovered,
        moved_on=standing.moved_on,
    )
    if standing.upfront and loan.disbursed_date:
        amounts = {
            Bucket.FEE: standing.upfront_fee,
            Bucket.TAX: standing.upfront_tax,
            Bucket.INTEREST: standing.upfront_interest,
        }
        owed = {bucket: amount for bucket, amount in amounts.items() if amount}
        found.due.append(Claim(UPFRONT, loan.disbursed_date, owed))
    return found


def add(standing: Position, claim: Claim) -> None:
    """Let a position hold a claim, as one that is due or one that is ahead."""
    claims = standing.due if claim.due_on <= standing.through else standing.ahead
    claims.append(claim)


_ROWS = """
    SELECT i.loan_id, i.id, i.number, i.due_date, i.principal - i.paid_principal,
        i.interest - i.paid_interest, i.fee - i.paid_fee, i.schedule_id
    FROM loans_instalment i
    WHERE i.loan_id = ANY(%s) AND i.in_force AND i.due_date <= %s
        AND (i.paid_principal < i.principal OR i.paid_interest < i.interest
            OR i.paid_fee < i.fee)
    ORDER BY i.loan_id, i.due_date, i.number
"""


def _rows(loans: Collection[uuid.UUID], upto: date) -> Iterable[tuple[uuid.UUID, Claim]]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [list(loans), upto])
        rows = cursor.fetchall()
    terms = terms_of({row[7] for row in rows if row[6]})
    for loan, key, number, due_on, principal, interest, fee, schedule in rows:
        left = {Bucket.FEE: fee, Bucket.INTEREST: interest, Bucket.PRINCIPAL: principal}
        lines = fee_lines(terms[schedule], number, fee) if fee else ()
        yield loan, Claim(key, due_on, left, is_row=True, fee_lines=lines)


def terms_of(schedules: Collection[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """Return the terms of schedules some row of which asks for a fee."""
    if not schedules:
        return {}
    rows = ScheduleVersion.objects.filter(pk__in=schedules).values_list("pk", "terms")
    return {key: documents.from_document(terms) for key, terms in rows}


_CHARGES = """
    SELECT e.loan_id, e.id, e.parameters ->> 'bucket', (e.parameters ->> 'due_on')::date,
        e.amount - e.settled
    FROM repayments_accountevent e
    WHERE e.loan_id = ANY(%s) AND e.kind = 'charge' AND e.status = 'live'
        AND e.settled < e.amount
    ORDER BY e.loan_id, e.day, e.position
"""


def _charges(loans: Collection[uuid.UUID]) -> Iterable[tuple[uuid.UUID, Claim]]:
    with connection.cursor() as cursor:
        cursor.execute(_CHARGES, [list(loans)])
        rows = cursor.fetchall()
    for loan, key, bucket, due_on, left in rows:
        yield loan, Claim(Asked(str(key)), due_on, {Bucket(bucket): left})
