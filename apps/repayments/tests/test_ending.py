"""A borrower steps back after days were accrued: what the exit costs takes the place of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.ledger import selectors as ledger
from apps.ledger import services as books
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.offers import services as offers
from apps.offers.tests import factories as offering
from apps.products.tests import factories as products
from apps.repayments import services
from apps.repayments.models import LoanAccount
from apps.repayments.tests import factories

TODAY = factories.TODAY
LAST = TODAY + timedelta(days=2)


def _exit(actor: User, loan: Loan) -> Decimal:
    assert loan.offer is not None
    offer = offers.exit(actor=actor, offer=loan.offer, now=factories.at(LAST))
    return Decimal(offer.exit_quote["cost"])


def _settle(actor: User, loan: Loan) -> Loan:
    return loans.settle_exit(
        actor=actor,
        loan=Loan.objects.get(pk=loan.pk),
        paid_date=LAST,
        bank_reference="UTR9",
        now=factories.at(LAST),
    )


def _accrued(loan: Loan, actor: User) -> Decimal:
    entity = loan.branch.entity
    services.accrue_day(actor=actor, entity=entity, day=LAST, now=factories.at(LAST))
    return ledger.balances([loan.pk])[loan.pk][Account.INTEREST_RECEIVABLE]


def _holds() -> bool:
    return books.prove(actor="system:tests", now=factories.at(LAST)).holds


@pytest.mark.django_db(transaction=True)
def test_rule_6_5_interest_accrued_before_is_part_of_what_stepping_back_costs(
    alice: User, bob: User, lent: Loan
) -> None:
    assert _accrued(lent, alice) > 0
    cost = _exit(alice, lent)

    done = _settle(bob, lent)

    held = ledger.balances([lent.pk])[lent.pk]
    assert (done.status, held.owed, held[Account.INTEREST_RECEIVABLE]) == ("closed", 0, 0)
    assert held[Account.INTEREST_INCOME] == cost
    assert not LoanAccount.objects.filter(pk=lent.pk).exists()
    assert _holds()


@pytest.mark.django_db(transaction=True)
def test_an_exit_is_not_settled_over_money_on_the_account(
    alice: User, bob: User, charlie: User, lent: Loan
) -> None:
    made = services.enter(
        actor=alice,
        loan=lent,
        fact=factories.receipt(TODAY, 500),
        reference="R1",
        now=factories.at(TODAY),
    )
    _exit(alice, lent)
    before = Entry.objects.count()

    with pytest.raises(Conflict) as refusal:
        _settle(bob, lent)

    assert (refusal.value.code, Entry.objects.count()) == ("account_in_use", before)
    services.take_back(
        actor=charlie, event=made, reason="The borrower stepped back", now=factories.at(LAST)
    )
    assert _settle(bob, lent).status == "closed"
    assert _holds()


@pytest.mark.django_db(transaction=True)
def test_fees_billed_before_leave_the_books_as_they_came(
    stage: None, alice: User, bob: User
) -> None:
    application = offering.approved(alice)
    for code, amount, is_third_party in (
        ("service", "100", False),
        ("gst", "18", False),
        ("cover", "30", True),
    ):
        products.fee(
            application.product,
            code,
            amount,
            timing="first_instalment",
            is_third_party=is_third_party,
        )
    offering.accepted(alice, application, first_due_on=LAST)
    loan = loans.open_loan(actor=alice, application=application, now=factories.NOW)
    lending.paid(alice, bob, loan)
    before = factories.books(loan)
    _accrued(loan, alice)
    billed = factories.books(loan)
    assert billed["fees_receivable"] == 148
    assert billed["tax_payable"] == 18
    cost = _exit(alice, loan)

    assert _settle(bob, loan).status == "closed"

    found = factories.books(loan)
    # Of what was taken off beforehand the paper fee of 100 is given back, the rest stays.
    assert found["fee_income"] == before["fee_income"] - 100
    assert found["third_party_payable"] == before["third_party_payable"] == 160
    assert found["interest_income"] == cost
    assert not {"tax_payable", "fees_receivable", "interest_receivable"} & set(found)
    assert _holds()
