"""The register: who answers, how much it weighs, as of any day; and the documentation of models."""

import csv
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import AppendOnly
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.governance import card, register_page, register_rules, services
from apps.governance.models import Finding, GateSet, ModelDocument, Promotion, RegisterEntry
from apps.governance.tests import factories
from apps.governance.views import gating
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models

pytestmark = pytest.mark.django_db
NOW, TODAY = factories.NOW, factories.NOW.date()


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_it_takes_the_worst_part_as_the_tier() -> None:
    """Rule book 7.2 T4."""
    assert register_rules.tier(["high", "low", "low"]) == "high"
    assert register_rules.tier(["low", "medium", "low"]) == "medium"
    assert register_rules.tier(["low", "low", "low"]) == "low"
    with pytest.raises(ValueError, match="not in tuple"):
        register_rules.tier(["vast"])


def test_it_asks_for_a_validation_when_a_feature_is_new() -> None:
    """Rule book 7.2 T6."""
    before, now = ("lightgbm", ["income"]), ("lightgbm", ["income", "tenure"])

    found = register_rules.status_after_change(before=before, now=now, is_validated=False)

    assert found == "revalidation_required"
    assert register_rules.changes(before, now)["added"] == ["tenure"]
    same = register_rules.status_after_change(before=before, now=before, is_validated=False)
    assert same == "development"
    assert register_rules.changes(("a", []), ("b", []))["kind"] == ["a", "b"]


def test_it_wants_another_person_as_approver(
    train: Any, rita: User, olga: User, mark: User
) -> None:
    """Rule book 7.2 T3."""
    model = train(rita).model

    with pytest.raises(DomainError) as refusal:
        factories.registered(model, rita, mark, mark)
    assert list(refusal.value.fields) == ["approver"]
    assert not RegisterEntry.objects.exists()

    made = factories.registered(model, rita, olga, mark)
    copy = RegisterEntry(
        **{
            field.attname: getattr(made, field.attname)
            for field in RegisterEntry._meta.concrete_fields
            if field.name != "id"
        }
    )
    copy.approver = copy.owner
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)
    copy.approver, copy.tier = mark, "low"
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)
    assert made.tier == "high"


def test_it_keeps_what_was_entered_before(train: Any, rita: User, olga: User, mark: User) -> None:
    model = train(rita).model
    first = factories.registered(model, rita, olga, mark)
    later = NOW + timedelta(days=3)
    factories.registered(model, rita, mark, olga, now=later)

    with pytest.raises(AppendOnly):
        RegisterEntry.objects.filter(pk=first.pk).update(title="Other")
    named = f"model:{model.pk}"
    type(model).objects.filter(pk=model.pk).update(created_at=NOW - timedelta(days=1))

    then = register_page.row(named, TODAY, now=later)
    now = register_page.row(named, later.date(), now=later)

    assert then is not None
    assert now is not None
    assert (then.owner, now.owner) == ("Olga", "Mark")
    assert register_page.row(named, TODAY - timedelta(days=9), now=later) is None


def test_it_refuses_who_does_not_keep_the_register(
    train: Any, rita: User, olga: User, mark: User
) -> None:
    model = train(rita).model

    with pytest.raises(NotPermitted):
        factories.registered(model, mark, olga, mark)

    assert not RegisterEntry.objects.exists()


def test_it_tells_status_validation_findings_and_next_date(
    judged: Promotion, mark: User, vera: User, rita: User, signed_in: Any
) -> None:
    type(judged.model).objects.filter(pk=judged.model_id).update(created_at=NOW)
    factories.approved(judged, mark)
    services.raise_finding(
        actor=vera,
        model=judged.model,
        found=services.Found(
            severity="high", what="Too few loans", owner=rita, due_on=TODAY + timedelta(days=9)
        ),
        now=NOW,
    )

    row = register_page.row(f"model:{judged.model_id}", TODAY, now=NOW)

    assert row is not None
    assert (row.tier, row.owner, row.validated_on) == ("high", "Olga", TODAY)
    assert row.next_validation is not None
    assert row.next_validation.year == TODAY.year + 1
    assert (row.open_findings, row.missing) == (1, [])
    fields = dict(row.fields)
    assert fields["Hash of the model"] == judged.model.sha256
    assert fields["Developer"] == "Rita"
    assert fields["Validated by"] == "Vera"
    assert fields["Purpose"] == "About purpose."
    assert "Too few loans" in fields["Open findings"]
    lines = list(
        csv.reader(
            signed_in(vera).get(reverse("governance:register_csv")).content.decode().splitlines()
        )
    )
    assert lines[0][0] == "As of"
    assert any(judged.model.sha256 in line for line in lines[1:])


