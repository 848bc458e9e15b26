"""Money that comes back from the bank, and a borrower who steps back."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.ledger import selectors as ledger
from apps.ledger import services as books
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans import proofs, services
from apps.loans.errors import PaidOtherwise
from apps.loans.models import Allocation, Disbursement, Instalment, Loan
from apps.loans.tests import factories
from apps.offers import services as offers
from apps.offers.tests import factories as offering
from apps.products.tests import factories as products

NOW, LATER, TODAY = factories.NOW, factories.LATER, factories.TODAY


@pytest.fixture
def paid(alice: User, bob: User, loan: Loan) -> Disbursement:
    """A payment on the books."""
    return factories.paid(alice, bob, loan)


def _refused(act: Callable[[], object]) -> DomainError:
    before = (Entry.objects.count(), list(Loan.objects.values_list("status", "updated_at")))
    with pytest.raises(DomainError) as refusal:
        act()
    after = (Entry.objects.count(), list(Loan.objects.values_list("status", "updated_at")))
    assert after == before
    return refusal.value


def _settled(actor: User, loan: Loan, **changes: Any) -> Loan:
    """Settle an exit of two days after the payment, on its day."""
    given: dict[str, Any] = {
        "paid_date": TODAY + timedelta(days=2),
        "bank_reference": "UTR9",
        "now": LATER + timedelta(days=2),
        **changes,
    }
    return services.settle_exit(actor=actor, loan=loan, **given)


def _clean() -> bool:
    found = (
        proofs.principal_is_booked(),
        proofs.schedule_covers_principal(),
        proofs.paid_is_allocated(),
    )
    return found == (None, None, None)


def test_a_payment_that_came_back_leaves_the_loan_as_it_was_opened(
    charlie: User, paid: Disbursement
) -> None:
    done = services.reverse(
        actor=charlie,
        disbursement=paid,
        day=TODAY,
        reason="Account closed",
        now=LATER + timedelta(hours=3),
    )

    loan = Loan.objects.get()
    assert (done.status, done.ended_reason) == ("reversed", "Account closed")
    assert (loan.status, loan.disbursed_date) == ("opened", None)
    held = ledger.balances([loan.pk])[loan.pk]
    assert (held[Account.PRINCIPAL], held[Account.CASH], held[Account.FEE_INCOME]) == (0, 0, 0)
    assert list(Entry.objects.order_by("id").values_list("event", flat=True)) == [
        "disbursement",
        "disbursement_reversal",
    ]
    assert _clean()


def test_after_that_it_is_paid_out_anew(
    alice: User, bob: User, charlie: User, paid: Disbursement
) -> None:
    services.reverse(
        actor=charlie, disbursement=paid, day=TODAY, reason="Closed", now=LATER + timedelta(hours=3)
    )
    loan = Loan.objects.get()

    again = factories.paid(alice, bob, loan)

    loan.refresh_from_db()
    assert (again.tranche, again.number, again.deducted) == (1, 2, 500)
    assert (loan.status, loan.schedules.count()) == ("active", 1)
    assert ledger.balances([loan.pk])[loan.pk][Account.PRINCIPAL] == 200_000
    assert _clean()


@pytest.mark.parametrize(
    ("days", "reason", "field"),
    [(1, "Closed", "day"), (-1, "Closed", "day"), (0, " ", "reason"), (0, "x" * 301, "reason")],
)
def test_a_reversal_needs_its_day_and_reason(
    charlie: User, paid: Disbursement, days: int, reason: str, field: str
) -> None:
    refusal = _refused(
        lambda: services.reverse(
            actor=charlie,
            disbursement=paid,
            day=TODAY + timedelta(days=days),
            reason=reason,
            now=LATER,
        )
    )

    assert set(refusal.fields) == {field}


def test_it_is_reversed_once_and_not_after_something_was_repaid(
    charlie: User, paid: Disbursement
) -> None:
    first = Instalment.objects.get(number=1)
    Allocation.objects.create(
        entry=Entry.objects.get(), instalment=first, bucket="principal", amount=Decimal(1)
    )
    Instalment.objects.filter(pk=first.pk).update(paid_principal=Decimal(1))

    def reverse() -> object:
        return services.reverse(
            actor=charlie, disbursement=paid, day=TODAY, reason="Closed", now=LATER
        )

    assert _refused(reverse).code == "already_repaid"


def test_only_a_manager_reverses_what_was_paid(
    alice: User, bob: User, charlie: User, paid: Disbursement
) -> None:
    for person in (alice, bob):
        refusal = _refused(
            lambda p=person: services.reverse(
                actor=p, disbursement=paid, day=TODAY, reason="Closed", now=LATER
            )
        )
        assert isinstance(refusal, NotPermitted)
    services.reverse(actor=charlie, disbursement=paid, day=TODAY, reason="Closed", now=LATER)
    refusal = _refused(
        lambda: services.reverse(
            actor=charlie, disbursement=paid, day=TODAY, reason="Closed", now=LATER
        )
    )
    assert isinstance(refusal, Conflict)


@pytest.mark.parametrize("is_net", [True, False])
def test_rule_6_5_stepping_back_is_settled_at_proportionate_cost(
    alice: User, bob: User, loan: Loan, is_net: bool
) -> None:
    factories.paid(alice, bob, loan, is_net=is_net)
    loan.refresh_from_db()
    two_days = LATER + timedelta(days=2)
    offer = offers.exit(actor=alice, offer=loan.offer, now=two_days)
    quoted = Decimal(offer.exit_quote["amount"])
    loan = Loan.objects.get()

    done = _settled(bob, loan)

    assert services.exit_amount(done) == quoted
    assert done.status == "closed"
    held = ledger.balances([loan.pk])[loan.pk]
    assert (held.owed, held[Account.PRINCIPAL]) == (0, 0)
    cost = Decimal(offer.exit_quote["cost"])
    assert held[Account.INTEREST_INCOME] == cost > 0
    last = Instalment.objects.get(in_force=True)
    assert (last.principal, last.interest, last.unpaid) == (200_000, cost, 0)
    assert loan.schedules.get(in_force=True).reason == "exited"
    assert _clean()
    assert (_settled(bob, loan).status, Entry.objects.count()) == ("closed", 2)
    assert isinstance(_refused(lambda: _settled(bob, loan, bank_reference="X")), PaidOtherwise)


@pytest.mark.parametrize("is_net", [True, False])
def test_rule_6_5_what_is_returned_is_taken_from_whom_it_was_for(
    alice: User, bob: User, stage: None, is_net: bool
) -> None:
    application = offering.approved(alice)
    for code, amount, is_third_party in (("survey", "50", True), ("gst", "9", False)):
        products.fee(
            application.product,
            code,
            amount,
            is_third_party=is_third_party,
            kept_on_exit=False,
        )
    agreed = factories.agreed(alice, application)
    loan = services.open_loan(actor=alice, application=agreed, now=LATER)
    factories.paid(alice, bob, loan, is_net=is_net)
    offers.exit(actor=alice, offer=loan.offer, now=LATER + timedelta(days=2))

    _settled(bob, Loan.objects.get())

    held = ledger.balances([loan.pk])[loan.pk]
    # Of 240, 160 for a stamp, 100, 50 for a surveyor and 9 of tax, the first two are kept.
    assert held[Account.FEE_INCOME] == 240
    assert held[Account.THIRD_PARTY_PAYABLE] == 160
    assert (held[Account.TAX_PAYABLE], held.owed) == (0, 0)
    assert _clean()


def test_what_an_exit_costs_may_be_paid_later_while_its_day_is_closed(
    alice: User, bob: User, charlie: User, loan: Loan
) -> None:
    factories.paid(alice, bob, loan)
    offer = offers.exit(actor=alice, offer=loan.offer, now=LATER + timedelta(days=2))
    later = LATER + timedelta(days=5)
    books.close_day(
        actor=charlie, entity=loan.branch.entity, day=TODAY + timedelta(days=4), now=later
    )
    loan = Loan.objects.get()

    early = _refused(lambda: _settled(bob, loan, paid_date=TODAY - timedelta(days=1), now=later))
    ahead = _refused(lambda: _settled(bob, loan, paid_date=TODAY + timedelta(days=6), now=later))
    done = _settled(bob, loan, paid_date=TODAY + timedelta(days=5), now=later)

    assert [set(one.fields) for one in (early, ahead)] == [{"paid_date"}, {"paid_date"}]
    entry = Entry.objects.get(event="repayment")
    assert (done.status, entry.day) == ("closed", TODAY + timedelta(days=5))
    cash = entry.lines.get(account="cash")
    assert cash.debit == Decimal(offer.exit_quote["amount"])


def test_nobody_settles_an_exit_that_was_none(alice: User, bob: User, paid: Disbursement) -> None:
    loan = Loan.objects.get()

    assert _refused(lambda: _settled(bob, loan, paid_date=TODAY, now=LATER)).code == "not_exited"
    assert isinstance(
        _refused(lambda: _settled(alice, loan, paid_date=TODAY, now=LATER)),
        NotPermitted,
    )
