"""A book that lives through some days over the end of a month. For tests."""

import io
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from apps.accounts.models import Branch, Entity, User
from apps.loans.models import Instalment, Loan
from apps.npa import services as npa
from apps.repayments import services as repayments
from apps.repayments.facts import Change
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from benchmarks import day_ends, loan_book

DAY = timedelta(days=1)
# The book is brought to here; the days after it go over the end of a month.
START = date(2026, 9, 27)
DAYS = [START + timedelta(days=one) for one in range(1, 7)]
CHANGES = DAYS[2], DAYS[4]


@pytest.fixture
def book(db: None) -> Entity:
    """Twenty loans as loan books are: most are paid up, some are late, one never paid."""
    for command in ("sync_roles", "load_products"):
        call_command(command, stdout=io.StringIO())
    entity = loan_book.build(20, day=START, seeds=20).entity
    day_ends.rules()
    return entity


def end(entity: Entity, day: date, *, at: date | None = None) -> None:
    """End a day; it stays open."""
    now = loan_book.at((at or day) + DAY, 16)
    npa.end_day(actor=loan_book.CLERK, entity=entity, day=day, now=now, close=False)


def pay(loan: Loan, day: date, amount: Decimal, *, at: date | None = None) -> AccountEvent:
    """Post money on a loan."""
    return repayments.enter(
        actor=loan_book.CLERK,
        loan=loan,
        fact=repaid.receipt(day, amount),
        reference=f"T-{loan.number}-{day}-{amount}-{at}",
        now=loan_book.at(at or day, 6),
    )


def auditor() -> User:
    """Return a person who sees every branch."""
    person = User.objects.create(
        email="vera@lender.example", branch=Branch.objects.get(code="pune")
    )
    person.groups.add(Group.objects.get(name="auditor"))
    return User.objects.get(pk=person.pk)


def change(loan: Loan, day: date) -> AccountEvent:
    """Put another schedule in force from a day on."""
    return repayments.enter(
        actor=loan_book.CLERK,
        loan=loan,
        fact=Change(
            day=day, change="reschedule", parameters={"instalments": 30, "difficulty": False}
        ),
        reference=f"C-{loan.number}-{day}",
        now=loan_book.at(day, 6),
    )


def live_through(
    entity: Entity, seed: int, *, ended: Callable[[date], object] | None = None
) -> None:
    """Let some loans pay some of what they owe on each day, and end the day.

    On some days the schedule of loans changes of which something fell due the day before.
    """
    chance = random.Random(seed)  # noqa: S311 - a test
    loans = list(Loan.objects.order_by("number"))
    for day in DAYS:
        if day in CHANGES:
            fell_due = Instalment.objects.filter(in_force=True, due_date=day - DAY)
            for loan in Loan.objects.filter(pk__in=fell_due.values("loan")).order_by("number")[:2]:
                change(loan, day)
        for loan in chance.sample(loans, 7):
            owed = Instalment.objects.filter(loan=loan, in_force=True).order_by("number")
            unpaid = next(one for one in owed if one.unpaid)
            share = chance.choice(["0.3", "0.5", "1", "1", "1.4"])
            pay(loan, day, (unpaid.unpaid * Decimal(share)).quantize(Decimal("0.01")))
        end(entity, day)
        if ended is not None:
            ended(day)
