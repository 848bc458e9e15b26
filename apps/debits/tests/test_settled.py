"""What the bank collected for a loan that was settled meanwhile waits in suspense."""

import pytest

from apps.accounts.models import User
from apps.debits.models import Mandate
from apps.debits.tests import factories
from apps.loans.models import Loan
from apps.repayments import hooks
from apps.repayments import services as repayments
from apps.repayments.facts import WriteOff
from apps.repayments.models import AccountEvent, StatementLine
from apps.repayments.tests import factories as books

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("is_settled", "kinds", "because"),
    [(False, ["recovery"], "collected"), (True, [], "in_suspense")],
)
def test_a_debit_answered_after_the_settlement_is_kept_in_suspense(
    alice: User,
    bob: User,
    charlie: User,
    lent: Loan,
    mandate: Mandate,
    monkeypatch: pytest.MonkeyPatch,
    is_settled: bool,
    kinds: list[str],
    because: str,
) -> None:
    day = books.due_dates(lent)[0]
    debit = factories.presented(alice, bob, day)
    repayments.enter(
        actor=alice,
        loan=lent,
        fact=WriteOff(day=day, reason="Settled."),
        reference="relief:1",
        now=factories.at(day),
        approved_by=charlie,
    )
    found = {lent.pk} if is_settled else set()
    monkeypatch.setattr(hooks, "_settled", [lambda keys: found & set(keys)])

    file = factories.answered(alice, [factories.row(debit)], day=day)

    assert factories.came_to(file) == [(2, "posted", because)]
    taken = AccountEvent.objects.filter(loan=lent, kind="recovery")
    assert list(taken.values_list("kind", flat=True)) == kinds
    assert StatementLine.objects.filter(status="suspense").count() == int(is_settled)
