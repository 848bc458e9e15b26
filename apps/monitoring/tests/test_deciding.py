"""What a model is judged by: what it decides now, and what fell into its own times."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.formatting import NARROW_SPACE
from apps.decisions.models import AutomationStop, Decision
from apps.decisions.tests import factories as decisions
from apps.monitoring import decision_rows, selectors, services
from apps.monitoring.models import Incident, IncidentDelivery
from apps.monitoring.spans import Span
from apps.monitoring.tests import factories
from apps.monitoring.tests.factories import FIRST, NOW
from apps.scoring import services as scoring
from apps.scoring.models import Draw, ModelVersion, Placement
from apps.scoring.tests import factories as models

MARCH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def on(day: int, month: int = 3) -> datetime:
    """Return noon of a day of 2026."""
    return datetime(2026, month, day, 12, tzinfo=UTC)


def challenging(rita: User, *, since: datetime, **changes: Any) -> Placement:
    """Return the placement of another model that decides a fifth of the applications."""
    asked = {"kind": "challenger", "share": Decimal("0.2"), "until": on(1, 12), **changes}
    model = models.registered(factories.SEGMENT, rita, seed=7)
    return scoring.place(model=model, trial=uuid.uuid4(), now=since, **asked)


def by_machine(alice: User, *, after: float = 0, **changes: Any) -> Decision:
    """Return what the machine referred, so many seconds after it was asked for."""
    application = decisions.submitted(alice)
    assert application.submitted_at is not None
    values = {
        "number": 1,
        "kind": "automated",
        "outcome": "refer",
        "submitted_by": alice,
        "amount": application.amount,
        "term_months": application.term_months,
        "annual_rate": Decimal("0.12"),
        "decided_at": application.submitted_at + timedelta(seconds=after),
        **changes,
    }
    return Decision.objects.create(application=application, **values)


def unscored(alice: User, moment: datetime) -> Decision:
    """Return what the machine referred because no model gave a score."""
    return by_machine(alice, decided_at=moment, failure="model_unusable")


def drifted(model: ModelVersion) -> Incident:
    """Let incomes of March be 1.8 times those of training, and return what that raised."""
    frame = factories.applicants(250, seed=3, annual_income=1.8)
    factories.scored(model, FIRST, frame)
    services.measure(model=model, span=Span.MONTH, start=FIRST, now=NOW)
    return Incident.objects.get()


def test_a_model_that_decides_no_more_stops_nothing(
    deciding: ModelVersion, rita: User, mark: User, settings: Any
) -> None:
    settings.LETTERS_BY_EMAIL = True
    factories.limit(rita, mark, level="stop", stops=True)
    newer = models.registered(factories.SEGMENT, rita, seed=7)
    scoring.promote(model=newer, approved_by=mark, now=on(20))

    incident = drifted(deciding)

    assert (incident.model, incident.stopped_automation) == (deciding, False)
    assert not AutomationStop.objects.exists()
    services.deliver(delivery_id=IncidentDelivery.objects.get().pk, now=NOW)
    assert "decides no more" in mail.outbox[0].body


@pytest.mark.parametrize("ended", [False, True])
def test_a_challenger_stops_while_it_decides(
    deciding: ModelVersion, rita: User, mark: User, *, ended: bool
) -> None:
    factories.limit(rita, mark, level="stop", stops=True)
    placed = challenging(rita, since=on(1))
    if ended:
        scoring.end_trial(trial=placed.trial, now=on(20))

    incident = drifted(placed.model)

    assert incident.stopped_automation is not ended
    assert AutomationStop.objects.exists() is not ended


def test_a_trial_that_ran_out_decides_no_more(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    factories.limit(rita, mark, level="stop", stops=True)
    placed = challenging(rita, since=on(1), until=on(1, 11))

    assert not drifted(placed.model).stopped_automation


def test_failures_are_laid_to_the_model_that_was_to_decide(
    deciding: ModelVersion, rita: User, mark: User, alice: User
) -> None:
    newer = models.registered(factories.SEGMENT, rita, seed=7)
    scoring.promote(model=newer, approved_by=mark, now=on(10))
    for day in (5, 20, 25):
        unscored(alice, on(day))
    never = models.registered(factories.SEGMENT, rita, seed=8)

    found = {
        one: decision_rows.facts(model, *MARCH)
        for one, model in (("old", deciding), ("new", newer), ("never", never))
    }

    assert found["old"]["failures"] == {"model_unusable": 1}
    assert found["old"]["failed"] == [1, 1]
    assert found["new"]["failures"] == {"model_unusable": 2}
    assert found["never"]["failed"] == [0, 0]


def test_a_challenger_answers_for_whom_the_champion_had_to_score(
    deciding: ModelVersion, rita: User, alice: User
) -> None:
    placed = challenging(rita, since=on(1))
    unscored(alice, on(5))
    for run, why in zip(
        factories.scored(deciding, FIRST, factories.applicants(2, seed=1)),
        ("features_refused", ""),
        strict=True,
    ):
        Draw.objects.create(
            placement=placed,
            subject=run.subject,
            arm="challenger",
            run=run,
            fell_back=why,
            drawn_at=run.scored_at,
        )

    assert decision_rows.facts(placed.model, *MARCH)["failures"] == {"features_refused": 1}
    assert decision_rows.facts(deciding, *MARCH)["failures"] == {"model_unusable": 1}


def test_of_few_times_only_what_is_surely_below_the_percentile_counts(
    deciding: ModelVersion, alice: User
) -> None:
    runs = factories.scored(deciding, FIRST, factories.applicants(3, seed=1))
    first = by_machine(alice, after=40, score_run=runs[0])
    around = (first.decided_at - timedelta(hours=1), first.decided_at + timedelta(hours=1))
    one = decision_rows.facts(deciding, *around)["latency"]
    assert (one["n"], one["p95"], one["p95_low"]) == (1, 40.0, None)

    by_machine(alice, after=10, score_run=runs[1])
    by_machine(alice, after=20, score_run=runs[2])

    # Of three, two lie below the 95th percentile but for one time in a hundred and forty.
    three = decision_rows.facts(deciding, *around)["latency"]
    assert (three["n"], three["median"], three["p95_low"]) == (3, 20.0, 20.0)


# --- challengers are watched ----------------------------------------------------------------------


def test_a_challenger_is_measured_by_the_limits_of_its_segment(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    factories.limit(rita, mark)
    placed = challenging(rita, since=on(10))
    tried = placed.model
    assert selectors.watched(now=NOW) == [deciding.pk, tried.pk]

    missing = list(services.missing(tried, now=on(3, 4)))
    incident = drifted(tried)

    assert (Span.MONTH, FIRST) in missing
    assert next(start for span, start in missing if span is Span.DAY) == date(2026, 3, 10)
    assert (incident.model, incident.subject) == (tried, "annual_income")
    assert incident.deliveries.get().channel == "email"


def test_a_challenger_is_measured_to_its_end_though_it_never_scored(
    deciding: ModelVersion, rita: User
) -> None:
    placed = challenging(rita, since=on(10), until=on(5, 6))
    scoring.end_trial(trial=placed.trial, now=on(20))

    months = [start for span, start in services.missing(placed.model, now=NOW) if span == "month"]

    assert months == [FIRST]
    assert placed.model_id in selectors.watched(now=on(1, 5))
    assert placed.model_id not in selectors.watched(now=NOW)


def test_a_shadow_is_not_watched(deciding: ModelVersion, rita: User, signed_in: Any) -> None:
    placed = challenging(rita, since=on(10), kind="shadow", share=None)

    assert selectors.watched(now=NOW) == [deciding.pk]
    assert list(services.missing(placed.model, now=NOW)) == []
    browser: Client = signed_in(rita)
    address = reverse("monitoring:model", args=[placed.model_id])
    assert browser.get(address).status_code == 404


def test_pages_say_which_share_a_challenger_decides(
    deciding: ModelVersion, rita: User, signed_in: Any
) -> None:
    now = timezone.now()
    placed = challenging(rita, since=now - timedelta(days=1), until=now + timedelta(days=9))
    browser: Client = signed_in(rita)
    address = reverse("monitoring:model", args=[placed.model_id])
    said = f"Challenger for 20.0{NARROW_SPACE}% of the applications"

    listed = browser.get(reverse("monitoring:champions")).text
    assert address in listed
    assert said in listed
    assert f"{deciding} · Champion" in listed
    assert said in browser.get(address).text
    scoring.end_trial(trial=placed.trial, now=now)
    assert "Decides no more" in browser.get(address).text
