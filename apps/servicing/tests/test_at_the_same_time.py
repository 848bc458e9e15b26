"""Two at once: one answer to a proposal, one pay-off, one closure."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.applications.entries import Terms
from apps.applications.models import Application
from apps.core.errors import DomainError
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.letters.models import Letter
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent, BranchMove
from apps.repayments.tests import factories as repaid
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


def test_a_rate_is_followed_or_taken_back_of_two_at_once(floating: Loan, charlie: User) -> None:
    rate = services.set_rate(
        actor=charlie,
        entity=floating.branch.entity,
        benchmark="Reference rate",
        effective_date=TODAY,
        annual_rate=Decimal("0.088"),
        source="Central bank",
        now=at(TODAY),
    )
    said = {"actor": charlie, "now": at(TODAY)}

    results = _at_once(
        lambda: services.follow_rate(loan=floating, keeps="term", reason="Reset", **said),
        lambda: services.take_rate_back(rate=rate, reason="Mistyped", **said),
    )

    [refusal] = [one for one in results if isinstance(one, DomainError)]
    rate.refresh_from_db()
    is_followed = AccountEvent.objects.filter(kind="change", status="live").exists()
    assert is_followed == (rate.taken_back_at is None) == (refusal.code == "rate_in_use")
    assert repaid.offenders() == []


def test_of_two_who_take_a_loan_over_at_once_one_does(
    lent: Loan, alice: User, charlie: User, make_person: Callable[..., User], nashik: Branch
) -> None:
    day = factories.late(lent, 5)
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    transfer = services.propose_transfer(
        actor=alice, loan=lent, to_branch=nashik, reason="Moved away", now=at(day)
    )

    results = _at_once(
        lambda: services.approve_transfer(actor=nina, transfer=transfer, now=at(day)),
        lambda: services.approve_transfer(actor=charlie, transfer=transfer, now=at(day)),
    )

    assert len([one for one in results if isinstance(one, DomainError)]) == 1
    assert BranchMove.objects.filter(loan=lent).count() == 1
    assert repaid.offenders() == []


def test_a_payment_and_a_move_at_once_leave_nothing_behind(
    lent: Loan, alice: User, make_person: Callable[..., User], nashik: Branch, pune: Branch
) -> None:
    day = factories.late(lent, 5)
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    transfer = services.propose_transfer(
        actor=alice, loan=lent, to_branch=nashik, reason="Moved away", now=at(day)
    )

    _at_once(
        lambda: services.approve_transfer(actor=nina, transfer=transfer, now=at(day)),
        lambda: repaid.pay("system:test", lent, day, "5000.00"),
    )

    assert AccountEvent.objects.filter(loan=lent, kind="receipt").count() == 1
    assert ledger.held_in(lent.pk, pune.pk) == {}
    assert repaid.offenders() == []


def test_of_two_who_recover_the_rest_at_once_one_does(
    lent: Loan, alice: User, charlie: User
) -> None:
    day = factories.late(lent, 200)
    relief = services.Relief(kind="write_off", reason="The borrower cannot be found")
    proposal = services.propose(actor=alice, loan=lent, relief=relief, now=at(day))
    services.approve(actor=charlie, proposal=proposal, now=at(day))
    rest = selectors.recoverable(lent, day)

    def recover(reference: str) -> object:
        paid = money(day, rest, external_reference=reference)
        return services.recover(actor=alice, loan=lent, money=paid, now=at(day))

    results = _at_once(lambda: recover("A"), lambda: recover("B"))

    assert len([one for one in results if isinstance(one, DomainError)]) == 1
    assert selectors.balances(lent)[Account.RECOVERY_INCOME] == rest


def test_of_two_who_top_up_a_loan_at_once_one_does(lent: Loan, alice: User) -> None:
    day = factories.late(lent, 5)
    terms = Terms(
        product=lent.product,
        amount=Decimal(300_000),
        term_months=24,
        purpose=lent.application.purpose,
    )

    def start(reference: str) -> object:
        return services.start_top_up(
            actor=alice, loan=lent, terms=terms, now=at(day), reference=reference
        )

    results = _at_once(lambda: start("A"), lambda: start("B"))

    assert len([one for one in results if isinstance(one, DomainError)]) == 1
    assert Application.objects.filter(settles=lent.application_id).count() == 1


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
