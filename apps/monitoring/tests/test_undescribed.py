"""A model that does not say what it was trained on: the rest is measured, and people are told."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.monitoring import selectors, services, tasks
from apps.monitoring.models import Retraining
from apps.monitoring.spans import Span
from apps.monitoring.tests import factories
from apps.monitoring.tests.factories import FIRST, NOW
from apps.scoring.models import ModelVersion


@pytest.fixture
def undescribed(deciding: ModelVersion) -> ModelVersion:
    """A champion of before manifests told of the training sample."""
    said = {key: one for key, one in deciding.manifest.items() if key != "baseline"}
    ModelVersion.objects.filter(pk=deciding.pk).update(manifest=said)
    deciding.refresh_from_db()
    return deciding


def test_all_but_drift_is_measured(undescribed: ModelVersion, rita: User, mark: User) -> None:
    factories.limit(rita, mark)
    factories.scored(undescribed, FIRST, factories.applicants(40, seed=1, annual_income=3))

    made = services.measure(model=undescribed, span=Span.MONTH, start=FIRST, now=NOW)

    assert [one.kind for one in made] == ["population", "outcomes", "groups"]
    facts = selectors.facts(undescribed, Span.MONTH, FIRST, "population")
    assert facts is not None
    assert (facts["scored"], facts["drift"], facts["counts"]) == (40, None, None)
    assert "baseline" in facts["undescribed"]
    assert facts["decisions"]["failed"] == [0, 0]
    missing = services.missing(undescribed, now=datetime(2026, 4, 2, tzinfo=UTC))
    assert (Span.MONTH, FIRST) not in list(missing)


def test_the_pages_say_that_drift_is_not_measured(
    undescribed: ModelVersion, rita: User, signed_in: Any
) -> None:
    factories.scored(undescribed, FIRST, factories.applicants(5, seed=1))
    services.measure(model=undescribed, span=Span.MONTH, start=FIRST, now=NOW)
    browser: Client = signed_in(rita)

    assert "Drift is not measured" in browser.get(reverse("monitoring:champions")).text
    shown = browser.get(reverse("monitoring:model", args=[undescribed.pk])).text
    assert "does not say what its training sample looked like" in shown
    assert "Nobody was scored in this span" not in shown
    feature = reverse("monitoring:feature", args=[undescribed.pk, "annual_income"])
    assert browser.get(feature).status_code == 404


def test_a_manifest_that_forgot_one_feature_has_a_page_of_none(
    deciding: ModelVersion, rita: User, signed_in: Any
) -> None:
    baseline = deciding.manifest["baseline"]
    known = {name: one for name, one in baseline["features"].items() if name != "annual_income"}
    said = {**deciding.manifest, "baseline": {**baseline, "features": known}}
    ModelVersion.objects.filter(pk=deciding.pk).update(manifest=said)
    deciding.refresh_from_db()
    services.measure(model=deciding, span=Span.MONTH, start=FIRST, now=NOW)

    browser: Client = signed_in(rita)
    feature = reverse("monitoring:feature", args=[deciding.pk, next(iter(known))])
    assert browser.get(feature).status_code == 404


def test_a_training_by_the_calendar_does_not_wait_for_a_figure_that_fails(
    deciding: ModelVersion, rita: User, mark: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.plan(rita, mark, every_months=1)

    def failing(**_asked: Any) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr(services, "measure", failing)

    with pytest.raises(RuntimeError, match="no disk"):
        tasks.measure_model(str(deciding.pk))
    assert Retraining.objects.get().cause == "calendar"