def test_the_model_that_was_gone_back_to_is_the_active_one(
    pune: Branch, rita: User, mark: User
) -> None:
    first = models.champion(factories.SEGMENT, rita, mark)
    second = models.champion(factories.SEGMENT, rita, mark, seed=8)
    now = timezone.now()

    def states() -> list[str]:
        return [one.status for one in register_page.rows(now.date(), now=now)]

    assert states() == ["inactive", "active"]

    scoring.roll_back(actor=mark, model=second, reason="Declines doubled", now=now)

    assert states() == ["active", "inactive"]
    assert first.pk == ModelVersion.objects.get(status="champion").pk


def test_it_is_entered_and_read_on_its_pages(
    train: Any, rita: User, olga: User, mark: User, signed_in: Any
) -> None:
    model = train(rita).model
    browser = signed_in(rita)
    address = reverse("governance:register_entry", args=["model", model.pk])
    sent = {
        "title": "Retail India",
        "owner": str(olga.pk),
        "approver": str(mark.pk),
        **factories.LEVELS,
        **factories.TEXTS,
    }

    wrong = browser.post(address, {**sent, "approver": str(olga.pk)})
    kept = browser.post(address, sent)
    listed = text(browser.get(reverse("governance:register")))
    vendor = browser.post(reverse("governance:new_vendor"), {"name": "Bureau Score 3"})

    assert (wrong.status_code, kept.status_code) == (422, 302)
    assert "does not approve it" in text(wrong)
    assert "Retail India" in listed
    assert vendor.url == reverse("governance:register_entry", args=["vendor", "bureau-score-3"])
    assert browser.get(vendor.url).status_code == 200
    assert browser.post(vendor.url, {**sent, "title": "Bureau Score 3"}).status_code == 302
    assert "Bureau Score 3" in text(browser.get(reverse("governance:register")))
    assert signed_in(mark).post(address, sent).status_code == 403
    for kind, code in (("model", "none"), ("policy", "nobody"), ("other", "x")):
        gone = reverse("governance:register_entry", args=[kind, code])
        assert browser.get(gone).status_code == 404


def test_it_writes_what_is_known_of_a_model_in_words(
    train: Any, rita: User, olga: User, mark: User, signed_in: Any
) -> None:
    run = train(rita)
    factories.registered(run.model, rita, olga, mark)
    address = reverse("governance:register_entry", args=["model", run.model_id])

    page = text(signed_in(mark).get(address))
    table = signed_in(mark).get(reverse("governance:register_csv")).content.decode()

    assert "20 points double the odds" in page
    assert "base_score" not in page
    assert "Time in present work" in page
    assert "employment_months" not in page
    assert f"{run.from_date:%-d %b %Y}" in page
    assert run.from_date.isoformat() not in page
    assert run.from_date.isoformat() in table


def test_a_policy_is_called_by_its_lender_until_it_is_entered(
    train: Any, rita: User, pune: Branch, signed_in: Any
) -> None:
    address = reverse("governance:register_entry", args=["policy", pune.entity.code])

    page = text(signed_in(rita).get(address))

    assert f"Credit policy of {pune.entity.name}" in page


