"""The API: create, read, list, submit and withdraw, with one error shape."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from rest_framework import serializers
from rest_framework.test import APIClient

from apps.accounts.models import Branch, User
from apps.applications import hooks
from apps.applications.models import Application
from apps.applications.tests import factories
from apps.customers.models import Customer
from apps.products.tests import factories as products

pytestmark = pytest.mark.django_db
URL = "/api/v1/applications"


@pytest.fixture
def ira(make_person: Callable[..., User], pune: Branch) -> User:
    """A system that uses the API."""
    return make_person("Ira", "integrator")


@pytest.fixture
def client(ira: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(ira)
    products.personal_loan(ira.branch.entity)
    return client


@pytest.fixture
def customer(pune: Branch) -> Customer:
    return factories.borrower(pune)


def body(borrower: Customer, **changes: Any) -> dict[str, Any]:
    return {
        "customer": str(borrower.pk),
        "product": "sahyadri-personal",
        "amount": "200000.00",
        "term_months": 24,
        "purpose": "medical",
        **changes,
    }


def test_it_takes_an_application(client: APIClient, customer: Customer, ira: User) -> None:
    answer = client.post(URL, body(customer), format="json")

    made = Application.objects.get()
    assert answer.status_code == 201
    assert made.channel == "api"
    assert made.taken_by == ira
    told = answer.json()
    assert told["number"] == made.number
    assert told["status"] == "draft"
    assert told["amount"] == "200000.00"
    assert told["annual_rate"] == "0.160000"
    assert told["affordability"]["instalment"] == "9792.62"
    ratios = {ratio["code"]: ratio for ratio in told["affordability"]["ratios"]}
    assert ratios["foir"]["value"] == "0.163210"
    assert ratios["ltv"] == {"code": "ltv", "value": None, "why_missing": "no_security"}


def test_it_makes_one_application_of_one_key(client: APIClient, customer: Customer) -> None:
    key = {"Idempotency-Key": "order-1"}
    first = client.post(URL, body(customer), format="json", headers=key)

    second = client.post(URL, body(customer), format="json", headers=key)
    other = client.post(URL, body(customer, term_months=36), format="json", headers=key)

    assert second.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert Application.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "1.00"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "Infinity"}, "amount"),
        ({"amount": "1e400"}, "amount"),
        ({"amount": "9" * 2000}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": ["1"]}, "amount"),
        ({"term_months": 10**30}, "term_months"),
        ({"term_months": "two"}, "term_months"),
        ({"term_months": 61}, "term_months"),
        ({"purpose": "gambling"}, "purpose"),
        ({"purpose_note": "x" * 301}, "purpose_note"),
        ({"purpose_note": "nul\x00"}, "purpose_note"),
        ({"product": "no-such"}, "product"),
        ({"product": "../etc/passwd"}, "product"),
        ({"customer": str(uuid4())}, "customer"),
        ({"customer": "me"}, "customer"),
        ({"customer": {"id": 1}}, "customer"),
    ],
)
def test_it_refuses_bad_input_with_the_field(
    client: APIClient, customer: Customer, changes: dict[str, Any], field: str
) -> None:
    answer = client.post(URL, body(customer, **changes), format="json")

    told = answer.json()
    assert answer.status_code == 400
    assert set(told) == {"code", "sentence", "fields"}
    assert list(told["fields"]) == [field]
    assert not Application.objects.exists()


@pytest.mark.parametrize("raw", ["", "[]", "null", "{", '"text"', '{"amount": 1e999}'])
def test_it_refuses_what_is_no_object(client: APIClient, raw: str) -> None:
    answer = client.post(URL, raw, content_type="application/json")

    assert answer.status_code == 400
    assert not Application.objects.exists()


def test_it_submits_once(client: APIClient, customer: Customer) -> None:
    made = client.post(URL, body(customer), format="json").json()

    first = client.post(f"{URL}/{made['id']}/submit")
    second = client.post(f"{URL}/{made['id']}/submit")

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["status"] == second.json()["status"] == "submitted"
    assert first.json()["submitted_at"] == second.json()["submitted_at"]


def test_it_names_what_is_missing_for_submission(client: APIClient, pune: Branch) -> None:
    bare = factories.borrower_without_facts(pune)
    made = client.post(URL, body(bare), format="json").json()

    answer = client.post(f"{URL}/{made['id']}/submit")

    assert answer.status_code == 400
    assert answer.json()["code"] == "not_ready"
    assert set(answer.json()["fields"]) == {
        "consent_credit_assessment",
        "consent_automated_decision",
        "income",
        "obligations",
    }
    assert Application.objects.get().status == "draft"


def test_it_records_collateral(client: APIClient, customer: Customer) -> None:
    made = client.post(URL, body(customer), format="json").json()
    security = {
        "kind": "gold",
        "description": "Bangles, 40 g",
        "valuation": "280000.00",
        "valued_date": "2026-11-01",
    }

    answer = client.post(f"{URL}/{made['id']}/collaterals", security, format="json")

    assert answer.status_code == 201
    assert answer.json()["value"] == "280000.00"
    read = client.get(f"{URL}/{made['id']}").json()
    assert [row["description"] for row in read["collaterals"]] == ["Bangles, 40 g"]


def test_it_withdraws(client: APIClient, customer: Customer) -> None:
    made = client.post(URL, body(customer), format="json").json()

    refused = client.post(f"{URL}/{made['id']}/withdraw", {"reason": "because"}, format="json")
    done = client.post(f"{URL}/{made['id']}/withdraw", {"reason": "duplicate"}, format="json")
    again = client.post(f"{URL}/{made['id']}/withdraw", {"reason": "duplicate"}, format="json")

    assert list(refused.json()["fields"]) == ["reason"]
    assert (done.status_code, done.json()["status"]) == (200, "withdrawn")
    assert (again.status_code, again.json()["code"]) == (409, "action_not_possible")


def test_it_lists_page_by_page(client: APIClient, customer: Customer, alice: User) -> None:
    for _ in range(5):
        factories.application(alice, customer)

    first = client.get(URL, {"limit": 3}).json()
    second = client.get(URL, {"limit": 3, "after": first["after"]}).json()

    numbers = [row["number"] for row in first["results"] + second["results"]]
    assert len(first["results"]) == 3
    assert len(set(numbers)) == 5
    assert second["after"] == ""


@pytest.mark.parametrize(
    "query",
    [
        {"status": "nope"},
        {"limit": 0},
        {"limit": 10**9},
        {"customer": "x"},
        {"after": "%%%"},
        {"product": "no-such"},
    ],
)
def test_it_refuses_a_list_nobody_can_mean(client: APIClient, query: dict[str, Any]) -> None:
    answer = client.get(URL, query)

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "sentence", "fields"}


def test_it_does_not_show_another_branchs_application(
    client: APIClient, alice: User, nashik: Branch, make_person: Callable[..., User]
) -> None:
    nina = make_person("Nina", "loan_officer", branch=nashik)
    hers = factories.application(nina, factories.borrower(nashik))

    answers = [
        client.get(f"{URL}/{hers.pk}"),
        client.post(f"{URL}/{hers.pk}/submit"),
        client.post(f"{URL}/{hers.pk}/withdraw", {"reason": "duplicate"}, format="json"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert client.get(URL).json()["results"] == []
    assert Application.objects.get().status == "draft"


def test_it_lets_an_auditor_read_and_nothing_else(
    amir: User, alice: User, customer: Customer
) -> None:
    taken = factories.application(alice, customer)
    client = APIClient()
    client.force_authenticate(amir)

    assert client.get(f"{URL}/{taken.pk}").status_code == 200
    assert client.post(URL, body(customer), format="json").status_code == 403
    assert client.post(f"{URL}/{taken.pk}/submit").status_code == 403
    assert Application.objects.get().status == "draft"


def test_it_asks_strangers_to_sign_in(customer: Customer) -> None:
    answer = APIClient().get(URL)

    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "sentence", "fields"}


@pytest.fixture
def an_extra() -> Iterator[None]:
    hooks.add_read_extra(
        "mood",
        hooks.ReadExtra(
            read=lambda application, actor: f"{application.number} for {actor.name}",
            serializer=serializers.CharField(),
        ),
    )
    yield
    del hooks.read_extras["mood"]


def test_it_shows_what_apps_above_add(
    client: APIClient, alice: User, customer: Customer, an_extra: None
) -> None:
    taken = factories.application(alice, customer)

    read = client.get(f"{URL}/{taken.pk}").json()

    assert read["mood"] == f"{taken.number} for Ira"


def test_it_reads_amounts_without_losing_a_digit(
    client: APIClient, alice: User, customer: Customer
) -> None:
    taken = factories.application(alice, customer)
    Application.objects.update(amount=Decimal("1234567890123456.78"))

    assert client.get(f"{URL}/{taken.pk}").json()["amount"] == "1234567890123456.78"


@pytest.mark.parametrize("valued_date", ["2999-01-01", "1950-01-01"])
def test_it_refuses_security_valued_on_an_absurd_day(
    client: APIClient, customer: Customer, valued_date: str
) -> None:
    made = client.post(URL, body(customer), format="json").json()
    security = {
        "kind": "gold",
        "description": "Bangles, 40 g",
        "valuation": "250000.00",
        "valued_date": valued_date,
    }

    answer = client.post(f"{URL}/{made['id']}/collaterals", security, format="json")

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["valued_date"]
    assert client.get(f"{URL}/{made['id']}").json()["collaterals"] == []
