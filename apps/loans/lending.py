"""What is left of the loans under applications, for those who judge what a person may owe us.

A running loan counts by its principal: what of it is owed or still to be paid out. That is what the
ledger says, so what was repaid or waived does not count twice; interest and charges are no part of
what may be lent. What was written off is still owed, less what was recovered since. A loan that was
given up, stepped back from or repaid is over and counts for nothing, and so does one of a tape that
was never taken on the books.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from apps.applications.lent import Lent
from apps.ledger.chart import Account, Event
from apps.ledger.models import Line
from apps.loans.lifecycle import OWED
from apps.loans.models import Loan

_AMOUNT: Any = DecimalField(max_digits=18, decimal_places=2)
_NOTHING = Value(Decimal(0), output_field=_AMOUNT)
# What is paid out, or comes back unpaid, changes who has the money and not what is lent; what is
# written off, or written back, changes whose loss it is and not what is owed.
_LEFT_AS_IT_IS = Q(
    entry__event__in=[
        Event.DISBURSEMENT.value,
        Event.DISBURSEMENT_REVERSAL.value,
        Event.WRITE_OFF.value,
    ]
) | Q(entry__reverses__event=Event.WRITE_OFF.value)
# What is recovered of a loss is earned by the books, and paid by the borrower.
_TAKEN_FROM = (Account.PRINCIPAL.value, Account.RECOVERY_INCOME.value)


def left(of: str = "") -> Case:
    """Return the expression for what is left of the principal under an application.

    Nothing where the loan is over, NULL where there is none. `of` is the path to the application.
    """
    gone = _moved().filter(loan_id=OuterRef(f"{of}loan__pk")).order_by().values("loan_id")
    taken_off = Coalesce(Subquery(gone.annotate(sum=_TAKEN_OFF).values("sum")), _NOTHING)
    lent = F(f"{of}loan__principal") - F(f"{of}loan__given_up")
    return Case(
        When(none(of), then=None),
        When(runs(of), then=Greatest(lent - taken_off, _NOTHING)),
        default=_NOTHING,
        output_field=_AMOUNT,
    )


def none(of: str = "") -> Q:
    """Return the condition that there is no loan under an application."""
    return Q(**{f"{of}loan__isnull": True})


def runs(of: str = "") -> Q:
    """Return the condition that there is a loan under an application that is not over."""
    return Q(**{f"{of}loan__status__in": OWED})


def booked(of: str = "") -> Q:
    """Return the condition that a loan under an application is, or was, on the books."""
    return ~none(of) & ~Q(**{f"{of}loan__status": "imported"})


def histories(applications: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Lent]:
    """Return what came of the loans under applications, day by day."""
    rows = Loan.objects.filter(application__in=applications)
    columns = (
        *("pk", "application_id", "status", "principal", "given_up", "given_up_date"),
        *("opened_date", "disbursed_date", "source"),
    )
    loans: list[Any] = list(rows.values_list(*columns, named=True))
    ended = dict(
        Line.objects.filter(loan_id__in=[one.pk for one in loans if one.status == "closed"])
        .order_by()
        .values_list("loan_id")
        .annotate(last=Max("day"))
    )
    moved = _by_loan([one.pk for one in loans if one.status != "imported"])
    return {
        one.application_id: Lent(
            principal=one.principal,
            since=one.disbursed_date if one.source else one.opened_date,
            moved=(*moved.get(one.pk, ()), *_given_up(one)),
            ended=ended.get(one.pk),
            came_to_nothing=one.status in ("cancelled", "imported"),
        )
        for one in loans
    }


def _given_up(loan: Any) -> tuple[tuple[date, Decimal], ...]:
    return ((loan.given_up_date, loan.given_up),) if loan.given_up else ()


def _moved() -> QuerySet[Line]:
    """Return the lines that say what was taken off what is owed of principal, or put back."""
    return Line.objects.filter(account__in=_TAKEN_FROM).exclude(_LEFT_AS_IT_IS)


_TAKEN_OFF = Sum(F("credit") - F("debit"), output_field=_AMOUNT)


def _by_loan(loans: Collection[uuid.UUID]) -> dict[uuid.UUID, list[tuple[date, Decimal]]]:
    found: dict[uuid.UUID, list[tuple[date, Decimal]]] = defaultdict(list)
    rows = _moved().filter(loan_id__in=loans).order_by("loan_id", "day")
    for loan, day, amount in rows.values_list("loan_id", "day").annotate(amount=_TAKEN_OFF):
        found[loan].append((day, amount))
    return found
