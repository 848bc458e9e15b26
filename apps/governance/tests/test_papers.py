"""Papers, register and days as people read them: those of the promotion, and those of the day."""

import csv
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.core.errors import Conflict
from apps.governance import register_page, services, standing
from apps.governance.models import ModelDocument, Promotion, RegisterEntry, Trial
from apps.governance.services import trying
from apps.governance.tests import factories as base
from apps.governance.tests import trial_factories as factories
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models
from tests.kept import kept

pytestmark = pytest.mark.django_db
NOW, BEFORE = factories.NOW, factories.BEFORE
TODAY = NOW.date()


@pytest.fixture
@kept
def stage(pune: Branch, rita: User, mark: User) -> ModelVersion:
    return models.champion(factories.SEGMENT, rita, mark)


@pytest.fixture
@kept
def model(stage: ModelVersion, rita: User) -> ModelVersion:
    """A model of rita's that the register knows since the day before."""
    found = models.registered(factories.SEGMENT, rita, seed=7)
    ModelVersion.objects.filter(pk=found.pk).update(created_at=BEFORE)
    return found


def test_people_judge_by_the_papers_a_promotion_was_asked_for_on(
    model: ModelVersion, rita: User, vera: User, signed_in: Any
) -> None:
    promotion = factories.asked_for(model, rita)
    body = {**base.DOCUMENT, "purpose": "Another purpose."}
    draft = services.write_document(actor=rita, model=model, body=body, now=NOW)
    with pytest.raises(Conflict) as refusal:
        services.sign_document(actor=rita, document=draft, now=NOW)
    assert refusal.value.code == "promotion_open"
    assert list(ModelDocument.objects.filter(status="signed")) == [promotion.document]
    later = ModelDocument.objects.get(status="draft")
    ModelDocument.objects.filter(pk=later.pk).update(
        status="signed", sha256="e" * 64, facts={}, signed_by=rita, signed_at=NOW
    )
    base.registered(model, rita, factories.person(rita, "Nina", "credit_manager"), vera, now=NOW)
    address = reverse("governance:promotion_papers", args=[promotion.pk])

    page = signed_in(vera).get(address).content.decode()

    assert "About purpose." in page
    assert "Owen" in page
    assert "Another purpose." not in page
    assert "Nina" not in page
    shown = signed_in(vera).get(reverse("governance:promotion", args=[promotion.pk]))
    assert shown.content.decode().count(f'href="{address}') == 2
    gone = address.replace(str(promotion.pk), str(model.pk))
    assert signed_in(vera).get(gone).status_code == 404


def test_papers_are_signed_again_where_no_promotion_waits(model: ModelVersion, rita: User) -> None:
    promotion = factories.asked_for(model, rita)
    draft = services.write_document(actor=rita, model=model, body=base.DOCUMENT, now=NOW)
    services.withdraw(actor=rita, promotion=promotion, now=NOW)

    assert services.sign_document(actor=rita, document=draft, now=NOW).status == "signed"


def test_no_entry_runs_in_the_spreadsheet_of_who_reads_the_register(
    pune: Branch, rita: User, vera: User, mark: User, signed_in: Any
) -> None:
    formula = '=HYPERLINK("http://bad.example","Look")'
    entered = services.Entered(
        owner=vera, approver=mark, levels=base.LEVELS, texts=base.TEXTS, title=formula
    )
    services.register_thing(
        actor=rita, kind="vendor", code="bureau", model=None, entered=entered, now=NOW
    )

    written = signed_in(vera).get(reverse("governance:register_csv")).content.decode()

    cells = [cell for line in csv.reader(written.splitlines()) for cell in line]
    assert "'" + formula in cells
    assert not [cell for cell in cells if cell.startswith("=")]


@pytest.mark.parametrize(("letters", "status"), [(60, 200), (61, 404), (100, 404)])
def test_an_address_longer_than_a_name_is_no_entry(
    pune: Branch, rita: User, signed_in: Any, letters: int, status: int
) -> None:
    address = reverse("governance:register_entry", args=["vendor", "a" * letters])
    client = signed_in(rita)

    assert client.get(address).status_code == status
    assert client.post(address, {}).status_code == (422 if status == 200 else status)
    assert not RegisterEntry.objects.exists()


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Africa/Nairobi", "UTC"])
def test_a_trial_ends_on_the_day_that_was_asked_for(
    model: ModelVersion, rita: User, mark: User, signed_in: Any, zone: str
) -> None:
    until = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    trial = factories.proposed(rita, "shadow", until=until)

    with timezone.override(zone):
        assert trial.last_day.isoformat() == "2026-12-31"
    for name, args in (("trial", [trial.pk]), ("trials", [])):
        page = signed_in(mark).get(reverse(f"governance:{name}", args=args)).content.decode()
        assert "31 Dec 2026" in page
        assert "Jan 2027" not in page


