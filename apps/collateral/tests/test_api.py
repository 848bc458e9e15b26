"""Collateral over the API: the same services, the same refusals."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.collateral.models import Item, Lien, Valuation
from apps.collateral.tests import factories

SignedIn = Callable[[User], Client]
TODAY = factories.TODAY
VALUATION = {
    "valuer": "Deccan Valuers",
    "valued_date": TODAY.isoformat(),
    "method": "market",
    "amount": "300000.00",
}


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: factories.LATER)


def _post(client: Client, address: str, sent: dict[str, Any], *, status: int = 201) -> Any:
    answer = client.post(f"/api/v1/{address}", sent, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def _get(client: Client, address: str, *, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == status, answer.content
    return answer.json()


def _thing(**changes: Any) -> dict[str, Any]:
    return {
        "key": "7a4a3f9e-1111-4111-8111-111111111111",
        "kind": "vehicle",
        "description": "Hatchback",
        "currency": "INR",
        "owner_name": "Meera Joshi",
        "registration": "MH 12 AB 1234",
        **changes,
    }


def test_an_item_goes_from_the_register_to_a_pledge(alice: User, signed_in: SignedIn) -> None:
    client, application = signed_in(alice), factories.secured(alice)

    made = _post(client, "collateral", _thing(valuation=VALUATION))
    again = _post(client, "collateral", _thing(valuation=VALUATION))
    assert made["id"] == again["id"]
    assert (made["value"], made["realisable"], made["state"]) == (
        "300000.00",
        "210000.00",
        "proposed",
    )
    item = f"collateral/{made['id']}"
    lien = {"application": str(application.pk), "secured_amount": "200000.00"}
    charged = _post(client, f"{item}/liens", lien)
    assert charged["liens"][0]["gets"] == "200000.00"
    assert charged["left"] == "100000.00"
    policy = {
        "insurer": "Sahyadri General",
        "policy_number": "P-1",
        "sum_insured": "300000.00",
        "from_date": "2026-11-01",
        "valid_until": "2027-10-31",
    }
    assert _post(client, f"{item}/insurances", policy)["insured_until"] == "2027-10-31"
    deed = {"day": TODAY.isoformat(), "reference": "Deed 17/2026"}
    assert _post(client, f"{item}/pledge", deed, status=200)["state"] == "pledged"
    assert _post(client, f"{item}/perfect", deed, status=200)["state"] == "perfected"

    standing = _get(client, f"applications/{application.pk}/security")
    assert (standing["ready"], standing["lacks"]) == (True, [])
    assert standing["ltv"] == pytest.approx(2 / 3)
    assert Item.objects.count() == 1


def test_refusals_have_the_one_shape_and_change_nothing(alice: User, signed_in: SignedIn) -> None:
    client, item = signed_in(alice), factories.item(alice)
    application = factories.secured(alice)
    address = f"collateral/{item.pk}"
    lien = {"application": str(application.pk), "secured_amount": "300000.01"}

    beyond = _post(client, f"{address}/liens", lien, status=400)
    negative = _post(client, f"{address}/valuations", {**VALUATION, "amount": "-1"}, status=400)
    unknown = _post(client, f"{address}/valuations", {**VALUATION, "colour": "red"}, status=400)
    early = _post(client, f"{address}/pledge", {"day": "2026-11-20", "reference": "D"}, status=409)

    assert (beyond["code"], list(beyond["fields"])) == ("beyond_value", ["secured_amount"])
    assert list(negative["fields"]) == ["amount"]
    assert list(unknown["fields"]) == ["colour"]
    assert early["code"] == "no_lien"
    assert not Lien.objects.exists()
    assert Valuation.objects.count() == 1


def test_a_past_day_is_answered_with_its_value(alice: User, signed_in: SignedIn) -> None:
    client, item = signed_in(alice), factories.item(alice)

    assert _get(client, f"collateral/{item.pk}?on=2026-11-19")["value"] is None
    assert _get(client, f"collateral/{item.pk}?on=2026-13-40", status=400)["fields"]
    assert _get(client, f"collateral/{item.pk}?on=1999-01-01", status=400)["code"] == "no_rules"


def test_the_register_is_listed_without_names_and_numbers(alice: User, signed_in: SignedIn) -> None:
    factories.item(alice, registration="MH 12 AB 1234")

    found = _get(signed_in(alice), "collateral")

    assert len(found["results"]) == 1
    assert "1234" not in str(found["results"][0]["description"])
    assert not {"registration", "owner_name"} & set(found["results"][0])


@pytest.mark.parametrize(
    ("name", "given"), [("kind", "\x00"), ("kind", "boat"), ("show", "everything"), ("show", "")]
)
def test_a_list_that_there_is_not_is_refused_in_words(
    alice: User, signed_in: SignedIn, name: str, given: str
) -> None:
    answer = signed_in(alice).get("/api/v1/collateral", {name: given})

    assert (answer.status_code, list(answer.json()["fields"])) == (400, [name])
    assert answer.json()["sentence"].startswith("There is no such")


def test_it_lists_valuations_with_what_they_correct(alice: User, signed_in: SignedIn) -> None:
    item = factories.item(alice)
    factories.valued(alice, item, amount=Decimal(250_000))

    rows = _get(signed_in(alice), f"collateral/{item.pk}/valuations")

    assert [row["amount"] for row in rows] == ["250000.00", "300000.00"]


def test_a_customers_exposure_is_added_up(alice: User, signed_in: SignedIn) -> None:
    application = factories.secured(alice)

    found = _get(signed_in(alice), f"customers/{application.customer_id}/exposure")

    assert found["lines"][0]["application"] == str(application.pk)
    assert found["lines"][0]["answers_for"] == "200000.00"
    assert found["totals"][0]["together"] == "200000.00"
    assert Application.objects.count() == 1


def test_who_may_not_keep_collateral_is_refused(
    amir: User, alice: User, signed_in: SignedIn
) -> None:
    item = factories.item(alice)
    client = signed_in(amir)

    assert _get(client, f"collateral/{item.pk}")["number"] == item.number
    _post(client, "collateral", _thing(), status=403)
    _post(client, f"collateral/{item.pk}/valuations", VALUATION, status=403)

    assert Item.objects.count() == 1


def test_two_people_release_over_the_api(alice: User, charlie: User, signed_in: SignedIn) -> None:
    item = factories.pledged(alice, factories.secured(alice))
    officer, manager = signed_in(alice), signed_in(charlie)
    address = f"collateral/{item.pk}/release"
    _post(manager, f"{address}/grant", {}, status=409)

    asked = _post(officer, address, {"reason": "Repaid"})
    _post(officer, f"{address}/grant", {}, status=403)
    _post(manager, f"{address}/refuse", {"note": " "}, status=400)
    granted = _post(manager, f"{address}/grant", {}, status=200)

    assert (asked["state"], granted["state"]) == ("asked", "granted")
    item.refresh_from_db()
    assert item.status == "released"


def test_a_co_borrower_is_added_over_the_api(alice: User, signed_in: SignedIn) -> None:
    draft = applications.application(alice, applications.borrower(alice.branch))
    meera = applications.borrower(alice.branch)
    client, address = signed_in(alice), f"applications/{draft.pk}/co-borrowers"
    sent = {"customer": str(meera.pk), "liability": "share", "share": "0.25"}

    _post(client, address, {**sent, "share": "1.5"}, status=400)
    _post(client, address, sent)

    [row] = _get(client, address)
    assert (row["customer"], row["share"]) == (str(meera.pk), "0.2500")
