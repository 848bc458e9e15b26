"""Payments over the API: foreseen, posted once, read, and taken back by whoever may."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import timeline
from apps.ledger import hooks
from apps.ledger import services as ledger
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories

SignedIn = Callable[[User], Client]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """A moment forty days after the loan was paid out."""
    moment = factories.NOW + timedelta(days=40)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def _post(client: Client, name: str, pk: object = None, **body: Any) -> Any:
    return client.post(
        reverse(f"api:{name}", args=[pk] if pk else []),
        json.dumps(body),
        content_type="application/json",
    )


def _instalment(loan: Loan) -> Decimal:
    """Return what the first instalment of a loan comes to."""
    return loan.instalments.order_by("number")[0].due


def _money(loan: Loan, **changes: Any) -> dict[str, Any]:
    return {
        "loan": str(loan.pk),
        "amount": str(_instalment(loan)),
        "channel": "bank_transfer",
        "external_reference": "UTR1",
        **changes,
    }


def test_it_foresees_what_it_then_posts(
    alice: User, lent: Loan, now: datetime, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    first = lent.instalments.order_by("number")[0]

    [foreseen] = _post(client, "repayment_preview", **_money(lent)).json()["results"]
    assert not AccountEvent.objects.exists()
    [posted] = _post(client, "repayments", **_money(lent)).json()["results"]

    assert foreseen["parts"] == posted["parts"]
    assert posted["parts"] == {
        "interest": f"{first.interest:.2f}",
        "principal": f"{first.principal:.2f}",
    }
    assert (foreseen["to_advances"], posted["to_advances"]) == ("0.00", "0.00")
    assert foreseen["before"]["arrears"]["days_past_due"] == (now.date() - first.due_date).days
    assert foreseen["after"]["arrears"] == {
        "amount": "0.00",
        "instalments": 0,
        "days_past_due": 0,
    }
    assert foreseen["after"]["next_due"]["number"] == 2
    assert posted["loan_number"] == lent.number
    assert posted["day"] == now.date().isoformat()


def test_it_answers_the_same_reference_again_and_refuses_it_for_something_else(
    alice: User, lent: Loan, now: datetime, signed_in: SignedIn
) -> None:
    client = signed_in(alice)

    first = _post(client, "repayments", **_money(lent))
    again = _post(client, "repayments", **_money(lent))
    other = _post(client, "repayments", **_money(lent, amount="1.00"))

    assert (first.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["code"]) == (409, "reference_used")
    assert AccountEvent.objects.count() == 1


def test_it_reads_and_lists_what_one_may_see(
    alice: User, amir: User, lent: Loan, now: datetime, signed_in: SignedIn
) -> None:
    [posted] = _post(signed_in(alice), "repayments", **_money(lent)).json()["results"]
    reader = signed_in(amir)

    one = reader.get(reverse("api:repayment", args=[posted["id"]]))
    listed = reader.get(reverse("api:repayments"), {"loan": str(lent.pk), "state": "live"})
    none = reader.get(reverse("api:repayments"), {"external_reference": "UTR2"})
    wrong = reader.get(reverse("api:repayments"), {"loan": "x"})

    assert one.json() == posted
    assert listed.json() == {"results": [posted], "after": ""}
    assert none.json()["results"] == []
    assert (wrong.status_code, wrong.json()["code"]) == (400, "filter_refused")
    assert reader.get(reverse("api:repayment", args=[uuid4()])).status_code == 404


def test_it_lists_with_the_same_number_of_questions_however_many(
    alice: User,
    lent: Loan,
    now: datetime,
    signed_in: SignedIn,
    django_assert_max_num_queries: Any,
) -> None:
    client = signed_in(alice)
    for number in range(12):
        _post(client, "repayments", **_money(lent, external_reference=f"U{number}", amount="5"))

    with django_assert_max_num_queries(9):
        found = client.get(reverse("api:repayments")).json()

    assert len(found["results"]) == 12


def test_it_is_taken_back_by_a_manager_alone(
    alice: User, charlie: User, lent: Loan, now: datetime, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    [posted] = _post(client, "repayments", **_money(lent)).json()["results"]

    mine = _post(client, "repayment_reversal", posted["id"], reason="It bounced.")
    theirs = _post(signed_in(charlie), "repayment_reversal", posted["id"], reason="It bounced.")

    assert mine.status_code == 403
    assert theirs.status_code == 200
    found = theirs.json()
    assert (found["state"], found["parts"], found["to_advances"]) == ("reversed", {}, "0.00")
    assert found["reversed_reason"] == "It bounced."
    assert factories.paid(lent) == []
    assert factories.offenders() == []


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"amount": "0"}, 400, "amount"),
        ({"amount": "x"}, 400, "amount"),
        ({"currency": "USD"}, 400, "currency"),
        ({"channel": "pigeon"}, 400, "channel"),
        ({"external_reference": ""}, 400, "external_reference"),
        ({"day": "2031-01-01"}, 400, "day"),
        ({"day": "2001-01-01"}, 400, "day"),
        ({"colour": "red"}, 400, "colour"),
        ({"customer": "4f6e7a1e-0000-4000-8000-000000000000"}, 400, "loan"),
    ],
)
@pytest.mark.parametrize("name", ["repayments", "repayment_preview"])
def test_it_says_what_is_wrong_and_changes_nothing(
    alice: User,
    lent: Loan,
    now: datetime,
    signed_in: SignedIn,
    name: str,
    changes: dict[str, Any],
    status: int,
    field: str,
) -> None:
    answer = _post(signed_in(alice), name, **_money(lent, **changes))

    assert answer.status_code == status
    assert field in answer.json()["fields"]
    assert not AccountEvent.objects.exists()


def test_it_takes_nothing_for_a_loan_that_was_not_paid_out(
    alice: User, stage: None, now: datetime, signed_in: SignedIn
) -> None:
    loan = lending.opened(alice)

    answer = _post(signed_in(alice), "repayments", **_money(loan))

    assert (answer.status_code, answer.json()["code"]) == (409, "loan_not_on_books")


def test_it_takes_money_of_a_customer_for_what_is_due_first(
    alice: User, lent: Loan, now: datetime, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    money = _money(lent, customer=str(lent.customer_id))
    del money["loan"]

    foreseen = _post(client, "repayment_preview", **money).json()["results"]
    posted = _post(client, "repayments", **money).json()["results"]
    again = _post(client, "repayments", **money).json()["results"]
    known = _post(client, "repayment_preview", **money).json()
    other = _post(client, "repayments", **{**money, "amount": "5.00"})
    to_loan = [_post(client, name, **_money(lent)) for name in ("repayment_preview", "repayments")]

    assert {(one.status_code, one.json()["code"]) for one in to_loan} == {(409, "reference_used")}
    assert "under the reference UTR1 already" in to_loan[0].json()["sentence"]
    told = " ".join(one["note"] for one in timeline.of(f"loans.loan:{lent.pk}"))
    assert ("UTR1" in told, f"{lent.branch.entity.code}:" in told) == (True, False)
    assert known == {"results": [], "already_posted": [one["id"] for one in posted]}
    assert [one["parts"] for one in foreseen] == [one["parts"] for one in posted]
    assert again == posted
    assert (other.status_code, other.json()["code"]) == (409, "reference_used")


@pytest.mark.parametrize("name", ["repayment_preview", "repayments"])
def test_money_of_a_customer_in_another_currency_than_their_loans_is_refused(
    alice: User, lent: Loan, now: datetime, signed_in: SignedIn, name: str
) -> None:
    money = _money(lent, customer=str(lent.customer_id), currency="USD")
    del money["loan"]

    answer = _post(signed_in(alice), name, **money)

    assert (answer.status_code, answer.json()["code"]) == (400, "other_currency")
    assert not AccountEvent.objects.exists()


@pytest.mark.parametrize("name", ["kind", "state", "external_reference"])
def test_a_filter_that_nothing_can_be_called_is_refused(
    alice: User, signed_in: SignedIn, name: str
) -> None:
    answer = signed_in(alice).get(reverse("api:repayments"), {name: "\0"})

    assert (answer.status_code, answer.json()["code"]) == (400, "filter_refused")


def test_a_closed_day_is_refused_before_and_when_it_is_posted(
    alice: User,
    lent: Loan,
    now: datetime,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hooks, "_may_close", [])
    day = now.date() - timedelta(days=2)
    ledger.close_day(actor="system:test", entity=lent.branch.entity, day=day, now=now)
    client = signed_in(alice)

    answers = [
        _post(client, name, **_money(lent, day=day.isoformat()))
        for name in ("repayment_preview", "repayments")
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(409, "day_closed")] * 2
    assert not AccountEvent.objects.exists()
