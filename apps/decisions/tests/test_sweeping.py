from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.decisions import services
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import assessing
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

NOW = factories.NOW


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The messages the sweep sends."""
    messages: list[Any] = []
    monkeypatch.setattr(
        "apps.decisions.services.sweeping.enqueue",
        lambda task, **arguments: messages.append((task, arguments)),
    )
    return messages


def test_it_sends_again_what_waits_longer_than_a_minute(
    alice: User, stage: ModelVersion, sent: list[Any]
) -> None:
    application = factories.submitted(alice)

    assert services.sweep(now=NOW + timedelta(seconds=59)) == (0, 0)
    assert services.sweep(now=NOW + timedelta(seconds=60)) == (1, 0)

    assert sent == [("decisions.assess", {"application_id": str(application.pk)})]
    application.refresh_from_db()
    assert application.status == "submitted"


def test_it_hands_over_to_people_what_was_not_scored_in_time(
    alice: User, stage: ModelVersion, sent: list[Any]
) -> None:
    application = factories.submitted(alice)

    assert services.sweep(now=NOW + timedelta(minutes=15)) == (0, 1)

    application.refresh_from_db()
    case = ReviewCase.objects.get()
    assert application.status == "in_review"
    assert case.causes == ["not_scored_in_time"]
    assert case.referral.failure == "not_scored_in_time"
    assert sent == []


def test_a_late_worker_finds_the_case_with_people(
    alice: User, stage: ModelVersion, sent: list[Any]
) -> None:
    application = factories.submitted(alice)
    services.sweep(now=NOW + timedelta(minutes=15))

    decision = services.assess(application_id=application.pk, actor="system:test", now=NOW)

    assert decision.failure == "not_scored_in_time"
    assert Decision.objects.count() == 1


def test_it_leaves_decided_applications_alone(
    alice: User, stage: ModelVersion, sent: list[Any]
) -> None:
    factories.assessed(alice)

    assert services.sweep(now=NOW + timedelta(hours=1)) == (0, 0)


def test_one_that_cannot_be_referred_does_not_hold_up_the_others(
    alice: User, stage: ModelVersion, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = factories.submitted(alice), factories.submitted(alice)
    refer = assessing.refer_for_cause

    def refuse(**known: Any) -> Decision:
        if known["application"].pk == broken.pk:
            raise RuntimeError("broken")
        return refer(**known)

    monkeypatch.setattr(assessing, "refer_for_cause", refuse)

    assert services.sweep(now=NOW + timedelta(minutes=15)) == (0, 1)

    assert ReviewCase.objects.get().application == other
