"""Broken models, policies, clocks and connections: a person decides, once, and nothing is half."""

import copy
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pgtrigger
import psycopg2
import pytest
from django.db import DatabaseError, InterfaceError, connection

from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.jobs import enqueue
from apps.decisions import rulebook, services, tasks
from apps.decisions.models import Decision, PolicyVersion, ReviewCase
from apps.decisions.services import Verdict, assessing, lettering
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.products.tests import factories as products
from apps.scoring import champion
from apps.scoring.models import ModelVersion, ScoreRun

NOW = factories.NOW


def _assess(application: Application, *, now: datetime = NOW) -> Decision:
    return services.assess(application_id=application.pk, actor="system:test", now=now)


def _nothing_is_stored(application: Application) -> bool:
    application.refresh_from_db()
    case = f"applications.application:{application.pk}"
    made = Event.objects.filter(case=case, verb__regex=r"^(scoring|decisions|letters)\.")
    return (
        (application.status, application.score_run_id) == ("submitted", None)
        and not made.exists()
        and not any(model.objects.exists() for model in (Decision, ScoreRun, Letter, ReviewCase))
    )


def _went_to_people(application: Application, cause: str) -> bool:
    """Say whether only a referral with this cause is stored, and no score, letter or trace."""
    decision = Decision.objects.get(application=application)
    case = ReviewCase.objects.get(application=application)
    application.refresh_from_db()
    return (
        (application.status, application.score_run_id) == ("in_review", None)
        and (decision.outcome, decision.failure) == ("refer", cause)
        and not decision.trace
        and case.causes == [cause]
        and not ScoreRun.objects.exists()
        and not Letter.objects.exists()
    )


# --- the model -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [
        {"body": "tree"},
        {"body": ""},
        {"manifest": {}},
        {"manifest": []},
        {"sha256": "0" * 64},
        {"signature": ""},
        {"signature": "not hexadecimal"},
    ],
    ids=lambda change: "-".join(f"{key}={value!s:.8}" for key, value in change.items()),
)
def test_a_corrupt_model_decides_nothing(
    alice: User, stage: ModelVersion, change: dict[str, Any]
) -> None:
    application = factories.submitted(alice)
    with pgtrigger.ignore():
        ModelVersion.objects.update(**change)
    champion.forget()

    _assess(application)

    assert _went_to_people(application, "model_unusable")


