"""A model is tried when two people agree: not by service, not by page, not by raw SQL otherwise."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.decisions import services as decisions
from apps.governance import services, trials
from apps.governance.errors import OwnTrial, TrialImpossible
from apps.governance.models import ShareChange, Trial
from apps.governance.tests import trial_factories as factories
from apps.scoring import selectors as scoring
from apps.scoring.errors import PlacementRefused
from apps.scoring.models import ModelVersion, Placement
from apps.scoring.tests import factories as models
from tests.kept import kept

pytestmark = pytest.mark.django_db
NOW = factories.NOW


@pytest.fixture
@kept
def stage(pune: Branch, rita: User, mark: User) -> ModelVersion:
    return factories.stage(pune, rita, mark)


@pytest.fixture
def both(make_person: Any) -> User:
    """Somebody who was wrongly given both sides."""
    person = make_person("Both", "risk_analyst")
    person.groups.add(Group.objects.get(name="model_approver"))
    return User.objects.get(pk=person.pk)


def _state() -> list[Any]:
    return [
        list(Trial.objects.order_by("pk").values_list("pk", "status", "decided_by")),
        list(ShareChange.objects.order_by("pk").values_list("pk", "status")),
        list(Placement.objects.order_by("pk").values_list("pk", "ended_at", "share")),
        Event.objects.filter(verb__startswith="governance.").count(),
    ]


def test_it_serves_when_another_person_lets_it_start(
    stage: ModelVersion, rita: User, mark: User
) -> None:
    trial = factories.proposed(rita, "challenger")
    assert not Placement.objects.exists()

    started = services.start_trial(actor=mark, trial=trial, answer="Read.", now=NOW)

    placed = Placement.objects.get()
    assert (started.status, started.decided_by) == ("running", mark)
    assert (placed.model, placed.kind, placed.share) == (trial.model, "challenger", Decimal("0.5"))
    assert (placed.began_at, placed.until, placed.ended_at) == (NOW, factories.UNTIL, None)
    assert Event.objects.filter(verb="governance.trial_started").count() == 1
    # 8 against 11 per cent in equal arms, power 80 %: known from the formula's tables.
    assert trial.plan["least"]["champion"] == trial.plan["least"]["challenger"]
    assert 1_400 < trial.plan["least"]["champion"] < 1_600
    assert scoring.champion(factories.SEGMENT) == stage


def test_it_refuses_who_asked_who_developed_and_who_has_no_right(
    stage: ModelVersion, rita: User, mark: User, both: User, bob: User
) -> None:
    developed = models.registered(factories.SEGMENT, both, seed=9)
    of_own = services.propose_trial(
        actor=rita,
        model=developed,
        plan=factories.plan("shadow"),
        reason="Look",
        now=factories.BEFORE,
    )
    asked = services.propose_trial(
        actor=both,
        model=models.registered(factories.SEGMENT, rita, seed=7),
        plan=factories.plan("shadow"),
        reason="Look",
        now=factories.BEFORE,
    )
    before = _state()

    for trial in (of_own, asked):
        for act in (services.start_trial, services.refuse_trial):
            with pytest.raises(OwnTrial):
                act(actor=both, trial=trial, answer="Mine", now=NOW)
            for stranger in (bob, rita):
                with pytest.raises(NotPermitted):
                    act(actor=stranger, trial=trial, answer="No right", now=NOW)
    for stranger in (bob, mark):
        with pytest.raises(NotPermitted):
            services.propose_trial(
                actor=stranger,
                model=developed,
                plan=factories.plan("challenger"),
                reason="No right",
                now=NOW,
            )

    assert _state() == before


def test_it_refuses_in_the_database_what_the_service_would_refuse(
    stage: ModelVersion, rita: User, mark: User, both: User
) -> None:
    trial = factories.proposed(rita, "shadow")
    before = _state()
    values = {"me": rita.pk, "mark": mark.pk, "key": trial.pk, "both": both.pk}

    mine = "SET status='running', decided_by_id=%(me)s, decided_at=now()"
    copied = (
        "INSERT INTO governance_trial (id, created_at, updated_at, status, segment, kind, until,"
        " plan, reason, proposed_at, answer, ended_why, developed_by_id, model_id, proposed_by_id)"
        " SELECT gen_random_uuid(), created_at, updated_at, {status}, segment, 'shadow', until,"
        " plan, reason, proposed_at, '', '', {developer}, model_id, proposed_by_id"
        " FROM governance_trial WHERE id=%(key)s"
    )

    for sql in (
        f"UPDATE governance_trial {mine} WHERE id=%(key)s",
        "UPDATE governance_trial SET status='running' WHERE id=%(key)s",
        "UPDATE governance_trial SET status='stopped' WHERE id=%(key)s",
        "UPDATE governance_trial SET proposed_by_id=%(both)s WHERE id=%(key)s",
        "UPDATE governance_trial SET share=0.5 WHERE id=%(key)s",
        "DELETE FROM governance_trial WHERE id=%(key)s",
        copied.format(status="'proposed'", developer="%(mark)s"),
        copied.format(status="'running'", developer="developed_by_id"),
    ):
        with (
            pytest.raises(DatabaseError, match=r"governance_trial|Cannot|transition"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)

    assert _state() == before


def test_it_tries_one_challenger_in_a_segment(stage: ModelVersion, rita: User, mark: User) -> None:
    first = factories.running(rita, mark, "challenger")
    second = factories.proposed(rita, "challenger", seed=9)
    before = _state()

    with pytest.raises(TrialImpossible) as refusal:
        services.start_trial(actor=mark, trial=second, answer="", now=NOW)
    with pytest.raises(TrialImpossible) as again:
        services.propose_trial(
            actor=rita,
            model=first.model,
            plan=factories.plan("challenger"),
            reason="Again",
            now=NOW,
        )

    assert (refusal.value.code, again.value.code) == ("another_is_tried", "trial_waits")
    assert _state() == before


def test_no_challenger_starts_while_automation_is_stopped(
    stage: ModelVersion, rita: User, mark: User, charlie: User
) -> None:
    challenger = factories.proposed(rita, "challenger")
    shadow = factories.proposed(rita, "shadow")
    decisions.stop_automation(actor=charlie, entity=None, reason="Odd.", now=NOW)
    before = _state()

    with pytest.raises(TrialImpossible) as refusal:
        services.start_trial(actor=mark, trial=challenger, answer="", now=NOW)

    assert refusal.value.code == "automation_stopped"
    assert _state() == before
    assert services.start_trial(actor=mark, trial=shadow, answer="", now=NOW).status == "running"


def test_it_refuses_a_plan_that_is_none(stage: ModelVersion, rita: User) -> None:
    def asked(**changes: Any) -> DomainError:
        with pytest.raises(DomainError) as refusal:
            factories.proposed(rita, changes.pop("kind", "challenger"), **changes)
        return refusal.value

    assert list(asked(until=factories.BEFORE).fields) == ["until"]
    assert list(asked(share=Decimal(1)).fields) == ["share"]
    assert list(asked(share=Decimal("0.501")).fields) == ["share"]
    assert list(asked(until=factories.BEFORE + timedelta(days=366, seconds=1)).fields) == ["until"]
    assert list(asked(share=None, power=None).fields) == ["share", "power"]
    assert list(asked(difference=Decimal("0.95")).fields) == ["difference"]
    assert list(asked(kind="shadow", share=Decimal("0.1")).fields) == ["share"]
    assert list(asked(kind="champion").fields) == ["kind"]
    assert not Trial.objects.exists()


def test_it_refuses_the_champion_and_a_model_that_is_not_whole(
    stage: ModelVersion, rita: User, mark: User
) -> None:
    with pytest.raises(TrialImpossible) as champion:
        services.propose_trial(
            actor=rita, model=stage, plan=factories.plan("shadow"), reason="x", now=NOW
        )
    trial = factories.proposed(rita, "shadow")
    factories.spoil(trial.model)
    before = _state()

    with pytest.raises(PlacementRefused) as spoiled:
        services.start_trial(actor=mark, trial=trial, answer="", now=NOW)

    assert (champion.value.code, spoiled.value.code) == ("already_champion", "model_unusable")
    assert _state() == before


def test_one_person_stops_it_at_once(stage: ModelVersion, rita: User, mark: User) -> None:
    trial = factories.running(rita, mark, "challenger")
    asked = services.propose_share(
        actor=rita, trial=trial, share=Decimal("0.4"), reason="More", now=NOW
    )

    with pytest.raises(DomainError):
        services.stop_trial(actor=rita, trial=trial, reason=" ", now=NOW)
    stopped = services.stop_trial(actor=rita, trial=trial, reason="Too many declines", now=NOW)

    assert (stopped.status, stopped.ended_by, stopped.ended_at) == ("stopped", rita, NOW)
    assert Placement.objects.get().ended_at == NOW
    asked.refresh_from_db()
    assert asked.status == "lapsed"
    assert Event.objects.filter(verb="governance.trial_stopped").count() == 1
    with pytest.raises(Conflict):
        services.stop_trial(actor=mark, trial=stopped, reason="Again", now=NOW)


def test_who_may_not_stop_it_does_not(
    stage: ModelVersion, rita: User, mark: User, bob: User
) -> None:
    trial = factories.running(rita, mark, "challenger")
    before = _state()

    with pytest.raises(NotPermitted):
        services.stop_trial(actor=bob, trial=trial, reason="No right", now=NOW)

    assert _state() == before


def test_another_share_takes_two_people_and_keeps_the_seed(
    stage: ModelVersion, rita: User, mark: User, both: User
) -> None:
    trial = factories.running(rita, mark, "challenger")
    asked = services.propose_share(
        actor=both, trial=trial, share=Decimal("0.2"), reason="Less", now=NOW
    )
    before = _state()
    with pytest.raises(OwnTrial):
        services.approve_share(actor=both, change=asked, now=NOW)
    with pytest.raises(NotPermitted):
        services.approve_share(actor=rita, change=asked, now=NOW)
    with pytest.raises(TrialImpossible):
        services.propose_share(actor=rita, trial=trial, share=Decimal("0.3"), reason="x", now=NOW)
    assert _state() == before

    services.approve_share(actor=mark, change=asked, now=NOW)

    now, was = trials.placements(trial)
    assert (now.share, now.ended_at, was.share, was.ended_at) == (
        Decimal("0.2"),
        None,
        Decimal("0.5"),
        NOW,
    )
    assert now.seed == was.seed
    with pytest.raises(Conflict):
        services.refuse_share(actor=mark, change=asked, answer="Late", now=NOW)


def test_it_ends_by_itself_on_its_date(stage: ModelVersion, rita: User, mark: User) -> None:
    trial = factories.running(rita, mark, "challenger")
    late = factories.UNTIL + timedelta(minutes=1)

    assert services.end_trials(now=NOW) == 0
    assert services.end_trials(now=late) == 1
    assert services.end_trials(now=late) == 0

    trial.refresh_from_db()
    assert (trial.status, trial.ended_by, trial.ended_at) == ("ended", None, late)
    assert Placement.objects.get().ended_at == late


def test_its_last_day_is_the_one_that_was_asked_for_wherever_one_reads_it() -> None:
    until = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)

    with timezone.override("Asia/Kolkata"):
        assert Trial(until=until).last_day == date(2027, 1, 31)


def test_another_champion_ends_the_trials_of_its_segment(
    stage: ModelVersion, rita: User, mark: User
) -> None:
    shadow = factories.running(rita, mark, "shadow")
    challenger = factories.running(rita, mark, "challenger", seed=9)

    models.champion(factories.SEGMENT, rita, mark, seed=8)

    for trial in (shadow, challenger):
        trial.refresh_from_db()
        assert (trial.status, trial.ended_by) == ("ended", None)
    assert not Placement.objects.filter(ended_at=None).exists()


def test_a_placement_is_changed_once_and_never_deleted(
    stage: ModelVersion, rita: User, mark: User
) -> None:
    factories.running(rita, mark, "challenger")
    for sql in (
        "UPDATE scoring_placement SET share=0.9",
        "UPDATE scoring_placement SET seed='mine'",
        "DELETE FROM scoring_placement",
    ):
        with (
            pytest.raises(DatabaseError, match="Cannot"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
    with pytest.raises(IntegrityError), transaction.atomic():
        Placement.objects.create(
            segment=factories.SEGMENT,
            model=ModelVersion.objects.exclude(pk=stage.pk).get(),
            kind="challenger",
            share=Decimal("0.1"),
            seed="x",
            trial=Trial.objects.get().pk,
            began_at=NOW,
            until=factories.UNTIL,
        )
