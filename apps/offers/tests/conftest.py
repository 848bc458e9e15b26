"""What the tests of offers share: a champion, a policy, and an approved application."""

from collections.abc import Iterator

import pytest

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.decisions import rulebook, sources
from apps.decisions.tests import factories as decisions
from apps.offers.models import Offer
from apps.offers.tests import factories
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from tests.kept import kept


@pytest.fixture
def _known_book(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep loans only in the tests' own book, and nothing loaded from one test to the next."""
    monkeypatch.setattr(sources, "_sources", {"tests": decisions.nobody_defaulted})
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def stage(_known_book: None, pune: Branch, rita: User, mark: User) -> ModelVersion:
    """A champion and a policy that approves nearly everybody."""
    return decisions.stage(pune, rita, mark)


@pytest.fixture
@kept
def approved(alice: User, stage: ModelVersion) -> Application:
    """An approved application of 200,000 over 24 months at 16 %, whose product says everything."""
    return factories.approved(alice)


@pytest.fixture
@kept
def offer(alice: User, approved: Application) -> Offer:
    """An open offer of what was decided."""
    return factories.made(alice, approved)
