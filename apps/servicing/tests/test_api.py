"""Changes of a loan over the API: the same services, one answer a reference, one error shape."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent
from apps.servicing.tests import factories
from apps.servicing.tests.factories import TODAY, at

Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))


def _post(client: Client, path: str, **given: Any) -> Any:
    return client.post(f"/api/v1/{path}", given, content_type="application/json")


def _money(amount: Any, **changes: Any) -> dict[str, Any]:
    return {
        "day": TODAY.isoformat(),
        "amount": str(amount),
        "channel": "bank_transfer",
        "external_reference": "UTR-1",
        **changes,
    }


def test_a_prepayment_is_quoted_and_taken_once(signed_in: Browser, lent: Loan, alice: User) -> None:
    client = signed_in(alice)
    path = f"loans/{lent.pk}/prepayment"

    shown = client.get(f"/api/v1/{path}", {"amount": "51500"}).json()
    first = _post(client, path, **_money("51500.00"), option="shorter_term")
    again = _post(client, path, **_money("51500.00"), option="shorter_term")
    other = _post(client, path, **_money("51501.00"), option="shorter_term")

    assert (shown["charge"], shown["prepaid"]) == ("1500.00", "50000.00")
    assert [way["option"] for way in shown["ways"]] == ["shorter_term", "smaller_instalment"]
    assert first.status_code == 200
    assert again.json()["id"] == first.json()["id"]
    assert (other.status_code, other.json()["code"]) == (409, "reference_used")
    listed = client.get(f"/api/v1/loans/{lent.pk}/changes").json()
    assert [one["kind"] for one in listed] == ["part_prepayment"]


def test_the_quote_closes_the_loan(signed_in: Browser, lent: Loan, alice: User) -> None:
    client = signed_in(alice)
    path = f"loans/{lent.pk}/payoff"

    quote = client.get(f"/api/v1/{path}").json()
    paid = _post(client, path, **_money(quote["total"]))
    closed = _post(client, f"loans/{lent.pk}/closure")

    assert quote["total"] == "206000.00"
    assert paid.json()["kind"] == "payoff"
    assert closed.status_code == 200
    assert closed.json()["papers_due_date"] == (TODAY + timedelta(days=30)).isoformat()
    assert client.get(f"/api/v1/{path}").json()["code"] == "loan_not_running"


def test_a_change_is_previewed_made_and_taken_back(
    signed_in: Browser, lent: Loan, charlie: User
) -> None:
    client = signed_in(charlie)
    asked = {
        "kind": "restructure",
        "instalments": 36,
        "annual_rate": "0.14",
        "difficulty": True,
        "reason": "Lost his job",
    }

    shown = _post(client, f"loans/{lent.pk}/changes/preview", **asked).json()
    assert (len(shown["before"]), len(shown["after"])) == (24, 36)
    assert AccountEvent.objects.count() == 0
    made = _post(client, f"loans/{lent.pk}/changes", **asked, reference="C-1").json()
    again = _post(client, f"loans/{lent.pk}/changes", **asked, reference="C-1").json()
    assert made["id"] == again["id"]
    path = f"servicing/events/{made['id']}/take-back"
    back = _post(client, path, reason="Not agreed after all").json()
    assert (back["state"], lent.schedules.get(in_force=True).number) == ("reversed", 1)


def test_two_people_waive(
    signed_in: Browser, lent: Loan, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = factories.late(lent, 5)
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    officer, reviewer = signed_in(alice), signed_in(bob)

    made = _post(
        officer,
        f"loans/{lent.pk}/proposals",
        kind="waiver",
        bucket="interest",
        amount="100.00",
        reason="Ill for a month",
    ).json()
    own = _post(officer, f"servicing/proposals/{made['id']}/approve")
    waiting = reviewer.get("/api/v1/servicing/proposals").json()
    done = _post(reviewer, f"servicing/proposals/{made['id']}/approve")

    assert own.status_code == 403
    assert [one["id"] for one in waiting["results"]] == [made["id"]]
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    again = _post(reviewer, f"servicing/proposals/{made['id']}/refuse", note="Too late")
    assert again.status_code == 409


def test_nonsense_is_refused_in_one_shape(
    signed_in: Browser, lent: Loan, alice: User, charlie: User
) -> None:
    client, manager = signed_in(alice), signed_in(charlie)
    loan = f"loans/{lent.pk}"
    answers = [
        _post(client, f"{loan}/prepayment", **_money("0"), option="shorter_term"),
        _post(client, f"{loan}/prepayment", **_money("-1"), option="shorter_term"),
        _post(client, f"{loan}/prepayment", **_money("1"), option="both"),
        _post(client, f"{loan}/payoff", **_money("1")),
        _post(client, f"{loan}/payoff", **_money("1"), more="x"),
        client.get(f"/api/v1/{loan}/payoff", {"day": "soon"}),
        client.get(f"/api/v1/{loan}/payoff", {"day": "2031-01-01"}),
        client.get(f"/api/v1/{loan}/prepayment", {"amount": "NaN"}),
        client.get(f"/api/v1/{loan}/prepayment", {"amount": "1e30"}),
        client.get(f"/api/v1/{loan}/prepayment", {"amount": "much"}),
        _post(client, f"{loan}/proposals", kind="gift", reason="Because"),
        _post(manager, f"{loan}/changes", kind="reschedule", reason="Because"),
        _post(manager, f"{loan}/changes", kind="reschedule", reason="Because", instalments=0),
        # Before the loan was paid out nothing of it could change.
        _post(
            manager,
            f"{loan}/changes/preview",
            kind="reschedule",
            reason="Because",
            instalments=12,
            day="2020-01-01",
        ),
        # The calendar ends within the longest pause.
        _post(
            manager,
            f"{loan}/pauses",
            starts_on="9999-12-30",
            ends_on="9999-12-31",
            reason="Because",
        ),
    ]

    for answer in answers:
        assert answer.status_code == 400, answer.content
        assert {"code", "sentence", "fields"} == set(answer.json())
    assert AccountEvent.objects.count() == 0


def test_rights_are_asked_for(signed_in: Browser, lent: Loan, bob: User, amir: User) -> None:
    reviewer, auditor = signed_in(bob), signed_in(amir)
    asked = {"kind": "restructure", "instalments": 36, "difficulty": True, "reason": "Lost his job"}

    assert _post(reviewer, f"loans/{lent.pk}/changes", **asked).status_code == 403
    assert _post(auditor, f"loans/{lent.pk}/payoff", **_money("1")).status_code == 403
    assert auditor.get(f"/api/v1/loans/{lent.pk}/payoff").status_code == 200
    assert reviewer.get("/api/v1/servicing/rates").status_code == 403


def test_pauses_and_rates_go_over_the_api(signed_in: Browser, lent: Loan, charlie: User) -> None:
    client = signed_in(charlie)

    made = _post(
        client,
        f"loans/{lent.pk}/pauses",
        starts_on=TODAY.isoformat(),
        ends_on="2026-12-31",
        reason="Flood in the village",
    ).json()
    ended = _post(client, f"servicing/pauses/{made['id']}/end", reason="He earns again").json()
    rate = _post(
        client,
        "servicing/rates",
        entity=lent.branch.entity.code,
        benchmark="Repo rate",
        effective_date=TODAY.isoformat(),
        annual_rate="0.065",
        published_in="Central bank",
    )
    fixed = _post(
        client, f"loans/{lent.pk}/follow-rate", keeps="term", reason="Reset", reference="reset-1"
    )

    assert ended["state"] == "ended"
    assert client.get(f"/api/v1/loans/{lent.pk}/pauses").json()[0]["state"] == "ended"
    assert rate.json()["annual_rate"] == "0.065000"
    assert len(client.get("/api/v1/servicing/rates").json()) == 1
    back = f"servicing/rates/{rate.json()['id']}/take-back"
    assert rate.json()["taken_back_at"] is None
    assert _post(client, back, reason="").status_code == 400
    assert _post(client, back, reason="Mistyped").json()["taken_back_at"]
    again = _post(client, back, reason="Once more")
    assert (again.status_code, again.json()["code"]) == (409, "taken_back_already")
    none = _post(client, f"servicing/rates/{lent.pk}/take-back", reason="Mistyped")
    assert none.status_code == 404
    assert (fixed.status_code, fixed.json()["code"]) == (409, "rate_is_fixed")
