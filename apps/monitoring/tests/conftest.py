"""A champion of a segment with a product, and no message leaves."""

from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.core import jobs
from apps.products.tests import factories as products
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as scoring
from tests.kept import kept


@pytest.fixture
@kept
def deciding(pune: Branch, rita: User, mark: User) -> ModelVersion:
    """The champion of retail loans in India since March 2026."""
    products.personal_loan(pune.entity)
    return scoring.champion("in-retail", rita, mark)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Keep what would be given to a worker."""
    given: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(jobs, "_carry", lambda task, said: given.append((task, said)))
    return given
