"""What an analyst asks for is trained once, or says why it was not."""

from datetime import date, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import IntegrityError, transaction

from apps.accounts.models import Branch, User
from apps.core.errors import DomainError, NotPermitted
from apps.governance import services
from apps.governance.lifecycle import TRAINING
from apps.governance.models import TrainingRequest, TrainingRun
from apps.governance.services import requesting
from apps.governance.tests import factories
from apps.products.models import Product

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What went to the broker."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, kwargs: found.append({"task": name, **kwargs})
    )
    return found


def asked(actor: User, *, kind: str = "lightgbm", **changes: Any) -> TrainingRequest:
    window = services.Window(**{**factories.WINDOW, **changes})
    return services.request_training(
        actor=actor, segment=factories.SEGMENT, window=window, kind=kind, now=factories.NOW
    )


def test_it_enqueues_what_it_has_written_down(
    pune: Branch,
    rita: User,
    sent: list[dict[str, Any]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    factories.portfolio(pune, rows=10)

    with django_capture_on_commit_callbacks(execute=True):
        request = asked(rita)

    assert request.status == "queued"
    assert sent == [{"task": "governance.train", "request_id": str(request.pk)}]


def test_it_trains_a_request_once(portfolio: Product, rita: User) -> None:
    request = asked(rita)

    services.fulfil(request_id=request.pk, now=factories.NOW)
    again = services.fulfil(request_id=request.pk, now=factories.NOW)

    assert again.status == "completed"
    assert again.run == TrainingRun.objects.get()
    assert again.run.started_by == rita


def test_it_says_why_a_request_failed(pune: Branch, rita: User) -> None:
    factories.portfolio(pune, rows=60)
    request = asked(rita)

    ended = services.fulfil(request_id=request.pk, now=factories.NOW)

    assert ended.status == "failed"
    assert "at least 200 rows" in ended.failure
    assert TrainingRun.objects.count() == 0


def test_it_ends_a_request_that_breaks_and_lets_the_error_be_seen(
    pune: Branch, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.portfolio(pune, rows=10)
    request = asked(rita)

    def broken(**_: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(requesting.training, "train", broken)
    with pytest.raises(RuntimeError):
        services.fulfil(request_id=request.pk, now=factories.NOW)

    request.refresh_from_db()
    assert request.status == "failed"
    assert "boom" not in request.failure


def test_it_starts_again_what_a_killed_worker_left_running(portfolio: Product, rita: User) -> None:
    request = asked(rita).move("start")

    ended = services.fulfil(request_id=request.pk, now=factories.NOW)

    assert ended.status == "completed"


def test_it_sends_again_what_was_lost(
    pune: Branch,
    rita: User,
    sent: list[dict[str, Any]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    factories.portfolio(pune, rows=10)
    request = asked(rita)

    with django_capture_on_commit_callbacks(execute=True):
        early = services.sweep(now=factories.NOW)
        late = services.sweep(now=factories.NOW + timedelta(minutes=3))

    assert (early, late) == (0, 1)
    assert sent == [{"task": "governance.train", "request_id": str(request.pk)}]


def test_it_refuses_a_request_of_somebody_else_than_an_analyst(pune: Branch, mark: User) -> None:
    factories.portfolio(pune, rows=10)

    with pytest.raises(NotPermitted):
        asked(mark)

    assert TrainingRequest.objects.count() == 0


@pytest.mark.parametrize("kind", ["scorecard", "forest", "blend"])
def test_it_trains_the_kind_that_was_asked_for(portfolio: Product, rita: User, kind: str) -> None:
    request = asked(rita, kind=kind)

    ended = services.fulfil(request_id=request.pk, now=factories.NOW)

    assert ended.failure == ""
    assert ended.run is not None
    assert ended.run.model.kind == ended.run.figures["model"]["kind"] == kind


def test_it_knows_only_the_kinds_it_offers(pune: Branch, rita: User) -> None:
    factories.portfolio(pune, rows=10)

    with pytest.raises(DomainError) as refusal:
        asked(rita, kind="oracle")

    assert list(refusal.value.fields) == ["kind"]
    assert TrainingRequest.objects.count() == 0
    request = asked(rita)
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingRequest.objects.filter(pk=request.pk).update(kind="oracle")


@pytest.mark.parametrize("state", TRAINING.states)
@pytest.mark.parametrize("action", ["start", "complete", "fail"])
def test_it_allows_exactly_the_steps_of_its_table(action: str, state: str) -> None:
    allowed = {
        ("start", "queued"),
        ("start", "running"),
        ("complete", "running"),
        ("fail", "running"),
    }

    assert TRAINING.allows(action, state) == ((action, state) in allowed)


def test_it_has_a_window_to_test_on_after_the_one_to_learn_from(pune: Branch) -> None:
    from apps.governance import selectors  # noqa: PLC0415

    assert selectors.usual_window(factories.SEGMENT) is None
    factories.portfolio(pune, rows=200)

    found = selectors.usual_window(factories.SEGMENT)

    assert found is not None
    first, split, end = found
    assert first < split < end <= date(2025, 1, 1)
    assert split.day == 1
