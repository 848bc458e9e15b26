"""Customers by API: masked, in one error shape, once per key."""

import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Branch, User
from apps.customers.models import Customer, Employment, Obligation
from apps.customers.tests import factories

ROOT = "/api/v1/customers"
Caller = APIClient


@pytest.fixture
def caller(alice: User) -> Caller:
    """Alice's program."""
    client = APIClient()
    client.force_authenticate(alice)
    return client


@pytest.fixture
def ravi(alice: User, pune: Branch) -> Customer:
    """A complete customer of Pune, registered by Alice."""
    return factories.customer(pune, actor=alice)


def _body(branch: Branch) -> dict[str, Any]:
    return {
        "branch": str(branch.pk),
        "country": "IN",
        "full_name": "Meera Joshi",
        "date_of_birth": "1991-02-03",
        "phone": "+919876543210",
        "email": "meera@example.com",
        "pan": "AAPPV8261K",
        "street": "7 Fergusson Road",
        "city": "Pune",
        "postal_code": "411004",
    }


INCOME = {
    "as_of": "2025-10-01",
    "type": "salaried",
    "currency": "INR",
    "gross_annual_income": "960000.00",
    "net_monthly_income": "65000.00",
    "verification": "documents",
}


def test_it_registers_and_gives_personal_values_masked(caller: Caller, pune: Branch) -> None:
    created = caller.post(ROOT, _body(pune), format="json")
    read = caller.get(f"{ROOT}/{created.json()['id']}")

    assert created.status_code == 201
    assert read.json() == created.json()
    assert read.json()["full_name"] == "Meera Joshi"
    assert read.json()["personal"] == [
        {"field": "phone", "masked": "••••3210"},
        {"field": "email", "masked": "m••••@example.com"},
        {"field": "date_of_birth", "masked": "•••• 1991"},
        {"field": "street", "masked": "••••"},
        {"field": "identity:pan", "masked": "AAPPV••••K"},
    ]


def test_it_writes_once_under_one_key(caller: Caller, pune: Branch, ravi: Customer) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "order-17"}
    address = f"{ROOT}/{ravi.pk}/employments"

    people = [caller.post(ROOT, _body(pune), format="json", **key).json() for _ in range(2)]
    incomes = [caller.post(address, INCOME, format="json", **key).json() for _ in range(2)]

    assert people[0] == people[1]
    assert incomes[0] == incomes[1]
    assert Customer.objects.count() == 2
    assert Employment.objects.filter(customer=ravi).count() == 2


def test_it_refuses_an_endless_key(caller: Caller, pune: Branch) -> None:
    answer = caller.post(ROOT, _body(pune), format="json", HTTP_IDEMPOTENCY_KEY="x" * 201)

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["Idempotency-Key"]
    assert not Customer.objects.exists()


def test_it_answers_a_duplicate_with_409_and_no_personal_data(
    caller: Caller, pune: Branch, nashik: Branch
) -> None:
    known = factories.customer(nashik, identities={"pan": "AAPPV8261K"})

    answer = caller.post(ROOT, _body(pune), format="json")

    assert answer.status_code == 409
    assert answer.json() == {
        "code": "customer_exists",
        "sentence": "This person is already a customer; the official number is on record.",
        "fields": {"pan": [f"On record for customer {known.number} (R•••• K••••, branch Nashik)."]},
    }
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pan": "123"}, "pan"),
        ({"aadhaar": "234123412347"}, "aadhaar"),
        ({"branch": str(uuid.uuid4())}, "branch"),
        ({"branch": "x"}, "branch"),
        ({"country": "XX"}, "country"),
        ({"full_name": None}, "full_name"),
        ({"full_name": "x\x00y"}, "full_name"),
        ({"full_name": {"a": 1}}, "full_name"),
        ({"date_of_birth": "1991-02-30"}, "date_of_birth"),
        ({"date_of_birth": "2020-01-01"}, "date_of_birth"),
        ({"phone": "1" * 100_000}, "phone"),
        ({"postal_code": "0"}, "postal_code"),
        ({"confirmed_distinct": "perhaps"}, "confirmed_distinct"),
    ],
)
def test_it_names_the_field_that_is_wrong(
    caller: Caller, pune: Branch, changes: dict[str, Any], field: str
) -> None:
    answer = caller.post(ROOT, {**_body(pune), **changes}, format="json")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_input"
    assert list(answer.json()["fields"]) == [field]
    assert not Customer.objects.exists()


@pytest.mark.parametrize("body", ["[]", "null", "3", '"x"', "{", "", "[" * 5000])
def test_it_answers_bodies_that_are_no_customer(caller: Caller, body: str) -> None:
    answer = caller.generic("POST", ROOT, body, content_type="application/json")

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "sentence", "fields"}


def test_it_records_what_is_known_about_a_customer(caller: Caller, ravi: Customer) -> None:
    root = f"{ROOT}/{ravi.pk}"
    debt = {
        "kind": "loan",
        "currency": "INR",
        "monthly_payment": "2500.50",
        "from_date": "2025-01-01",
    }
    report = {"bureau": "CRIF", "pulled_date": "2025-10-01", "currency": "INR", "score": 712}
    consent = {"purpose": "contact", "channel": "online"}

    answers = [
        caller.post(f"{root}/employments", INCOME, format="json"),
        caller.post(f"{root}/obligations", debt, format="json"),
        caller.post(f"{root}/bureau-reports", report, format="json"),
        caller.post(f"{root}/consents", consent, format="json"),
    ]

    assert [answer.status_code for answer in answers] == [201] * 4
    assert caller.get(f"{root}/obligations").json()[0]["monthly_payment"] == "2500.50"
    income = caller.get(f"{root}/employments").json()[1]
    assert income["gross_annual_income"] == "960000.00"
    # An integration that knows of no document says nothing, and nothing is assumed.
    assert (income["documented_net_monthly_income"], income["documented_by"]) == (None, "")
    assert caller.get(f"{root}/bureau-reports").json()[1]["open_accounts"] is None
    given = caller.get(f"{root}/consents").json()[-1]
    withdrawn = caller.post(f"{root}/consents/{given['id']}/withdraw")
    assert given["purpose"] == "contact"
    assert withdrawn.json()["withdrawn_at"] is not None
    assert caller.post(f"{root}/consents/{given['id']}/withdraw").status_code == 409


