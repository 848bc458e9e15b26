"""Applications for tests, made by the services so that only reachable states exist."""

import uuid
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.applications import entries, hooks, services
from apps.applications.models import Application
from apps.applications.own_debts import OwnDebt, OwnDebts
from apps.customers import services as customer_services
from apps.customers.models import Customer
from apps.customers.tests import factories as customers
from apps.products.models import Product
from apps.products.tests import factories as products

# Noon of a Friday in Pune; every application of the tests is taken and submitted then.
NOW = customers.NOW
TODAY = date(2026, 11, 20)


def borrower(branch: Branch, **changes: Any) -> Customer:
    """Return a customer with income, home, bureau report and consents: ready to borrow.

    900,000 gross a year, 60,000 net a month, rented home, no obligations; `changes` as the
    customers' own factory takes them.
    """
    return customers.customer(branch, **changes)


def borrower_without_facts(branch: Branch, **changes: Any) -> Customer:
    """Return a customer of whom only name and contact are known."""
    return customer_services.register(
        actor=customers.officer(branch),
        entry=customers.customer_entry(branch, **changes),
        now=NOW,
    )


def rupees(amount: int | str) -> Decimal:
    """Return an amount of rupees."""
    return Decimal(amount).quantize(Decimal("0.01"))


def entry(customer: Customer, **changes: Any) -> entries.ApplicationEntry:
    """Return a request for 200,000 over 24 months, within the personal loan's bounds."""
    values: dict[str, Any] = {
        "customer": customer,
        "product": changes.pop("product", None) or products.personal_loan(customer.entity),
        "amount": Decimal(200_000),
        "term_months": 24,
        "purpose": "medical",
        **changes,
    }
    return entries.ApplicationEntry(**values)


def application(actor: User, customer: Customer, **changes: Any) -> Application:
    """Return a draft of the customer's, taken by the actor."""
    return services.draft(actor=actor, entry=entry(customer, **changes), now=NOW)


def submitted(actor: User, customer: Customer, **changes: Any) -> Application:
    """Return an application the actor has taken and submitted; nothing has assessed it."""
    taken = application(actor, customer, **changes)
    return services.submit(actor=actor, application=taken, now=NOW)


def paying_us(monkeypatch: pytest.MonkeyPatch, monthly: int | str) -> None:
    """Let every customer pay us so much a month for a loan under another application."""

    def burdens(customers: Collection[uuid.UUID], _on: date) -> OwnDebts:
        debt = OwnDebt(
            application=uuid.uuid4(), reference="L-1", currency="INR", monthly=rupees(monthly)
        )
        return dict.fromkeys(customers, (debt,))

    monkeypatch.setattr(hooks, "_burdens", [burdens])


def vehicle(taken: Application, **changes: Any) -> entries.CollateralEntry:
    """Return collateral worth 300,000 for an application."""
    values: dict[str, Any] = {
        "kind": "vehicle",
        "description": "Hatchback, first registered 2024",
        "price": Decimal(320_000),
        "valuation": Decimal(300_000),
        "valued_date": TODAY,
        **changes,
    }
    return entries.CollateralEntry(**values)


def in_state(actor: User, customer: Customer, state: str) -> Application:
    """Return an application in any state of the lifecycle, moved there along its table."""
    paths: dict[str, list[str]] = {
        "submitted": [],
        "scored": ["score"],
        "approved": ["score", "approve"],
        "declined": ["score", "decline"],
        "in_review": ["refer"],
        "withdrawn": ["withdraw"],
        "lapsed": ["score", "approve", "lapse"],
    }
    if state == "draft":
        return application(actor, customer)
    if state == "historic":
        return historic(customer)
    found = submitted(actor, customer)
    for action in paths[state]:
        found.move(action)
    return found


def historic(customer: Customer, product: Product | None = None, **changes: Any) -> Application:
    """Return an application as an import leaves it: another lender decided it."""
    product = product or products.personal_loan(customer.entity)
    values: dict[str, Any] = {
        "number": f"H-{Application.objects.count() + 1:06d}",
        "status": "historic",
        "branch": customer.branch,
        "customer": customer,
        "product": product,
        "channel": Application.Channel.TAPE,
        "amount": Decimal(100_000),
        "currency": product.currency,
        "term_months": 36,
        "annual_rate": Decimal("0.13"),
        "purpose": "car",
        "applied_date": date(2011, 4, 1),
        "employment": customer.employments.first(),
        "bureau_report": customer.bureau_reports.first(),
        "obligations_monthly": Decimal(5_000),
        "home": "rent",
        "source": "tape",
        "source_reference": f"{Application.objects.count() + 1}",
        **changes,
    }
    return Application.objects.create(**values)
