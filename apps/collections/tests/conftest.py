"""What the tests of the collections desk share: overdue loans, collectors, a known book."""

from collections.abc import Callable

import pytest

from apps.accounts.models import Branch, User
from apps.letters import hooks
from apps.npa.tests.conftest import known_book, lent, stage
from tests.kept import kept

__all__ = ["known_book", "lent", "stage"]


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody has an e-mail address and agreed to be reached by it."""
    found = hooks.Recipient(email="asha@borrower.example")
    known = {"applications.application": lambda keys: dict.fromkeys(keys, found)}
    monkeypatch.setattr(hooks, "_reach", known)


@pytest.fixture
@kept
def dev(make_person: Callable[..., User]) -> User:
    """A collector in Pune."""
    return make_person("Dev", "collections_officer")


@pytest.fixture
@kept
def esha(make_person: Callable[..., User]) -> User:
    """Another collector in Pune."""
    return make_person("Esha", "collections_officer")


@pytest.fixture
@kept
def nina(make_person: Callable[..., User], nashik: Branch) -> User:
    """A collector in Nashik."""
    return make_person("Nina", "collections_officer", branch=nashik)
