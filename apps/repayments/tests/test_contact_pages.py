"""The pages and the API of promises, reminders and receipts."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Entity, User
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.repayments import services
from apps.repayments.models import Promise, Reminder, ReminderPlan, ReminderStop
from apps.repayments.tests import contact_factories as contact
from apps.repayments.tests import factories

Browser = Callable[[User], Client]
TODAY = date(2026, 12, 21)
DUE = date(2026, 12, 20)


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: contact.at(TODAY))


def page(client: Client, name: str, *args: Any, query: str = "") -> str:
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


# --- promises -------------------------------------------------------------------------------
def test_an_officer_takes_and_withdraws_a_promise(
    lent: Loan, alice: User, signed_in: Browser
) -> None:
    client = signed_in(alice)
    address = reverse("repayments:take_promise", args=[lent.pk])
    form = page(client, "repayments:take_promise", lent.pk)
    assert "A promise changes nothing of what is owed" in form
    given = {"amount": "5,000.00", "promised_date": "2026-12-24", "channel": "phone"}

    refused = client.post(
        reverse("repayments:take_promise", args=[lent.pk]), given | {"amount": "0"}
    )
    taken = client.post(reverse("repayments:take_promise", args=[lent.pk]), given)

    assert (refused.status_code, taken.status_code) == (422, 302)
    promise = Promise.objects.get()
    assert (promise.amount, promise.promised_date) == (Decimal("5000.00"), date(2026, 12, 24))
    panel = page(client, "repayments:contact_panel", lent.pk)
    for said in ("₹5,000.00", "24 Dec 2026", "Open", "By telephone"):
        assert said in panel, said
    assert address not in panel

    address = reverse("repayments:withdraw_promise", args=[promise.pk])
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Agreed on another day."}).status_code == 302
    again = client.post(address, {"reason": "Twice."})
    assert again.status_code == 422
    assert "Withdrawn" in page(client, "repayments:contact_panel", lent.pk)


def test_the_list_shows_what_is_due_and_what_is_broken(
    lent: Loan, alice: User, bob: User, signed_in: Browser
) -> None:
    other, third = (lending.paid(alice, bob).loan for _number in range(2))
    contact.promise(alice, lent, on=TODAY - timedelta(days=2), promised_date=TODAY)
    contact.promise(alice, other, on=TODAY, promised_date=TODAY + timedelta(days=5))
    contact.promise(alice, third, on=TODAY - timedelta(days=5), promised_date=DUE)
    services.judge_promises(now=contact.at(TODAY))
    client = signed_in(alice)

    views = {
        view: {
            loan.number
            for loan in (lent, other, third)
            if loan.number in page(client, "repayments:promises", query=f"?view={view}")
        }
        for view in ("due", "open", "broken", "kept")
    }

    assert views == {
        "due": {lent.number},
        "open": {lent.number, other.number},
        "broken": {third.number},
        "kept": set(),
    }
    assert page(client, "repayments:promises_count") == "1"


def test_a_long_list_is_paged_by_position_with_few_queries(
    lent: Loan, alice: User, signed_in: Browser
) -> None:
    rows = [
        Promise(
            loan=lent,
            amount=Decimal(number + 1),
            currency="INR",
            promised_date=DUE,
            channel="phone",
            taken_by=alice,
            taken_at=contact.at(DUE),
            taken_date=DUE,
            status="broken",
        )
        for number in range(30)
    ]
    Promise.objects.bulk_create(rows)
    client = signed_in(alice)
    client.get(reverse("repayments:promises"))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        first = client.get(reverse("repayments:promises") + "?view=broken")

    after = first.context["page"].after
    second = client.get(reverse("repayments:promises") + f"?view=broken&after={after}")
    shown = [one.pk for answer in (first, second) for one in answer.context["page"].rows]
    assert (len(shown), len(set(shown))) == (30, 30)
    assert len(queries) <= 14
    assert client.get(reverse("repayments:promises") + "?after=rubbish").status_code == 400


@pytest.mark.parametrize(
    "name", ["contact_panel", "take_promise", "stop_reminders", "receipts_panel"]
)
def test_of_another_branch_there_is_nothing(
    lent: Loan, make_person: Any, nashik: Any, signed_in: Browser, name: str
) -> None:
    far = signed_in(make_person("Farah", "loan_officer", branch=nashik))

    assert far.get(reverse(f"repayments:{name}", args=[lent.pk])).status_code == 404


def test_who_only_reads_is_offered_and_allowed_nothing(
    lent: Loan, alice: User, amir: User, signed_in: Browser
) -> None:
    promise = contact.promise(alice, lent, on=TODAY)
    client = signed_in(amir)

    panel = page(client, "repayments:contact_panel", lent.pk)

    for name, key in (
        ("take_promise", lent.pk),
        ("withdraw_promise", promise.pk),
        ("stop_reminders", lent.pk),
    ):
        address = reverse(f"repayments:{name}", args=[key])
        assert address not in panel
        assert client.get(address).status_code == 403


# --- reminders ------------------------------------------------------------------------------
def test_an_officer_ends_and_begins_reminders(lent: Loan, alice: User, signed_in: Browser) -> None:
    client = signed_in(alice)
    stop = reverse("repayments:stop_reminders", args=[lent.pk])

    assert "At the counter" in page(client, "repayments:stop_reminders", lent.pk)
    assert client.post(stop, {"channel": "link"}).status_code == 422
    assert client.post(stop, {"channel": "phone"}).status_code == 302
    assert client.post(stop, {"channel": "phone"}).status_code == 422
    assert "The borrower wants reminders again" in page(client, "repayments:contact_panel", lent.pk)
    client.post(reverse("repayments:resume_reminders", args=[lent.pk]))
    assert ReminderStop.objects.get().resumed_by == alice


def test_a_manager_sets_when_borrowers_are_reminded(
    lent: Loan, charlie: User, alice: User, signed_in: Browser, india: Entity
) -> None:
    client, enter = signed_in(charlie), reverse("repayments:enter_reminder_plan")
    given = {"entity": india.pk, "product": "", "steps": "-3, 0 5", "from_date": "2026-12-22"}

    assert "Days from the due date" in page(client, "repayments:enter_reminder_plan")
    assert client.post(enter, given | {"steps": "soon"}).status_code == 422
    assert client.post(enter, given | {"from_date": "2026-12-20"}).status_code == 422
    assert client.post(enter, given).status_code == 302
    plan = ReminderPlan.objects.get()
    assert plan.steps == [-3, 0, 5]
    listed = page(client, "repayments:reminder_plans")
    assert "3 days before, on the due date, 5 days after" in listed
    assert "to come" in listed
    assert signed_in(alice).get(enter).status_code == 403
    assert enter not in page(signed_in(alice), "repayments:reminder_plans")

    client.post(reverse("repayments:end_reminder_plan", args=[plan.pk]))

    assert ReminderPlan.objects.get().ended_by == charlie
    assert client.post(enter, given | {"steps": ""}).status_code == 422
    assert client.post(enter, given | {"nobody": "on"}).status_code == 422
    assert client.post(enter, given | {"steps": "", "nobody": "on"}).status_code == 302
    assert "Nobody is reminded" in page(client, "repayments:reminder_plans")


def test_the_first_plans_are_installed_once(india: Entity, tmp_path: Any) -> None:
    file = tmp_path / "plans.json"
    file.write_text(
        '{"reminder_plans": [{"entity": "sahyadri", "steps": [3, -3], "from_date": "2026-11-01"}]}'
    )

    call_command("load_reminder_plans", file)
    call_command("load_reminder_plans", file)

    plan = ReminderPlan.objects.get()
    assert (plan.steps, plan.entered_by) == ([-3, 3], None)


def test_the_panel_says_why_a_reminder_did_not_go_out(
    lent: Loan, alice: User, charlie: User, signed_in: Browser
) -> None:
    contact.plan(charlie, steps=(-3,))
    services.remind_due(now=contact.at(date(2026, 12, 17)))
    services.send_reminders(now=contact.at(date(2026, 12, 17)))

    panel = page(signed_in(alice), "repayments:contact_panel", lent.pk)

    assert "3 days before" in panel
    assert "The borrower has not agreed to be reached by e-mail." in panel


# --- receipts -------------------------------------------------------------------------------
def test_payments_are_listed_with_their_receipts(
    lent: Loan, alice: User, amir: User, signed_in: Browser
) -> None:
    event = factories.pay(alice, lent, DUE, "9793.00")
    address = reverse("repayments:receipt", args=[event.pk])

    assert address not in page(signed_in(amir), "repayments:receipts_panel", lent.pk)
    assert signed_in(amir).get(address).status_code == 403
    panel = page(signed_in(alice), "repayments:receipts_panel", lent.pk)
    assert f'href="{address}" download' in panel
    answer = signed_in(alice).get(address)

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{lent.number}-R1.pdf"'
    assert answer.content == signed_in(amir).get(address).content
    assert ">R1<" in page(signed_in(amir), "repayments:receipts_panel", lent.pk)


def test_the_list_of_payments_asks_few_questions(
    lent: Loan, alice: User, signed_in: Browser
) -> None:
    client = signed_in(alice)
    counted = []
    for day in range(3):
        event = factories.pay(alice, lent, DUE, str(100 + day))
        services.print_receipt(actor=alice, event=event, now=contact.at(TODAY))
        with CaptureQueriesContext(connection) as queries:
            page(client, "repayments:receipts_panel", lent.pk)
        counted.append(len(queries))

    assert len(set(counted)) == 1


# --- the API --------------------------------------------------------------------------------
@pytest.fixture
def call(alice: User) -> Callable[..., Any]:
    """Ask the API as a person: `call("get", "/loans/…", person=bob, **body)`."""

    def ask(method: str, path: str, *, person: User = alice, **body: Any) -> Any:
        client = APIClient()
        client.force_authenticate(person)
        return getattr(client, method)(f"/api/v1{path}", body or None, format="json")

    return ask


def test_promises_over_the_api(lent: Loan, amir: User, call: Callable[..., Any]) -> None:
    place = f"/loans/{lent.pk}/promises"
    given = {"amount": "5000.00", "promised_date": "2026-12-21", "channel": "phone"}

    assert call("post", place, person=amir, **given).status_code == 403
    assert call("post", place, **given, note="x").status_code == 400
    refused = call("post", place, **(given | {"promised_date": "2026-12-20"}))
    assert refused.status_code == 400
    assert list(refused.json()["fields"]) == ["promised_date"]
    made = call("post", place, **given)
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["paid"]) == ("open", "0.00")
    assert made.json()["withdrawn_reason"] == ""
    assert call("post", place, **given).status_code == 409

    assert [one["id"] for one in call("get", place).json()] == [made.json()["id"]]
    assert len(call("get", "/promises?view=due").json()["results"]) == 1
    assert call("get", "/promises?view=none").status_code == 400
    ended = call("post", f"/promises/{made.json()['id']}/withdraw", reason="Another day.")
    assert ended.json()["status"] == "withdrawn"
    assert ended.json()["withdrawn_reason"] == "Another day."


def test_reminders_over_the_api(
    lent: Loan, alice: User, charlie: User, call: Callable[..., Any]
) -> None:
    given = {"entity": "sahyadri", "steps": [-3, 5], "from_date": "2026-12-21"}

    assert call("post", "/reminder-plans", **given).status_code == 403
    lacking = call("post", "/reminder-plans", person=charlie, **(given | {"entity": "none"}))
    assert list(lacking.json()["fields"]) == ["entity"]
    plan = call("post", "/reminder-plans", person=charlie, **given)
    assert (plan.status_code, plan.json()["steps"]) == (201, [-3, 5])
    assert len(call("get", "/reminder-plans").json()) == 1
    services.remind_due(now=contact.at(date(2026, 12, 28)))
    found = call("get", f"/loans/{lent.pk}/reminders").json()["results"]
    assert [(one["due_date"], one["step"]) for one in found] == [("2026-12-20", 5)]
    assert Reminder.objects.count() == 1

    stop = f"/customers/{lent.customer_id}/reminders/stop"
    assert call("post", stop, channel="link").status_code == 400
    assert call("post", stop, channel="writing").status_code == 201
    assert call("post", stop, channel="writing").status_code == 409
    assert call("post", f"/customers/{lent.customer_id}/reminders/resume").status_code == 200
    ended = call("post", f"/reminder-plans/{plan.json()['id']}/end", person=charlie)
    assert ended.json()["ended_at"] is not None


def test_a_receipt_over_the_api(
    lent: Loan, alice: User, amir: User, call: Callable[..., Any]
) -> None:
    event = factories.pay(alice, lent, DUE, "9793.00")

    refused = call("get", f"/repayments/{event.pk}/receipt", person=amir)
    answer = call("get", f"/repayments/{event.pk}/receipt")

    assert refused.status_code == 403
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
