"""Collateral for tests, made by the services so that only reachable states exist."""

import itertools
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import User
from apps.applications import services as application_services
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.collateral import services
from apps.collateral.entries import InsuranceEntry, ItemEntry, LienEntry, ValuationEntry
from apps.collateral.models import Item, Lien, Valuation
from apps.products.tests import factories as products

NOW = applications.NOW
TODAY = applications.TODAY
LATER = NOW + timedelta(hours=1)
_serial = itertools.count(1)


def rupees(amount: int | str) -> Decimal:
    """Return an amount of rupees."""
    return applications.rupees(amount)


def secured(alice: User, *, state: str = "approved", **changes: Any) -> Application:
    """Return an application for 200,000 with a vehicle declared at 300,000, submitted by Alice."""
    borrower = changes.pop("borrower", None) or applications.borrower(alice.branch)
    product = changes.pop("product", None) or products.vehicle_loan(borrower.entity)
    taken = applications.application(
        alice, borrower, **{"product": product, "purpose": "car", **changes}
    )
    application_services.add_collateral(
        actor=alice, application=taken, entry=applications.vehicle(taken)
    )
    found = application_services.submit(actor=alice, application=taken, now=NOW)
    for action in {"submitted": [], "approved": ["score", "approve"]}[state]:
        found.move(action)
    return found


def entry(**changes: Any) -> ItemEntry:
    """Return a hatchback of a third person with a plate no other item has."""
    values: dict[str, Any] = {
        "kind": "vehicle",
        "description": "Hatchback, first registered 2024",
        "currency": "INR",
        "owner_name": "Meera Joshi",
        "registration": f"MH 12 AB {next(_serial):04d}",
        **changes,
    }
    return ItemEntry(**values)


def valuation(**changes: Any) -> ValuationEntry:
    """Return a valuation of 300,000 made today."""
    values: dict[str, Any] = {
        "valuer": "Deccan Valuers",
        "valued_date": TODAY,
        "method": "market",
        "amount": Decimal(300_000),
        **changes,
    }
    return ValuationEntry(**values)


def insurance(**changes: Any) -> InsuranceEntry:
    """Return a policy over 300,000 that began a month ago and runs a year."""
    values: dict[str, Any] = {
        "insurer": "Sahyadri General",
        "policy_number": "SG-4711-2026",
        "sum_insured": Decimal(300_000),
        "from_date": date(2026, 10, 20),
        "valid_until": date(2027, 10, 19),
        **changes,
    }
    return InsuranceEntry(**values)


def item(alice: User, *, worth: int | None = 300_000, **changes: Any) -> Item:
    """Return an item, valued today unless `worth` is None."""
    valued = None if worth is None else valuation(amount=Decimal(worth))
    return services.register(actor=alice, entry=entry(**changes), valuation=valued, now=NOW)


def charged(
    alice: User, thing: Item, application: Application, amount: int = 200_000, **changes: Any
) -> Lien:
    """Return a lien on an item for an application."""
    lien = LienEntry(application=application, secured_amount=Decimal(amount), **changes)
    return services.charge(actor=alice, item=thing, entry=lien, now=NOW)


def others(alice: User, thing: Item, amount: int, **changes: Any) -> Lien:
    """Return a lien that another lender has on an item."""
    lien = LienEntry(holder="Other Bank Ltd", secured_amount=Decimal(amount), **changes)
    return services.charge(actor=alice, item=thing, entry=lien, now=NOW)


def pledged(alice: User, application: Application, amount: int = 200_000, **changes: Any) -> Item:
    """Return an item that is valued, charged for an application and pledged."""
    thing = item(alice, **changes)
    charged(alice, thing, application, amount)
    return services.pledge(
        actor=alice, item=thing, deed=services.Deed(TODAY, "Deed 17/2026"), now=NOW
    )


def ready(alice: User, application: Application, **changes: Any) -> Item:
    """Return a pledged item that is insured, too: nothing lacks before money is paid out."""
    thing = pledged(alice, application, **changes)
    services.insure(actor=alice, item=thing, entry=insurance(), now=NOW)
    return thing


def valued(alice: User, thing: Item, **changes: Any) -> Valuation:
    """Return another valuation of an item, recorded after the first."""
    return services.value(actor=alice, item=thing, entry=valuation(**changes), now=LATER)
