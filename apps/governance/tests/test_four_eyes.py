"""Nobody makes their own model the champion: not by service, not by page, not by raw SQL."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.governance import services
from apps.governance.errors import OwnModel, PromotionImpossible
from apps.governance.models import Promotion
from apps.governance.tests import factories
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(make_person: Any) -> User:
    """Somebody who was wrongly given both sides."""
    person = make_person("Both", "risk_analyst")
    person.groups.add(Group.objects.get(name="model_approver"))
    return User.objects.get(pk=person.pk)


def test_it_makes_the_model_the_champion_when_another_person_approves(
    proposed: Promotion, mark: User
) -> None:
    done = services.approve(
        actor=mark, promotion=proposed, answer="Figures read", now=factories.NOW
    )

    assert (done.status, done.decided_by, done.answer) == ("approved", mark, "Figures read")
    champion = scoring.champion(factories.SEGMENT)
    assert champion == proposed.model
    assert champion.approved_by == mark
    assert Event.objects.filter(verb="governance.promotion_approved").count() == 1


def test_it_keeps_the_evidence_as_it_stood(proposed: Promotion) -> None:
    run = proposed.model.training_run

    assert proposed.evidence["sha256"] == proposed.model.sha256
    assert proposed.evidence["dataset_sha256"] == run.dataset_sha256
    assert proposed.evidence["figures"] == run.figures
    assert proposed.evidence["replaces"] is None


def test_it_refuses_a_decision_by_who_asked_or_developed(
    train: Any, rita: User, both: User
) -> None:
    own = services.propose(actor=both, model=train(rita).model, reason="Good", now=factories.NOW)
    developed = services.propose(
        actor=rita, model=train(both, seed=8).model, reason="Good", now=factories.NOW
    )

    for promotion in (own, developed):
        for act in (services.approve, services.refuse):
            with pytest.raises(OwnModel):
                act(actor=both, promotion=promotion, answer="Mine", now=factories.NOW)

    assert set(Promotion.objects.values_list("status", flat=True)) == {"proposed"}
    assert scoring.champion(factories.SEGMENT) is None
    assert not Event.objects.filter(verb__startswith="governance.promotion_a").exists()


def test_it_refuses_people_without_the_role(
    proposed: Promotion, rita: User, mark: User, bob: User
) -> None:
    with pytest.raises(NotPermitted):
        services.approve(actor=bob, promotion=proposed, answer="", now=factories.NOW)
    with pytest.raises(NotPermitted):
        services.propose(actor=mark, model=proposed.model, reason="x", now=factories.NOW)

    proposed.refresh_from_db()
    assert proposed.status == "proposed"


def test_it_refuses_in_the_database_what_the_service_would_refuse(
    proposed: Promotion, rita: User
) -> None:
    by_asker = (
        "UPDATE governance_promotion SET status='approved', decided_by_id=%s WHERE id=%s",
        [rita.pk, proposed.pk],
    )
    by_nobody = (
        "UPDATE governance_promotion SET status='approved' WHERE id=%s",
        [proposed.pk],
    )
    by_developer = (
        "UPDATE scoring_modelversion SET status='champion', approved_by_id=%s WHERE id=%s",
        [rita.pk, proposed.model_id],
    )

    for sql, values in (by_asker, by_nobody, by_developer):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)

    proposed.refresh_from_db()
    assert proposed.status == "proposed"
    assert scoring.champion(factories.SEGMENT) is None


def test_it_decides_a_promotion_once(proposed: Promotion, mark: User) -> None:
    services.refuse(actor=mark, promotion=proposed, answer="Too weak", now=factories.NOW)

    with pytest.raises(Conflict):
        services.approve(actor=mark, promotion=proposed, answer="", now=factories.NOW)

    proposed.refresh_from_db()
    assert (proposed.status, proposed.answer) == ("refused", "Too weak")
    assert ModelVersion.objects.get().status == "registered"


def test_it_wants_a_reason_to_ask_and_to_refuse(
    proposed: Promotion, train: Any, rita: User, mark: User
) -> None:
    with pytest.raises(DomainError) as unsaid:
        services.refuse(actor=mark, promotion=proposed, answer="  ", now=factories.NOW)
    with pytest.raises(DomainError) as unasked:
        services.propose(actor=rita, model=proposed.model, reason=" ", now=factories.NOW)

    assert list(unsaid.value.fields) == ["answer"]
    assert list(unasked.value.fields) == ["reason"]
    assert Promotion.objects.get().status == "proposed"


def test_it_takes_one_request_for_a_model_at_a_time(proposed: Promotion, rita: User) -> None:
    with pytest.raises(PromotionImpossible) as refusal:
        services.propose(actor=rita, model=proposed.model, reason="Again", now=factories.NOW)

    assert refusal.value.code == "promotion_waits"
    assert Promotion.objects.count() == 1


def test_it_refuses_the_champion_and_a_model_without_evidence(
    proposed: Promotion, rita: User, mark: User
) -> None:
    services.approve(actor=mark, promotion=proposed, answer="", now=factories.NOW)
    foreign = ModelVersion.objects.create(
        segment="other",
        number=1,
        name="Foreign",
        body="",
        manifest={},
        sha256="a" * 64,
        signature="b",
        schema_hash="c" * 64,
    )

    for model, code in ((proposed.model, "already_champion"), (foreign, "no_evidence")):
        model.refresh_from_db()
        with pytest.raises(PromotionImpossible) as refusal:
            services.propose(actor=rita, model=model, reason="x", now=factories.NOW)
        assert refusal.value.code == code

    assert Promotion.objects.count() == 1


def test_it_changes_nothing_when_the_stored_model_is_not_whole(
    proposed: Promotion, mark: User
) -> None:
    ModelVersion.objects.filter(pk=proposed.model_id).update(signature="00")

    with pytest.raises(DomainError):
        services.approve(actor=mark, promotion=proposed, answer="", now=factories.NOW)

    proposed.refresh_from_db()
    assert (proposed.status, proposed.decided_by) == ("proposed", None)
    assert scoring.champion(factories.SEGMENT) is None
