"""A portfolio to learn from and a model trained on it by rita."""

from typing import Any

import joblib  # type: ignore[import-untyped]  # it has no types
import pytest

from apps.accounts.models import Branch, User
from apps.governance import services
from apps.governance.models import GateSet, Promotion, TrainingRun
from apps.governance.tests import factories
from apps.products.models import Product
from ml import training
from ml.training import TrainedModel
from tests.kept import kept

# What this process has trained, by a hash of everything it was trained on.
_trained: dict[str, TrainedModel] = {}


@pytest.fixture
def trains_anew() -> None:
    """Ask for this where a training itself is what is proved, or a part of it is patched."""


@pytest.fixture(autouse=True)
def _train_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train once on the same rows in the same way: a model takes a second, and many need it."""
    if "trains_anew" in request.fixturenames:
        return
    real = training.train

    def remembered(*given: Any, **named: Any) -> TrainedModel:
        key = joblib.hash((given, named))
        if key not in _trained:
            _trained[key] = real(*given, **named)
        return _trained[key]

    monkeypatch.setattr(training, "train", remembered)


@pytest.fixture
@kept
def portfolio(pune: Branch) -> Product:
    """Nine hundred finished loans of 2023 and 2024."""
    return factories.portfolio(pune)


@pytest.fixture
def train(portfolio: Product) -> Any:
    """Train on 2023 and test on 2024: `train(rita, seed=...)`."""

    def run(actor: User, *, seed: int = 42, **changes: Any) -> TrainingRun:
        values: dict[str, Any] = {
            "actor": actor,
            "segment": factories.SEGMENT,
            **factories.WINDOW,
            "config": factories.quick(seed),
            "now": factories.NOW,
            **changes,
        }
        return services.train(**values)

    return run


@pytest.fixture
@kept
def olga(make_person: Any) -> User:
    """A credit manager who answers for the models."""
    return make_person("Olga", "credit_manager")


@pytest.fixture
@kept
def gates(vera: User, mark: User) -> GateSet:
    """Gates that are easily passed, in force."""
    return factories.gates(vera, mark)


@pytest.fixture
@kept
def proposed(train: Any, rita: User, olga: User, mark: User, gates: GateSet) -> Promotion:
    """The promotion of rita's model, asked for by herself; olga owns the model."""
    run = train(rita)
    factories.papers(run, rita, olga, mark)
    return services.propose(
        actor=rita, model=run.model, reason="Better out of time", now=factories.NOW
    )


@pytest.fixture
@kept
def judged(proposed: Promotion, vera: User) -> Promotion:
    """That promotion after vera accepted the model."""
    return factories.validated(proposed, vera)
