"""What one person may pay out alone is data, set by a manager, by lender, role and currency."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import DomainError, NotPermitted
from apps.loans import policies, services
from apps.loans.models import DisbursementLimit, Loan


def test_a_limit_is_set_and_set_anew(charlie: User, alice: User, loan: Loan, pune: Branch) -> None:
    role = Group.objects.get(name="loan_officer")
    for amount in (Decimal(1_000), Decimal(2_000)):
        services.set_limit(
            actor=charlie, entity=pune.entity, role=role, currency="INR", amount=amount
        )

    assert DisbursementLimit.objects.count() == 1
    assert policies.alone_limit(alice, loan) == 2_000
    facts = Event.objects.filter(verb="loans.limit_set").latest("id").facts
    assert (facts["before"], facts["amount"]) == ("1000.00", "2000")


def test_without_a_row_nobody_pays_out_alone(alice: User, charlie: User, loan: Loan) -> None:
    assert policies.alone_limit(alice, loan) == 0
    # The manager's authority to approve applications is another one.
    assert policies.alone_limit(charlie, loan) == 0


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("XXX", "1"), ("INR", "-1"), ("INR", "NaN"), ("INR", "0.001"), ("INR", "1e20")],
)
def test_what_is_no_limit_is_refused(
    charlie: User, pune: Branch, currency: str, amount: str
) -> None:
    with pytest.raises(DomainError):
        services.set_limit(
            actor=charlie,
            entity=pune.entity,
            role=Group.objects.get(name="loan_officer"),
            currency=currency,
            amount=Decimal(amount),
        )

    assert not DisbursementLimit.objects.exists()


def test_only_a_manager_sets_it(alice: User, bob: User, diana: User, pune: Branch) -> None:
    for person in (alice, bob, diana):
        with pytest.raises(NotPermitted):
            services.set_limit(
                actor=person,
                entity=pune.entity,
                role=Group.objects.get(name="loan_officer"),
                currency="INR",
                amount=Decimal(1),
            )
