"""What the tests of servicing share: a loan that was paid out, and pages on its day."""

from collections.abc import Iterator

import pytest

from apps.accounts.models import Branch, User
from apps.decisions import rulebook, sources
from apps.decisions.tests import factories as decisions
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.offers.tests import factories as offering
from apps.products.tests import factories as products
from apps.repayments.tests import factories
from apps.scoring import champion
from tests.kept import kept


@pytest.fixture
def known_book(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep loans only in the tests' own book, and nothing loaded from one test to the next."""
    monkeypatch.setattr(sources, "_sources", {"tests": decisions.nobody_defaulted})
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def stage(known_book: None, pune: Branch, rita: User, mark: User) -> None:
    """A champion and a policy that approves nearly everybody."""
    lending.stage(pune, rita, mark)


@pytest.fixture
@kept
def lent(stage: None, alice: User, bob: User) -> Loan:
    """A loan of 200,000 over 24 months at 16 %, paid out today."""
    return factories.lent(alice, bob)


@pytest.fixture
@kept
def floating(stage: None, alice: User, bob: User) -> Loan:
    """A loan that follows the reference rate."""
    application = offering.approved(alice)
    products.floating(application.product)
    opened = lending.opened(alice, application=application)
    return Loan.objects.get(pk=lending.paid(alice, bob, opened).loan_id)
