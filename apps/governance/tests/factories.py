"""Finished loans for tests: synthetic applications written as an import leaves them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core import bulk, dates
from apps.customers.models import BureauReport, Customer, Employment
from apps.governance import card, register_rules, services, standing
from apps.governance.models import GateSet, Promotion, RegisterEntry, TrainingRun
from apps.loans.models import Loan, Outcome
from apps.products.models import Product
from apps.products.tests import factories as products
from apps.scoring.models import ModelVersion
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


DOCUMENT: dict[str, Any] = {
    **{name: f"About {name}." for name in card.NAMES},
    "limitations": [{"limitation": "Approved loans only.", "mitigant": "Cut-offs move little."}],
}
TEXTS = {name: f"About {name}." for name in register_rules.TEXTS}
LEVELS = {"materiality": "high", "complexity": "low", "autonomy": "low"}
# Gates that a model of nine hundred loans passes, so that each test fails the one it means to.
EASY = {
    "least_auc": "0.5",
    "least_ks": "0",
    "largest_calibration_error": "1",
    "least_calibration_p": "0",
    "most_red_bands": "10",
    "largest_psi": "10",
    "largest_auc_drop": "0.5",
    "largest_loss_to_champion": "0.5",
    "least_impact_ratio": "0",
    "treatment_needed": "0",
    "slowest_ms": "10000",
    "months_high": "12",
    "months_medium": "24",
    "months_low": "36",
}


def gates(vera: User, mark: User, **changes: str) -> GateSet:
    """Return gates that vera proposed and mark approved, in force today."""
    asked = services.propose_gates(
        actor=vera,
        effective_from=NOW.date(),
        body={**EASY, **changes},
        reason="The first gates",
        now=NOW,
    )
    return services.approve_gates(actor=mark, gate_set=asked, seen=asked.sha256, now=NOW)


def papers(run: TrainingRun, rita: User, owner: User, approver: User) -> None:
    """Measure, document and register the model of a run, as its promotion needs it."""
    services.make_report(actor=rita, model=run.model, now=NOW)
    draft = services.write_document(actor=rita, model=run.model, body=DOCUMENT, now=NOW)
    services.sign_document(actor=rita, document=draft, now=NOW)
    registered(run.model, rita, owner, approver)


def registered(
    model: ModelVersion, rita: User, owner: User, approver: User, now: datetime = NOW
) -> RegisterEntry:
    """Enter a model in the register."""
    return services.register_thing(
        actor=rita,
        kind="model",
        code=str(model.pk),
        model=model,
        entered=services.Entered(owner=owner, approver=approver, levels=LEVELS, texts=TEXTS),
        now=now,
    )


def seen(promotion: Promotion) -> str:
    """Return what somebody sees who looks at a promotion now."""
    return standing.of(Promotion.objects.get(pk=promotion.pk), now=NOW).seen


def validated(promotion: Promotion, vera: User, outcome: str = "accepted") -> Promotion:
    """Return the promotion after vera's judgement."""
    return services.validate(
        actor=vera,
        promotion=promotion,
        outcome=outcome,
        note="Report read.",
        seen=seen(promotion),
        now=NOW,
    )


def approved(promotion: Promotion, mark: User, **changes: Any) -> Promotion:
    """Return the promotion after mark's approval."""
    values = {"answer": "Figures read", "seen": seen(promotion), "now": NOW, **changes}
    return services.approve(actor=mark, promotion=promotion, **values)
