"""What other apps are told of loans: what is owed, who sees a loan's money, what counts no more."""

import uuid
from collections.abc import Callable

from apps.accounts.models import Branch, User
from apps.applications.tests import factories as applications
from apps.collateral import exposures, hooks
from apps.desk import exposure
from apps.ledger import hooks as ledger
from apps.loans import selectors, services
from apps.loans.models import Loan
from apps.loans.tests import factories

LATER = factories.LATER


def test_it_says_what_is_owed_under_an_application(alice: User, bob: User, loan: Loan) -> None:
    key = loan.application_id
    before = selectors.owed_under([key])[key]
    factories.paid(alice, bob, loan, is_net=False)
    after = selectors.owed_under([key, uuid.uuid4()])

    assert before is not None
    assert (before.amount, before.state, before.reference) == (200_000, "opened", loan.number)
    assert list(after) == [key]
    found = after[key]
    assert found is not None
    # Paid gross, so the fees are owed beside the principal.
    assert (found.amount, found.state) == (200_500, "active")
    assert exposures.owed([key])[key] == found
    assert hooks.live([key]) == {key}


def test_a_contract_that_was_given_up_counts_for_nothing(
    alice: User, bob: User, loan: Loan
) -> None:
    key = loan.application_id
    services.cancel(actor=alice, loan=loan, reason="No longer wanted", now=LATER)

    assert selectors.owed_under([key]) == {key: None}
    assert exposures.owed([key]) == {}
    assert hooks.live([key]) == set()
    other = applications.submitted(alice, loan.customer)
    found = exposure.beside(bob, other)
    lines = [(one.loan_number, one.state, one.counts) for one in found.lines]
    assert (lines, found.totals) == ([(loan.number, "closed", False)], ())


def test_a_loans_money_is_shown_to_who_may_see_the_loan(
    alice: User, diana: User, loan: Loan, make_person: Callable[..., User], nashik: Branch
) -> None:
    olga = make_person("Olga", "loan_officer", branch=nashik)

    assert [ledger.may_see(one, loan.pk) for one in (alice, olga, diana)] == [True, False, False]
    assert not ledger.may_see(alice, uuid.uuid4())
    assert ledger.names_of([loan.pk, None])[loan.pk].number == loan.number
