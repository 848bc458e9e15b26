"""What the tests of appeals share: a declined application, a champion and a policy."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from apps.accounts.models import ApprovalLimit, Branch, User
from apps.applications.models import Application
from apps.decisions import rulebook, sources
from apps.decisions.tests import factories
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from tests.kept import kept


@pytest.fixture(autouse=True)
def _known_book(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep loans only in the tests' own book, and nothing loaded from one test to the next."""
    monkeypatch.setattr(sources, "_sources", {"tests": factories.nobody_defaulted})
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def stage(_known_book: None, pune: Branch, rita: User, mark: User) -> ModelVersion:
    """A champion and a policy that approves nearly everybody."""
    return factories.stage(pune, rita, mark)


@pytest.fixture
@kept
def declined(alice: User, stage: ModelVersion) -> Application:
    """A declined application of 200,000 over 24 months: too much for an income of 12,000."""
    decision = factories.assessed(
        alice,
        amount=Decimal(200_000),
        borrower={"employment": {"net_monthly_income": Decimal(12_000)}},
    )
    return decision.application


@pytest.fixture
@kept
def dora(make_person: Callable[..., User]) -> User:
    """A second reviewer in Pune who may approve up to 300,000 rupees."""
    person = make_person("Dora", "credit_reviewer")
    ApprovalLimit.objects.create(user=person, currency="INR", amount=Decimal(300_000))
    return person
