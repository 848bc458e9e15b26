"""A breach that lasts while its limit changes: a newer version judges anew, none ends it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core import dates
from apps.decisions.models import AutomationStop
from apps.monitoring import services
from apps.monitoring.models import Incident, IncidentDelivery, Limit, Retraining, RetrainingPlan
from apps.monitoring.spans import Span
from apps.monitoring.tests import factories
from apps.monitoring.tests.factories import FIRST, NOW
from apps.scoring.models import ModelVersion

SECOND, THIRD, FOURTH = (dates.add_months(FIRST, n) for n in (1, 2, 3))


def measured(model: ModelVersion, month: date, *, income: float = 1.8, now: datetime = NOW) -> None:
    """Measure a month whose incomes are so many times those of training."""
    frame = factories.applicants(250, seed=3, annual_income=income)
    factories.scored(model, month, frame)
    services.measure(model=model, span=Span.MONTH, start=month, now=now)


@pytest.fixture
def accepted(deciding: ModelVersion, rita: User, mark: User) -> Incident:
    """A breach of March that people let go on, of a limit that asks people to stop."""
    factories.limit(rita, mark, level="stop")
    measured(deciding, FIRST)
    return services.close(
        actor=mark, incident=Incident.objects.get(), decision="accept", note="As agreed", now=NOW
    )


@pytest.mark.parametrize(
    "changes",
    [{"stops": True}, {"bound": Decimal("0.2"), "stops": True}],
    ids=["same", "stricter"],
)
def test_a_newer_version_judges_a_standing_breach_anew(
    accepted: Incident, rita: User, mark: User, changes: dict[str, Any]
) -> None:
    newer = factories.limit(rita, mark, level="stop", effective_from=THIRD, **changes)

    measured(accepted.model, SECOND)
    assert Incident.objects.count() == 1
    measured(accepted.model, THIRD)

    accepted.refresh_from_db()
    assert (accepted.last_start, accepted.over_from) == (SECOND, THIRD)
    assert accepted.is_replaced
    found = Incident.objects.get(over_from=None)
    assert (found.limit, found.start, found.stopped_automation) == (newer, THIRD, True)
    assert AutomationStop.objects.exists()
    assert IncidentDelivery.objects.filter(incident=found).count() == 1
    over = Event.objects.filter(verb="monitoring.incident_over")
    assert over.count() == 1

    measured(accepted.model, FOURTH)
    assert Incident.objects.count() == 2


def test_a_looser_version_ends_what_is_within_it(
    accepted: Incident, rita: User, mark: User
) -> None:
    factories.limit(rita, mark, level="stop", effective_from=SECOND, bound=Decimal(50))

    measured(accepted.model, SECOND)

    assert Incident.objects.get().over_from == SECOND


def test_a_month_before_the_newer_version_measured_late_ends_nothing(
    deciding: ModelVersion, rita: User, mark: User
) -> None:
    factories.limit(rita, mark)
    newer = factories.limit(rita, mark, effective_from=SECOND, bound=Decimal("0.2"))
    measured(deciding, SECOND)

    measured(deciding, FIRST)

    standing = Incident.objects.get()
    assert (standing.limit, standing.over_from) == (newer, None)


def test_the_end_of_the_watch_ends_a_breach_and_a_later_one_is_told(
    accepted: Incident, rita: User, mark: User
) -> None:
    factories.limit(rita, mark, level="stop", effective_from=SECOND, is_watched=False)
    again = factories.limit(rita, mark, level="stop", effective_from=FOURTH)

    measured(accepted.model, SECOND, income=1.0)
    accepted.refresh_from_db()
    assert (accepted.last_start, accepted.over_from) == (FIRST, SECOND)
    measured(accepted.model, THIRD)
    assert Incident.objects.count() == 1
    measured(accepted.model, FOURTH)

    told = Incident.objects.get(over_from=None)
    assert (told.limit, told.start, told.status) == (again, FOURTH, "open")
    assert told.deliveries.count() == 1
    assert Limit.objects.count() == 3


def test_a_page_says_that_the_limit_gave_way_and_not_that_the_measure_is_within_it(
    accepted: Incident, rita: User, mark: User, signed_in: Any
) -> None:
    factories.limit(rita, mark, level="stop", effective_from=SECOND, is_watched=False)
    measured(accepted.model, SECOND)

    browser: Client = signed_in(rita)
    shown = browser.get(reverse("monitoring:incident", args=[accepted.pk])).text
    assert "Its limit holds no more from" in shown
    assert "Within again from" not in shown
    listed = browser.get(reverse("monitoring:incidents")).text
    assert "its limit holds no more" in listed
    assert "within again" not in listed


# --- plans on drift -------------------------------------------------------------------------------


LATER = NOW + timedelta(days=2)


def planned(rita: User, mark: User) -> RetrainingPlan:
    """Return a plan on drift that was approved the day after the breach of March was raised."""
    day = (NOW + timedelta(days=1)).date()
    return factories.plan(rita, mark, on_drift=True, effective_from=day)


def test_a_plan_on_drift_begins_with_the_breach_that_stood_when_it_was_approved(
    accepted: Incident, rita: User, mark: User
) -> None:
    model = accepted.model
    assert services.begin_due(model=model, now=LATER) is None
    approved = planned(rita, mark).answered_at
    assert approved is not None
    assert accepted.raised_at < approved

    made = services.begin_due(model=model, now=LATER)

    assert made is not None
    assert (made.cause, made.incident) == ("drift", accepted)
    for after in (datetime(2026, 12, 2, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)):
        assert services.begin_due(model=model, now=after) is None
    assert Retraining.objects.count() == 1


def test_a_newer_version_of_the_limit_trains_nothing_anew(
    accepted: Incident, rita: User, mark: User
) -> None:
    planned(rita, mark)
    assert services.begin_due(model=accepted.model, now=LATER) is not None
    december = datetime(2026, 12, 2, tzinfo=UTC)
    for start in (SECOND, THIRD):
        factories.limit(rita, mark, level="stop", effective_from=start)
        measured(accepted.model, start, now=december)
        anew = Incident.objects.get(start=start, over_from=None)
        assert anew.raised_at > LATER

    assert services.begin_due(model=accepted.model, now=december) is None


def test_a_false_alarm_trains_nothing(deciding: ModelVersion, rita: User, mark: User) -> None:
    factories.limit(rita, mark)
    measured(deciding, FIRST)
    said = {"decision": "false_alarm", "note": "Incomes were sent in thousands", "now": NOW}
    services.close(actor=mark, incident=Incident.objects.get(), **said)
    planned(rita, mark)

    assert services.begin_due(model=deciding, now=LATER) is None
