"""Of a loan whose rest was given up for good no way takes money any more: it waits in suspense."""

from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.ledger.chart import Account
from apps.loans.models import Loan
from apps.repayments import hooks, services
from apps.repayments.errors import Settled
from apps.repayments.facts import WriteOff
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as books
from apps.repayments.tests import statement_factories as factories

pytestmark = pytest.mark.django_db
NOW = factories.NOW


@pytest.fixture
def lost(alice: User, charlie: User, lent: Loan) -> Loan:
    """A loan that was written off the day after it was paid out."""
    services.enter(
        actor=alice,
        loan=lent,
        fact=WriteOff(day=books.TODAY + timedelta(days=1), reason="Settled."),
        reference="relief:1",
        now=NOW,
        approved_by=charlie,
    )
    lent.refresh_from_db()
    return lent


def _settle(monkeypatch: pytest.MonkeyPatch, loan: Loan) -> None:
    monkeypatch.setattr(hooks, "_settled", [lambda keys: {loan.pk} & set(keys)])


def test_a_line_of_a_statement_goes_to_suspense(
    alice: User, lost: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"NEFT EMI {lost.number}"
    before = factories.posted(alice, [factories.row("UTR1", "500.00", text)])
    _settle(monkeypatch, lost)

    after = factories.posted(alice, [factories.row("UTR2", "500.00", text)])

    assert [status for _row, status, _why in factories.came_to(before)] == ["posted"]
    assert factories.came_to(after) == [(2, "suspense", "refused_by_account")]
    assert AccountEvent.objects.filter(kind="recovery").count() == 1
    assert factories.balance(Account.UNIDENTIFIED) == -500


def test_money_in_suspense_is_not_placed_on_it(
    alice: User, charlie: User, lost: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = factories.in_suspense(alice)
    _settle(monkeypatch, lost)

    with pytest.raises(Settled):
        services.foresee_placing(line=line, loan=lost, day=line.value_date, now=NOW)
    with pytest.raises(Settled):
        services.place_money(actor=charlie, line=line, loan=lost, now=NOW)

    line.refresh_from_db()
    assert line.status == "suspense"
    assert not AccountEvent.objects.filter(kind="recovery").exists()
