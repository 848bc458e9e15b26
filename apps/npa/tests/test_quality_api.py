"""The portfolio's quality over the API: the same services, one error shape."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.loans.models import Loan
from apps.npa import services
from apps.npa.models import Alert
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import REASON, TODAY, at, night, npa

Browser = Callable[[User], Client]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch, india: Entity) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    factories.rules()


def _sent(client: Client, path: str, *, put: bool = False, **given: Any) -> Any:
    send = client.put if put else client.post
    return send(f"/api/v1/{path}", given, content_type="application/json")


def test_a_class_goes_through_two_people(
    signed_in: Browser, lent: Loan, bob: User, charlie: User, alice: User
) -> None:
    officer, manager = signed_in(bob), signed_in(charlie)
    path = f"loans/{lent.pk}/class-overrides"
    asked = {
        "asset_class": "substandard",
        "from_date": str(TODAY),
        "until_date": str(TODAY + 9 * DAY),
        "reason": REASON,
    }

    made = _sent(officer, path, **asked)
    own = _sent(officer, f"npa/overrides/{made.json()['id']}/approve")
    done = _sent(manager, f"npa/overrides/{made.json()['id']}/approve")
    twice = _sent(manager, f"npa/overrides/{made.json()['id']}/approve")

    assert (made.status_code, made.json()["state"]) == (200, "proposed")
    assert (own.status_code, own.json()["code"]) == (403, "permission_denied")
    assert (done.json()["state"], done.json()["answered_by"]) == ("approved", "Charlie")
    assert twice.status_code == 409
    assert _sent(signed_in(alice), path, **asked).status_code == 403
    assert len(manager.get(f"/api/v1/{path}").json()) == 1
    listed = manager.get("/api/v1/npa/overrides", {"state": "approved"}).json()
    assert [one["loan"] for one in listed["results"]] == [str(lent.pk)]
    path = f"npa/overrides/{made.json()['id']}"
    assert _sent(officer, f"{path}/propose-end", reason="Mended").json()["state"] == "ending"
    assert _sent(manager, f"{path}/end").json()["ended_on"] == str(TODAY)


def test_what_is_refused_says_which_field(signed_in: Browser, lent: Loan, bob: User) -> None:
    client = signed_in(bob)

    refused = _sent(
        client,
        f"loans/{lent.pk}/class-overrides",
        asset_class="watch",
        from_date=str(TODAY),
        until_date=str(TODAY),
        reason=REASON,
    )

    assert (refused.status_code, refused.json()["code"]) == (400, "class_refused")
    assert list(refused.json()["fields"]) == ["asset_class"]


def test_the_portfolio_of_a_day_and_its_alerts_are_read_and_acknowledged(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User, amir: User
) -> None:
    client = signed_in(charlie)
    given = {"bound": "0.05", "owner": charlie.email}
    assert _sent(client, "npa/thresholds/sahyadri/npa_ratio", put=True, **given).status_code == 200
    npa(lent, TODAY)
    night(india, TODAY)

    found = client.get("/api/v1/npa/portfolio").json()
    assert (found["day"], found["ratios"]["npa_ratio"]) == (str(TODAY), "1.0000000000")
    assert [one["code"] for one in found["classes"]] == ["substandard"]
    assert found["total"]["principal"] == "100000.00"
    [alert] = client.get("/api/v1/npa/alerts", {"state": "standing"}).json()["results"]
    assert (alert["measure"], alert["state"]) == ("npa_ratio", "open")
    path = f"npa/alerts/{alert['id']}/acknowledge"
    assert _sent(signed_in(amir), path, note="Seen it").status_code == 403
    assert _sent(client, path, note="Recovery informed").json()["state"] == "acknowledged"
    assert Alert.objects.get().note == "Recovery informed"
    [threshold] = client.get("/api/v1/npa/thresholds").json()
    assert (threshold["bound"], threshold["owner"]) == ("0.050000", charlie.email)


def test_a_lender_without_a_day_that_was_ended_has_an_empty_book(
    signed_in: Browser, india: Entity, charlie: User
) -> None:
    answer = signed_in(charlie).get("/api/v1/npa/portfolio")

    found = answer.json()
    assert (answer.status_code, found["day"]) == (200, str(TODAY - DAY))
    assert (found["classes"], found["buckets"], found["ratios"]) == ([], [], {})
    assert (found["total"]["loans"], found["total"]["principal"]) == (0, "0.00")


def test_wrong_questions_are_answered_in_one_shape(
    signed_in: Browser, india: Entity, charlie: User
) -> None:
    client = signed_in(charlie)

    for path, query, status in (
        ("npa/portfolio", {"day": "x"}, 400),
        ("npa/portfolio", {"lender": "nobody", "day": str(TODAY)}, 404),
        ("npa/provisions", {"day": str(TODAY)}, 400),
        ("npa/provisions", {"day": str(TODAY), "since": "0001-01-01"}, 400),
        ("npa/portfolio", {"day": "9999-12-31"}, 400),
        ("npa/portfolio", {"currency": "\0"}, 400),
        ("npa/alerts", {"after": "x"}, 400),
        ("npa/alerts", {"state": "\0"}, 400),
        ("npa/overrides", {"state": "\0"}, 400),
        ("npa/findings", {"state": "\0"}, 400),
    ):
        answer = client.get(f"/api/v1/{path}", query)
        assert (answer.status_code, set(answer.json())) == (status, {"code", "sentence", "fields"})
    stranger = {"bound": "0.05", "owner": "nobody@lender.example"}
    refused = _sent(client, "npa/thresholds/sahyadri/npa_ratio", put=True, **stranger)
    assert (refused.status_code, refused.json()["code"]) == (400, "owner_refused")


def test_movement_and_returns_are_made_and_fetched(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User, rita: User
) -> None:
    npa(lent, TODAY)
    factories.moved(india, lent.branch, 10_000)
    factories.moved(india, lent.branch, 700, account="loss_reserve")
    services.raise_alerts(entity=india, day=TODAY, now=at(TODAY))
    client = signed_in(charlie)

    moved = client.get("/api/v1/npa/provisions", {"since": str(TODAY - DAY)}).json()
    assert moved["total"]["additions"] == "10000.00"
    assert [one["difference"] for one in moved["checks"]] == ["0.00", "10000.00", "10000.00"]
    reserve = moved["reserve"]
    assert (reserve["total"]["additions"], reserve["checks"][2]["ledger"]) == ("700.00", "0.00")
    asked = {"kind": "rbi_assets", "lender": "sahyadri", "day": str(TODAY)}
    refused = _sent(client, "npa/returns", **asked)
    assert (refused.status_code, refused.json()["code"]) == (400, "does_not_reconcile")
    made = _sent(client, "npa/returns", **asked, reason="The books of a test")
    assert (made.status_code, made.json()["reconciles"]) == (200, False)
    file = client.get(f"/api/v1/npa/returns/{made.json()['id']}/file")
    assert file.text.startswith("code,line")
    [listed] = client.get("/api/v1/npa/returns").json()["results"]
    assert listed["sha256"] == made.json()["sha256"]
    bureau = {**asked, "kind": "bureau"}
    assert _sent(signed_in(rita), "npa/returns", **bureau).status_code == 403
