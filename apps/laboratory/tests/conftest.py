"""What the laboratory's tests share: nothing loaded before, a stage, and a finished experiment."""

from collections.abc import Iterator

import pytest

from apps.accounts.models import Branch, User
from apps.decisions import rulebook
from apps.decisions.tests import factories as decisions
from apps.laboratory.models import Experiment
from apps.laboratory.tests import engine_factories as factories
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from tests.kept import kept


@pytest.fixture(autouse=True)
def _nothing_loaded() -> Iterator[None]:
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def stage(_nothing_loaded: None, pune: Branch, rita: User, mark: User) -> ModelVersion:
    """A champion and a policy that approves nearly everybody."""
    return decisions.stage(pune, rita, mark)


@pytest.fixture
@kept
def finished(pune: Branch, rita: User, mark: User) -> Experiment:
    """An experiment with other cut-offs on loans that have ended, done.

    In force is a policy that asks only for the amount, so that most are approved now.
    """
    lenient = decisions.document()
    lenient["rules"] = [one for one in lenient["rules"] if one["code"] == "amount_authority"]
    decisions.stage(pune, rita, mark, document=lenient)
    factories.tape(pune)
    return factories.done(rita, pune.entity, **factories.CUT_OFFS)
