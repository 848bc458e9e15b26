"""What the tests of the start page share: a book without defaults, a champion, a policy."""

from collections.abc import Iterator

import pytest

from apps.accounts.models import Branch, User
from apps.decisions import rulebook, sources
from apps.decisions.tests import factories as decisions
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from tests.kept import kept


@pytest.fixture(autouse=True)
def _known_book(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sources, "_sources", {"tests": decisions.nobody_defaulted})
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def stage(_known_book: None, pune: Branch, rita: User, mark: User) -> ModelVersion:
    return decisions.stage(pune, rita, mark)
