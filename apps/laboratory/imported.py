"""What a policy may ask about an application of an imported tape, without a query for each.

The same as `decisions.inputs.gather` says of it, from rows read together. No score and no
decision is stored with such an application: it is judged as if it had come in today.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from apps.applications import affordability
from apps.applications.affordability import Means, Security
from apps.applications.models import Application
from apps.core import dates
from apps.customers.models import Customer
from apps.decisions import inputs
from apps.decisions.policy_inputs import Value
from apps.laboratory import own_books
from apps.laboratory.own_books import Books
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
    "status",
    "customer_id",
    "customer__country",
    "customer__date_of_birth",
    "applied_date",
    "submitted_at",
    "branch__entity__time_zone",
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
    "product__schedule",
    "product__conditions__frequency",
    "product__conditions__step_every",
    "product__conditions__step_factor",
    "bureau_report_id",
    "bureau_report__pulled_date",
    "bureau_report__oldest_account_date",
    *(f"bureau_report__{column}" for column in BUREAU.values()),
)


def of_applications(keys: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Value]]:
    """Return the policy's inputs, all but the PD, of imported applications at their own rate."""
    rows = list(Application.objects.filter(pk__in=keys).values(*COLUMNS))
    book = own_books.read(rows, asked_on={row["pk"]: _asked_on(row) for row in rows})
    return {row["pk"]: _inputs(row, book) for row in rows}


def _means(row: Mapping[str, Any], *, securities: tuple[Security, ...]) -> Means:
    return Means(
        amount=row["amount"],
        instalment=pricing.asked_payment(
            row["amount"],
            row["annual_rate"],
            row["term_months"],
            row["currency"],
            repaid=pricing.repaid(
                row["product__schedule"],
                frequency=row["product__conditions__frequency"],
                every=row["product__conditions__step_every"],
                factor=row["product__conditions__step_factor"],
            ),
        ),
        gross_annual_income=row["employment__gross_annual_income"],
        net_monthly_income=row["employment__net_monthly_income"],
        basic_monthly_pay=row["employment__basic_monthly_pay"],
        obligations_monthly=row["obligations_monthly"],
        securities=securities,
    )


def _inputs(row: Mapping[str, Any], book: Books) -> dict[str, Value]:
    key = row["pk"]
    burden = _means(row, securities=book.securities.get(key, ()))
    gathered = inputs.Gathered(
        standing=_standing(row, book),
        born=_born(row),
        applied_date=row["applied_date"],
        others_with_us=inputs.total(book.approved_elsewhere[key], book.guaranteed[key]),
    )
    asked = inputs.Request(
        amount=row["amount"],
        term_months=row["term_months"],
        affordability=affordability.assess(burden, currency=row["currency"]),
        pd=None,
    )
    return gathered.inputs(asked)


def _standing(row: Mapping[str, Any], book: Books) -> dict[str, Value]:
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
        "blocked": book.blocked[row["pk"]],
        "guarantees_with_us": book.guaranteed[row["pk"]],
        "guarantor_exposure": book.guarantor_exposure[row["pk"]],
        "defaults_with_us": Decimal(book.defaults[row["pk"]]),
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


def _asked_on(row: Mapping[str, Any]) -> date:
    if row["submitted_at"] is None:
        found: date = row["applied_date"]
        return found
    return dates.local_date(row["submitted_at"], row["branch__entity__time_zone"])


def _born(row: Mapping[str, Any]) -> date | None:
    sealed = row["customer__date_of_birth"]
    if sealed is None:
        return None
    born: date = Customer._meta.get_field("date_of_birth").unseal(
        sealed, Customer(pk=row["customer_id"])
    )
    return born


def _count(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)
