"""A portfolio to learn from and a model trained on it by rita."""

from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.governance import services
from apps.governance.models import TrainingRun
from apps.governance.tests import factories


@pytest.fixture
def train(pune: Branch) -> Any:
    """Train on 2023 and test on 2024: `train(rita, seed=...)`."""
    factories.portfolio(pune)

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