def test_it_takes_what_documents_show_of_the_income(caller: Caller, ravi: Customer) -> None:
    address = f"{ROOT}/{ravi.pk}/employments"
    shown = {"documented_net_monthly_income": "45000.00", "documented_by": "tax_return"}

    answer = caller.post(address, {**INCOME, **shown}, format="json")
    nameless = caller.post(address, {**INCOME, **shown, "documented_by": ""}, format="json")

    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in shown} == shown
    assert nameless.status_code == 400
    assert nameless.json()["fields"] == {"documented_by": ["This is needed."]}
    assert Employment.objects.filter(customer=ravi).count() == 2


def test_it_takes_the_code_of_a_branch(caller: Caller, pune: Branch) -> None:
    answer = caller.post(ROOT, {**_body(pune), "branch": pune.code}, format="json")

    assert answer.status_code == 201
    assert Customer.objects.get().branch == pune


def test_it_does_not_tell_a_foreign_branch_from_none(
    caller: Caller, pune: Branch, nashik: Branch
) -> None:
    codes = (nashik.code, "no-such")

    answers = [caller.post(ROOT, {**_body(pune), "branch": code}, format="json") for code in codes]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()
    assert not Customer.objects.exists()


def test_it_refuses_a_field_nobody_knows_beside_what_else_is_wrong(
    caller: Caller, pune: Branch
) -> None:
    body = {**_body(pune), "country": "XX", "full_nmae": "Meera"}

    answer = caller.post(ROOT, body, format="json")

    assert answer.status_code == 400
    assert answer.json()["fields"]["full_nmae"] == ["This field is not known."]
    assert set(answer.json()["fields"]) == {"country", "full_nmae"}
    assert not Customer.objects.exists()


def test_it_takes_amounts_in_the_lenders_currency_only(caller: Caller, ravi: Customer) -> None:
    debt = {"kind": "loan", "monthly_payment": "10.00", "from_date": "2025-01-01"}
    foreign = {"currency": "USD"}

    answers = [
        caller.post(f"{ROOT}/{ravi.pk}/employments", {**INCOME, **foreign}, format="json"),
        caller.post(f"{ROOT}/{ravi.pk}/obligations", {**debt, **foreign}, format="json"),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    for answer in answers:
        assert answer.json()["fields"] == {"currency": ["Enter amounts in INR."]}
    assert not Obligation.objects.exists()
    assert Employment.objects.count() == 1


def test_it_replaces_the_household_that_was_shown(caller: Caller, ravi: Customer) -> None:
    address = f"{ROOT}/{ravi.pk}/household"
    shown = caller.get(address).json()["updated_at"]

    blind = caller.put(address, {"home": "own"}, format="json")
    informed = caller.put(address, {"home": "own", "shown": shown}, format="json")

    assert blind.status_code == 409
    assert informed.status_code == 200
    assert caller.get(address).json()["home"] == "own"


@pytest.mark.parametrize(
    "amount", ["NaN", "Infinity", "1e30", "-1", "1.001", True, None, [], "9" * 400]
)
def test_it_refuses_absurd_amounts(caller: Caller, ravi: Customer, amount: Any) -> None:
    body = {
        "kind": "loan",
        "currency": "INR",
        "monthly_payment": amount,
        "from_date": "2025-01-01",
    }

    answer = caller.post(f"{ROOT}/{ravi.pk}/obligations", body, format="json")

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["monthly_payment"]
    assert not Obligation.objects.exists()


def test_it_lists_by_pages_and_finds_by_whole_values(
    caller: Caller, alice: User, pune: Branch, nashik: Branch
) -> None:
    customers = [factories.customer(pune, actor=alice) for _ in range(26)]
    factories.customer(nashik)

    first = caller.get(ROOT).json()
    second = caller.get(ROOT, {"after": first["after"]}).json()
    found = caller.get(ROOT, {"q": customers[0].phone}).json()

    numbers = [row["number"] for row in first["results"] + second["results"]]
    assert numbers == [customer.number for customer in reversed(customers)]
    assert second["after"] == ""
    assert [row["number"] for row in found["results"]] == [customers[0].number]
    assert caller.get(ROOT, {"after": "AAAA"}).status_code == 400
    assert caller.get(ROOT, {"country": "XX"}).status_code == 400


def test_it_hides_other_branches_and_refuses_other_roles(
    caller: Caller, rita: User, bob: User, pune: Branch, nashik: Branch, ravi: Customer
) -> None:
    theirs = factories.customer(nashik)
    analyst, reviewer = APIClient(), APIClient()
    analyst.force_authenticate(rita)
    reviewer.force_authenticate(bob)

    assert caller.get(f"{ROOT}/{theirs.pk}").status_code == 404
    hidden = caller.post(f"{ROOT}/{theirs.pk}/employments", INCOME, format="json")
    assert hidden.status_code == 404
    assert analyst.get(ROOT).status_code == 403
    assert reviewer.get(f"{ROOT}/{ravi.pk}").status_code == 200
    assert reviewer.post(ROOT, _body(pune), format="json").status_code == 403
    assert APIClient().get(ROOT).status_code == 401
    assert Employment.objects.filter(customer=theirs).count() == 1
