"""Finished loans for tests: synthetic applications written as an import leaves them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from apps.accounts.models import Branch
from apps.applications.models import Application
from apps.core import bulk, dates
from apps.customers.models import BureauReport, Customer, Employment
from apps.loans.models import Loan, Outcome
from apps.products.models import Product
from apps.products.tests import factories as products
from ml import synthetic
from ml.boosting import BoostingConfig
from ml.training import TrainingConfig

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
SEGMENT = "in-retail"
START, END = date(2023, 1, 1), date(2024, 12, 31)
# Learn from 2023 and test on 2024.
WINDOW: dict[str, Any] = {
    "from_date": START,
    "to_date": date(2024, 1, 1),
    "holdout_to_date": date(2025, 1, 1),
}
_COUNTS = (
    "delinquencies_24m",
    "months_since_delinquency",
    "enquiries_6m",
    "open_accounts",
    "total_accounts",
    "public_records",
    "months_since_public_record",
    "bankruptcies",
    "accounts_delinquent_now",
)


def quick(seed: int = 42) -> TrainingConfig:
    """Return a configuration that trains in a moment."""
    model = BoostingConfig(most_trees=40, learning_rate=0.1, seed=seed)
    return TrainingConfig(model=model, folds=3, seed=seed)


def portfolio(
    branch: Branch, *, rows: int = 900, seed: int = 5, borrowers: int | None = None
) -> Product:
    """Write finished loans of 2023 and 2024, dealt out in turn, and return their product.

    Each loan has a borrower of its own unless their number is given.
    """
    product = products.personal_loan(branch.entity)
    customers = [
        Customer(
            number=f"C-{seed}-{serial}",
            entity=branch.entity,
            branch=branch,
            country="IN",
            full_name="Portfolio",
        )
        for serial in range(borrowers or rows)
    ]
    Customer.objects.bulk_create(customers)
    frame = synthetic.generate(
        synthetic.MARKETS[SEGMENT], rows=rows, seed=seed, start=START, end=END
    )
    made = [
        _loan(customers[number % len(customers)], product, f"{seed}-{number:05d}", row)
        for number, row in enumerate(_plain(frame))
    ]
    tables = (Employment, BureauReport, Application, Loan, Outcome)
    for position, model in enumerate(tables):
        model.objects.bulk_create(objects[position] for objects in made)
    bulk.refresh_statistics(*tables)
    return product


def _plain(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in frame.astype(object).to_dict("records"):
        yield {name: None if pd.isna(value) else value for name, value in row.items()}


def _loan(customer: Customer, product: Product, number: str, row: dict[str, Any]) -> list[Any]:
    applied = row["applied_date"]
    employment = Employment(
        customer=customer,
        as_of=applied,
        type=row["employment_type"],
        months_employed=row["employment_months"],
        currency="INR",
        gross_annual_income=Decimal(str(row["annual_income"])),
        verification=row["income_verification"],
    )
    report = _report(customer, row)
    application = Application(
        number=f"H-{number}",
        status="historic",
        branch=customer.branch,
        customer=customer,
        product=product,
        channel="tape",
        amount=Decimal(str(row["amount"])),
        currency="INR",
        term_months=row["term_months"],
        annual_rate=product.annual_rate,
        purpose=row["purpose"],
        applied_date=applied,
        employment=employment,
        bureau_report=report,
        obligations_monthly=Decimal(str(row["existing_obligations_monthly"])),
        home=row["home_ownership"],
        source="made",
        source_reference=number,
    )
    loan = Loan(
        number=f"L-{number}",
        branch=customer.branch,
        customer=customer,
        application=application,
        product=product,
        principal=application.amount,
        currency="INR",
        annual_rate=product.annual_rate,
        term_months=row["term_months"],
        instalment=Decimal(1_000),
        status="imported",
        opened_date=applied,
        disbursed_date=applied,
        source="made",
        source_reference=number,
    )
    outcome = Outcome(loan=loan, defaulted=bool(row["bad"]), reported_status="Finished")
    return [employment, report, application, loan, outcome]


def _report(customer: Customer, row: dict[str, Any]) -> BureauReport:
    months = row["credit_history_months"]
    opened = None if months is None else dates.add_months(row["applied_date"], -int(months))
    utilisation, balance = row["revolving_utilisation"], row["revolving_balance"]
    return BureauReport(
        customer=customer,
        bureau="Synthetic",
        pulled_date=row["applied_date"],
        oldest_account_date=opened,
        currency="INR",
        revolving_balance=None if balance is None else Decimal(str(balance)),
        revolving_utilisation=None if utilisation is None else Decimal(str(utilisation)),
        **{name: row[name] for name in _COUNTS},
    )
