"""What applications build is what the model's contract asks for, in name, order and values."""

from datetime import date
from decimal import Decimal

import pytest

from apps.applications import features
from apps.applications.models import Application
from apps.customers.models import Employment, Household
from apps.products.models import Purpose
from ml.application_schema import BUREAU, SCHEMA

FACTS = features.Facts(
    amount=Decimal("200000.00"),
    term_months=24,
    purpose="medical",
    applied_date=date(2026, 11, 20),
    gross_annual_income=Decimal("900000.00"),
    obligations_monthly=Decimal("5000.00"),
    months_employed=60,
    employment_type="salaried",
    income_verification="documents",
    home="rent",
    bureau=features.Bureau(
        oldest_account_date=date(2015, 6, 1),
        delinquencies_24m=0,
        months_since_delinquency=None,
        enquiries_6m=1,
        open_accounts=4,
        total_accounts=9,
        public_records=0,
        months_since_public_record=None,
        revolving_balance=Decimal("24000.00"),
        revolving_utilisation=Decimal("0.2400"),
        bankruptcies=0,
        accounts_delinquent_now=0,
    ),
)


def test_it_builds_exactly_the_features_of_the_contract() -> None:
    assert tuple(features.build(FACTS)) == SCHEMA.names


def test_it_builds_a_row_the_contract_accepts() -> None:
    row = features.build(FACTS)

    assert SCHEMA.validate_row(row) == row


def test_it_leaves_a_thin_file_to_the_contracts_missing_values() -> None:
    thin = features.build(features.Facts(**{**vars(FACTS), "bureau": None}))

    assert all(thin[name] is None for name in BUREAU)
    assert SCHEMA.validate_row(thin) == thin


@pytest.mark.parametrize(
    ("feature", "values"),
    [
        ("purpose", Purpose.values),
        ("employment_type", Employment.Type.values),
        ("income_verification", Employment.Verification.values),
        ("home_ownership", Household.Home.values),
    ],
)
def test_it_knows_the_same_categories_as_the_contract(feature: str, values: list[str]) -> None:
    assert sorted(SCHEMA.feature(feature).categories) == sorted(values)


def test_it_gives_terms_the_database_and_the_contract_both_take() -> None:
    (limit,) = [
        constraint
        for constraint in Application._meta.constraints
        if constraint.name == "applications_term_in_range"
    ]

    assert f"{SCHEMA.feature('term_months').maximum:g}" in str(limit)
