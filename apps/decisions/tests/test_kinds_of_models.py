"""A decision by any kind of model: reasons, recourse, letter, and the same again on replay."""

import hashlib
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.decisions import selectors, services
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.letters import services as letters
from apps.scoring import services as scoring_services
from apps.scoring.tests import factories as scoring

LATE = {
    "delinquencies_24m": 2,
    "months_since_delinquency": 9,
    "enquiries_6m": 4,
    "revolving_utilisation": Decimal("0.6000"),
}


def _decision(alice: User, amount: int) -> Decision:
    """Return the decision on a request of somebody with late payments."""
    return factories.assessed(
        alice, amount=Decimal(amount), term_months=36, borrower={"bureau": LATE}
    )


def _risk(alice: User, amount: int) -> float:
    """Return the PD of such a request."""
    run = _decision(alice, amount).score_run
    assert run is not None
    return run.pd


def _replayed(decision: Decision) -> services.ReplayResult:
    stored = selectors.decisions(decision.application).get(pk=decision.pk)
    return services.replay(actor="system:test", decision=stored, now=factories.NOW)


@pytest.mark.parametrize("kind", ["scorecard", "forest", "blend"])
def test_it_declines_explains_and_replays(
    alice: User, pune: Branch, rita: User, mark: User, kind: str
) -> None:
    scoring.champion(factories.SEGMENT, rita, mark, kind=kind)
    factories.policy(pune.entity)
    small, large = _risk(alice, 100_000), _risk(alice, 600_000)
    assert small < large
    middle = (small + large) / 2
    factories.policy(
        pune.entity,
        bands=(f"{middle:.6f}", f"{middle + 1e-4:.6f}"),
        effective_from=factories.NOW.date(),
    )

    decision = _decision(alice, 600_000)

    assert decision.outcome == "decline"
    assert decision.score_run is not None
    assert decision.score_run.model.kind == kind
    raised = {name for name, share in decision.score_run.attributions.items() if share > 0}
    assert 1 <= len(decision.reasons) <= 4
    for reason in decision.reasons:
        assert reason["source"] == "model"
        assert set(reason["factors"]) <= raised
    assert decision.letter is not None
    offered = decision.letter.facts["could_change"]
    assert any("would have been approved" in sentence for sentence in offered)
    letters.render(letter_id=decision.letter_id, now=factories.NOW)
    assert _replayed(decision).differences == ()


def test_a_decision_by_a_model_of_the_first_format_replays(
    alice: User, pune: Branch, rita: User, mark: User, settings: Any
) -> None:
    settings.MODEL_SIGNING_KEY = hashlib.sha256(b"signing").digest()
    factories.policy(pune.entity)
    old = scoring.first_format(factories.SEGMENT, rita)
    scoring_services.promote(model=old, approved_by=mark, now=scoring.PROMOTED_AT)

    decision = factories.assessed(alice)

    assert decision.outcome == "approve"
    assert decision.score_run is not None
    assert decision.score_run.model == old
    assert _replayed(decision).identical