def _state(model: ModelVersion, *, days: int = 0) -> tuple[str, Any]:
    """Return the state of a model in the register on a day, and who had approved it."""
    day = TODAY + timedelta(days=days)
    row = register_page.row(f"model:{model.pk}", day, now=timezone.now())
    assert row is not None
    return row.status, dict(row.fields)["Approved by"]


def _approve(promotion: Promotion, mark: User, **changes: Any) -> Promotion:
    seen = standing.of(promotion, now=NOW).seen
    return services.approve(
        actor=mark, promotion=promotion, answer="Read", seen=seen, now=NOW, **changes
    )


def test_the_register_knows_of_a_day_only_what_was_known_on_it(
    model: ModelVersion, rita: User, mark: User
) -> None:
    promotion = factories.accepted(model, rita)
    day = TODAY + timedelta(days=60)
    _approve(promotion, mark, effective_on=day)

    assert _state(model, days=-1) == ("validated", "")
    assert _state(model) == ("approved", "Mark")

    services.refuse(actor=mark, promotion=promotion, answer="Stopped", now=NOW)

    passed = (timezone.now().date() - TODAY).days
    assert _state(model, days=passed) == ("development", "")
    assert _state(model, days=-1) == ("validated", "")


def test_the_register_leaves_out_what_the_approver_refused(
    model: ModelVersion, rita: User, mark: User
) -> None:
    promotion = factories.accepted(model, rita)
    services.refuse(actor=mark, promotion=promotion, answer="Not yet", now=NOW)

    passed = (timezone.now().date() - TODAY).days

    assert _state(model, days=passed) == ("development", "")
    assert _state(model, days=-1) == ("validated", "")


def test_an_approval_without_an_end_restricts_nothing(
    model: ModelVersion, rita: User, mark: User
) -> None:
    until = timezone.now().date() + timedelta(days=300)
    done = _approve(factories.accepted(model, rita), mark, until=until)
    passed = (timezone.now().date() - TODAY).days
    assert _state(model, days=passed) == ("restricted", "Mark")

    services.renew(actor=mark, promotion=done, until=None, reason="Put right", now=timezone.now())

    assert _state(model, days=passed) == ("active", "Mark")


def _locked(captured: CaptureQueriesContext) -> list[str]:
    """Return which of the tables were locked first, second and third."""
    tables = ("governance_promotion", "governance_trial", "scoring_placement")
    found: list[str] = []
    for query in captured.captured_queries:
        sql = query["sql"]
        locks = sql.startswith("UPDATE") or " UPDATE" in sql
        for table in tables:
            named = re.search(rf'(UPDATE|FROM) "?{table}\b', sql)
            if locks and named and table not in found:
                found.append(table)
    return found


def test_who_reacts_to_one_failure_waits_in_one_order(
    model: ModelVersion, rita: User, mark: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one goes back to the champion before while another stops the trial: a deadlock."""
    trial = factories.running(rita, mark, "challenger")
    change = services.propose_share(
        actor=rita, trial=trial, share=factories.HALF / 2, reason="Less", now=NOW
    )
    with CaptureQueriesContext(connection) as sharing:
        services.approve_share(actor=mark, change=change, now=NOW)
    found: list[str] = []

    def end_trial(**named: Any) -> int:
        found.append(Trial.objects.get(pk=trial.pk).status)
        return scoring.end_trial(**named)

    with monkeypatch.context() as patched:
        patched.setattr(trying, "scoring", SimpleNamespace(end_trial=end_trial))
        services.stop_trial(actor=mark, trial=trial, reason="Failed", now=NOW)
    again = factories.proposed(rita, "challenger")
    with CaptureQueriesContext(connection) as starting:
        services.start_trial(actor=mark, trial=again, answer="", now=NOW)
    other = models.registered(factories.SEGMENT, rita, seed=8)
    with CaptureQueriesContext(connection) as reigning:
        scoring.promote(model=other, approved_by=mark, now=NOW)

    order = ["governance_promotion", "governance_trial", "scoring_placement"]
    assert _locked(sharing) == order
    assert _locked(starting)[:2] == order[:2]
    assert found == ["stopped"]
    assert _locked(reigning) == order[1:]
    again.refresh_from_db()
    assert (again.status, Trial.objects.filter(status="running").count()) == ("ended", 0)
