"""Taking an application: within the product's bounds, once for one key, and changed knowingly."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, Entity, User
from apps.applications import services
from apps.applications.models import Application
from apps.applications.tests import factories
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible, StaleRecord
from apps.products.tests import factories as products

pytestmark = pytest.mark.django_db


def draft(actor: User, entry: Any, key: str = "") -> Application:
    return services.draft(actor=actor, entry=entry, now=factories.NOW, idempotency_key=key)


def test_it_writes_a_draft_with_the_products_price(alice: User, pune: Branch) -> None:
    customer = factories.borrower(pune)

    taken = draft(alice, factories.entry(customer))

    assert taken.status == "draft"
    assert taken.number.startswith("A-2026-")
    assert taken.branch == pune
    assert taken.currency == "INR"
    assert taken.annual_rate == Decimal("0.16")
    assert taken.applied_date == factories.TODAY
    assert taken.submitted_at is None
    assert Event.objects.get(verb="applications.drafted").facts["amount"] == "200000"


def test_it_gives_every_application_another_number(alice: User, pune: Branch) -> None:
    customer = factories.borrower(pune)

    numbers = {draft(alice, factories.entry(customer)).number for _ in range(5)}

    assert len(numbers) == 5


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"amount": Decimal("24999.99")}, ["amount"]),
        ({"amount": Decimal(1_500_001)}, ["amount"]),
        ({"amount": Decimal("30000.005")}, ["amount"]),
        ({"amount": Decimal("NaN")}, ["amount"]),
        ({"term_months": 5}, ["term_months"]),
        ({"term_months": 61}, ["term_months"]),
        ({"purpose": "gambling"}, ["purpose"]),
        (
            {"amount": Decimal(1), "term_months": 0, "purpose": ""},
            ["amount", "term_months", "purpose"],
        ),
    ],
)
def test_it_refuses_what_the_product_does_not_allow(
    alice: User, pune: Branch, changes: dict[str, Any], fields: list[str]
) -> None:
    entry = factories.entry(factories.borrower(pune), **changes)

    with pytest.raises(DomainError) as refusal:
        draft(alice, entry)

    assert list(refusal.value.fields) == fields
    assert not Application.objects.exists()
    assert not Event.objects.filter(verb="applications.drafted").exists()


def test_it_refuses_another_lenders_product(alice: User, pune: Branch, india: Entity) -> None:
    umoja = Entity.objects.create(
        **{
            field.attname: getattr(india, field.attname)
            for field in Entity._meta.concrete_fields
            if field.attname not in {"id", "code"}
        },
        code="umoja",
    )
    entry = factories.entry(factories.borrower(pune), product=products.personal_loan(umoja))

    with pytest.raises(DomainError) as refusal:
        draft(alice, entry)

    assert refusal.value.fields == {"product": "The customer's lender does not offer this product."}


def test_it_returns_the_same_application_for_the_same_key(alice: User, pune: Branch) -> None:
    entry = factories.entry(factories.borrower(pune))
    first = draft(alice, entry, "order-1")

    second = draft(alice, replace(entry, amount=Decimal("200000.00")), "order-1")

    assert second == first
    assert Application.objects.count() == 1
    assert Event.objects.filter(verb="applications.drafted").count() == 1


def test_it_returns_the_same_even_after_the_draft_was_changed(alice: User, pune: Branch) -> None:
    entry = factories.entry(factories.borrower(pune))
    first = draft(alice, entry, "order-1")
    services.change(actor=alice, application=first, terms=replace(entry, amount=Decimal(300_000)))

    assert draft(alice, entry, "order-1") == first


def test_it_refuses_the_key_with_other_content(alice: User, pune: Branch) -> None:
    entry = factories.entry(factories.borrower(pune))
    draft(alice, entry, "order-1")

    with pytest.raises(Conflict) as refusal:
        draft(alice, replace(entry, term_months=36), "order-1")

    assert refusal.value.code == "idempotency_conflict"
    assert Application.objects.count() == 1


def test_it_lets_two_people_use_the_same_key(alice: User, pune: Branch, make_person: Any) -> None:
    eve = make_person("Eve", "loan_officer")
    customer = factories.borrower(pune)

    mine = draft(alice, factories.entry(customer), "order-1")

    assert draft(eve, factories.entry(customer), "order-1") != mine


@pytest.mark.parametrize("key", ["x" * 81, "with space", "nul\x00", "नमस्ते"])
def test_it_refuses_a_key_that_is_none(alice: User, pune: Branch, key: str) -> None:
    entry = factories.entry(factories.borrower(pune))

    with pytest.raises(DomainError) as refusal:
        draft(alice, entry, key)

    assert refusal.value.code == "idempotency_key_invalid"
    assert not Application.objects.exists()


def test_it_refuses_a_customer_of_another_branch(
    pune: Branch, nashik: Branch, make_person: Any
) -> None:
    nina = make_person("Nina", "loan_officer", branch=nashik)
    entry = factories.entry(factories.borrower(pune))

    with pytest.raises(NotVisible):
        draft(nina, entry)

    assert not Application.objects.exists()


def test_it_refuses_a_reviewer(bob: User, pune: Branch) -> None:
    entry = factories.entry(factories.borrower(pune))

    with pytest.raises(NotPermitted):
        draft(bob, entry)

    assert not Application.objects.exists()


def test_it_changes_a_draft_and_says_what(alice: User, pune: Branch) -> None:
    entry = factories.entry(factories.borrower(pune))
    taken = draft(alice, entry)

    changed = services.change(
        actor=alice,
        application=taken,
        terms=replace(entry, amount=Decimal(250_000), term_months=36),
        version=taken.version,
    )

    assert (changed.amount, changed.term_months) == (Decimal(250_000), 36)
    event = Event.objects.get(verb="applications.changed")
    assert event.facts["fields"] == ["amount", "term_months"]


def test_it_writes_no_event_when_nothing_changed(alice: User, pune: Branch) -> None:
    entry = factories.entry(factories.borrower(pune))
    taken = draft(alice, entry)

    services.change(actor=alice, application=taken, terms=entry)

    assert not Event.objects.filter(verb="applications.changed").exists()


def test_it_refuses_a_change_on_an_old_page(alice: User, pune: Branch) -> None:
    entry = factories.entry(factories.borrower(pune))
    taken = draft(alice, entry)
    seen = taken.version
    services.change(actor=alice, application=taken, terms=replace(entry, term_months=36))

    with pytest.raises(StaleRecord):
        services.change(
            actor=alice, application=taken, terms=replace(entry, term_months=48), version=seen
        )

    assert Application.objects.get().term_months == 36
