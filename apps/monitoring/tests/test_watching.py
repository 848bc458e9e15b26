"""Figures of months made once; drift found where and when it was planted; incidents told once."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core import dates
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.decisions.models import AutomationStop
from apps.governance.models import TrainingRequest
from apps.monitoring import selectors, services, stored, tasks
from apps.monitoring.errors import OwnProposal
from apps.monitoring.models import Figures, Incident, IncidentDelivery, Limit, Retraining
from apps.monitoring.spans import Span
from apps.monitoring.tests import factories
from apps.monitoring.tests.factories import FIRST, NOW
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models

SECOND, THIRD, FOURTH = (dates.add_months(FIRST, n) for n in (1, 2, 3))
Sent = list[tuple[str, dict[str, Any]]]


def measured(model: ModelVersion, *months: date) -> None:
    """Measure months of a model, in their order."""
    for month in months:
        services.measure(model=model, span=Span.MONTH, start=month, now=NOW)


def drifting(model: ModelVersion, *, since: date = SECOND, until: date = FOURTH) -> None:
    """Store four months of scores; incomes are 1.8 times as high in [since, until)."""
    for number, month in enumerate((FIRST, SECOND, THIRD, FOURTH)):
        factor = {"annual_income": 1.8} if since <= month < until else {}
        factories.scored(model, month, factories.applicants(250, seed=40 + number, **factor))


def test_a_month_is_measured_once_and_kept_with_its_hash(deciding: ModelVersion) -> None:
    factories.scored(deciding, FIRST, factories.applicants(200, seed=1))

    made = services.measure(model=deciding, span=Span.MONTH, start=FIRST, now=NOW)

    assert [one.kind for one in made] == ["population", "outcomes", "groups"]
    for one in Figures.objects.all():
        assert one.sha256 == stored.sha256(one.facts)
    facts = selectors.facts(deciding, Span.MONTH, FIRST, "population")
    assert facts is not None
    assert facts["scored"] == 200
    assert {one["name"] for one in facts["drift"]["features"]} == set(facts["counts"]["features"])
    assert services.measure(model=deciding, span=Span.MONTH, start=FIRST, now=NOW) == []
    assert Figures.objects.count() == 3


def test_figures_are_never_changed(deciding: ModelVersion) -> None:
    measured(deciding, FIRST)
    row = Figures.objects.filter(kind="population").get()

    for statement in ("UPDATE {} SET facts = '{{}}' WHERE id = %s", "DELETE FROM {} WHERE id = %s"):
        with (
            pytest.raises(Exception, match="monitoring_figures"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format("monitoring_figures"), [row.pk])
    row.refresh_from_db()
    assert row.facts["scored"] == 0


def test_a_span_that_is_not_over_is_refused(deciding: ModelVersion) -> None:
    for span, start in ((Span.MONTH, date(2026, 11, 1)), (Span.MONTH, date(2026, 3, 2))):
        with pytest.raises(DomainError):
            services.measure(model=deciding, span=span, start=start, now=NOW)
    assert not Figures.objects.exists()


def test_what_was_missed_is_caught_up_once(deciding: ModelVersion, rita: User, mark: User) -> None:
    now = datetime(2026, 6, 2, 1, tzinfo=UTC)
    factories.scored(deciding, FIRST, factories.applicants(30, seed=1))
    measured(deciding, SECOND)

    missing = list(services.missing(deciding, now=now))

    assert [start for span, start in missing if span is Span.MONTH] == [FIRST, THIRD]
    assert len([start for span, start in missing if span is Span.DAY]) == 31
    assert selectors.watched(now=now) == [deciding.pk]
    newer = models.registered(factories.SEGMENT, rita, seed=7)
    replaced = datetime(2026, 4, 15, tzinfo=UTC)
    scoring.promote(model=newer, approved_by=mark, now=replaced)
    assert list(services.missing(deciding, now=now)) == [(Span.MONTH, FIRST)]
    assert selectors.watched(now=now) == [deciding.pk, newer.pk]
    assert selectors.watched(now=NOW) == [newer.pk]


def test_the_task_measures_what_is_missing_and_again_nothing(
    deciding: ModelVersion, sent: Sent, django_capture_on_commit_callbacks: Any
) -> None:
    ModelVersion.objects.filter(pk=deciding.pk).update(
        promoted_at=dates_ago(datetime.now(UTC), months=1)
    )

    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.measure_missing() == 1
    assert sent == [("monitoring.measure_model", {"model_id": str(deciding.pk)})]
    assert tasks.measure_model(str(deciding.pk)) > 25
    assert tasks.measure_model(str(deciding.pk)) == 0


def dates_ago(moment: datetime, *, months: int) -> datetime:
    """Return the first moment of the month so many months ago."""
    day = dates.add_months(moment.date().replace(day=1), -months)
    return datetime(day.year, day.month, 1, tzinfo=UTC)


# --- limits and incidents -------------------------------------------------------------------------


def test_planted_drift_is_found_on_its_feature_at_its_month_and_told_once(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    factories.limit(rita, mark)
    drifting(deciding)

    measured(deciding, FIRST)
    assert not Incident.objects.exists()
    measured(deciding, SECOND, THIRD)
    incident = Incident.objects.get()
    assert (incident.measure, incident.subject, incident.start, incident.last_start) == (
        "feature_psi",
        "annual_income",
        SECOND,
        THIRD,
    )
    assert incident.value > 0.25
    assert [one.channel for one in IncidentDelivery.objects.all()] == ["email"]

    measured(deciding, FOURTH)
    incident.refresh_from_db()
    assert incident.over_from == FOURTH
    verbs = Event.objects.filter(verb__startswith="monitoring.incident").order_by("pk")
    assert [one.verb for one in verbs] == [
        "monitoring.incident_raised",
        "monitoring.incident_over",
    ]


def test_months_without_drift_raise_nothing(deciding: ModelVersion, rita: User, mark: User) -> None:
    factories.limit(rita, mark, bound=Decimal("0.1"))
    factories.limit(rita, mark, measure="score_psi", bound=Decimal("0.1"))
    factories.limit(rita, mark, measure="missing_change", bound=Decimal("0.05"))
    drifting(deciding, until=FIRST)

    measured(deciding, FIRST, SECOND, THIRD, FOURTH)

    assert not Incident.objects.exists()


def test_who_answers_is_told_by_mail(
    deciding: ModelVersion, rita: User, mark: User, settings: Any
) -> None:
    settings.LETTERS_BY_EMAIL = True
    factories.limit(rita, mark)
    drifting(deciding)
    measured(deciding, SECOND)
    delivery = IncidentDelivery.objects.get()

    services.deliver(delivery_id=delivery.pk, now=NOW)
    services.deliver(delivery_id=delivery.pk, now=NOW)
    services.deliver_waiting(now=NOW)

    [message] = mail.outbox
    assert message.to == [rita.email]
    assert "Gross income a year" in message.body
    assert IncidentDelivery.objects.get().status == "sent"


def test_people_close_an_incident_with_a_decision_and_it_is_not_raised_again(
    deciding: ModelVersion, rita: User, mark: User, alice: User
) -> None:
    factories.limit(rita, mark)
    drifting(deciding)
    measured(deciding, SECOND)
    incident = Incident.objects.get()
    said = {"decision": "retrain", "note": "Incomes rose", "now": NOW}

    with pytest.raises(NotPermitted):
        services.close(actor=alice, incident=incident, **said)
    for wrong in ({"decision": "nothing"}, {"note": " "}):
        with pytest.raises(DomainError):
            services.close(actor=mark, incident=incident, **{**said, **wrong})
    incident.refresh_from_db()
    assert incident.status == "open"

    services.acknowledge(actor=rita, incident=incident, now=NOW)
    with pytest.raises(Conflict):
        services.acknowledge(actor=mark, incident=incident, now=NOW)
    closed = services.close(actor=mark, incident=incident, **said)
    assert (closed.status, closed.closed_by, closed.decision) == ("closed", mark, "retrain")
    measured(deciding, THIRD)
    assert Incident.objects.count() == 1


def test_an_earlier_month_measured_late_tells_nothing_twice(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    factories.limit(rita, mark)
    drifting(deciding)

    measured(deciding, THIRD, FOURTH, SECOND)

    incident = Incident.objects.get()
    assert (incident.start, incident.over_from) == (THIRD, FOURTH)


def test_limits_take_two_people(
    deciding: ModelVersion, rita: User, mark: User, alice: User
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(NotPermitted):
        services.propose_limit(actor=alice, asked=factories.asked(rita), now=now)
    with pytest.raises(NotPermitted):
        services.propose_limit(actor=mark, asked=factories.asked(rita), now=now)
    one = services.propose_limit(actor=rita, asked=factories.asked(rita), now=now)
    with pytest.raises(Conflict):
        services.propose_limit(actor=rita, asked=factories.asked(rita), now=now)
    for person in (rita, alice):
        with pytest.raises(NotPermitted):
            services.approve(actor=person, one=one, now=now)
    one.refresh_from_db()
    assert one.status == "proposed"
    assert not selectors.limits_in_force(one.segment, FIRST).exists()
    drifting(deciding)
    measured(deciding, SECOND)
    assert not Incident.objects.exists()

    services.approve(actor=mark, one=one, now=now)
    assert selectors.limits_in_force(one.segment, FIRST).get() == one


def test_who_proposed_approves_by_no_right(
    deciding: ModelVersion, rita: User, mark: User, make_person: Callable[..., User]
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    one = services.propose_limit(actor=rita, asked=factories.asked(rita), now=now)
    Limit.objects.filter(pk=one.pk)
    rita.groups.add(*mark.groups.all())
    both = User.objects.get(pk=rita.pk)

    with pytest.raises(OwnProposal):
        services.approve(actor=both, one=one, now=now)
    with pytest.raises(IntegrityError, match="by_two_people"), transaction.atomic():
        one.move("approve", answered_by=both, answered_at=now)
    one.refresh_from_db()
    refused = services.refuse(actor=mark, one=one, note="Too loose", now=now)
    assert (refused.status, refused.answer_note) == ("refused", "Too loose")
    with pytest.raises(Conflict):
        services.approve(actor=mark, one=one, now=now)


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "luck"},
        {"level": "panic"},
        {"segment": "nowhere"},
        {"bound": Decimal(0)},
        {"stops": True},
        {"reason": " "},
        {"effective_from": date(2026, 2, 1)},
        {"webhook_url": "http://hooks.example.org/"},
    ],
)
def test_a_limit_that_means_nothing_is_refused(
    deciding: ModelVersion, rita: User, wrong: dict[str, Any]
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(DomainError):
        services.propose_limit(actor=rita, asked=factories.asked(rita, **wrong), now=now)
    assert not Limit.objects.exists()


def test_a_newer_version_counts_from_its_day_and_may_end_the_watch(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    old = factories.limit(rita, mark)
    new = factories.limit(rita, mark, effective_from=THIRD, is_watched=False)

    assert selectors.limits_in_force(old.segment, SECOND).get() == old
    assert selectors.limits_in_force(old.segment, THIRD).get() == new
    drifting(deciding, since=THIRD)
    measured(deciding, FIRST, SECOND, THIRD)
    assert not Incident.objects.exists()


@pytest.mark.parametrize("stops", [False, True])
def test_stop_asks_a_person_or_stops_by_the_switch_as_the_limit_says(
    deciding: ModelVersion, rita: User, mark: User, *, stops: bool
) -> None:
    factories.limit(rita, mark, level="stop", stops=stops)
    drifting(deciding)

    measured(deciding, SECOND)

    assert Incident.objects.get().stopped_automation is stops
    assert AutomationStop.objects.filter(stopped_by=rita).exists() is stops
    assert Event.objects.filter(verb="decisions.automation_stopped").exists() is stops


# --- retraining -----------------------------------------------------------------------------------


def test_drift_begins_one_training_that_ends_as_nobodys_champion(
    deciding: ModelVersion,
    rita: User,
    mark: User,
    sent: Sent,
    django_capture_on_commit_callbacks: Any,
) -> None:
    factories.limit(rita, mark)
    factories.plan(rita, mark, on_drift=True)
    drifting(deciding)
    assert services.begin_due(model=deciding, now=NOW) is None
    measured(deciding, SECOND)

    with django_capture_on_commit_callbacks(execute=True):
        made = services.begin_due(model=deciding, now=NOW)

    assert made is not None
    assert (made.cause, made.incident) == ("drift", Incident.objects.get())
    request = TrainingRequest.objects.get()
    assert (request.requested_by, request.to_date) == (rita, date(2025, 11, 1))
    assert ("governance.train", {"request_id": str(request.pk)}) in sent
    for later in (NOW, datetime(2026, 12, 2, tzinfo=UTC)):
        assert services.begin_due(model=deciding, now=later) is None
    assert Retraining.objects.count() == 1
    assert ModelVersion.objects.filter(status="champion").get() == deciding


def test_the_calendar_begins_a_training_when_its_months_are_over(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    factories.plan(rita, mark, every_months=6)

    assert services.begin_due(model=deciding, now=datetime(2026, 8, 30, tzinfo=UTC)) is None
    made = services.begin_due(model=deciding, now=datetime(2026, 9, 1, 4, tzinfo=UTC))
    assert made is not None
    assert made.cause == "calendar"
    assert services.begin_due(model=deciding, now=datetime(2026, 10, 1, tzinfo=UTC)) is None


def test_nothing_begins_in_the_name_of_who_may_not_train_any_more(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    factories.plan(rita, mark, every_months=1)
    rita.groups.clear()

    assert services.begin_due(model=deciding, now=NOW) is None
    assert not TrainingRequest.objects.exists()


def test_who_may_not_train_proposes_no_plan(
    deciding: ModelVersion, mark: User, make_person: Callable[..., User]
) -> None:
    with pytest.raises(NotPermitted):
        factories.plan(make_person(f"Aud {uuid.uuid4().hex[:4]}", "auditor"), mark, on_drift=True)
    assert not Retraining.objects.exists()


def test_the_database_closes_nothing_without_a_decision_and_a_reason(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    factories.limit(rita, mark)
    drifting(deciding)
    measured(deciding, SECOND)
    incident = Incident.objects.get()

    for said in ({"decision": "retrain", "note": ""}, {"decision": "", "note": "Because"}):
        with pytest.raises(IntegrityError, match="with_a_decision"), transaction.atomic():
            incident.move("close", closed_by=rita, closed_at=NOW, **said)
    assert Incident.objects.get().status == "open"
