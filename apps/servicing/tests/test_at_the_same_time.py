"""Two at once: one answer to a proposal, one pay-off, one closure."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.ledger.chart import Account
from apps.letters.models import Letter
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent
from apps.servicing import selectors, services
from apps.servicing.tests import factories
from apps.servicing.tests.factories import TODAY, at, money, waiver

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(*actions: Callable[[], object]) -> list[object]:
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=10)
            return action()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_of_two_who_answer_a_proposal_at_once_one_does(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    day = factories.late(lent, 5)
    proposal = services.propose(actor=alice, loan=lent, relief=waiver(), now=at(day))

    results = _at_once(
        lambda: services.approve(actor=bob, proposal=proposal, now=at(day)),
        lambda: services.approve(actor=charlie, proposal=proposal, now=at(day)),
    )

    assert len([one for one in results if isinstance(one, DomainError)]) == 1
    assert AccountEvent.objects.filter(kind="waiver").count() == 1
    assert selectors.balances(lent)[Account.WAIVER_EXPENSE] == 100


def test_a_loan_is_paid_off_and_closed_once(lent: Loan, alice: User) -> None:
    total = services.quote(lent, TODAY, today=TODAY).total

    def pay_off(reference: str) -> object:
        paid = money(TODAY, total, external_reference=reference)
        return services.pay_off(actor=alice, loan=lent, money=paid, now=at(TODAY))

    def close() -> object:
        return services.close(actor=alice, loan=lent, now=at(TODAY))

    results = _at_once(lambda: pay_off("A"), lambda: pay_off("B"))
    first, second = _at_once(close, close)

    assert len([one for one in results if isinstance(one, DomainError)]) == 1
    assert AccountEvent.objects.filter(kind="payoff").count() == 1
    assert selectors.balances(lent)[Account.ADVANCES] == 0
    assert first == second
    assert Letter.objects.filter(kind="no_dues").count() == 1
