"""How the loans of a list stand on a day: what of their principal is owed, and what is overdue.

Three questions for a page of loans, however many it holds.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, QuerySet

from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.loans import arrears
from apps.loans.arrears import Arrears
from apps.loans.lifecycle import RUNNING
from apps.loans.models import Instalment, Loan

UNPAID = (
    Q(paid_principal__lt=F("principal"))
    | Q(paid_interest__lt=F("interest"))
    | Q(paid_fee__lt=F("fee"))
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a running loan stands: the principal that is owed, and its arrears."""

    principal: Decimal
    arrears: Arrears


def standings(loans: Iterable[Loan], day: date) -> Mapping[uuid.UUID, Standing]:
    """Return how those of the loans stand that run; nothing is asked for of who stepped back."""
    running = [loan.pk for loan in loans if loan.status == "active"]
    if not running:
        return {}
    held = ledger.balances(running)
    late: dict[uuid.UUID, list[Instalment]] = defaultdict(list)
    for row in overdue(day).filter(loan__in=running):
        late[row.loan_id].append(row)
    return {
        key: Standing(held[key][Account.PRINCIPAL], arrears.arrears(late[key], day))
        for key in running
    }


def exited(loans: Iterable[Loan]) -> set[uuid.UUID]:
    """Return those of the loans whose borrower stepped back."""
    running = [loan.pk for loan in loans if loan.status in RUNNING]
    rows = Loan.objects.filter(pk__in=running, offer__status="exited")
    return set(rows.values_list("pk", flat=True)) if running else set()


def overdue(day: date) -> QuerySet[Instalment]:
    """Return the instalments in force that are overdue on a day, of loans that are paid out."""
    rows = Instalment.objects.filter(UNPAID, in_force=True, due_date__lt=day, loan__status="active")
    return rows.exclude(loan__offer__status="exited")
