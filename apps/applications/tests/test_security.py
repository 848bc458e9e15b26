"""Collateral and guarantors: rows with a value, refused when they make no sense."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.applications import entries, services
from apps.applications.models import Application, Collateral, Guarantor
from apps.applications.tests import factories
from apps.audit.models import Event
from apps.core.errors import DomainError, NotVisible, StaleRecord
from tests.kept import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
@kept
def taken(alice: User, pune: Branch) -> Application:
    return factories.application(alice, factories.borrower(pune))


def test_it_counts_the_lower_of_price_and_valuation(alice: User, taken: Application) -> None:
    recorded = services.add_collateral(
        actor=alice, application=taken, entry=factories.vehicle(taken)
    )

    assert recorded.value == Decimal(300_000)
    assert recorded.currency == "INR"
    event = Event.objects.get(verb="applications.collateral_recorded")
    assert event.case == f"applications.application:{taken.pk}"
    assert event.facts == {"kind": "vehicle", "value": "300000", "currency": "INR"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valuation": Decimal(0)}, "valuation"),
        ({"valuation": Decimal("1.005")}, "valuation"),
        ({"price": Decimal(-1)}, "price"),
        ({"kind": "promise"}, "kind"),
    ],
)
def test_it_refuses_security_without_worth(
    alice: User, taken: Application, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        services.add_collateral(
            actor=alice, application=taken, entry=factories.vehicle(taken, **changes)
        )

    assert list(refusal.value.fields) == [field]
    assert not Collateral.objects.exists()


def test_it_gives_the_application_a_new_version(alice: User, taken: Application) -> None:
    seen = taken.version
    services.add_collateral(actor=alice, application=taken, entry=factories.vehicle(taken))

    with pytest.raises(StaleRecord):
        services.add_collateral(
            actor=alice, application=taken, entry=factories.vehicle(taken), version=seen
        )

    assert Collateral.objects.count() == 1


def test_it_removes_collateral_once(alice: User, taken: Application) -> None:
    row = services.add_collateral(actor=alice, application=taken, entry=factories.vehicle(taken))
    services.remove_collateral(actor=alice, application=taken, collateral_id=row.pk)

    with pytest.raises(NotVisible):
        services.remove_collateral(actor=alice, application=taken, collateral_id=row.pk)

    assert Event.objects.filter(verb="applications.collateral_removed").count() == 1


def test_it_does_not_remove_the_collateral_of_another_case(
    alice: User, pune: Branch, taken: Application
) -> None:
    row = services.add_collateral(actor=alice, application=taken, entry=factories.vehicle(taken))
    other = factories.application(alice, factories.borrower(pune))

    with pytest.raises(NotVisible):
        services.remove_collateral(actor=alice, application=other, collateral_id=row.pk)

    assert Collateral.objects.count() == 1


def test_it_seals_the_name_of_a_guarantor(alice: User, taken: Application) -> None:
    entry = entries.GuarantorEntry(
        name="Meera Joshi", relationship="Sister", amount=Decimal(50_000)
    )

    recorded = services.add_guarantor(actor=alice, application=taken, entry=entry)

    assert Guarantor.objects.get(pk=recorded.pk).name == "Meera Joshi"
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM applications_guarantor")
        assert b"Meera" not in bytes(cursor.fetchone()[0])
    assert "Meera" not in str(Event.objects.get(verb="applications.guarantor_recorded").facts)


@pytest.mark.parametrize("name", ["", "   "])
def test_it_wants_a_guarantor_by_name(alice: User, taken: Application, name: str) -> None:
    with pytest.raises(DomainError) as refusal:
        services.add_guarantor(
            actor=alice,
            application=taken,
            entry=entries.GuarantorEntry(name=name, amount=Decimal(1)),
        )

    assert list(refusal.value.fields) == ["name"]
    assert not Guarantor.objects.exists()


def test_it_takes_a_customer_as_guarantor_once(
    alice: User, pune: Branch, taken: Application
) -> None:
    friend = factories.borrower(pune)
    entry = entries.GuarantorEntry(customer=friend, amount=Decimal(50_000))
    services.add_guarantor(actor=alice, application=taken, entry=entry)

    with pytest.raises(DomainError) as refusal:
        services.add_guarantor(actor=alice, application=taken, entry=entry)

    assert list(refusal.value.fields) == ["customer"]
    assert Guarantor.objects.get().name == friend.full_name


def test_it_stops_at_twenty_rows(alice: User, taken: Application) -> None:
    for _ in range(20):
        services.add_collateral(actor=alice, application=taken, entry=factories.vehicle(taken))

    with pytest.raises(DomainError) as refusal:
        services.add_collateral(actor=alice, application=taken, entry=factories.vehicle(taken))

    assert refusal.value.code == "too_many"
    assert Collateral.objects.count() == 20
