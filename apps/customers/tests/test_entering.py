"""What the forms about a customer leave to the person: no choice and no currency is assumed."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.customers import services
from apps.customers.models import Customer, Employment, Household, Obligation
from apps.customers.tests import factories

SignIn = Callable[[User], Client]
INCOME = {
    "key": str(uuid.uuid4()),
    "as_of": "2025-10-01",
    "type": "salaried",
    "gross_annual_income": "960000.00",
    "net_monthly_income": "65000.00",
    "verification": "documents",
}


@pytest.fixture
def ravi(alice: User, pune: Branch) -> Customer:
    """A complete customer of Pune, registered by Alice."""
    return factories.customer(pune, actor=alice)


def test_it_takes_income_in_the_lenders_currency_only(
    alice: User, ravi: Customer, signed_in: SignIn
) -> None:
    browser, address = signed_in(alice), reverse("customers:employment", args=[ravi.pk])

    offered = browser.get(address).context["form"].fields["currency"].choices
    answer = browser.post(address, {**INCOME, "currency": "USD"})

    assert offered == [("INR", "INR")]
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"currency": ["Enter amounts in INR."]}
    assert Employment.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("employment", ("type", "verification")),
        ("household", ("home",)),
        ("obligation", ("kind",)),
    ],
)
def test_it_picks_nothing_beforehand(
    alice: User, pune: Branch, signed_in: SignIn, name: str, fields: tuple[str, ...]
) -> None:
    typed = factories.customer_entry(pune)
    person = services.register(actor=alice, entry=typed, now=factories.NOW)
    browser, address = signed_in(alice), reverse(f"customers:{name}", args=[person.pk])

    form = browser.get(address).context["form"]
    answer = browser.post(address, dict.fromkeys(fields, ""))

    assert {field: form.fields[field].choices[0] for field in fields} == dict.fromkeys(
        fields, ("", "Choose …")
    )
    assert [form[field].value() for field in fields] == [None] * len(fields)
    assert answer.status_code == 422
    for field in fields:
        assert answer.context["form"].errors[field] == ["This field is required."]
    assert not Employment.objects.exists()
    assert not Household.objects.exists()
    assert not Obligation.objects.exists()


@pytest.mark.parametrize("field", ["shoe_size", "identity:kra_pin", "identity:shoe_size"])
def test_it_reveals_no_field_there_is_not(
    alice: User, ravi: Customer, signed_in: SignIn, field: str
) -> None:
    browser, address = signed_in(alice), reverse("customers:reveal", args=[ravi.pk, field])

    answers = [browser.post(address), browser.post(address, {"reason": "contact"})]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not Event.objects.filter(verb="customers.pii_read").exists()


def test_it_takes_what_a_document_shows_only_with_the_document(
    alice: User, ravi: Customer, signed_in: SignIn
) -> None:
    browser, address = signed_in(alice), reverse("customers:employment", args=[ravi.pk])
    figure = {**INCOME, "currency": "INR", "documented_net_monthly_income": "45,000.00"}

    nameless = browser.post(address, figure)
    named = browser.post(address, {**figure, "documented_by": "bank_statement"})

    assert nameless.status_code == 422
    assert nameless.context["form"].errors == {"documented_by": ["This is needed."]}
    assert named.status_code == 302
    shown = browser.get(reverse("customers:detail", args=[ravi.pk])).content.decode()
    assert "Net income a month by documents" in shown
    assert Employment.objects.filter(customer=ravi, documented_by="bank_statement").count() == 1
