"""The product pages: each person sees the own lender's products."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, Entity, User
from apps.products.models import Fee, Product
from apps.products.tests import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture
def umoja(india: Entity) -> Entity:
    """Another lender, with a branch of its own."""
    lender = Entity.objects.get(pk=india.pk)
    lender.pk, lender.code, lender.name, lender.currency = None, "umoja", "Umoja SACCO", "KES"
    lender.id = Entity().id
    lender.save(force_insert=True)
    Branch.objects.create(entity=lender, code="nairobi", name="Nairobi")
    return lender


def test_it_lists_the_own_lenders_products(
    alice: User, amir: User, india: Entity, umoja: Entity, signed_in: SignedIn
) -> None:
    ours, theirs = factories.personal_loan(india), factories.personal_loan(umoja)

    officer = signed_in(alice).get(reverse("products:list"))
    auditor = signed_in(amir).get(reverse("products:list"))

    assert set(officer.context["products"]) == {ours}
    assert set(auditor.context["products"]) == {ours, theirs}
    assert "₹15,00,000.00" in officer.content.decode()


def test_it_shows_what_the_largest_loan_costs(
    alice: User, india: Entity, signed_in: SignedIn
) -> None:
    product = factories.personal_loan(india)
    Fee.objects.create(
        product=product,
        code="processing",
        name="Processing fee",
        basis="share",
        amount=Decimal("0.015"),
    )

    page = signed_in(alice).get(reverse("products:detail", args=[product.code]))

    assert [months for months, _ in page.context["payments"]] == [6, 12, 24, 36, 48, 60]
    # 1,500,000 at 16 % over 24 months.
    assert page.context["payments"][2][1] == Decimal("73444.67")
    assert "1.50" in page.content.decode()


def test_it_shows_the_conditions_or_that_none_are_on_record(
    alice: User, india: Entity, signed_in: SignedIn
) -> None:
    product = factories.personal_loan(india)
    client, url = signed_in(alice), reverse("products:detail", args=[product.code])
    silent = client.get(url).content.decode()
    factories.floating(product)

    told = client.get(url).content.decode()

    assert "Nothing can be offered" in silent
    for said in ("Reference rate", "24.00", "30/360 (US)", "5 working days"):
        assert said in told, said
    listed = client.get("/api/v1/products").json()["results"]
    assert listed[0]["conditions"]["benchmark_rate"] == "0.098000"


@pytest.mark.parametrize(
    ("every", "said"),
    [
        (1, "Each instalment is 1.050 times the one before"),
        (12, "Each 12 instalments are 1.050 times those before"),
    ],
)
def test_it_says_how_instalments_step(
    every: int, said: str, alice: User, india: Entity, signed_in: SignedIn
) -> None:
    product = factories.personal_loan(india, schedule="stepped")
    factories.conditions(product, step_every=every, step_factor=Decimal("1.05"))

    page = signed_in(alice).get(reverse("products:detail", args=[product.code]))

    assert said in page.content.decode()


def test_it_hides_another_lenders_product(alice: User, umoja: Entity, signed_in: SignedIn) -> None:
    product = factories.personal_loan(umoja)

    answer = signed_in(alice).get(reverse("products:detail", args=[product.code]))

    assert answer.status_code == 404


def test_it_says_what_to_do_without_products(alice: User, signed_in: SignedIn) -> None:
    page = signed_in(alice).get(reverse("products:list"))

    assert "No products" in page.content.decode()
    assert not Product.objects.exists()


def test_it_lists_products_by_api(alice: User, india: Entity, signed_in: SignedIn) -> None:
    factories.personal_loan(india)

    answer = signed_in(alice).get("/api/v1/products")

    (row,) = answer.json()["results"]
    assert row["code"] == "sahyadri-personal"
    assert row["maximum_amount"] == "1500000.00"
