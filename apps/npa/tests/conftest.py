"""What the tests of the book's quality share: loans that were paid out, on a known book."""

from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.offers.tests import factories as offering
from apps.repayments.tests import factories as repaying
from apps.servicing.tests.conftest import known_book, lent, stage
from tests.kept import kept

__all__ = ["known_book", "lent", "stage", "staged"]


@pytest.fixture
@kept
def staged(stage: None, alice: User, bob: User) -> Loan:
    """A loan of 200,000 of which 80,000 were paid out today; the rest follows in 30 days."""
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    agreed = lending.agreed(alice, application)
    loan = loans.open_loan(actor=alice, application=agreed, now=repaying.NOW)
    rest_on = repaying.later(30)
    lending.paid(alice, bob, loan, amount=Decimal(80_000), rest_planned_date=rest_on)
    return Loan.objects.get(pk=loan.pk)
