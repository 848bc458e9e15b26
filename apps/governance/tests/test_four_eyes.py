"""Six eyes: nobody makes a model the champion alone or with one other: no service, page or SQL."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.governance import services
from apps.governance.errors import NotAsSeen, OwnModel, PromotionImpossible
from apps.governance.models import GateSet, Promotion
from apps.governance.tests import factories
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion

pytestmark = pytest.mark.django_db
ROLES = ("risk_analyst", "model_validator", "model_approver")


@pytest.fixture
def everything(make_person: Any) -> User:
    """Somebody who was wrongly given all three sides."""
    person = make_person("Everything", "risk_analyst")
    person.groups.add(*Group.objects.filter(name__in=ROLES))
    return User.objects.get(pk=person.pk)


def unchanged(promotion: Promotion, status: str) -> None:
    """Say that nothing came of what was tried."""
    promotion.refresh_from_db()
    assert promotion.status == status
    assert promotion.decided_by is None
    assert scoring.champion(factories.SEGMENT) is None
    assert not Event.objects.filter(verb="governance.promotion_approved").exists()


def test_it_makes_the_model_the_champion_after_three_people(
    proposed: Promotion, vera: User, mark: User
) -> None:
    factories.validated(proposed, vera)

    done = factories.approved(proposed, mark)

    assert (done.status, done.decided_by, done.answer) == ("in_force", mark, "Figures read")
    assert (done.proposed_by.name, done.validated_by, done.in_force_at) == (
        "Rita",
        vera,
        factories.NOW,
    )
    champion = scoring.champion(factories.SEGMENT)
    assert champion == proposed.model
    assert champion.approved_by == mark
    for verb in ("proposed", "validated", "approved", "in_force"):
        assert Event.objects.filter(verb=f"governance.promotion_{verb}").count() == 1


def test_it_keeps_the_evidence_as_it_stood(proposed: Promotion) -> None:
    run = proposed.model.training_run

    assert proposed.evidence["sha256"] == proposed.model.sha256
    assert proposed.evidence["dataset_sha256"] == run.dataset_sha256
    assert proposed.evidence["figures"] == run.figures
    assert proposed.evidence["replaces"] is None
    assert proposed.evidence["is_first"] is True
    assert proposed.evidence["report_sha256"] == proposed.report.sha256
    assert proposed.evidence["document_sha256"] == proposed.document.sha256


def test_it_keeps_gates_and_verdicts_of_the_approval(judged: Promotion, mark: User) -> None:
    done = factories.approved(judged, mark)

    assert done.gate_set == GateSet.objects.get()
    assert {one["gate"] for one in done.verdicts} >= {"auc", "psi", "documentation"}
    assert all(one["passed"] for one in done.verdicts)


def test_it_refuses_an_approval_without_a_validation(proposed: Promotion, mark: User) -> None:
    """Rule book 7.4: the validator comes before the approver."""
    with pytest.raises(Conflict) as refusal:
        factories.approved(proposed, mark)

    assert refusal.value.code == "not_validated"
    unchanged(proposed, "proposed")


def test_it_refuses_a_judgement_by_who_asked_developed_or_owns(
    train: Any, rita: User, olga: User, mark: User, everything: User, gates: GateSet
) -> None:
    """Rule book 7.4 T1."""
    own, developed, owned = train(rita), train(everything, seed=8), train(rita, seed=9)
    for run, owner in ((own, olga), (developed, olga), (owned, everything)):
        factories.papers(run, rita, owner, mark)
    asked = [
        services.propose(actor=actor, model=run.model, reason="Good", now=factories.NOW)
        for run, actor in ((own, everything), (developed, rita), (owned, rita))
    ]

    for promotion in asked:
        with pytest.raises(OwnModel):
            factories.validated(promotion, everything)

    assert set(Promotion.objects.values_list("status", flat=True)) == {"proposed"}
    assert not Event.objects.filter(verb="governance.promotion_validated").exists()


def test_it_refuses_an_approval_by_who_took_part_before(
    proposed: Promotion, everything: User, olga: User, rita: User
) -> None:
    factories.validated(proposed, everything)
    olga.groups.add(Group.objects.get(name="model_approver"))
    rita.groups.add(Group.objects.get(name="model_approver"))

    for person in (everything, olga, rita):
        for act in (services.approve, services.refuse):
            named = {"seen": factories.seen(proposed)} if act is services.approve else {}
            with pytest.raises(OwnModel):
                act(
                    actor=User.objects.get(pk=person.pk),
                    promotion=proposed,
                    answer="Mine",
                    now=factories.NOW,
                    **named,
                )

    unchanged(proposed, "validated")


def test_it_refuses_people_without_the_role(
    proposed: Promotion, rita: User, vera: User, mark: User, bob: User
) -> None:
    """Rule book 7.4 T2."""
    for person in (bob, mark, rita):
        with pytest.raises(NotPermitted):
            factories.validated(proposed, person)
    factories.validated(proposed, vera)
    for person in (bob, vera, rita):
        with pytest.raises(NotPermitted):
            factories.approved(proposed, person)
    with pytest.raises(NotPermitted):
        services.propose(actor=mark, model=proposed.model, reason="Mine", now=factories.NOW)

    unchanged(proposed, "validated")


def test_it_refuses_in_the_database_what_the_service_would_refuse(
    proposed: Promotion, rita: User, vera: User, olga: User, mark: User
) -> None:
    judged = "status='validated', validated_at=now(), validation='accepted', validated_by_id=%s"
    decided = "status='approved', decided_at=now(), decided_by_id=%s"
    set_it = "UPDATE governance_promotion SET {} WHERE id=%s"
    tried: list[tuple[str, list[Any]]] = [
        (set_it.format("status='validated'"), [proposed.pk]),
        (set_it.format("status='approved'"), [proposed.pk]),
        (set_it.format(judged), [rita.pk, proposed.pk]),
        (set_it.format(judged), [olga.pk, proposed.pk]),
        (set_it.format(decided), [mark.pk, proposed.pk]),
        (set_it.format("by_two=true"), [proposed.pk]),
        (set_it.format("evidence='{}'"), [proposed.pk]),
        ("DELETE FROM governance_promotion WHERE id=%s", [proposed.pk]),
        (
            "UPDATE scoring_modelversion SET status='champion', approved_by_id=%s WHERE id=%s",
            [rita.pk, proposed.model_id],
        ),
    ]
    for sql, values in tried:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    factories.validated(proposed, vera)
    for person in (rita, vera, olga):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(set_it.format(decided), [person.pk, proposed.pk])
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(set_it.format("validation_note='Other'"), [proposed.pk])

    unchanged(proposed, "validated")


def test_it_lets_no_promotion_be_made_for_two_people_again(proposed: Promotion) -> None:
    copy = Promotion.objects.get()
    copy.pk, copy.status, copy.by_two = None, "refused", True
    copy._state.adding = True

    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save(force_insert=True)

    assert Promotion.objects.count() == 1


def test_it_refuses_the_developer_in_the_database_whoever_asked(
    train: Any, rita: User, olga: User, mark: User, everything: User, gates: GateSet
) -> None:
    run = train(everything)
    factories.papers(run, rita, olga, mark)
    asked = services.propose(actor=rita, model=run.model, reason="Good", now=factories.NOW)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE governance_promotion SET status='validated', validated_at=now(),"
            " validation='accepted', validated_by_id=%s WHERE id=%s",
            [everything.pk, asked.pk],
        )

    unchanged(asked, "proposed")


def test_it_decides_a_promotion_once(judged: Promotion, mark: User) -> None:
    services.refuse(actor=mark, promotion=judged, answer="Too weak", now=factories.NOW)

    with pytest.raises(Conflict):
        factories.approved(judged, mark)

    judged.refresh_from_db()
    assert (judged.status, judged.answer) == ("refused", "Too weak")
    assert ModelVersion.objects.get().status == "registered"


def test_it_ends_with_the_validator_s_refusal(proposed: Promotion, vera: User, mark: User) -> None:
    done = factories.validated(proposed, vera, outcome="refused")

    assert (done.status, done.validation, done.decided_by) == ("refused", "refused", None)
    with pytest.raises(Conflict):
        factories.approved(proposed, mark)
    assert scoring.champion(factories.SEGMENT) is None


def test_it_judges_only_what_was_looked_at(
    proposed: Promotion, vera: User, mark: User, rita: User
) -> None:
    looked = factories.seen(proposed)
    services.raise_finding(
        actor=mark,
        model=proposed.model,
        promotion=proposed,
        found=services.Found(
            severity="low", what="A gap in the text", owner=rita, due_on=date(2027, 1, 1)
        ),
        now=factories.NOW,
    )

    with pytest.raises(NotAsSeen):
        services.validate(
            actor=vera,
            promotion=proposed,
            outcome="with_findings",
            note="Read.",
            seen=looked,
            now=factories.NOW,
        )
    factories.validated(proposed, vera, outcome="with_findings")
    with pytest.raises(NotAsSeen):
        factories.approved(
            proposed, mark, seen=looked, until=factories.NOW.date() + timedelta(days=30)
        )

    unchanged(proposed, "validated")


def test_it_wants_a_reason_to_ask_to_judge_and_to_refuse(
    proposed: Promotion, rita: User, vera: User, mark: User
) -> None:
    with pytest.raises(DomainError) as unjudged:
        services.validate(
            actor=vera,
            promotion=proposed,
            outcome="accepted",
            note=" ",
            seen=factories.seen(proposed),
            now=factories.NOW,
        )
    factories.validated(proposed, vera)
    with pytest.raises(DomainError) as unsaid:
        services.refuse(actor=mark, promotion=proposed, answer="  ", now=factories.NOW)
    with pytest.raises(DomainError) as unasked:
        services.propose(actor=rita, model=proposed.model, reason=" ", now=factories.NOW)

    assert list(unjudged.value.fields) == ["note"]
    assert list(unsaid.value.fields) == ["answer"]
    assert list(unasked.value.fields) == ["reason"]
    unchanged(proposed, "validated")


def test_it_takes_one_request_for_a_model_at_a_time(proposed: Promotion, rita: User) -> None:
    with pytest.raises(PromotionImpossible) as refusal:
        services.propose(actor=rita, model=proposed.model, reason="Again", now=factories.NOW)

    assert refusal.value.code == "promotion_waits"
    assert Promotion.objects.count() == 1


def test_it_lets_who_asked_take_it_back(proposed: Promotion, rita: User, mark: User) -> None:
    with pytest.raises(NotPermitted):
        services.withdraw(actor=mark, promotion=proposed, now=factories.NOW)

    services.withdraw(actor=rita, promotion=proposed, now=factories.NOW)

    unchanged(proposed, "withdrawn")
    services.propose(actor=rita, model=proposed.model, reason="Again", now=factories.NOW)


def test_it_refuses_the_champion_and_a_model_without_evidence(
    judged: Promotion, rita: User, mark: User
) -> None:
    factories.approved(judged, mark)
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

    for model, code in ((judged.model, "already_champion"), (foreign, "no_evidence")):
        model.refresh_from_db()
        with pytest.raises(PromotionImpossible) as refusal:
            services.propose(actor=rita, model=model, reason="Better", now=factories.NOW)
        assert refusal.value.code == code

    assert Promotion.objects.count() == 1


def test_it_wants_every_paper_before_it_is_asked(
    train: Any, rita: User, olga: User, mark: User
) -> None:
    """Rule book 7.2 T6, 7.3 T2 and paragraph 21: a new model has papers of its own, or none."""
    model = train(rita).model

    def refused() -> str:
        with pytest.raises(PromotionImpossible) as refusal:
            services.propose(actor=rita, model=model, reason="Better", now=factories.NOW)
        return refusal.value.code

    codes = [refused()]
    services.make_report(actor=rita, model=model, now=factories.NOW)
    codes.append(refused())
    draft = services.write_document(
        actor=rita, model=model, body=factories.DOCUMENT, now=factories.NOW
    )
    codes.append(refused())
    services.sign_document(actor=rita, document=draft, now=factories.NOW)
    codes.append(refused())
    services.register_thing(
        actor=rita,
        kind="model",
        code=str(model.pk),
        model=model,
        entered=services.Entered(
            owner=olga, approver=mark, levels=factories.LEVELS, texts={"users": "Reviewers"}
        ),
        now=factories.NOW,
    )
    codes.append(refused())

    assert codes == [
        "revalidation_required",
        "not_documented",
        "not_documented",
        "not_registered",
        "not_registered",
    ]
    assert not Promotion.objects.exists()
    later = factories.NOW + timedelta(minutes=1)
    factories.registered(model, rita, olga, mark, now=later)
    services.propose(actor=rita, model=model, reason="Better", now=later)


def test_it_changes_nothing_when_the_stored_model_is_not_whole(
    judged: Promotion, mark: User
) -> None:
    ModelVersion.objects.filter(pk=judged.model_id).update(signature="00")

    with pytest.raises(DomainError):
        factories.approved(judged, mark)

    unchanged(judged, "validated")
