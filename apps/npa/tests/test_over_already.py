"""A loan that was over at a day's end stays so, whatever happened to it since."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.npa import borrower_facts
from apps.npa.models import LoanDay, ProvisionMovement
from apps.npa.tests import day_factories as days
from apps.repayments import services as repayments
from apps.repayments.facts import Fact, Payoff, Recovery, Refund, WriteOff
from apps.repayments.tests import factories as repaying

pytestmark = pytest.mark.django_db


def _lost(day: date, then: date) -> tuple[Fact, Fact]:
    end = WriteOff(day=day, reason="Nothing left to take.")
    return end, Recovery(
        day=then, amount=Decimal("5000.00"), channel="cash", external_reference="R-1"
    )


def _repaid(day: date, then: date) -> tuple[Fact, Fact]:
    end = Payoff(day=day, amount=Decimal("260000.00"), channel="cash", external_reference="P-1")
    return end, Refund(day=then, amount=Decimal("12.34"), channel="cash", external_reference="B-1")


def _entered(loan: Loan, fact: Fact, alice: User, bob: User) -> None:
    repayments.enter(
        actor=alice,
        loan=loan,
        fact=fact,
        reference=fact.kind.value,
        now=repaying.at(fact.day),
        approved_by=bob,
    )


def _nights() -> list[list[Any]]:
    moved = ProvisionMovement.objects.order_by("day_end__day", "account", "asset_class")
    figures = ("opening", "additions", "releases", "written_off", "closing")
    return [
        list(LoanDay.objects.order_by("day").values()),
        list(moved.values_list("day_end__day", "account", "asset_class", *figures)),
    ]


@pytest.mark.parametrize(("ended", "gone"), [(_lost, "written_off"), (_repaid, "closed")])
def test_what_happens_to_a_loan_that_is_over_brings_it_back_to_no_day_that_is_ended_again(
    lent: Loan, alice: User, bob: User, ended: Any, gone: str
) -> None:
    days.rules()
    bad = repaying.due_dates(lent)[0] + timedelta(days=90)
    over, next_, today = (bad + timedelta(days=one) for one in (1, 2, 3))
    end, later = ended(over, today)
    days.end(lent, bad)
    _entered(lent, end, alice, bob)
    days.end_until(lent, over, next_)
    nights = _nights()
    assert days.of_day(lent, over).asset_class == gone
    _entered(lent, later, alice, bob)

    days.end_until(lent, over, next_, now=repaying.at(today))

    assert _nights() == nights
    assert not LoanDay.objects.filter(day=next_).exists()
    assert borrower_facts.of_borrower(lent, over) == []
    assert [one.loan for one in borrower_facts.of_borrower(lent, bad)] == [lent]
    assert repaying.offenders() == []
