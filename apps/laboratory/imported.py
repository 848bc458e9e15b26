"""What a policy may ask about an application of an imported tape, without a query for each.

The same as `decisions.inputs.gather` says of it, from rows read together. No score and no
decision is stored with such an application: it is judged as if it had come in today.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum

from apps.applications import affordability
from apps.applications.affordability import Means, Security
from apps.applications.models import Application, Collateral
from apps.core import dates
from apps.customers.models import Customer
from apps.decisions import inputs
from apps.decisions.policy_inputs import Value
from apps.loans.models import Outcome
from apps.products import pricing

BUREAU = {
    "bureau_score": "score",
    "delinquencies_24m": "delinquencies_24m",
    "accounts_delinquent_now": "accounts_delinquent_now",
    "bankruptcies": "bankruptcies",
    "public_records": "public_records",
    "enquiries_6m": "enquiries_6m",
}
COLUMNS = (
    "pk",
    "customer_id",
    "customer__country",
    "customer__date_of_birth",
    "applied_date",
    "amount",
    "currency",
    "term_months",
    "annual_rate",
    "obligations_monthly",
    "employment__gross_annual_income",
    "employment__net_monthly_income",
    "employment__documented_net_monthly_income",
    "employment__basic_monthly_pay",
    "employment__verification",
    "employment__months_employed",
    "bureau_report_id",
    "bureau_report__pulled_date",
    "bureau_report__oldest_account_date",
    *(f"bureau_report__{column}" for column in BUREAU.values()),
)


@dataclass(frozen=True)
class Book:
    """What our own books say about the applications of one read: by application."""

    approved_elsewhere: Mapping[uuid.UUID, Decimal]
    defaults: Mapping[uuid.UUID, int]
    securities: Mapping[uuid.UUID, tuple[Security, ...]]


def of_applications(keys: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Value]]:
    """Return the policy's inputs, all but the PD, of imported applications at their own rate."""
    rows = list(Application.objects.filter(pk__in=keys).values(*COLUMNS))
    book = _book(rows)
    return {row["pk"]: _inputs(row, book) for row in rows}


def means(row: Mapping[str, Any], *, rate: Decimal, securities: tuple[Security, ...] = ()) -> Means:
    """Return what an applicant lives on and would owe at a rate, from a row of `COLUMNS`."""
    return Means(
        amount=row["amount"],
        instalment=pricing.level_payment(row["amount"], rate, row["term_months"], row["currency"]),
        gross_annual_income=row["employment__gross_annual_income"],
        net_monthly_income=row["employment__net_monthly_income"],
        basic_monthly_pay=row["employment__basic_monthly_pay"],
        obligations_monthly=row["obligations_monthly"],
        securities=securities,
    )


def _inputs(row: Mapping[str, Any], book: Book) -> dict[str, Value]:
    key = row["pk"]
    burden = means(row, rate=row["annual_rate"], securities=book.securities.get(key, ()))
    gathered = inputs.Gathered(
        standing=_standing(row, defaults=book.defaults.get(key, 0)),
        born=_born(row),
        applied_date=row["applied_date"],
        others_with_us=book.approved_elsewhere.get(key, Decimal(0)),
    )
    asked = inputs.Request(
        amount=row["amount"],
        term_months=row["term_months"],
        affordability=affordability.assess(burden, currency=row["currency"]),
        pd=None,
    )
    return gathered.inputs(asked)


def _standing(row: Mapping[str, Any], *, defaults: int) -> dict[str, Value]:
    born, applied = _born(row), row["applied_date"]
    return {
        "age_years": None if born is None else Decimal(dates.age_in_years(born, applied)),
        "country": row["customer__country"] or None,
        "annual_income": row["employment__gross_annual_income"],
        "net_monthly_income": row["employment__net_monthly_income"],
        "income_gap": affordability.income_gap(
            declared=row["employment__net_monthly_income"],
            documented=row["employment__documented_net_monthly_income"],
        ),
        "income_verification": row["employment__verification"] or None,
        "employment_months": _count(row["employment__months_employed"]),
        "blocked": None,
        "guarantees_with_us": None,
        "defaults_with_us": Decimal(defaults),
        **_bureau(row, applied),
    }


def _bureau(row: Mapping[str, Any], applied: date) -> dict[str, Value]:
    if row["bureau_report_id"] is None:
        unknown = [*BUREAU, "bureau_report_age_days", "credit_history_months"]
        return {**dict.fromkeys(unknown), "bureau_report": False}
    oldest = row["bureau_report__oldest_account_date"]
    history = None if oldest is None else dates.months_between(oldest, applied)
    age_days = (applied - row["bureau_report__pulled_date"]).days
    return {
        "bureau_report": True,
        "bureau_report_age_days": Decimal(age_days),
        "credit_history_months": _count(history),
        **{name: _count(row[f"bureau_report__{column}"]) for name, column in BUREAU.items()},
    }


def _born(row: Mapping[str, Any]) -> date | None:
    sealed = row["customer__date_of_birth"]
    if sealed is None:
        return None
    born: date = Customer._meta.get_field("date_of_birth").unseal(
        sealed, Customer(pk=row["customer_id"])
    )
    return born


def _book(rows: Collection[Mapping[str, Any]]) -> Book:
    """Return what the books say; as `standing.of_borrower` and `approved_amount_of_borrower` do."""
    customers = {row["customer_id"] for row in rows}
    approved: dict[tuple[Any, str], Decimal] = {}
    elsewhere = Application.objects.filter(customer__in=customers, status="approved")
    totals = elsewhere.order_by().values_list("customer_id", "currency").annotate(Sum("amount"))
    for customer, currency, total in totals:
        approved[customer, currency] = total
    own = dict(elsewhere.filter(pk__in=[row["pk"] for row in rows]).values_list("pk", "amount"))
    return Book(
        approved_elsewhere={
            row["pk"]: approved.get((row["customer_id"], row["currency"]), Decimal(0))
            - own.get(row["pk"], Decimal(0))
            for row in rows
        },
        defaults=_defaults(rows, customers),
        securities=_securities(row["pk"] for row in rows),
    )


def _defaults(rows: Collection[Mapping[str, Any]], customers: set[Any]) -> dict[uuid.UUID, int]:
    """Return how many loans of the borrower, paid out before and not this one, defaulted."""
    found = Outcome.objects.filter(loan__customer__in=customers, defaulted=True).values_list(
        "loan__customer_id", "loan__application_id", "loan__disbursed_date"
    )
    by_customer: dict[Any, list[tuple[Any, date]]] = {}
    for customer, application, disbursed in found:
        by_customer.setdefault(customer, []).append((application, disbursed))
    counts: Counter[uuid.UUID] = Counter()
    for row in rows:
        for application, disbursed in by_customer.get(row["customer_id"], ()):
            counts[row["pk"]] += application != row["pk"] and disbursed < row["applied_date"]
    return counts


def _securities(keys: Any) -> dict[uuid.UUID, tuple[Security, ...]]:
    found: dict[uuid.UUID, tuple[Security, ...]] = {}
    rows = Collateral.objects.filter(application__in=list(keys)).order_by(F("created_at"))
    for key, price, valuation in rows.values_list("application_id", "price", "valuation"):
        found[key] = (*found.get(key, ()), Security(price, valuation))
    return found


def _count(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)
