"""A loan of which a part is still to be paid out: nobody pays back or loses what was never lent."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.offers.tests import factories as offering
from apps.repayments import hooks
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors, services
from apps.servicing.services import Relief
from apps.servicing.tests import factories
from apps.servicing.tests.factories import at, money
from tests.kept import kept

pytestmark = pytest.mark.django_db
DAY = factories.TODAY + timedelta(days=5)


@pytest.fixture
@kept
def staged(stage: None, alice: User, bob: User) -> Loan:
    """A loan of 200,000 of which 80,000 were paid out today; the rest follows in 30 days."""
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    agreed = lending.agreed(alice, application)
    loan = loans.open_loan(actor=alice, application=agreed, now=repaid.NOW)
    rest_on = repaid.later(30)
    lending.paid(alice, bob, loan, amount=Decimal(80_000), rest_planned_date=rest_on)
    return Loan.objects.get(pk=loan.pk)


def _pay_rest(loan: Loan, alice: User, bob: User) -> None:
    payment = lending.payment(loan, planned_date=DAY)
    found = loans.request(actor=alice, loan=loan, payment=payment, now=at(DAY))
    loans.approve(actor=bob, disbursement=found, now=at(DAY))
    loans.confirm(
        actor=bob, disbursement=found, paid_date=DAY, bank_reference="UTR-rest", now=at(DAY)
    )


_EARLY: dict[str, Callable[[User, Loan], object]] = {
    "quote": lambda _alice, loan: services.quote(loan, DAY, today=DAY),
    "choices": lambda _alice, loan: services.choices(loan, DAY, Decimal(90_000)),
    "pay off": lambda alice, loan: services.pay_off(
        actor=alice, loan=loan, money=money(DAY, 210_000), now=at(DAY)
    ),
    "part": lambda alice, loan: services.prepay(
        actor=alice, loan=loan, money=money(DAY, 90_000), option="shorter_term", now=at(DAY)
    ),
    "paper": lambda alice, loan: services.print_quote(
        actor=alice, loan=loan, until=DAY, now=at(DAY)
    ),
    "write-off": lambda alice, loan: services.propose(
        actor=alice,
        loan=loan,
        relief=Relief(kind="write_off", reason="Gone for good"),
        now=at(DAY),
    ),
}


@pytest.mark.parametrize("act", _EARLY.values(), ids=_EARLY.keys())
def test_principal_is_not_paid_early_nor_given_up(
    staged: Loan, alice: User, act: Callable[[User, Loan], object]
) -> None:
    refusal = factories.refused(lambda: act(alice, staged))

    assert refusal.code == "paid_in_part"
    assert "Only a part of this loan was paid out" in str(refusal.sentence)


def test_once_the_rest_is_paid_out_all_that_was_lent_ends_it(
    staged: Loan, alice: User, bob: User
) -> None:
    _pay_rest(staged, alice, bob)

    total = services.quote(staged, DAY, today=DAY).total
    services.pay_off(actor=alice, loan=staged, money=money(DAY, total), now=at(DAY))

    assert total > 200_000
    assert Loan.objects.get(pk=staged.pk).status == "closed"
    assert "principal" not in repaid.books(staged)
    assert repaid.offenders() == []


def test_what_falls_due_is_paid_as_of_any_loan(staged: Loan, alice: User) -> None:
    first = staged.instalments.get(in_force=True, number=1)
    repaid.pay(alice, staged, first.due_date, first.due)

    assert repaid.books(staged)["principal"] == 80_000 - first.principal
    assert selectors.payoff_amount(staged, first.due_date) is None
    assert hooks.pay_off(staged, first.due_date) is None
    assert repaid.offenders() == []


def test_the_pages_and_the_api_say_so(
    staged: Loan,
    alice: User,
    signed_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(DAY))
    client = signed_in(alice)
    said = "Only a part of this loan was paid out"

    page = client.get(reverse("servicing:payoff", args=[staged.pk]))
    part = client.get(reverse("servicing:prepay", args=[staged.pk]), {"amount": "90000"})
    top_up = client.get(reverse("servicing:top_up", args=[staged.pk]))
    answer = client.get(f"/api/v1/loans/{staged.pk}/payoff")

    assert said in page.text
    assert said in part.text
    assert top_up.status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (409, "paid_in_part")


def _given_up(loan: Loan, bob: User) -> Loan:
    return loans.give_up_rest(actor=bob, loan=loan, reason="No more is needed", now=at(DAY))


def test_once_the_rest_is_given_up_what_was_lent_ends_it(
    staged: Loan, alice: User, bob: User
) -> None:
    loan = _given_up(staged, bob)

    total = services.quote(loan, DAY, today=DAY).total
    services.pay_off(actor=alice, loan=loan, money=money(DAY, total), now=at(DAY))

    assert 80_000 < total < 85_000
    assert Loan.objects.get(pk=loan.pk).status == "closed"
    assert "principal" not in repaid.books(loan)
    assert repaid.offenders() == []


def test_once_the_rest_is_given_up_a_part_is_prepaid(staged: Loan, alice: User, bob: User) -> None:
    loan = _given_up(staged, bob)

    services.prepay(
        actor=alice, loan=loan, money=money(DAY, 30_000), option="shorter_term", now=at(DAY)
    )

    assert 50_000 <= repaid.books(loan)["principal"] < 52_000
    assert repaid.offenders() == []


def test_once_the_rest_is_given_up_what_was_lent_is_written_off(
    staged: Loan, alice: User, bob: User
) -> None:
    loan = _given_up(staged, bob)
    made = services.propose(
        actor=alice,
        loan=loan,
        relief=Relief(kind="write_off", reason="Gone for good"),
        now=at(DAY),
    )
    services.approve(actor=bob, proposal=made, now=at(DAY))

    assert Loan.objects.get(pk=loan.pk).status == "written_off"
    assert "principal" not in repaid.books(loan)
    assert repaid.offenders() == []


def test_instalments_paid_before_stay_paid_when_the_rest_is_given_up(
    staged: Loan, alice: User, bob: User
) -> None:
    first = staged.instalments.get(in_force=True, number=1)
    repaid.pay(alice, staged, first.due_date, first.due)
    day = first.due_date + timedelta(days=10)

    loans.give_up_rest(actor=bob, loan=staged, reason="No more is needed", now=at(day))

    [paid] = repaid.paid(staged)
    assert sum(paid[1:], Decimal(0)) == first.due
    assert repaid.books(staged)["principal"] == 80_000 - first.principal
    assert repaid.offenders() == []
