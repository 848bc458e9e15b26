"""Money that comes back from the bank, and a borrower who steps back."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans import proofs, services
from apps.loans.models import Allocation, Disbursement, Instalment, Loan
from apps.loans.tests import factories
from apps.offers import services as offers

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

    done = services.settle_exit(actor=bob, loan=loan, bank_reference="UTR9", now=two_days)

    assert services.exit_amount(done) == quoted + (0 if is_net else 500)
    assert done.status == "closed"
    held = ledger.balances([loan.pk])[loan.pk]
    assert (held.owed, held[Account.PRINCIPAL]) == (0, 0)
    cost = Decimal(offer.exit_quote["cost"])
    assert held[Account.INTEREST_INCOME] == cost > 0
    last = Instalment.objects.get(in_force=True)
    assert (last.principal, last.interest, last.unpaid) == (200_000, cost, 0)
    assert loan.schedules.get(in_force=True).reason == "exited"
    assert _clean()
    again = services.settle_exit(actor=bob, loan=loan, bank_reference="UTR9", now=two_days)
    assert (again.status, Entry.objects.count()) == ("closed", 2)


def test_nobody_settles_an_exit_that_was_none(alice: User, bob: User, paid: Disbursement) -> None:
    loan = Loan.objects.get()

    assert (
        _refused(
            lambda: services.settle_exit(actor=bob, loan=loan, bank_reference="U", now=LATER)
        ).code
        == "not_exited"
    )
    assert isinstance(
        _refused(
            lambda: services.settle_exit(actor=alice, loan=loan, bank_reference="U", now=LATER)
        ),
        NotPermitted,
    )
