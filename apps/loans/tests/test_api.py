"""Loans over the API: opened as agreed, paid by two people, read as they stand."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.loans.models import Disbursement, Loan
from apps.loans.tests import factories

NOW = factories.LATER + timedelta(hours=2)
SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def _post(client: Client, name: str, pk: object = None, **body: Any) -> Any:
    return client.post(
        reverse(f"api:{name}", args=[pk] if pk else []),
        json.dumps(body),
        content_type="application/json",
    )


def _payment(loan: Loan, **changes: Any) -> dict[str, Any]:
    return {
        "planned_date": factories.TODAY.isoformat(),
        "holder": loan.customer.full_name,
        "account_number": "50100123456789",
        "bank_code": "HDFC0000007",
        **changes,
    }


def test_it_opens_what_was_agreed_and_only_once(
    alice: User, stage: None, signed_in: SignedIn
) -> None:
    application = factories.agreed(alice)
    client = signed_in(alice)

    first, second = (_post(client, "open_loan", application.pk) for _ in range(2))

    assert (first.status_code, second.json()) == (200, first.json())
    found = first.json()
    assert (found["principal"], found["term_months"], found["annual_rate"], found["state"]) == (
        "200000.00",
        24,
        "0.160000",
        "opened",
    )
    assert (found["opened_date"], found["disbursed_date"]) == ("2026-11-20", None)
    assert Loan.objects.count() == 1


def test_what_nobody_agreed_to_is_not_lent(
    alice: User, amir: User, stage: None, signed_in: SignedIn
) -> None:
    application = factories.offers.approved(alice)

    refused = _post(signed_in(alice), "open_loan", application.pk)

    assert (refused.status_code, refused.json()["code"]) == (409, "no_accepted_offer")
    assert _post(signed_in(amir), "open_loan", application.pk).status_code == 403
    assert _post(signed_in(alice), "open_loan", uuid4()).status_code == 404
    assert not Loan.objects.exists()


def test_it_is_paid_by_two_people_and_read_as_it_stands(
    alice: User, bob: User, charlie: User, loan: Loan, signed_in: SignedIn
) -> None:
    officer, reviewer, manager = signed_in(alice), signed_in(bob), signed_in(charlie)

    asked = _post(officer, "loan_disbursements", loan.pk, **_payment(loan, reference="A-1"))
    again = _post(officer, "loan_disbursements", loan.pk, **_payment(loan, reference="A-1"))
    assert (asked.status_code, again.json()) == (201, asked.json())
    key = asked.json()["id"]
    assert (asked.json()["net_amount"], asked.json()["account"]) == ("199500.00", "••••6789")
    assert _post(officer, "disbursement_approve", key).status_code == 403
    waiting = reviewer.get(reverse("api:disbursements"), {"stage": "approve"}).json()
    assert [one["id"] for one in waiting["results"]] == [key]
    assert _post(reviewer, "disbursement_approve", key).json()["state"] == "approved"
    file = _post(reviewer, "payment_files", disbursements=[key]).json()
    assert (file["payments"], file["layout"]) == (1, "creditrisk-payments-1")
    content = reviewer.get(reverse("api:payment_file", args=[file["id"]])).content
    assert content.startswith(b"reference,loan,")
    body = {"paid_date": "2026-11-20", "bank_reference": "U1"}
    assert _post(reviewer, "disbursement_confirm", key, **body).json()["state"] == "paid"
    assert _post(reviewer, "disbursement_confirm", key, **body).status_code == 200

    read = officer.get(reverse("api:loan", args=[loan.pk])).json()
    assert (read["state"], read["principal_outstanding"]) == ("active", "200000.00")
    assert read["arrears"] == {
        "day": "2026-11-20",
        "amount": "0.00",
        "instalments": 0,
        "days_past_due": 0,
    }
    assert (read["next_due"]["due_date"], read["next_due"]["state"]) == ("2026-12-20", "planned")
    schedule = officer.get(reverse("api:loan_schedule", args=[loan.pk])).json()
    assert (schedule["version"], schedule["in_force"]) == (1, True)
    assert len(schedule["instalments"]) == 24
    listed = officer.get(reverse("api:loans"), {"state": "active"}).json()
    assert [one["number"] for one in listed["results"]] == [loan.number]

    back = _post(manager, "disbursement_reverse", key, day="2026-11-20", reason="Account closed")
    assert back.json()["state"] == "reversed"
    assert officer.get(reverse("api:loan", args=[loan.pk])).json()["state"] == "opened"
    given_up = _post(officer, "loan_cancel", loan.pk, reason="No longer wanted")
    assert given_up.json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "200000.01"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"planned_date": "someday"}, "planned_date"),
        ({"planned_date": "1999-01-01"}, "planned_date"),
        ({"account_number": "1"}, "account_number"),
        ({"holder": "Somebody"}, "holder"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_is_answered_beside_its_field(
    alice: User, loan: Loan, signed_in: SignedIn, changes: dict[str, str], field: str
) -> None:
    answer = _post(signed_in(alice), "loan_disbursements", loan.pk, **_payment(loan, **changes))

    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert not Disbursement.objects.exists()


def test_steps_out_of_order_are_conflicts(
    alice: User, bob: User, loan: Loan, signed_in: SignedIn
) -> None:
    one = factories.requested(alice, loan)
    reviewer = signed_in(bob)

    for name, body in (
        ("disbursement_confirm", {"paid_date": "2026-11-20", "bank_reference": "U"}),
        ("disbursement_fail", {"reason": "No such account"}),
        ("loan_settle_exit", {"paid_date": "2026-11-20", "bank_reference": "U"}),
    ):
        pk = loan.pk if name.startswith("loan") else one.pk
        answer = _post(reviewer, name, pk, **body)
        assert answer.status_code == 409, name
        assert answer.json()["sentence"]
    missing = _post(reviewer, "payment_files", disbursements=[str(uuid4())])
    assert (missing.status_code, list(missing.json()["fields"])) == (400, ["disbursements"])
    stage = reviewer.get(reverse("api:disbursements"), {"stage": "soon"})
    assert (stage.status_code, list(stage.json()["fields"])) == (400, ["stage"])
    assert (
        signed_in(alice)
        .get(reverse("api:loan_schedule", args=[loan.pk]), {"version": "7"})
        .status_code
        == 404
    )
