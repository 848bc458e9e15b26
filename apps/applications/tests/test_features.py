"""Features come from frozen facts alone; missing stays missing."""

import ast
import inspect
import time
import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Branch, User
from apps.applications import features, selectors
from apps.applications.models import Application
from apps.applications.tests import factories
from apps.core import bulk
from apps.customers.models import Employment

FACTS = features.Facts(
    amount=Decimal(300_000),
    term_months=36,
    purpose="car",
    applied_date=date(2026, 3, 15),
    gross_annual_income=Decimal(600_000),
    obligations_monthly=Decimal(10_000),
    months_employed=30,
    employment_type="salaried",
    income_verification="documents",
    home="rent",
    bureau=features.Bureau(
        oldest_account_date=date(2016, 3, 16),
        delinquencies_24m=1,
        months_since_delinquency=14,
        enquiries_6m=2,
        open_accounts=4,
        total_accounts=11,
        public_records=0,
        months_since_public_record=None,
        revolving_balance=Decimal(60_000),
        revolving_utilisation=Decimal("0.3500"),
        bankruptcies=0,
        accounts_delinquent_now=0,
    ),
)


def test_it_builds_the_row() -> None:
    assert features.build(FACTS) == {
        "amount": 300_000.0,
        "term_months": 36,
        "purpose": "car",
        "annual_income": 600_000.0,
        "amount_to_income": 0.5,
        "existing_dti": 0.2,
        "employment_months": 30,
        "employment_type": "salaried",
        "income_verification": "documents",
        "home_ownership": "rent",
        "credit_history_months": 119,
        "delinquencies_24m": 1,
        "months_since_delinquency": 14,
        "enquiries_6m": 2,
        "open_accounts": 4,
        "total_accounts": 11,
        "public_records": 0,
        "months_since_public_record": None,
        "revolving_balance": 60_000.0,
        "revolving_utilisation": 0.35,
        "revolving_balance_to_income": 0.1,
        "bankruptcies": 0,
        "accounts_delinquent_now": 0,
    }


def test_it_keeps_a_thin_file_missing() -> None:
    row = features.build(replace(FACTS, bureau=None))

    whole = features.build(FACTS)
    history = list(whole)[list(whole).index("credit_history_months") :]
    assert list(row) == list(whole)
    assert [row[name] for name in history] == [None] * 13


def test_it_gives_no_ratio_on_no_income() -> None:
    row = features.build(replace(FACTS, gross_annual_income=Decimal(0)))

    ratios = ("amount_to_income", "existing_dti", "revolving_balance_to_income")
    assert row["annual_income"] == 0.0
    assert [row[name] for name in ratios] == [None, None, None]


def test_it_keeps_what_was_not_stated_missing() -> None:
    blank = replace(
        FACTS,
        gross_annual_income=None,
        obligations_monthly=None,
        months_employed=None,
        employment_type="",
        income_verification="",
        home="",
    )

    row = features.build(blank)

    for name in (
        "annual_income",
        "existing_dti",
        "employment_months",
        "employment_type",
        "income_verification",
        "home_ownership",
    ):
        assert row[name] is None, name


@pytest.mark.django_db
def test_it_reads_the_frozen_facts_not_the_present_ones(alice: User, pune: Branch) -> None:
    customer = factories.borrower(pune)
    done = factories.submitted(alice, customer)
    before = selectors.feature_row(done)
    Employment.objects.create(
        customer=customer,
        as_of=factories.TODAY,
        type="student",
        currency="INR",
        gross_annual_income=Decimal(1),
        verification="none",
    )

    assert selectors.feature_row(done) == before
    assert before["annual_income"] == 900_000.0


@pytest.mark.django_db
def test_it_gives_one_and_many_the_same_row(alice: User, pune: Branch) -> None:
    done = [factories.submitted(alice, factories.borrower(pune)) for _ in range(3)]

    many = dict(selectors.feature_rows(Application.objects.all()))

    assert many == {row.pk: selectors.feature_row(row) for row in done}


@pytest.mark.django_db
def test_it_never_reads_protected_attributes(alice: User, pune: Branch) -> None:
    done = factories.submitted(alice, factories.borrower(pune))

    with CaptureQueriesContext(connection) as queries:
        selectors.feature_row(Application.objects.get(pk=done.pk))
        list(selectors.feature_rows(Application.objects.all()))

    text = " ".join(query["sql"] for query in queries).lower()
    assert len(queries) >= 2
    assert "protected" not in text
    assert "date_of_birth" not in text
    assert "full_name" not in text


def test_it_imports_nothing_but_the_calendar() -> None:
    tree = ast.parse(inspect.getsource(features))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }

    assert modules == {"apps.core", "collections.abc", "dataclasses", "datetime", "decimal"}


@pytest.mark.slow
@pytest.mark.django_db
def test_it_reads_twenty_thousand_rows_in_one_query(alice: User, pune: Branch) -> None:
    pattern = factories.submitted(alice, factories.borrower(pune))
    columns = [field.attname for field in Application._meta.concrete_fields]
    values = {name: getattr(pattern, name) for name in columns}
    copies = (
        {**values, "id": uuid.UUID(int=serial), "number": f"B-{serial}"}
        for serial in range(1, 20_001)
    )
    bulk.copy_into(Application, copies)

    started = time.monotonic()
    with CaptureQueriesContext(connection) as queries:
        count = sum(1 for _ in selectors.feature_rows(Application.objects.all()))

    assert count == 20_001
    assert len(queries) <= 1
    # A generous bound: it takes about a second where nothing else runs.
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("income", [Decimal(600_000), Decimal("33333.33"), Decimal(0), None])
def test_another_request_gives_what_the_facts_would_have_given(income: Decimal | None) -> None:
    facts = replace(FACTS, gross_annual_income=income)
    tried = {"amount": Decimal("123456.78"), "term_months": 7}

    found = features.at_request(features.build(facts), **tried, gross_annual_income=income)

    assert found == features.build(replace(facts, **tried))
