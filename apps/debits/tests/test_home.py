"""Files of debits and recalls wait on the start page of another person than who asked."""

from apps.accounts.models import User
from apps.core import home
from apps.debits.models import DebitFile
from apps.debits.tests import factories
from apps.loans.models import Loan

NOW = factories.at(factories.TODAY)


def _counts(name: str, *people: User) -> list[int]:
    return [home.counted(name).count(one, NOW) for one in people]


def test_a_file_waits_for_another_person_than_who_prepared_it(
    lent: Loan, alice: User, bob: User, amir: User
) -> None:
    factories.active(alice, lent)
    file = factories.prepared(alice, _due(lent))

    assert DebitFile.objects.get(pk=file.pk).status == "prepared"
    assert _counts("debits.release", alice, bob) == [0, 1]
    assert "debits.release" not in [one.name for one in home.waiting(amir)]


def _due(loan: Loan) -> object:
    return loan.instalments.order_by("number").first().due_date  # type: ignore[union-attr]
