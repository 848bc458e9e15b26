"""What a fact meets is what the set-based reading says, and the fact costs few questions."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.repayments import before, reading, services
from apps.repayments.facts import Bucket, Charge
from apps.repayments.tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("ahead", [0, 1, 40, 4_000])
def test_it_meets_what_the_reading_for_many_says(alice: User, lent: Loan, ahead: int) -> None:
    first, second = factories.due_dates(lent)[:2]
    charge = Charge(day=first, amount=Decimal(75), bucket=Bucket.FEE, code="x", due_on=second)
    factories.pay(alice, lent, first, "1234.56", reference="P")
    services.enter(actor=alice, loan=lent, fact=charge, reference="C", now=factories.at(first))
    day = first + timedelta(days=ahead)

    met = before.read(lent, day, "P")

    standing = reading.accounts([lent])
    kept = {**standing[lent.pk].__dict__, "_state": None}
    assert {**met.account.__dict__, "_state": None} == kept
    assert met.position == reading.positions([lent], standing, upto=day)[lent.pk]
    assert met.place == (2 if ahead == 0 else 0)
    assert met.is_told


def test_it_meets_an_account_that_begins(lent: Loan) -> None:
    first = factories.due_dates(lent)[0]

    met = before.read(lent, first, "nobody told")

    standing = reading.accounts([lent])
    assert met.account.through == standing[lent.pk].through == lent.disbursed_date
    assert met.position == reading.positions([lent], standing, upto=first)[lent.pk]
    assert (met.place, met.is_told) == (0, False)


@pytest.mark.parametrize(
    ("reference", "is_told"), [("UTR", True), ("UT", False), ("UTR:", False), ("UTR::a", True)]
)
def test_it_knows_a_reference_that_was_split(
    alice: User, lent: Loan, reference: str, *, is_told: bool
) -> None:
    day = factories.due_dates(lent)[0]
    factories.pay(alice, lent, day, 500, reference="UTR::a")

    assert before.read(lent, day, reference).is_told is is_told


def test_it_enters_what_goes_on_by_four_questions(
    lent: Loan, django_assert_num_queries: Any
) -> None:
    first, second = lent.instalments.order_by("number")[:2]
    factories.pay("system:test", lent, first.due_date, first.due)

    # Besides these, the transaction begins and ends.
    with django_assert_num_queries(4 + 2):
        factories.pay("system:test", lent, second.due_date, second.due)

    assert factories.offenders() == []
