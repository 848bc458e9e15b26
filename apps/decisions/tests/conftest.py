"""What the tests of decisions share: a champion and a policy, and a book without defaults."""

from collections.abc import Iterator

import pytest

from apps.accounts.models import Branch, User
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
