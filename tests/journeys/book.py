"""Loans that repay, taken on the books for the journeys and for what runs beside them.

Runs in a process of its own, as `world`.
"""

import json
import sys
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Branch, User
from apps.loans.models import Loan
from apps.loans.services import taking_on
from apps.loans.tests import test_mapping as tapes
from apps.repayments import services as repayments
from creditrisk.local import steps
from tests.journeys import world

# Above every number of the other journeys' tape.
_FIRST = 10_000
_SAID = ("pk", "number", "customer_id", "disbursed_date", "principal")


def prepare() -> None:
    """Makes what a book needs: the tables, roles, products, and people."""
    for step in steps.BASE:
        call_command(step.command, *step.arguments, stdout=sys.stderr)
    world.team()
    sys.stdout.write(json.dumps({}))


def lend_twins(number: int, clerks: int) -> None:
    """Takes so many loans of a tape on the books, and as many with the very same terms after them.

    Prints key, number, customer, day of payment and principal of each, and the addresses and the
    password of people who post payments and statements.
    """
    numbers = [str(_FIRST + Loan.objects.count() + place) for place in range(2 * number)]
    world.import_tape([_line(one, place % number) for place, one in enumerate(numbers)])
    loans = Loan.objects.filter(source_reference__in=numbers, status="imported")
    taking_on.take_on(actor="system:journeys", loans=loans, now=timezone.now())
    rows = Loan.objects.filter(source_reference__in=numbers, status="active").order_by("number")
    made = {
        "loans": [
            (
                str(one.pk),
                one.number,
                str(one.customer_id),
                str(one.disbursed_date),
                str(one.principal),
            )
            for one in rows
        ],
        "clerks": [_clerk(place) for place in range(clerks)],
        "password": world.PASSWORD,
    }
    sys.stdout.write(json.dumps(made))


def sweep_statements() -> None:
    """Looks for statements whose message was lost, as beat would have it done in a minute."""
    found = repayments.sweep_statements(now=timezone.now() + timedelta(minutes=1))
    sys.stdout.write(json.dumps(found))


def _line(number: str, place: int) -> str:
    amount = str(1_000 + 25 * (place % 200))
    return tapes.line(
        loan_no=number,
        loan_status="Fully Paid",
        loan_amnt=amount,
        funded_amnt=amount,
        issue_d=f"2010-{place % 12 + 1:02}-01",
    )


def _clerk(place: int) -> str:
    """Returns the address of somebody who works where the tape's loans are."""
    email = f"clerk{place}@lender.example"
    if not User.objects.filter(email=email).exists():
        diana = User.objects.get(email="diana@lender.example")
        branch = Branch.objects.get(code="online")
        entry = accounts.PersonEntry(
            name=f"Clerk {place}", email=email, branch=branch, language="en"
        )
        person = accounts.add_person(actor=diana, entry=entry, role_codes={"loan_officer"})
        # One hash for all: making one is slow on purpose.
        person.password = diana.password
        person.save(update_fields=["password"])
    return email
