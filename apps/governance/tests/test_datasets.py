"""The training sample: deterministic, complete or counted, and blind to what came later."""

from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from apps.accounts.models import Branch
from apps.applications import features
from apps.applications.models import Application
from apps.governance import datasets
from apps.governance.tests import factories
from apps.loans.models import Loan, Outcome
from ml.application_schema import SCHEMA

pytestmark = pytest.mark.django_db


def sample(**changes: Any) -> datasets.Sample:
    usual: dict[str, Any] = {
        "segment": factories.SEGMENT,
        "from_date": factories.START,
        "to_date": date(2025, 1, 1),
    }
    return datasets.build(**{**usual, **changes})


def test_it_holds_the_features_of_the_contract_and_their_outcomes(pune: Branch) -> None:
    factories.portfolio(pune, rows=50)

    built = sample()

    assert built.rows == 50
    assert list(built.frame.columns) == list(SCHEMA.names)
    assert built.defaults == Outcome.objects.filter(defaulted=True).count()
    assert built.refused == {}


def test_it_asks_two_queries_whatever_the_number(
    pune: Branch, django_assert_num_queries: Any
) -> None:
    factories.portfolio(pune, rows=120)

    with django_assert_num_queries(2):
        built = sample()

    assert built.rows == 120


def test_it_gives_the_same_data_the_same_hash(pune: Branch, nashik: Branch) -> None:
    factories.portfolio(pune, rows=60)
    first = sample()
    # Other primary keys and another order of writing, the same facts.
    Outcome.objects.all().delete()
    Loan.objects.all().delete()
    Application.objects.all().delete()
    nashik.entity.products.all().delete()
    pune.entity.customer_set.all().delete()
    factories.portfolio(nashik, rows=60)

    again = sample()

    assert again.sha256 == first.sha256
    pd.testing.assert_frame_equal(again.frame, first.frame)


def test_it_gives_other_data_another_hash(pune: Branch) -> None:
    factories.portfolio(pune, rows=60)
    first = sample()
    good = Outcome.objects.filter(defaulted=False).values("pk")[:1]
    Outcome.objects.filter(pk=good).update(defaulted=True)
    flipped = sample()
    Application.objects.filter(pk=Application.objects.values("pk")[:1]).update(
        amount=Decimal("12345.67")
    )

    changed = sample()

    assert len({first.sha256, flipped.sha256, changed.sha256}) == 3


def test_it_keeps_to_the_dates_of_payment_the_segment_and_known_outcomes(pune: Branch) -> None:
    factories.portfolio(pune, rows=60)
    in_2023 = Loan.objects.filter(disbursed_date__lt=date(2024, 1, 1)).count()
    first = Loan.objects.order_by("disbursed_date", "number").first()
    assert first is not None
    first.outcome.delete()

    assert sample(to_date=date(2024, 1, 1)).rows == in_2023 - 1
    assert sample(segment="ke-retail").rows == 0


def test_it_says_when_each_loan_was_paid_out_and_to_whom(pune: Branch) -> None:
    factories.portfolio(pune, rows=30, borrowers=10)
    loans = list(Loan.objects.order_by("disbursed_date", "application__number"))

    built = sample()

    assert built.paid_out.tolist() == [loan.disbursed_date for loan in loans]
    assert built.customers == [loan.customer_id for loan in loans]
    assert built.groups == built.customers
    frame, bad = built.since(loans[20].disbursed_date)
    newest = [loan for loan in loans if loan.disbursed_date >= loans[20].disbursed_date]
    assert len(frame) == len(newest)
    assert bad.tolist() == [float(loan.outcome.defaulted) for loan in newest]


def test_it_groups_nothing_where_every_loan_has_a_borrower_of_its_own(pune: Branch) -> None:
    factories.portfolio(pune, rows=30)

    assert sample().groups is None


def test_it_counts_rows_that_do_not_fit_and_patches_none(pune: Branch) -> None:
    factories.portfolio(pune, rows=40)
    two = list(Application.objects.order_by("number")[:2])
    two[0].employment.gross_annual_income = None
    two[0].employment.save()
    Application.objects.filter(pk=two[1].pk).update(purpose="weapons", obligations_monthly=None)

    built = sample()

    assert built.refused == {"annual_income: missing": 1}
    assert built.rows == 39
    # An undeclared purpose goes to the declared bucket, and an unknown debt stays unknown.
    unknown = built.frame[built.frame["purpose"] == "weapons"]
    assert unknown["existing_dti"].isna().all()


def test_it_cannot_see_what_became_known_after_the_application(pune: Branch) -> None:
    factories.portfolio(pune, rows=40)
    before = sample()
    Outcome.objects.update(
        reported_status="Charged off",
        total_paid=Decimal(1),
        principal_paid=Decimal(2),
        interest_paid=Decimal(3),
        recovered=Decimal(4),
        recovery_cost=Decimal(5),
        last_payment_date=date(2026, 1, 1),
    )
    Loan.objects.update(
        principal=Decimal(7), instalment=Decimal(8), annual_rate=Decimal("0.99"), term_months=3
    )

    after = sample()

    pd.testing.assert_frame_equal(after.frame, before.frame)
    assert after.sha256 == before.sha256


def test_it_has_no_fact_of_a_loan_or_outcome_among_what_features_are_built_from() -> None:
    facts = set(features.Facts.__dataclass_fields__) | set(features.Bureau.__dataclass_fields__)
    later = {
        field.name
        for model in (Outcome, Loan)
        for field in model._meta.concrete_fields
        if field.name not in {field.name for field in Application._meta.concrete_fields}
    }

    assert "defaulted" in later
    assert "total_paid" in later
    assert facts & later == set()
    assert set(SCHEMA.names) & later == set()
