"""What loans owe on a day and what was asked of them before, as `selecting` compares it."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.debits.models import Debit
from apps.debits.selecting import Owing, Row, Tried
from apps.loans.models import Instalment
from apps.repayments.models import AccountEvent, LoanAccount


def owing(loans: Collection[UUID], day: date) -> dict[UUID, Owing]:
    """Return what each loan owes up to a day; three queries for all."""
    rows: dict[UUID, list[Row]] = defaultdict(list)
    due = unpaid(day).filter(loan__in=loans)
    left = F("principal") + F("interest") + F("fee")
    left -= F("paid_principal") + F("paid_interest") + F("paid_fee")
    for loan, due_date, amount in due.annotate(left=left).values_list("loan", "due_date", "left"):
        rows[loan].append(Row(due_date, amount))
    charges = _charges(loans, day)
    ahead = dict(LoanAccount.objects.filter(loan__in=loans).values_list("loan", "advances"))
    zero = Decimal(0)
    return {
        loan: Owing(tuple(rows[loan]), charges.get(loan, zero), ahead.get(loan, zero))
        for loan in loans
    }


def unpaid(day: date) -> QuerySet[Instalment]:
    """Return the instalments that fell due by a day and are not paid, of every loan."""
    return Instalment.objects.filter(in_force=True, due_date__lte=day).filter(
        Q(paid_principal__lt=F("principal"))
        | Q(paid_interest__lt=F("interest"))
        | Q(paid_fee__lt=F("fee"))
    )


def tried(loans: Collection[UUID]) -> dict[UUID, list[Tried]]:
    """Return what was asked of each loan before, and what is underway."""
    found: dict[UUID, list[Tried]] = defaultdict(list)
    rows: Any = Debit.objects.filter(loan__in=loans)
    for loan, due_date, status, attempt, retry_on in rows.values_list(
        "loan", "due_date", "status", "attempt", "retry_on"
    ):
        found[loan].append(Tried(due_date, status, attempt, retry_on))
    return found


def _charges(loans: Collection[UUID], day: date) -> dict[UUID, Decimal]:
    """Return the charges that are owed and not paid, by loan."""
    found: dict[UUID, Decimal] = defaultdict(Decimal)
    rows = AccountEvent.objects.filter(
        loan__in=loans, kind="charge", status="live", settled__lt=F("amount"), day__lte=day
    )
    for loan, amount, settled, said in rows.values_list("loan", "amount", "settled", "parameters"):
        if amount is not None and date.fromisoformat(said["due_on"]) <= day:
            found[loan] += amount - settled
    return found
