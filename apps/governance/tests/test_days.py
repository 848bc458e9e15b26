"""What was approved for a later day is judged anew on it, and can be stopped until then."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.governance import home, services, standing
from apps.governance.errors import OwnModel
from apps.governance.models import Promotion
from apps.governance.tests import factories as base
from apps.governance.tests import trial_factories as factories
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models
from tests.kept import kept

pytestmark = pytest.mark.django_db
NOW = factories.NOW
TODAY = NOW.date()
DAY = TODAY + timedelta(days=30)
ON_THE_DAY = NOW + timedelta(days=30)


@pytest.fixture
@kept
def stage(pune: Branch, rita: User, mark: User) -> ModelVersion:
    return models.champion(factories.SEGMENT, rita, mark)


@pytest.fixture
@kept
def judged(stage: ModelVersion, rita: User) -> Promotion:
    """A model of rita's that an independent validator accepted."""
    return factories.accepted(models.registered(factories.SEGMENT, rita, seed=7), rita)


def _approved(promotion: Promotion, mark: User, **changes: Any) -> Promotion:
    values: dict[str, Any] = {"answer": "Read", "effective_on": DAY, "now": NOW, **changes}
    seen = standing.of(promotion, now=NOW).seen
    return services.approve(actor=mark, promotion=promotion, seen=seen, **values)


def _stays(promotion: Promotion, champion: ModelVersion, *, now: datetime = ON_THE_DAY) -> str:
    """Return why the promotion is not put in force; the champion goes on."""
    assert services.enact_due(now=now) == 0
    promotion.refresh_from_db()
    assert promotion.status == "approved"
    assert list(home.stuck()) == [promotion]
    assert scoring.champion(factories.SEGMENT) == champion
    return promotion.failure


@pytest.mark.parametrize("until", [DAY, DAY - timedelta(days=20)])
def test_an_approval_outlasts_the_day_it_begins(judged: Promotion, mark: User, until: date) -> None:
    with pytest.raises(DomainError) as refusal:
        _approved(judged, mark, until=until)
    assert list(refusal.value.fields) == ["until"]
    judged.refresh_from_db()
    assert (judged.status, judged.conditions.count()) == ("validated", 0)
    done = _approved(judged, mark, until=DAY + timedelta(days=1))

    with pytest.raises(DomainError):
        services.renew(actor=mark, promotion=done, until=until, reason="Less", now=NOW)

    assert done.conditions.count() == 1


def test_what_has_ended_meanwhile_does_not_begin(
    judged: Promotion, stage: ModelVersion, mark: User
) -> None:
    _approved(judged, mark, until=DAY + timedelta(days=1))
    late = ON_THE_DAY + timedelta(days=2)

    assert "ended before" in _stays(judged, stage, now=late)

    services.renew(
        actor=mark, promotion=judged, until=DAY + timedelta(days=90), reason="Go on", now=late
    )
    assert services.enact_due(now=late) == 1
    assert scoring.champion(factories.SEGMENT) == judged.model


def test_it_is_judged_by_the_gates_of_its_day(
    judged: Promotion, stage: ModelVersion, mark: User, vera: User
) -> None:
    _approved(judged, mark)
    harder = {**base.EASY, "least_auc": "0.99"}
    asked = services.propose_gates(
        actor=vera, effective_from=DAY, body=harder, reason="Harder", now=NOW
    )
    services.approve_gates(actor=mark, gate_set=asked, seen=asked.sha256, now=NOW)

    assert "AUC" in _stays(judged, stage)


@pytest.mark.parametrize("until", [None, DAY + timedelta(days=60)])
def test_a_grave_finding_since_then_keeps_it_back(
    judged: Promotion, stage: ModelVersion, mark: User, vera: User, rita: User, until: date | None
) -> None:
    _approved(judged, mark, until=until)
    found = services.raise_finding(
        actor=vera,
        model=judged.model,
        promotion=judged,
        found=services.Found(severity="high", what="Leaks", owner=rita, due_on=DAY),
        now=NOW + timedelta(days=1),
    )

    assert "Findings are open" in _stays(judged, stage)

    services.close_finding(actor=vera, finding=found, closing="Mended", now=ON_THE_DAY)
    assert services.enact_due(now=ON_THE_DAY) == 1


def test_an_approver_stops_it_before_its_day(
    judged: Promotion, stage: ModelVersion, mark: User, vera: User, signed_in: Any
) -> None:
    _approved(judged, mark)
    owner = judged.owner
    owner.groups.set(mark.groups.all())
    for person, error in ((vera, NotPermitted), (User.objects.get(pk=owner.pk), OwnModel)):
        with pytest.raises(error):
            services.refuse(actor=person, promotion=judged, answer="Not yet", now=NOW)
    with pytest.raises(DomainError):
        services.refuse(actor=mark, promotion=judged, answer=" ", now=NOW)
    judged.refresh_from_db()
    assert judged.status == "approved"
    gina = User.objects.get(name="Gina")
    page = reverse("governance:promotion", args=[judged.pk])
    assert "Stop it before its day" in signed_in(gina).get(page).content.decode()

    sent = {"answer": "The data were wrong", "seen": "x"}
    done = signed_in(gina).post(reverse("governance:refuse", args=[judged.pk]), sent)

    assert done.status_code == 302
    judged.refresh_from_db()
    assert (judged.status, judged.decided_by, judged.answer) == ("refused", mark, "Read")
    assert judged.failure == "The data were wrong"
    assert str(gina.pk) in Event.objects.get(verb="governance.promotion_refused").actor
    assert "The data were wrong" in signed_in(gina).get(page).content.decode()
    assert services.enact_due(now=ON_THE_DAY) == 0
    assert scoring.champion(factories.SEGMENT) == stage
    with pytest.raises(Conflict):
        services.refuse(actor=mark, promotion=judged, answer="Again", now=NOW)
