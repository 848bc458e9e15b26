"""What the tests of stress tests share: a measured book and people."""

import pytest

from apps.accounts.models import Entity, User
from apps.impairment import services
from apps.impairment.models import ParameterSet, Run
from apps.impairment.tests import factories as losses
from apps.impairment.tests.conftest import analyst, approved, book, manager
from apps.stress.models import Terms
from apps.stress.tests import factories

__all__ = ["analyst", "approved", "book", "manager"]


@pytest.fixture
def measured(book: Entity, approved: ParameterSet) -> Run:
    """The losses of twelve loans with fourteen months behind them."""
    losses.live(book)
    losses.estimated(book)
    return services.measure(
        actor="system:tests", entity=book, day=losses.LAST, now=losses.now(losses.LAST)
    )


@pytest.fixture
def agreed(measured: Run, analyst: User, manager: User) -> dict[str, Terms]:
    """Both presets, sensitivities and figures, agreed on by two people; by name."""
    return factories.all_agreed(measured.entity, analyst, manager)


@pytest.fixture
def presets(agreed: dict[str, Terms]) -> list[Terms]:
    """The scenarios that come with the program."""
    return [agreed["Recession"], agreed["Rate shock"]]
