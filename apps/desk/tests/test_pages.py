"""The desk's pages and its API: what they show, what they do, whom they refuse."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.decisions import services as cases
from apps.decisions.models import DeclaredInterest, ReviewCase
from apps.decisions.tests import factories as decisions
from apps.desk import services
from apps.desk.models import (
    CaseAttachment,
    CaseNote,
    Escalation,
    InformationRequest,
    SavedView,
    ServiceLevel,
)
from apps.desk.tests import factories

SignedIn = Callable[[User], Client]
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PART = {"HX-Request": "true"}


def _post(client: Client, name: str, thing: Any, **data: Any) -> Any:
    return client.post(reverse(f"desk:{name}", args=[thing.pk]), data, headers=PART)


def _panel(client: Client, case: ReviewCase) -> str:
    address = reverse("desk:application_panel", args=[case.application_id])
    answer = client.get(address, headers=PART)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_queue_opens_with_ones_own_first_view(
    bob: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    saved = client.post(
        reverse("desk:save_view"),
        {"name": "Mine", "query": "show=mine&page=3&evil=1", "is_default": "on"},
    )
    assert saved.url == "/review/?show=mine"

    assert client.get(reverse("desk:queue")).url == "/review/?show=mine"
    everything = client.get(reverse("desk:queue"), {"show": ""})
    assert case.application.number in everything.content.decode()
    view = SavedView.objects.get()
    assert view.query == "show=mine"
    assert client.post(reverse("desk:delete_view", args=[view.pk])).status_code == 302
    assert not SavedView.objects.exists()


def test_counts_are_sent_only_when_they_changed(
    bob: User, case: ReviewCase, signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(bob)
    seen = client.get(reverse("desk:queue")).context["seen"]

    with django_assert_max_num_queries(16):
        same = client.get(reverse("desk:counts"), {"seen": seen})
    cases.claim(actor=bob, case=case, now=timezone.now())
    changed = client.get(reverse("desk:counts"), {"seen": seen, "show": "mine"})

    assert (same.status_code, same.content) == (204, b"")
    assert changed.status_code == 200
    assert 'aria-current="page">Mine<span class="count">1</span>' in changed.content.decode()


def test_the_queue_page_asks_the_same_for_few_and_many(
    alice: User, bob: User, case: ReviewCase, signed_in: SignedIn, django_assert_num_queries: Any
) -> None:
    client = signed_in(bob)
    client.get(reverse("desk:queue"))

    with django_assert_num_queries(16):
        client.get(reverse("desk:queue"))
    for _more in range(3):
        decisions.referred(alice)
    with django_assert_num_queries(16):
        client.get(reverse("desk:queue"))


def test_the_queue_shows_place_state_and_working(
    bob: User, charlie: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    services.escalate(actor=bob, case=case, to=charlie, why="Unclear.", now=timezone.now())

    text = signed_in(charlie).get(reverse("desk:queue"), {"show": "to_me"}).content.decode()

    assert case.application.number in text
    assert "Escalated to Charlie: before all that are not." in text
    assert "in the order of arrival" in text


def test_the_panel_shows_what_was_said_and_asked(
    bob: User, amir: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    services.note(actor=bob, case=case, text="Spoke to <b>the employer</b>.", now=timezone.now())
    factories.asked(bob, case)

    for person in (bob, amir):
        text = _panel(signed_in(person), case)
        assert "Spoke to &lt;b&gt;the employer&lt;/b&gt;." in text
        assert "Payslips of the last three months." in text
        assert ("Write a note" in text) is (person == bob)


def test_acts_at_the_desk(
    bob: User, beth: User, charlie: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    reviewer, manager = signed_in(bob), signed_in(charlie)
    day = (timezone.now() + timedelta(days=3)).date().isoformat()

    answers = [
        _post(reviewer, "note", case, text="Called."),
        _post(
            reviewer, "ask", case, item="bureau", text="A fresh one.", source="bureau", by_date=day
        ),
        _post(reviewer, "escalate", case, person=str(charlie.pk), why="Unclear."),
        _post(reviewer, "attach", case, file=SimpleUploadedFile("slip.pdf", PDF)),
        _post(manager, "answer_escalation", Escalation.objects.get(), answer="Go on."),
        _post(reviewer, "receive_information", InformationRequest.objects.get(), answer="There."),
        _post(manager, "assign", case, person=str(beth.pk), why="Bob is away."),
    ]

    assert [one.status_code for one in answers] == [200] * 7
    assert {one.headers.get("HX-Redirect") for one in answers} == {
        reverse("applications:detail", args=[case.application_id])
    }
    case.refresh_from_db()
    assert case.claimed_by == beth
    assert (CaseNote.objects.count(), Escalation.objects.get().status) == (2, "answered")
    assert InformationRequest.objects.get().status == "arrived"
    file = reviewer.get(reverse("desk:download", args=[CaseAttachment.objects.get().pk]))
    assert (file.content, file["X-Content-Type-Options"]) == (PDF, "nosniff")
    assert file["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("note", {"text": " "}),
        ("ask", {"item": "gossip", "text": "x", "source": "applicant", "by_date": "tomorrow"}),
        ("escalate", {"why": "Unclear.", "person": "nobody"}),
        ("attach", {}),
    ],
)
def test_a_form_with_errors_comes_back(
    bob: User, case: ReviewCase, signed_in: SignedIn, name: str, data: dict[str, str]
) -> None:
    answer = _post(signed_in(bob), name, case, **data)

    assert answer.status_code == 422
    assert '<details class="disclosure" open>' in answer.content.decode()
    assert not CaseNote.objects.exists()
    assert not InformationRequest.objects.exists()


def test_reviewers_give_no_cases_away_and_officers_see_no_desk(
    alice: User, bob: User, beth: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    assert _post(signed_in(bob), "assign", case, person=str(beth.pk), why="x").status_code == 403
    officer = signed_in(alice)
    for name in ("work", "note"):
        assert officer.get(reverse(f"desk:{name}", args=[case.pk])).status_code in {403, 405}
    assert _post(officer, "note", case, text="Please.").status_code == 403
    case.refresh_from_db()
    assert (case.status, CaseNote.objects.count()) == ("open", 0)


def test_another_branch_finds_nothing(
    case: ReviewCase, bob: User, nashik: Branch, make_person: Any, signed_in: SignedIn
) -> None:
    asked = factories.asked(bob, case)
    file = services.attach(
        actor=bob, case=case, filename="slip.pdf", content=PDF, now=timezone.now()
    )
    client = signed_in(make_person("Nina", "credit_reviewer", branch=nashik))

    assert _post(client, "note", case, text="Hello.").status_code == 404
    assert _post(client, "receive_information", asked, answer="x").status_code == 404
    assert client.get(reverse("desk:download", args=[file.pk])).status_code == 404
    assert client.get(reverse("desk:work", args=[case.pk])).status_code == 404
    asked.refresh_from_db()
    assert asked.status == "open"


def test_work_on_a_case_keeps_it(bob: User, case: ReviewCase, signed_in: SignedIn) -> None:
    now = timezone.now()
    cases.claim(actor=bob, case=case, now=now - timedelta(minutes=20))

    answer = _post(signed_in(bob), "keep", case)

    case.refresh_from_db()
    assert answer.status_code == 204
    assert case.claim_until >= now + timedelta(minutes=29)
    assert 'hx-trigger="keyup from:body throttle:120s' in _panel(signed_in(bob), case)


def test_a_mistaken_decision_is_taken_up_anew_from_its_page(
    alice: User, bob: User, charlie: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    now = timezone.now()
    cases.claim(actor=bob, case=case, now=now)
    verdict = cases.Verdict(outcome="decline", codes=("documents_incomplete",), note="Lacking.")
    cases.decide(actor=bob, case=case, verdict=verdict, now=now)
    assert "Take the decision up anew" not in _panel(signed_in(bob), case)
    assert "Take the decision up anew" in _panel(signed_in(charlie), case)
    address = reverse("desk:reopen", args=[case.application_id])

    refused = signed_in(charlie).post(address, {"note": " "}, follow=True)
    long = signed_in(charlie).post(address, {"note": "x" * 5_000}, follow=True)
    done = signed_in(charlie).post(address, {"note": "They were there."}, follow=True)

    assert "Say what was wrong." in refused.content.decode()
    assert "it has 5000)" in long.content.decode()
    assert "Say what was wrong." not in long.content.decode()
    assert "another person decides it" in done.content.decode()
    case.application.refresh_from_db()
    assert case.application.status == "in_review"
    assert signed_in(bob).post(address, {"note": "x"}).status_code == 403


def test_a_manager_looks_after_the_service_levels(
    bob: User, charlie: User, pune: Branch, signed_in: SignedIn
) -> None:
    level = factories.level(pune.entity)
    manager, reviewer = signed_in(charlie), signed_in(bob)
    entry = {"entity": str(pune.entity.pk), "hours": "12", "owner": "Head", "from_amount": ""}

    assert manager.get(reverse("desk:enter_level")).status_code == 200
    assert manager.post(reverse("desk:enter_level"), {**entry, "hours": "0"}).status_code == 422
    assert manager.post(reverse("desk:enter_level"), entry).url == reverse("desk:levels")
    assert "Head of credit" in reviewer.get(reverse("desk:levels")).content.decode()
    assert reviewer.post(reverse("desk:enter_level"), entry).status_code == 403
    level.refresh_from_db()
    assert level.ended_by == charlie
    standing = ServiceLevel.objects.standing().get()
    manager.post(reverse("desk:end_level", args=[standing.pk]))
    assert not ServiceLevel.objects.standing().exists()


def test_conflicts_are_declared_and_ended(
    alice: User, bob: User, charlie: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    number = case.application.customer.number
    entry = {"relation": "relative", "customer_number": number, "reason": "My cousin."}
    client = signed_in(bob)

    lacking = client.post(reverse("desk:declare"), {**entry, "customer_number": "C-0"})
    done = client.post(reverse("desk:declare"), entry)

    assert (lacking.status_code, done.url) == (422, reverse("desk:interests"))
    interest = DeclaredInterest.objects.get()
    assert number in client.get(reverse("desk:interests")).content.decode()
    assert number not in signed_in(alice).get(reverse("desk:interests")).content.decode()
    claim = client.post(reverse("decisions:claim", args=[case.pk]), follow=True)
    assert "You are connected with the borrower" in claim.content.decode()
    end = reverse("desk:end_interest", args=[interest.pk])
    assert client.post(end, {"note": "Over."}).status_code == 403
    assert signed_in(charlie).post(end, {"note": "Over."}).status_code == 302
    interest.refresh_from_db()
    assert interest.ended_by == charlie


def _api(client: Client, address: str, data: Any = None) -> Any:
    path = f"/api/v1/review/{address}"
    if data is None:
        return client.get(path)
    return client.post(path, data, content_type="application/json")


def test_the_api_lists_and_works_the_queue(
    bob: User, beth: User, charlie: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    reviewer, manager, one = signed_in(bob), signed_in(charlie), f"cases/{case.pk}"
    day = (timezone.now() + timedelta(days=3)).date().isoformat()

    listed = _api(reviewer, "cases?show=unclaimed&limit=5").json()
    claimed = _api(reviewer, f"{one}/claim", {})
    noted = _api(reviewer, f"{one}/notes", {"text": "Called."})
    asked = _api(
        reviewer,
        f"{one}/information",
        {"item": "bureau", "text": "Fresh.", "asked_of": "bureau", "by_date": day},
    )
    waits = _api(reviewer, one).json()
    raised = _api(reviewer, f"{one}/escalate", {"person": str(charlie.pk), "why": "Unclear."})
    answered = _api(manager, f"escalations/{raised.json()['id']}/answer", {"text": "Go on."})
    came = _api(reviewer, f"information/{asked.json()['id']}/receive", {"text": "There."})
    given = _api(manager, f"{one}/assign", {"person": str(beth.pk), "why": "Away."})
    released = _api(signed_in(beth), f"{one}/release", {})

    assert [row["id"] for row in listed["results"]] == [str(case.pk)]
    assert listed["results"][0]["amount"] == "200000.00"
    assert (claimed.json()["state"], claimed.json()["holder"]) == ("claimed", str(bob.pk))
    assert (noted.status_code, asked.status_code, raised.status_code) == (201, 201, 201)
    assert (waits["rank"], waits["paused_at"] is None) == (2, False)
    assert (answered.json()["state"], came.json()["state"]) == ("answered", "arrived")
    assert given.json()["holder"] == str(beth.pk)
    assert (released.json()["state"], released.json()["holder"]) == ("open", None)
    notes = _api(reviewer, f"{one}/notes").json()
    assert [row["text"] for row in notes] == ["Away.", "Called."]
    assert _api(reviewer, f"{one}/information").json()[0]["answer"] == "There."


def test_the_api_refuses(
    alice: User, bob: User, charlie: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    one = f"cases/{case.pk}"
    cases.claim(actor=charlie, case=case, now=timezone.now())
    reviewer = signed_in(bob)

    held = _api(reviewer, f"{one}/claim", {})
    unknown = _api(reviewer, "cases?show=everything")
    stale = _api(
        signed_in(charlie),
        f"{one}/assign",
        {"person": str(bob.pk), "why": "x", "version": "old"},
    )

    assert (held.status_code, held.json()["code"]) == (409, "claimed_by_another")
    assert unknown.status_code == 400
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_record")
    assert _api(signed_in(alice), "cases").status_code == 403
    assert _api(reviewer, f"{one}/assign", {"person": str(bob.pk), "why": "x"}).status_code == 403
    assert _api(reviewer, f"{one}/notes", {"text": "x", "loud": True}).status_code == 400
    assert not CaseNote.objects.exists()
