"""The pages of appeals: who sees and does what, and how many questions a list asks."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.appeals import services
from apps.appeals.models import Appeal
from apps.appeals.tests import factories
from apps.applications.models import Application
from apps.audit.models import Event
from apps.decisions.tests import factories as decided
from apps.scoring.models import ModelVersion

SignedIn = Callable[[User], Client]
NOW = factories.LATER


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def _url(name: str, *args: object) -> str:
    return reverse(f"appeals:{name}", args=args)


def _text(client: Client, url: str, **options: Any) -> str:
    answer = client.get(url, **options)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_a_reviewer_takes_up_checks_and_answers(
    declined: Application, bob: User, signed_in: SignedIn
) -> None:
    appeal, client = factories.received(declined), signed_in(bob)
    assert str(appeal) in _text(client, _url("list"))

    client.post(_url("take", appeal.pk))
    correction, evidence = appeal.corrections.get(), appeal.evidence.get()
    client.post(
        _url("correct", appeal.pk, correction.pk),
        {"accept": "1", "source": f"file:{evidence.pk}"},
    )
    client.post(_url("judge", appeal.pk))
    text = _text(client, _url("detail", appeal.pk))
    assert "Before and after" in text
    assert "60,000.00" in text
    refused = client.post(_url("answer", appeal.pk), {"outcome": "change", "text": " "})
    assert refused.status_code == 422
    client.post(
        _url("answer", appeal.pk),
        {
            "outcome": "change",
            "text": "Corrected.",
            "codes": ["income_confirmed"],
            "note": "Seen.",
        },
    )

    appeal.refresh_from_db()
    declined.refresh_from_db()
    assert (appeal.status, declined.status) == ("changed", "approved")
    assert "Decision changed" in _text(client, _url("detail", appeal.pk))


def test_an_officer_registers_at_the_counter_and_adds_a_paper(
    declined: Application, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    panel = _text(client, _url("application_panel", declined.pk), headers={"HX-Request": "true"})
    assert "Register an appeal" in panel
    form = _text(client, _url("register", declined.pk))
    assert "12,000.00" in form

    client.post(
        _url("register", declined.pk),
        {
            "key": "7a4a3f9e-1111-4111-8111-111111111111",
            "channel": "counter",
            "grounds": ["unfair"],
            "statement": "Neighbours got it.",
        },
    )
    appeal = Appeal.objects.get()
    paper = SimpleUploadedFile("letter.pdf", factories.PDF, "application/pdf")
    client.post(_url("add_file", appeal.pk), {"file": paper})

    assert (appeal.channel, appeal.registered_by) == ("counter", alice)
    evidence = appeal.evidence.get()
    handed = client.get(_url("file", appeal.pk, evidence.pk))
    assert handed.content == factories.PDF
    assert "attachment" in handed["Content-Disposition"]
    assert Event.objects.filter(verb="appeals.file_opened").count() == 1


def test_a_wrong_file_is_refused_beside_its_field(
    declined: Application, alice: User, signed_in: SignedIn
) -> None:
    appeal = factories.plain(declined)
    wrong = SimpleUploadedFile("a.pdf", b"MZ", "application/pdf")

    answer = signed_in(alice).post(_url("add_file", appeal.pk), {"file": wrong})

    assert answer.status_code == 422
    assert not appeal.evidence.exists()


def test_the_wrong_person_changes_nothing(
    declined: Application,
    alice: User,
    bob: User,
    dora: User,
    make_person: Callable[..., User],
    nashik: Branch,
    signed_in: SignedIn,
) -> None:
    appeal = factories.held(declined, bob)
    olga = make_person("Olga", "credit_reviewer", branch=nashik)
    given = {"outcome": "uphold", "text": "No."}

    assert signed_in(alice).post(_url("answer", appeal.pk), given).status_code == 403
    assert signed_in(olga).post(_url("answer", appeal.pk), given).status_code == 404
    assert signed_in(olga).get(_url("detail", appeal.pk)).status_code == 404
    assert Client().get(_url("detail", appeal.pk)).status_code == 302
    signed_in(dora).post(_url("answer", appeal.pk), given)

    appeal.refresh_from_db()
    assert (appeal.status, appeal.reviewer) == ("assigned", bob)


def test_a_late_appeal_is_marked_by_word_and_shape(
    declined: Application, bob: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeal = factories.plain(declined)
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=33))

    text = _text(signed_in(bob), _url("list"))

    assert "3 days late" in text
    assert "status--danger" in text
    assert "#alarm-clock" in text
    assert str(appeal) in _text(signed_in(bob), _url("list") + "?show=late")


def test_the_list_asks_as_much_for_many_as_for_one(
    alice: User,
    bob: User,
    stage: object,
    signed_in: SignedIn,
    django_assert_max_num_queries: Any,
) -> None:
    client = signed_in(bob)
    for _one in range(4):
        made = decided.assessed(
            alice, borrower={"employment": {"net_monthly_income": Decimal(12_000)}}
        )
        factories.plain(made.application)
    client.get(_url("list"))

    with django_assert_max_num_queries(16):
        text = _text(client, _url("list"))

    assert text.count("data-row") == 4


def test_outcomes_are_measured_by_reason_branch_and_product(
    declined: Application, bob: User, signed_in: SignedIn
) -> None:
    appeal = factories.checked(declined, bob)
    services.answer(actor=bob, appeal=appeal, given=factories.change(), now=NOW)
    client = signed_in(bob)

    for by, label in (("all", "All appeals"), ("branch", "Pune"), ("reason", "foir cap")):
        text = _text(client, f"{_url('outcomes')}?by={by}")
        assert label in text
        assert "100.0" in text
    rows = _text(client, f"{_url('outcomes')}?by=product&format=csv").splitlines()
    assert rows[0].startswith("group,received,waiting,answered,changed,share_changed")
    assert rows[1].split(",", 1)[1] == "1,0,1,1,1,0,0,0"


def test_the_home_page_names_what_waits(
    declined: Application, bob: User, signed_in: SignedIn
) -> None:
    appeal = factories.plain(declined)

    assert str(appeal) in _text(signed_in(bob), reverse("dashboards:home"))
    assert signed_in(bob).get(_url("count")).content == b"1"


def test_the_api_registers_assigns_answers_and_measures(
    declined: Application, alice: User, bob: User, signed_in: SignedIn
) -> None:
    officer, reviewer = signed_in(alice), signed_in(bob)
    made = officer.post(
        "/api/v1/appeals",
        {
            "application": str(declined.pk),
            "channel": "email",
            "grounds": ["not_considered"],
            "statement": "My gold was not considered.",
        },
        "application/json",
    )
    assert made.status_code == 201, made.content
    key = made.json()["id"]
    assert (made.json()["state"], made.json()["due_date"]) == ("received", "2026-12-20")
    assert "statement" not in made.json()

    refused = officer.post(f"/api/v1/appeals/{key}/assign", {}, "application/json")
    taken = reviewer.post(f"/api/v1/appeals/{key}/assign", {}, "application/json")
    answered = reviewer.post(
        f"/api/v1/appeals/{key}/answer",
        {"outcome": "uphold", "text": "It was."},
        "application/json",
    )
    again = officer.post(f"/api/v1/appeals/{key}/withdraw", {}, "application/json")

    assert (refused.status_code, taken.json()["reviewer"]) == (403, str(bob.pk))
    assert (answered.status_code, answered.json()["state"]) == (200, "upheld")
    assert again.status_code == 409
    assert reviewer.get("/api/v1/appeals?show=answered").json()["results"][0]["id"] == key
    assert reviewer.get("/api/v1/appeals/outcomes?by=branch").json()[0]["answered"] == 1
    assert reviewer.get("/api/v1/appeals/outcomes?by=moon").status_code == 400


def test_over_the_api_only_the_answer_that_was_read_is_signed_or_sent_back(
    alice: User, bob: User, charlie: User, stage: ModelVersion, signed_in: SignedIn
) -> None:
    application = decided.assessed(
        alice,
        amount=Decimal(700_000),
        borrower={"employment": {"net_monthly_income": Decimal(12_000)}},
    ).application
    appeal = factories.checked(application, bob)
    given = factories.change(note="Shown by the payslip.")
    services.answer(actor=bob, appeal=appeal, given=given, now=NOW)
    signer, at = signed_in(charlie), f"/api/v1/appeals/{appeal.pk}"
    read = signer.get(at).json()["version"]

    unread = signer.post(f"{at}/sign", {}, "application/json")
    stale = [
        signer.post(f"{at}/{act}", {"version": "2026", **more}, "application/json")
        for act, more in (("sign", {}), ("send-back", {"note": "Too much."}))
    ]
    appeal.refresh_from_db()
    assert (unread.status_code, [one.status_code for one in stale]) == (400, [409, 409])
    assert appeal.status == "awaiting_second"

    back = signer.post(
        f"{at}/send-back", {"version": read, "note": "Too much."}, "application/json"
    )
    assert (back.status_code, back.json()["state"]) == (200, "assigned")

    services.answer(actor=bob, appeal=appeal, given=given, now=NOW)
    version = signer.get(at).json()["version"]
    outdated = signer.post(f"{at}/sign", {"version": read}, "application/json")
    signed = signer.post(f"{at}/sign", {"version": version}, "application/json")
    assert (outdated.status_code, outdated.json()["code"]) == (409, "stale_record")
    assert (signed.status_code, signed.json()["state"]) == (200, "changed")
