"""Money that came otherwise than in a statement is kept beside what statements brought."""

from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.ledger.chart import Account
from apps.loans.models import Loan
from apps.repayments import services
from apps.repayments.models import StatementFile
from apps.repayments.services.keeping import Source, Unplaced
from apps.repayments.tests import statement_factories as factories

pytestmark = pytest.mark.django_db


def test_it_is_kept_though_a_statement_of_the_same_bytes_was_taken(alice: User, lent: Loan) -> None:
    statement = factories.in_suspense(alice).file
    before = factories.balance(Account.UNIDENTIFIED)
    source = Source(
        branch=statement.branch,
        filename="answers.csv",
        size=statement.size,
        sha256=statement.sha256,
        uploaded_by=alice,
        uploaded_at=factories.NOW,
    )

    def keep(number: int) -> StatementFile:
        money = Unplaced(
            number=number,
            reference=f"D-{number}",
            amount=Decimal(100),
            day=factories.PAID_ON,
            loan=lent.number,
            cells=["100"],
        )
        kept = services.keep_unplaced(actor=alice, source=source, money=money, now=factories.NOW)
        assert kept.status == "suspense"
        return kept.file

    first, second = keep(1), keep(2)

    assert first == second != statement
    assert StatementFile.objects.count() == 2
    assert factories.balance(Account.UNIDENTIFIED) == before - 200
