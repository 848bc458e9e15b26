"""Pages and API of charges and of the accrual of days."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import jobs
from apps.loans.models import Loan
from apps.products.models import TaxRate
from apps.repayments import services, tasks
from apps.repayments.facts import Bucket, Charge
from apps.repayments.models import AccountEvent, AccrualRun
from apps.repayments.tests import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
DAY = factories.later(5)


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: factories.at(DAY))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The messages that are sent instead of being worked on."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(
        jobs, "enqueue", lambda task, **arguments: found.append({"task": task, **arguments})
    )
    return found


def _asked(**changes: str) -> dict[str, str]:
    return {
        "bucket": "fee",
        "code": "bounce",
        "amount": "500",
        "day": DAY.isoformat(),
        "due_on": DAY.isoformat(),
        "reason": "The bank returned the debit",
        "reference": str(uuid.UUID(int=7)),
        **changes,
    }


def _api(**changes: str) -> dict[str, str]:
    values = {**_asked(), "kind": "fee", "reference": "R-7", **changes}
    del values["bucket"]
    return values


def _post(browser: Client, address: str, values: dict[str, str]) -> Any:
    return browser.post(f"/api/v1/{address}", values, content_type="application/json")


def test_a_charge_is_asked_for_and_taken_back_by_pages(
    charlie: User, lent: Loan, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)
    page = f"/repayments/of-loan/{lent.pk}/charges/"

    assert browser.get(f"{page}ask/").status_code == 200
    done = browser.post(f"{page}ask/", _asked(), follow=True)
    again = browser.post(f"{page}ask/", _asked(), follow=True)

    assert (done.status_code, again.status_code) == (200, 200)
    event = AccountEvent.objects.get()
    text = browser.get(page).content.decode()
    for said in ("Returned payment", "The bank returned the debit", "₹500.00", "Take back"):
        assert said in text, said
    assert "Returned payment" in browser.get(f"{page}panel/").content.decode()
    back = browser.post(f"/repayments/charges/{event.pk}/take-back/", {"reason": "Not right"})
    assert back["Location"] == page
    assert "Taken back" in browser.get(page).content.decode()


def test_what_is_owed_of_charges_stands_on_the_loan_beside_what_is_overdue(
    charlie: User, lent: Loan, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)
    ask = f"/repayments/of-loan/{lent.pk}/charges/ask/"
    loan_page = reverse("loans:detail", args=[lent.pk])
    assert "Charges owed" not in browser.get(loan_page).text

    browser.post(ask, _asked())
    for bucket, amount, due_on in (("tax", 90, DAY), ("fee", 7, DAY + timedelta(days=1))):
        asked = Charge(
            day=DAY, amount=Decimal(amount), bucket=Bucket(bucket), code=bucket, due_on=due_on
        )
        services.enter(
            actor="system:tests", loan=lent, fact=asked, reference=bucket, now=factories.at(DAY)
        )

    # What falls due tomorrow is not owed yet.
    assert AccountEvent.objects.filter(kind="charge").count() == 3
    page = browser.get(loan_page)
    assert page.context["charges_owed"] == 590
    assert "Charges owed" in page.text
    assert page.context["position"].arrears.amount == 0
    AccountEvent.objects.filter(amount=90).update(settled=40)
    assert browser.get(loan_page).context["charges_owed"] == 550
    AccountEvent.objects.filter(amount=90).update(settled=0)
    fee = AccountEvent.objects.get(amount=500)
    browser.post(f"/repayments/charges/{fee.pk}/take-back/", {"reason": "Not right"})
    assert browser.get(loan_page).context["charges_owed"] == 90


def test_the_page_says_beside_the_field_what_is_refused(
    charlie: User, lent: Loan, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)

    answer = browser.post(f"/repayments/of-loan/{lent.pk}/charges/ask/", _asked(code="desk_fee"))

    assert answer.status_code == 422
    assert "The key facts name no such charge." in answer.content.decode()
    assert not AccountEvent.objects.exists()


def test_a_charge_is_asked_for_read_and_taken_back_over_the_api(
    charlie: User, lent: Loan, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)
    TaxRate.objects.create(
        entity=lent.branch.entity,
        code="gst",
        name="Goods and services tax",
        rate=Decimal("0.18"),
        effective_from=date(2017, 7, 1),
    )

    made = _post(browser, f"loans/{lent.pk}/charges", _api())
    again = _post(browser, f"loans/{lent.pk}/charges", _api())
    refused = _post(browser, f"loans/{lent.pk}/charges", _api(code="other", reference="R-8"))

    assert (made.status_code, again.json()) == (201, made.json())
    assert (refused.status_code, refused.json()["code"]) == (400, "not_in_key_facts")
    listed = browser.get(f"/api/v1/loans/{lent.pk}/charges").json()["results"]
    assert [(one["kind"], one["code"], one["amount"]) for one in listed] == [
        ("tax", "gst", "90.00"),
        ("fee", "bounce", "500.00"),
    ]
    back = _post(browser, f"charges/{made.json()['id']}/reversal", {"reason": "Not right"})
    assert (back.status_code, back.json()["state"]) == (200, "reversed")
    assert not AccountEvent.objects.filter(status="live").exists()


def test_charges_and_accruals_are_for_who_may(
    alice: User, lent: Loan, signed_in: SignedIn, sent: list[dict[str, Any]]
) -> None:
    browser = signed_in(alice)
    accrual = {"entity": str(lent.branch.entity_id), "day": DAY.isoformat()}

    answers = [
        browser.post(f"/repayments/of-loan/{lent.pk}/charges/ask/", _asked()),
        _post(browser, f"loans/{lent.pk}/charges", _api()),
        browser.get("/repayments/accruals/"),
        browser.post("/repayments/accruals/", accrual),
        _post(browser, "accruals", accrual),
    ]

    assert [one.status_code for one in answers] == [403] * 5
    assert browser.get(f"/repayments/of-loan/{lent.pk}/charges/").status_code == 200
    assert not AccountEvent.objects.exists()
    assert sent == []


def test_a_day_is_accrued_by_the_worker_when_somebody_asks(
    charlie: User, lent: Loan, signed_in: SignedIn, sent: list[dict[str, Any]]
) -> None:
    browser = signed_in(charlie)
    entity = lent.branch.entity
    values = {"entity": str(entity.pk), "day": factories.later(4).isoformat()}

    assert "No day was accrued yet" in browser.get("/repayments/accruals/").content.decode()
    assert browser.post("/repayments/accruals/", values).status_code == 302
    assert _post(browser, "accruals", values).status_code == 202
    ahead = {**values, "day": factories.later(9).isoformat()}
    assert browser.post("/repayments/accruals/", ahead).status_code == 422
    assert _post(browser, "accruals", ahead).json()["code"] == "day_refused"

    message = {
        "task": "repayments.accrue",
        "entity_id": str(entity.pk),
        "day": factories.later(4).isoformat(),
        "actor": charlie.audit_reference,
    }
    assert sent == [message, message]
    del message["task"]
    tasks.accrue(**message)
    tasks.accrue(**message)
    run = AccrualRun.objects.get()
    assert (run.loans, run.problems) == (1, [])
    assert "Done" in browser.get("/repayments/accruals/").content.decode()
    listed = browser.get("/api/v1/accruals").json()["results"]
    assert [(one["id"], one["day"]) for one in listed] == [(run.pk, values["day"])]
    assert _post(browser, "accruals", {**values, "entity": str(uuid.uuid4())}).status_code == 404


def test_the_timetable_accrues_what_is_over_for_every_lender(
    lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks, "enqueue", lambda task, **arguments: asked.append(arguments))

    count = tasks.accrue_missing()
    for one in asked:
        tasks.accrue(**one)

    assert count == len(asked) >= 1
    assert AccrualRun.objects.get(entity=lent.branch.entity).day == factories.later(4)
    services.require_accrued(lent.branch.entity, factories.later(4))
