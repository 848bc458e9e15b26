"""What was found about a loan goes through two people, on pages and over the API."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.loans.models import Loan
from apps.npa import services
from apps.npa.models import Finding
from apps.npa.services import Found
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import TODAY, at

Browser = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
REASON = "Deed of guarantee, number 7"


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch, india: Entity) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    factories.rules()


def test_a_finding_is_proposed_approved_and_ended_on_pages(
    signed_in: Browser, lent: Loan, bob: User, charlie: User
) -> None:
    officer, manager = signed_in(bob), signed_in(charlie)
    panel = reverse("npa:finding_panel", args=[lent.pk])
    assert f'hx-get="{panel}"' in officer.get(reverse("loans:detail", args=[lent.pk])).text
    propose = reverse("npa:finding_propose", args=[lent.pk])
    assert propose in officer.get(panel, headers=HTMX).text
    assert "Guarantee: Central government" in officer.get(propose).text

    given = {"kind": "guarantee:central_government", "from_date": TODAY.isoformat()}
    refused = officer.post(propose, {**given, "reason": ""})
    assert (refused.status_code, Finding.objects.count()) == (422, 0)
    assert officer.post(propose, {**given, "reason": REASON}).status_code == 302
    made = Finding.objects.get()
    own = officer.get(panel, headers=HTMX).text
    assert reverse("npa:finding_withdraw", args=[made.pk]) in own
    assert reverse("npa:finding_approve", args=[made.pk]) not in own
    assert REASON in manager.get(reverse("npa:findings"), {"state": "waiting"}).text

    manager.post(reverse("npa:finding_approve", args=[made.pk]))
    made.refresh_from_db()
    assert (made.status, made.counts_from) == ("approved", TODAY)
    officer.post(reverse("npa:finding_propose_end", args=[made.pk]), {"reason": "It ran out"})
    manager.post(reverse("npa:finding_keep", args=[made.pk]))
    officer.post(reverse("npa:finding_propose_end", args=[made.pk]), {"reason": "It ran out"})
    manager.post(reverse("npa:finding_end", args=[made.pk]))
    made.refresh_from_db()
    assert (made.status, made.ended_on) == ("ended", TODAY)
    assert "So no longer" in manager.get(panel, headers=HTMX).text


def test_a_finding_is_refused_with_a_reason_and_lists_ask_little(
    signed_in: Browser,
    lent: Loan,
    bob: User,
    charlie: User,
    alice: User,
    django_assert_max_num_queries: Any,
) -> None:
    for kind in ("fraud", "escrow"):
        found = Found(kind=kind, value="", from_date=TODAY, until_date=None, reason=REASON)
        made = services.propose_finding(actor=bob, loan=lent, found=found, now=at(TODAY))
    manager = signed_in(charlie)
    address = reverse("npa:finding_refuse", args=[made.pk])
    assert manager.post(address, {"note": ""}).status_code == 422
    assert manager.post(address, {"note": "No such account"}).status_code == 302
    made.refresh_from_db()
    assert (made.status, made.answer_note) == ("refused", "No such account")

    with django_assert_max_num_queries(10):
        page = manager.get(reverse("npa:findings"))

    assert "Infrastructure with an escrow account" in page.text
    for name in ("findings", "finding_propose"):
        args = [lent.pk] if name == "finding_propose" else []
        assert signed_in(alice).get(reverse(f"npa:{name}", args=args)).status_code == 403


def test_findings_in_force_stand_with_the_class_and_the_reasons_lead_to_them(
    signed_in: Browser,
    lent: Loan,
    india: Entity,
    bob: User,
    charlie: User,
    django_assert_max_num_queries: Any,
) -> None:
    before, client = TODAY - timedelta(days=1), signed_in(charlie)
    factories.npa(lent, before)
    factories.night(india, before)
    why = reverse("npa:why", args=[lent.pk])
    its = f"{reverse('loans:detail', args=[lent.pk])}#what-was-found"
    assert its not in client.get(why).text
    for kind, value in (("fraud", ""), ("guarantee", "central_government"), ("escrow", "")):
        found = Found(kind=kind, value=value, from_date=TODAY, until_date=None, reason=REASON)
        made = services.propose_finding(actor=bob, loan=lent, found=found, now=at(TODAY))
        if kind != "fraud":
            services.approve_finding(actor=charlie, finding=made, now=at(TODAY))
    factories.npa(lent, TODAY)
    factories.night(india, TODAY)

    with django_assert_max_num_queries(12):
        listed = client.get(reverse("npa:loans")).text

    assert "Guarantee: Central government" in listed
    assert "Infrastructure with an escrow account" in listed
    assert "Fraud" not in listed
    earlier = client.get(reverse("npa:loans"), {"day": str(before)}).text
    assert lent.number in earlier
    assert "Guarantee: Central government" not in earlier
    assert its in client.get(why).text


def test_a_crop_season_is_chosen_by_one_line_and_its_months(
    signed_in: Browser, lent: Loan, bob: User
) -> None:
    officer, propose = signed_in(bob), reverse("npa:finding_propose", args=[lent.pk])
    assert officer.get(propose).text.count('value="crop_season:') == 1
    given = {"from_date": TODAY.isoformat(), "reason": REASON}

    for kind, months, said in (
        ("crop_season:", "", "Say how many months the crop season takes."),
        ("crop_season:", "37", "36"),
        ("fraud:", "6", "Only a crop season has a length."),
    ):
        refused = officer.post(propose, {**given, "kind": kind, "months": months})
        assert (refused.status_code, Finding.objects.count()) == (422, 0)
        assert said in str(refused.context["form"].errors["months"])
    season = {**given, "kind": "crop_season:", "months": "6"}
    assert officer.post(propose, season).status_code == 302

    made = Finding.objects.get()
    assert (made.kind, made.value) == ("crop_season", "6")


def test_a_finding_goes_through_two_people_over_the_api(
    signed_in: Browser, lent: Loan, bob: User, charlie: User, alice: User
) -> None:
    officer, manager = signed_in(bob), signed_in(charlie)
    path = f"/api/v1/loans/{lent.pk}/findings"

    def sent(client: Client, address: str, **given: str) -> Any:
        return client.post(address, given, content_type="application/json")

    asked = {"kind": "crop_season", "value": "6", "from_date": str(TODAY), "reason": REASON}
    made = sent(officer, path, **asked)
    one = f"/api/v1/npa/findings/{made.json()['id']}"
    assert (made.status_code, made.json()["state"]) == (200, "proposed")
    assert sent(officer, f"{one}/approve").status_code == 403
    done = sent(manager, f"{one}/approve").json()
    assert (done["state"], done["counts_from"], done["until_date"]) == (
        "approved",
        str(TODAY),
        None,
    )
    assert sent(manager, f"{one}/approve").status_code == 409
    assert sent(signed_in(alice), path, **asked).status_code == 403
    wrong = sent(officer, path, **{**asked, "value": "many"})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["value"])
    assert len(manager.get(path).json()) == 1
    assert manager.get("/api/v1/npa/findings", {"state": "approved"}).json()["results"]
    assert sent(officer, f"{one}/propose-end", reason="Sold").json()["state"] == "ending"
    assert sent(manager, f"{one}/end").json()["ended_on"] == str(TODAY)


def test_the_report_for_the_audit_committee_is_a_file_the_page_leads_to(
    signed_in: Browser, lent: Loan, bob: User, charlie: User, amir: User, alice: User
) -> None:
    found = Found(kind="fraud", value="", from_date=TODAY, until_date=None, reason="=1+1")
    services.propose_finding(actor=bob, loan=lent, found=found, now=at(TODAY))
    client, address = signed_in(amir), reverse("npa:findings_report")
    asked = {"start": str(TODAY), "end": str(TODAY)}

    response = client.get(address, asked)

    assert f'href="{address}?start=' in client.get(reverse("npa:findings")).text
    assert response["Content-Disposition"].startswith('attachment; filename="findings-')
    [row] = csv.DictReader(io.StringIO(response.content.decode()))
    assert (row["loan"], row["kind"], row["recorded_by"]) == (lent.number, "fraud", "Bob")
    assert row["reason"] == "'=1+1"
    backwards = client.get(address, {**asked, "end": str(TODAY - timedelta(days=1))})
    assert backwards.status_code == 400
    assert reverse("npa:findings") in backwards.text
    assert signed_in(alice).get(address, asked).status_code == 403
