"""A challenger decides: an independent person accepted its model first, and nobody refused it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError
from apps.governance import services, standing, trial_policies, trials
from apps.governance.errors import OwnTrial, TrialImpossible
from apps.governance.models import Promotion, ShareChange, Trial
from apps.governance.tests import factories as base
from apps.governance.tests import trial_factories as factories
from apps.scoring.models import ModelVersion, Placement
from apps.scoring.tests import factories as models
from tests.kept import kept

pytestmark = pytest.mark.django_db
NOW, BEFORE = factories.NOW, factories.BEFORE


@pytest.fixture
@kept
def stage(pune: Branch, rita: User, mark: User) -> ModelVersion:
    return factories.stage(pune, rita, mark)


@pytest.fixture
@kept
def model(stage: ModelVersion, rita: User) -> ModelVersion:
    """A model just trained by rita."""
    return models.registered(factories.SEGMENT, rita, seed=7)


def _ask(rita: User, model: ModelVersion, **changes: Any) -> Trial:
    return services.propose_trial(
        actor=rita,
        model=model,
        plan=factories.plan("challenger", **changes),
        reason="Is it better?",
        now=NOW,
    )


def _refused(rita: User, model: ModelVersion, **changes: Any) -> str:
    before = _state()
    with pytest.raises(TrialImpossible) as refusal:
        _ask(rita, model, **changes)
    assert _state() == before
    return refusal.value.code


def _state() -> list[Any]:
    return [
        list(Trial.objects.order_by("pk").values_list("pk", "status", "decided_by")),
        list(ShareChange.objects.order_by("pk").values_list("pk", "status")),
        list(Placement.objects.order_by("pk").values_list("pk", "ended_at", "share")),
        Event.objects.filter(verb__startswith="governance.").count(),
    ]


def _refuse(promotion: Promotion, mark: User) -> None:
    services.refuse(actor=mark, promotion=promotion, answer="Not yet", now=NOW)


def test_a_model_nobody_accepted_decides_no_case(
    model: ModelVersion, rita: User, mark: User
) -> None:
    assert _refused(rita, model) == "not_validated"
    asked = factories.asked_for(model, rita)
    assert _refused(rita, model) == "not_validated"
    services.withdraw(actor=rita, promotion=asked, now=NOW)
    assert _refused(rita, model) == "not_validated"
    _refuse(factories.accepted(model, rita), mark)
    assert _refused(rita, model) == "not_validated"

    again = factories.accepted(model, rita)

    assert _ask(rita, model).promotion == again


def test_a_validator_who_refuses_lets_none_be_tried(model: ModelVersion, rita: User) -> None:
    asked = factories.asked_for(model, rita)
    services.validate(
        actor=factories.person(rita, "Vito", "model_validator"),
        promotion=asked,
        outcome="refused",
        note="Too weak.",
        seen=standing.of(asked, now=NOW).seen,
        now=NOW,
    )

    assert _refused(rita, model) == "not_validated"


def test_a_second_judgement_is_refused_and_changes_nothing(model: ModelVersion, rita: User) -> None:
    found = factories.accepted(model, rita)
    before = _state()
    for validator in ("Vito", "Vida"):
        with pytest.raises(Conflict) as refusal:
            services.validate(
                actor=factories.person(rita, validator, "model_validator"),
                promotion=found,
                outcome="refused",
                note="On second thoughts.",
                seen=standing.of(found, now=NOW).seen,
                now=NOW,
            )
        assert refusal.value.code == "judged_before"

    found.refresh_from_db()
    assert (found.status, found.validation) == ("validated", "accepted")
    assert _state() == before


def test_a_shadow_needs_none_of_it(model: ModelVersion, rita: User) -> None:
    assert factories.proposed(rita, "shadow").promotion is None


def test_a_model_that_fails_a_gate_of_today_decides_no_case(
    model: ModelVersion, rita: User, mark: User
) -> None:
    weak = {"auc": {"value": 0.4}, "ks": {"ks": 0.4}}
    promotion = factories.accepted(model, rita, ranking=weak)
    assert _refused(rita, model) == "gates_failed"

    services.grant_exception(
        actor=mark,
        promotion=promotion,
        gate="auc",
        reason="A trial is to show it",
        until=factories.UNTIL.date() - timedelta(days=1),
        now=NOW,
    )

    assert _refused(rita, model) == "exception_ends"
    trial = _ask(rita, model, until=factories.UNTIL - timedelta(days=1))
    assert trial.promotion == promotion


def test_a_model_whose_entry_is_not_complete_any_more_decides_no_case(
    model: ModelVersion, rita: User, mark: User, bob: User
) -> None:
    factories.accepted(model, rita)
    trial = _ask(rita, model)
    entered = services.Entered(
        owner=bob, approver=mark, levels=base.LEVELS, texts={**base.TEXTS, "fallback": ""}
    )
    services.register_thing(
        actor=rita, kind="model", code=str(model.pk), model=model, entered=entered, now=NOW
    )
    before = _state()

    with pytest.raises(TrialImpossible) as refusal:
        services.start_trial(actor=mark, trial=trial, answer="", now=NOW)

    assert refusal.value.code == "not_registered"
    assert _state() == before


def test_who_owns_or_validated_the_model_decides_on_no_trial(
    model: ModelVersion, rita: User, mark: User
) -> None:
    promotion = factories.accepted(model, rita)
    trial = _ask(rita, model)
    started = services.start_trial(
        actor=mark, trial=_ask_other(rita, mark, trial), answer="", now=NOW
    )
    change = services.propose_share(
        actor=rita, trial=started, share=Decimal("0.2"), reason="Less", now=NOW
    )
    involved = [promotion.owner, promotion.validated_by]
    for person in involved:
        person.groups.set(mark.groups.all())
    before = _state()

    for person in (User.objects.get(pk=one.pk) for one in involved):
        assert not trial_policies.may_decide(person, change)
        assert not trials.waiting_shares(person).exists()
        with pytest.raises(OwnTrial):
            services.approve_share(actor=person, change=change, now=NOW)
        with pytest.raises(OwnTrial):
            services.refuse_share(actor=person, change=change, answer="No", now=NOW)

    assert _state() == before


def _ask_other(rita: User, mark: User, trial: Trial) -> Trial:
    """Return the trial after its owner and validator failed to let it start."""
    promotion = trial.promotion
    for one in (promotion.owner, promotion.validated_by):
        former = list(one.groups.all())
        one.groups.set(mark.groups.all())
        person = User.objects.get(pk=one.pk)
        assert not trials.waiting_trials(person).exists()
        for act in (services.start_trial, services.refuse_trial):
            with pytest.raises(OwnTrial):
                act(actor=person, trial=trial, answer="Mine", now=NOW)
        one.groups.set(former)
    assert trials.waiting_trials(mark).get() == trial
    return trial


def test_a_challenger_ends_when_its_model_is_refused_or_taken_back(
    model: ModelVersion, rita: User, mark: User
) -> None:
    trial = factories.running(rita, mark, "challenger")
    shadow = factories.running(rita, mark, "shadow", seed=9)

    _refuse(trial.promotion, mark)

    trial.refresh_from_db()
    shadow.refresh_from_db()
    assert (trial.status, trial.ended_at, shadow.status) == ("ended", NOW, "running")
    assert Placement.objects.get(trial=trial.pk).ended_at == NOW
    factories.accepted(model, rita)
    second = services.start_trial(actor=mark, trial=_ask(rita, model), answer="", now=NOW)
    services.withdraw(actor=rita, promotion=second.promotion, now=NOW)
    second.refresh_from_db()
    assert second.status == "ended"


def test_the_worker_ends_a_challenger_nobody_stands_for(
    model: ModelVersion, rita: User, mark: User
) -> None:
    trial = factories.running(rita, mark, "challenger")
    assert services.end_trials(now=NOW) == 0
    Promotion.objects.filter(pk=trial.promotion_id).update(status="withdrawn")

    assert services.end_trials(now=NOW) == 1

    trial.refresh_from_db()
    assert trial.status == "ended"
    assert Placement.objects.get().ended_at == NOW


def test_a_trial_asked_for_on_another_validation_does_not_start(
    model: ModelVersion, rita: User, mark: User
) -> None:
    promotion = factories.accepted(model, rita)
    trial = _ask(rita, model)
    Promotion.objects.filter(pk=promotion.pk).update(status="withdrawn")
    factories.accepted(model, rita)
    before = _state()

    with pytest.raises(TrialImpossible) as refusal:
        services.start_trial(actor=mark, trial=trial, answer="", now=NOW)

    assert refusal.value.code == "validated_anew"
    assert _state() == before


def test_no_share_is_changed_where_the_validation_does_not_hold(
    model: ModelVersion, rita: User, mark: User
) -> None:
    trial = factories.running(rita, mark, "challenger")
    change = services.propose_share(
        actor=rita, trial=trial, share=Decimal("0.2"), reason="Less", now=NOW
    )
    with pytest.raises(DomainError):
        services.propose_share(
            actor=rita, trial=trial, share=Decimal("0.51"), reason="More", now=NOW
        )
    Promotion.objects.filter(pk=trial.promotion_id).update(status="refused")
    before = _state()

    with pytest.raises(TrialImpossible):
        services.approve_share(actor=mark, change=change, now=NOW)

    assert _state() == before


def test_the_database_lets_no_model_decide_that_nobody_accepted(
    model: ModelVersion, rita: User, mark: User
) -> None:
    promotion = factories.accepted(model, rita)
    other = factories.accepted(models.registered(factories.SEGMENT, rita, seed=9), rita)
    trial = _ask(rita, model)
    values = {
        "key": trial.pk,
        "mine": promotion.pk,
        "other": other.pk,
        "mark": mark.pk,
        "owner": promotion.owner_id,
        "vera": promotion.validated_by_id,
    }
    copied = (
        "INSERT INTO governance_trial (id, created_at, updated_at, status, segment, kind, until,"
        " plan, reason, proposed_at, answer, ended_why, developed_by_id, model_id, proposed_by_id,"
        " share, promotion_id)"
        " SELECT gen_random_uuid(), created_at, updated_at, status, segment, kind, {until},"
        " plan, reason, proposed_at, '', '', developed_by_id, model_id, proposed_by_id, {share},"
        " {promotion} FROM governance_trial WHERE id=%(key)s"
    )
    as_it_is = {"until": "until", "share": "share", "promotion": "promotion_id"}
    start = (
        "UPDATE governance_trial SET status='running', decided_at=now(), decided_by_id={}"
        " WHERE id=%(key)s"
    )
    withdrawn = "UPDATE governance_promotion SET status='withdrawn' WHERE id=%(mine)s; "

    for sql in (
        copied.format(**as_it_is | {"promotion": "NULL"}),
        copied.format(**as_it_is | {"promotion": "%(other)s"}),
        copied.format(**as_it_is | {"share": "0.501"}),
        copied.format(**as_it_is | {"until": "until + interval '400 days'"}),
        start.format("%(owner)s"),
        start.format("%(vera)s"),
        withdrawn + start.format("%(mark)s"),
    ):
        with (
            pytest.raises(DatabaseError, match="governance_trial_grounded"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)
    services.start_trial(actor=mark, trial=trial, answer="", now=NOW)
    change = services.propose_share(
        actor=rita, trial=trial, share=Decimal("0.2"), reason="Less", now=NOW
    )
    approve = (
        "UPDATE governance_sharechange SET status='approved', decided_at=now(), decided_by_id={}"
        " WHERE id=%(change)s"
    )
    for sql in (
        approve.format("%(owner)s"),
        approve.format("%(vera)s"),
        withdrawn + approve.format("%(mark)s"),
    ):
        with (
            pytest.raises(DatabaseError, match="governance_share_grounded"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, {**values, "change": change.pk})
