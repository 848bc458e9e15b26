"""The pages of monitoring: health in words, drill-down, limits by two people, decisions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.monitoring import services
from apps.monitoring.models import Incident, Limit, RetrainingPlan
from apps.monitoring.services import AskedPlan
from apps.monitoring.spans import Span
from apps.monitoring.tests import factories
from apps.monitoring.tests.factories import FIRST, NOW
from apps.scoring import model_words
from apps.scoring.models import ModelVersion

SignedIn = Callable[[User], Client]


@pytest.fixture
def drifted(deciding: ModelVersion, rita: User, mark: User) -> Incident:
    """Incomes of April are 1.8 times those of the training sample; the limit says to review."""
    factories.limit(rita, mark)
    for month, factor in ((3, 1.0), (4, 1.8)):
        start = FIRST.replace(month=month)
        factories.scored(deciding, start, factories.applicants(250, seed=3, annual_income=factor))
        services.measure(model=deciding, span=Span.MONTH, start=start, now=NOW)
    return Incident.objects.get()


def test_health_is_said_in_words_and_leads_down_to_the_feature(
    drifted: Incident, rita: User, signed_in: SignedIn
) -> None:
    browser, key = signed_in(rita), drifted.model_id

    listed = browser.get(reverse("monitoring:champions"))
    assert "Review" in listed.text
    shown = browser.get(reverse("monitoring:model", args=[key]))
    assert "Population stability of a feature" in shown.text
    assert 'data-chart="stability-figure"' in shown.text
    address = reverse("monitoring:feature", args=[key, "annual_income"])
    assert address in shown.text
    feature = browser.get(address)
    assert "April 2026" in feature.text
    assert "Moved" in feature.text
    assert browser.get(reverse("monitoring:feature", args=[key, "luck"])).status_code == 404
    segment = reverse("monitoring:segment", args=[key, "product", "nothing"])
    assert browser.get(segment).status_code == 404
    assert browser.get(f"{reverse('monitoring:model', args=[key])}?span=day").status_code == 200


def test_the_figures_come_as_a_file(drifted: Incident, rita: User, signed_in: SignedIn) -> None:
    answer = signed_in(rita).get(reverse("monitoring:model_file", args=[drifted.model_id]))

    lines = answer.text.splitlines()
    assert lines[0].startswith("start,scored,feature,psi,")
    assert any(line.startswith("2026-04-01,250,annual_income,") for line in lines)


def test_an_incident_is_looked_at_and_closed_with_a_decision(
    drifted: Incident, rita: User, amir: User, signed_in: SignedIn
) -> None:
    address = reverse("monitoring:incident", args=[drifted.pk])
    said = {"decision": "retrain", "note": "Incomes rose with wages"}
    auditor = signed_in(amir)
    assert auditor.get(address).status_code == 200
    assert auditor.post(address, said).status_code == 403
    acknowledge = reverse("monitoring:acknowledge", args=[drifted.pk])
    assert auditor.post(acknowledge).status_code == 403

    analyst = signed_in(rita)
    assert analyst.post(acknowledge).status_code == 302
    assert analyst.post(address, {"decision": "retrain", "note": ""}).status_code == 422
    assert Incident.objects.get().status == "acknowledged"
    assert analyst.post(address, said).status_code == 302
    assert "Incomes rose with wages" in analyst.get(address).text
    assert "Closed" in analyst.get(reverse("monitoring:incidents")).text
    undecided = analyst.get(reverse("monitoring:incidents"), {"state": "undecided"})
    assert "No incident here" in undecided.text


def test_limits_and_plans_are_proposed_and_answered_on_pages(
    deciding: ModelVersion, rita: User, mark: User, signed_in: SignedIn
) -> None:
    analyst, tomorrow = signed_in(rita), timezone.now().date() + timedelta(days=1)
    shared = {
        "segment": factories.SEGMENT,
        "effective_from": tomorrow.isoformat(),
        "reason": "As the committee decided",
    }
    limit = {
        **shared,
        "measure": "score_psi",
        "level": "review",
        "span": "month",
        "bound": "0.1",
        "is_watched": "on",
        "owner": str(rita.pk),
    }
    assert analyst.post(reverse("monitoring:propose_limit"), limit).status_code == 302
    again = analyst.post(reverse("monitoring:propose_limit"), limit)
    assert again.status_code == 422
    assert "waits for an answer already" in again.text
    plan = {**shared, "on_drift": "on", "every_months": "3", "window_months": "24"}
    plan["kind"] = "lightgbm"
    assert analyst.post(reverse("monitoring:propose_plan"), plan).status_code == 302
    one, other = Limit.objects.get(), RetrainingPlan.objects.get()
    own = reverse("monitoring:proposal", args=["limit", one.pk])
    assert "Take back" in analyst.get(own).text
    assert analyst.post(own, {"act": "approve"}).status_code == 422

    approver = signed_in(mark)
    assert approver.get(reverse("monitoring:limits")).status_code == 200
    assert approver.post(own, {"act": "approve"}).status_code == 302
    refused = reverse("monitoring:proposal", args=["plan", other.pk])
    assert approver.post(refused, {"act": "refuse", "note": ""}).status_code == 422
    assert approver.post(refused, {"act": "refuse", "note": "Too often"}).status_code == 302
    assert approver.get(refused).status_code == 200
    assert approver.get(reverse("monitoring:proposal", args=["luck", one.pk])).status_code == 404
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, other.status) == ("approved", "refused")


def test_a_breach_that_people_accepted_is_not_shown_as_health(
    drifted: Incident, rita: User, mark: User, signed_in: SignedIn
) -> None:
    services.close(actor=mark, incident=drifted, decision="accept", note="As agreed", now=NOW)
    browser = signed_in(rita)
    pages = (reverse("monitoring:champions"), reverse("monitoring:model", args=[drifted.model_id]))

    for address in pages:
        shown = browser.get(address).text
        assert "Beyond a limit, decided" in shown
        assert "Within every limit" not in shown

    may = FIRST.replace(month=5)
    factories.scored(drifted.model, may, factories.applicants(250, seed=3))
    services.measure(model=drifted.model, span=Span.MONTH, start=may, now=NOW)
    for address in pages:
        assert "Beyond a limit, decided" not in browser.get(address).text
    assert "Within every limit" in browser.get(pages[1]).text


def test_who_approves_a_limit_sees_where_incidents_are_sent_and_what_it_replaces(
    deciding: ModelVersion, rita: User, mark: User, signed_in: SignedIn, settings: Any
) -> None:
    settings.ALERT_WEBHOOK_HOSTS = ["hooks.example.org"]
    url = "https://hooks.example.org/models"
    first = factories.limit(rita, mark, owner=mark)
    factories.limit(rita, mark, level="inform", bound=Decimal("0.111"))
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    asked = factories.asked(
        rita, effective_from=moment.date(), webhook_url=url, bound=Decimal("0.4")
    )
    newer = services.propose_limit(actor=rita, asked=asked, now=moment)
    browser = signed_in(mark)

    shown = browser.get(reverse("monitoring:proposal", args=["limit", newer.pk])).text
    assert url in shown
    assert "with the feature or group it is about" in shown
    proposed, before = shown.split("What holds before it")
    assert "0.400, By month" in proposed
    assert "0.250, By month" in before
    assert mark.name in before
    assert "0.111" not in shown
    older = browser.get(reverse("monitoring:proposal", args=["limit", first.pk])).text
    assert "No such limit is in force." in older


def test_who_approves_a_plan_sees_what_is_trained_and_the_plan_before(
    deciding: ModelVersion, rita: User, mark: User, signed_in: SignedIn
) -> None:
    first = factories.plan(rita, mark, every_months=9, kind="scorecard")
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    asked = AskedPlan(
        segment=factories.SEGMENT,
        effective_from=moment.date(),
        reason="Trees drift less",
        window_months=36,
        kind="forest",
    )
    newer = services.propose_plan(actor=rita, asked=asked, now=moment)
    browser = signed_in(mark)

    shown = browser.get(reverse("monitoring:proposal", args=["plan", newer.pk])).text
    proposed, before = shown.split("What holds before it")
    assert str(model_words.KINDS["forest"]) in proposed
    assert str(model_words.KINDS["scorecard"]) in before
    assert "<dd>9</dd>" in before
    older = browser.get(reverse("monitoring:proposal", args=["plan", first.pk])).text
    assert "Nothing is trained by itself." in older