def test_a_body_cut_off_in_the_middle_decides_nothing(alice: User, stage: ModelVersion) -> None:
    application = factories.submitted(alice)
    with pgtrigger.ignore():
        ModelVersion.objects.update(body=stage.body[: len(stage.body) // 2])
    champion.forget()

    _assess(application)

    assert _went_to_people(application, "model_unusable")


def test_a_model_that_breaks_while_it_scores_decides_nothing(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = factories.submitted(alice)

    def out_of_memory(**_known: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("apps.decisions.services.assessing.scoring.score", out_of_memory)

    _assess(application)

    assert _went_to_people(application, "unexpected_error")


# --- the policy ------------------------------------------------------------------------------
def test_a_policy_altered_in_the_database_decides_nothing(alice: User, stage: ModelVersion) -> None:
    application = factories.submitted(alice)
    lenient = factories.document(bands=("0.98", "0.99"))
    with pgtrigger.ignore():
        PolicyVersion.objects.update(document=lenient)
    rulebook.forget()

    _assess(application)

    assert _went_to_people(application, "policy_unusable")


def test_a_policy_altered_after_it_was_read_does_not_decide(
    alice: User, stage: ModelVersion
) -> None:
    """A process that has checked a policy goes on with what it checked, never with the change."""
    _assess(factories.submitted(alice))
    strict = factories.document(bands=("0.00001", "0.00002"))
    with pgtrigger.ignore():
        PolicyVersion.objects.update(document=strict)

    assert _assess(factories.submitted(alice)).outcome == "approve"


def test_a_product_that_came_after_its_policy_goes_to_people(
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    known = products.personal_loan(pune.entity)
    document = copy.deepcopy(factories.DOCUMENT)
    document["ladders"][0]["products"] = [known.code]
    factories.stage(pune, rita, mark, document=document)
    added = products.personal_loan(pune.entity, code="sahyadri-wedding", name="Wedding loan")
    application = factories.submitted(alice, product=added)

    _assess(application)

    assert _went_to_people(application, "policy_unusable")
    assert _assess(factories.submitted(alice, product=known)).outcome == "approve"


# --- the clock -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "zone", ["Asia/Kolkata", "Africa/Nairobi", "America/New_York", "Pacific/Kiritimati", "UTC"]
)
def test_a_version_begins_at_the_lenders_own_midnight(
    alice: User, stage: ModelVersion, pune: Branch, zone: str
) -> None:
    Entity.objects.update(time_zone=zone)
    before = PolicyVersion.objects.get()
    later = factories.policy(
        pune.entity, bands=("0.00001", "0.99"), effective_from=date(2026, 11, 25)
    )
    midnight = datetime(2026, 11, 25, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    last = _assess(factories.submitted(alice), now=midnight - timedelta(microseconds=1))
    first = _assess(factories.submitted(alice), now=midnight)

    assert (last.policy, last.outcome) == (before, "approve")
    assert (first.policy, first.outcome) == (later, "refer")


def test_two_lenders_change_their_policy_at_different_moments(pune: Branch) -> None:
    kenya = Entity.objects.create(
        code="tumaini", name="Tumaini Sacco", country="KE", time_zone="Africa/Nairobi"
    )
    # Midnight in Pune; in Nairobi it is half past nine on the evening before.
    moment = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)

    days = [lettering.local_date(one, moment) for one in (pune.entity, kenya)]

    assert days == [date(2026, 11, 25), date(2026, 11, 24)]


# --- the database ----------------------------------------------------------------------------
def test_a_statement_that_fails_leaves_only_the_referral(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = factories.submitted(alice)

    def broken(*_arguments: Any, **_known: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    # After the score is stored and the application has moved, before the decision is.
    monkeypatch.setattr(lettering, "issue", broken)

    _assess(application)

    assert _went_to_people(application, "unexpected_error")


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_dies_in_the_middle_leaves_nothing_and_the_case_is_decided_later(
    alice: User, pune: Branch, rita: User, mark: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.stage(pune, rita, mark)
    application = factories.submitted(alice)
    issue = lettering.issue

    def cut(**known: Any) -> Letter:
        _terminate(connection.connection.info.backend_pid)
        return issue(**known)

    monkeypatch.setattr(lettering, "issue", cut)
    with pytest.raises((DatabaseError, InterfaceError)):
        _assess(application)
    monkeypatch.setattr(lettering, "issue", issue)
    connection.close()

    assert _nothing_is_stored(application)
    assert _assess(application).outcome == "approve"
    assert (Decision.objects.count(), ScoreRun.objects.count(), Letter.objects.count()) == (1, 1, 1)


def _terminate(backend: int) -> None:
    """End a connection as a database that goes down would, from another one."""
    settings = connection.settings_dict
    other = psycopg2.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"] or None,
    )
    with closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
        assert cursor.fetchone() == (True,)


# --- the message -----------------------------------------------------------------------------
def test_a_task_delivered_again_after_the_decision_changes_nothing(
    alice: User, stage: ModelVersion
) -> None:
    application = factories.submitted(alice)
    tasks.assess(str(application.pk))
    [decision] = Decision.objects.values()
    events = Event.objects.count()

    tasks.assess(str(application.pk))

    assert list(Decision.objects.values()) == [decision]
    assert Event.objects.count() == events
    assert (ScoreRun.objects.count(), Letter.objects.count()) == (1, 1)


def test_a_task_delivered_again_after_people_decided_changes_nothing(
    alice: User, bob: User, pune: Branch
) -> None:
    factories.policy(pune.entity)
    case = factories.referred(alice)
    services.claim(actor=bob, case=case, now=NOW)
    verdict = Verdict(outcome="approve", codes=("income_confirmed",), note="Seen.")
    services.decide(actor=bob, case=case, verdict=verdict, now=NOW)
    events = Event.objects.count()

    tasks.assess(str(case.application_id))

    case.application.refresh_from_db()
    assert case.application.status == "approved"
    assert Decision.objects.count() == 2
    assert Event.objects.count() == events


def test_a_broker_that_is_down_loses_no_application(
    alice: User,
    stage: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    def down(*_arguments: Any, **_known: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("apps.core.jobs.current_app.send_task", down)
    with django_capture_on_commit_callbacks(execute=True):
        application = factories.submitted(alice)
        enqueue("decisions.assess", application_id=str(application.pk))

    assert _nothing_is_stored(application)
    assert services.sweep(now=NOW + timedelta(minutes=1)) == (1, 0)


def test_whatever_breaks_while_the_referral_is_written_leaves_the_application_waiting(
    alice: User, pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.policy(pune.entity)
    application = factories.submitted(alice)

    def broken(**_known: Any) -> Decision:
        raise OSError("disk full")

    monkeypatch.setattr(assessing.recording, "record", broken)
    with pytest.raises(OSError, match="disk full"):
        _assess(application)
    monkeypatch.undo()

    assert _nothing_is_stored(application)
