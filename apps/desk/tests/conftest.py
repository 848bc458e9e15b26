"""What the tests of the desk share: a book without defaults, a policy, a case."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from apps.accounts.models import ApprovalLimit, Branch, User
from apps.decisions import rulebook, sources
from apps.decisions.models import ReviewCase
from apps.decisions.tests import factories
from apps.scoring import champion
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
def case(_known_book: None, alice: User, pune: Branch) -> ReviewCase:
    """A case of 200,000 in review because there is no model."""
    factories.policy(pune.entity)
    return factories.referred(alice)


@pytest.fixture
def beth(make_person: object) -> User:
    """Another credit reviewer in Pune."""
    person: User = make_person("Beth", "credit_reviewer")  # type: ignore[operator]
    ApprovalLimit.objects.create(user=person, currency="INR", amount=Decimal(300_000))
    return person