@pytest.mark.parametrize(
    ("zone", "heading"), [("UTC", "None in force"), ("Asia/Kolkata", "In force from 1 May 2026")]
)
def test_gates_are_in_force_from_their_day_where_one_reads_them(
    zone: str, heading: str, vera: User, mark: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = datetime(2026, 4, 30, 20, tzinfo=UTC)
    asked = services.propose_gates(
        actor=vera,
        effective_from=date(2026, 5, 1),
        body=factories.EASY,
        reason="The first",
        now=begin,
    )
    services.approve_gates(actor=mark, gate_set=asked, seen=asked.sha256, now=begin)
    monkeypatch.setattr(timezone, "now", lambda: begin)
    request = RequestFactory().get(reverse("governance:gates"))
    request.user = mark

    with timezone.override(zone):
        page = text(gating.gates(request))

    assert heading in page


def test_it_knows_which_sections_of_the_card_are_complete() -> None:
    """Rule book 7.3 T1 and T2."""
    whole = card.tidy(factories.DOCUMENT)
    assert card.sections(whole) == [
        "classification",
        "governance",
        "development",
        "validation",
        "mitigants",
    ]
    assert card.missing(whole) == []
    bare = {**whole, "limitations": [{"limitation": "Few loans", "mitigant": ""}]}
    assert card.missing(bare) == ["mitigants"]
    assert card.sections(bare) == ["classification", "governance", "development", "validation"]
    assert card.missing({**whole, "limitations": []}) == ["limitations"]


def test_it_signs_only_what_is_complete(train: Any, rita: User, vera: User) -> None:
    """Rule book 7.3 T2."""
    model = train(rita).model
    bare = {**factories.DOCUMENT, "limitations": [{"limitation": "Few", "mitigant": " "}]}
    with pytest.raises(NotPermitted):
        services.write_document(actor=vera, model=model, body=bare, now=NOW)
    draft = services.write_document(actor=rita, model=model, body=bare, now=NOW)

    with pytest.raises(DomainError) as refusal:
        services.sign_document(actor=rita, document=draft, now=NOW)
    assert list(refusal.value.fields) == ["mitigants"]
    draft.refresh_from_db()
    assert (draft.status, draft.signed_by) == ("draft", None)

    services.write_document(actor=rita, model=model, body=factories.DOCUMENT, now=NOW)
    signed = services.sign_document(actor=rita, document=draft, now=NOW)

    assert (signed.status, signed.signed_by, ModelDocument.objects.count()) == ("signed", rita, 1)
    assert signed.facts["sha256"] == model.sha256
    with pytest.raises(Conflict):
        services.sign_document(actor=rita, document=draft, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelDocument.objects.update(sha256="0" * 64)


def test_it_is_written_and_signed_on_its_page(train: Any, rita: User, signed_in: Any) -> None:
    run = train(rita)
    browser, address = signed_in(rita), reverse("governance:document", args=[run.pk])
    words = {name: f"About {name}." for name in card.NAMES}

    draft = browser.post(address, {**words, "keep": ""})
    early = browser.post(address, {**words, "sign": ""})
    done = browser.post(
        address, {**words, "limitation_1": "Few loans", "mitigant_1": "Watched", "sign": ""}
    )

    assert (draft.status_code, early.status_code, done.status_code) == (302, 422, 302)
    assert "Name at least one limitation" in text(early)
    assert "needed to sign" in text(early)
    page = text(browser.get(address))
    learned = (run.from_date, run.last_learned_day)
    assert " \u2013 ".join(f"{day:%-d %b %Y}" for day in learned) in page
    assert "Monotone trees" in page
    assert "lightgbm" not in page
    assert "About purpose." in page
    assert "Watched" in page


def test_it_agrees_on_gates_and_closes_findings_on_pages(
    proposed: Promotion, vera: User, mark: User, rita: User, signed_in: Any
) -> None:
    limits = {**factories.EASY, "effective_from": "2199-01-01", "reason": "Harder"}
    gates = reverse("governance:gates")

    wrong = signed_in(vera).post(
        reverse("governance:propose_gates"), {**limits, "least_auc": "0.1"}
    )
    asked = signed_in(vera).post(reverse("governance:propose_gates"), limits)
    waiting = GateSet.objects.get(status="proposed")
    own = signed_in(vera).post(reverse("governance:approve_gates", args=[waiting.pk]))
    shown = text(signed_in(mark).get(gates))
    done = signed_in(mark).post(
        reverse("governance:approve_gates", args=[waiting.pk]), {"seen": waiting.sha256}
    )

    assert (wrong.status_code, asked.status_code) == (422, 302)
    assert (own.status_code, done.status_code) == (403, 302)
    assert waiting.sha256 in shown
    raised = signed_in(vera).post(
        reverse("governance:raise_finding", args=[proposed.pk]),
        {"severity": "low", "what": "A gap", "owner": str(rita.pk), "due_on": "2199-01-01"},
    )
    assert raised.status_code == 302
    finding = Finding.objects.get()
    listed = text(signed_in(vera).get(reverse("governance:findings")))
    closing = reverse("governance:close_finding", args=[finding.pk])
    assert "A gap" in listed
    assert closing in listed
    assert closing not in text(signed_in(mark).get(reverse("governance:findings")))
    for person in (rita, mark):
        assert signed_in(person).post(closing, {"closing": "Done"}).status_code == 403
    assert signed_in(vera).post(closing, {"closing": "Done"}).status_code == 302
    finding.refresh_from_db()
    assert finding.status == "closed"


def test_it_tells_on_the_start_page_what_waits(
    proposed: Promotion, vera: User, mark: User, signed_in: Any
) -> None:
    home = text(signed_in(vera).get(reverse("dashboards:home")))
    assert "Models that wait for my validation" in home
    assert str(proposed.model) in home

    factories.validated(proposed, vera)

    home = text(signed_in(mark).get(reverse("dashboards:home")))
    assert "Promotions that wait for me" in home
    assert str(proposed.model) in home
