"""A late loan that came into another class goes on by statement, until money is allocated by it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.repayments import replaying, services
from apps.repayments.facts import Change
from apps.repayments.models import AccountEvent
from apps.repayments.services import accruing
from apps.repayments.tests import factories
from apps.repayments.tests import test_accruing_days as days

pytestmark = pytest.mark.django_db


def _classify(loan: Loan, number: int, *, known: int) -> None:
    """Let a loan no longer perform from a day on, as was known on another: after its first due."""
    first = loan.instalments.order_by("number")[0]
    day = first.due_date + timedelta(days=number)
    services.enter(
        actor=days.CLERK,
        loan=Loan(pk=loan.pk),
        fact=Change(day=day, change=replaying.CLASSIFIED, parameters={"to": "npa"}),
        reference=f"classified:{loan.pk}:{day}:1",
        now=factories.at(first.due_date + timedelta(days=known)) + timedelta(hours=1),
    )


def test_a_late_loan_is_charged_at_once_after_it_came_into_another_class(
    alice: User, lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lent.instalments.order_by("number")[0]
    for number in (1, 2, 3):
        days._accrue(lent, first.due_date + timedelta(days=number))
    _classify(lent, 3, known=3)

    with monkeypatch.context() as never:
        never.setattr(accruing, "_accrue", None)
        for number in (4, 5, 6):
            run = days._accrue(lent, first.due_date + timedelta(days=number))
            assert (run.loans, run.charges, run.problems) == (1, 2, [])

    assert days._agrees_with_its_history(lent)
    factories.pay(alice, lent, first.due_date + timedelta(days=6), 4_000)
    days._accrue(lent, first.due_date + timedelta(days=7))
    assert days._agrees_with_its_history(lent)
    assert factories.offenders() == []


def test_a_class_known_after_a_later_payment_sends_a_late_loan_to_its_history(
    alice: User, lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lent.instalments.order_by("number")[0]
    for number in (1, 2, 3):
        days._accrue(lent, first.due_date + timedelta(days=number))
    factories.pay(alice, lent, first.due_date + timedelta(days=3), 4_000)
    for number in (4, 5):
        days._accrue(lent, first.due_date + timedelta(days=number))
    went = []
    accrue = accruing._accrue

    def _follow(keys: Sequence[UUID], **rest: Any) -> tuple[int, int]:
        went.extend(keys)
        return accrue(keys, **rest)

    monkeypatch.setattr(accruing, "_accrue", _follow)

    _classify(lent, 2, known=5)
    days._accrue(lent, first.due_date + timedelta(days=6))

    assert went == [lent.pk]
    assert AccountEvent.objects.filter(loan=lent, parameters__change="classified").exists()
    assert days._agrees_with_its_history(lent)
    assert factories.offenders() == []
