"""Stages of IFRS 9: rule book 3.1 and 1.17."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.npa.facility import Form
from apps.npa.tests.rule_book import A_DAY, BANK, BANK_ECL, IFRS, SASRA, late, npa, one


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        pytest.param(0, 1, id="3.1-in-time"),
        pytest.param(30, 1, id="3.1-T1"),
        pytest.param(31, 2, id="3.1-T2"),
        pytest.param(89, 2, id="3.1-89-days"),
        pytest.param(90, 3, id="3.1-T4"),
    ],
)
def test_it_stages_by_plain_days(days: int, stage: int) -> None:
    assert one(IFRS, oldest_due=A_DAY - timedelta(days=days)).stage == stage


def test_it_stages_by_a_pd_that_rose() -> None:
    due = A_DAY - timedelta(days=5)
    risen = one(
        IFRS,
        oldest_due=due,
        pd_origination=Decimal("0.01"),
        pd_12_months=Decimal("0.03"),
    )
    steady = one(
        IFRS,
        oldest_due=due,
        pd_origination=Decimal("0.01"),
        pd_12_months=Decimal("0.0199"),
    )

    assert (risen.stage, steady.stage) == (2, 1), "3.1-T5"


@pytest.mark.parametrize(("origination", "stage"), [("0", 1), ("0.000001", 2)])
def test_it_takes_no_multiple_of_a_pd_that_is_stored_as_nothing(
    origination: str, stage: int
) -> None:
    found = one(IFRS, pd_origination=Decimal(origination), pd_12_months=Decimal("0.000002"))

    assert found.stage == stage


def test_it_calls_what_does_not_perform_impaired_where_the_regulator_says_so() -> None:
    since = A_DAY - timedelta(days=200)

    assert one(BANK, oldest_due=late(3), **npa(since)).stage == 3
    assert one(SASRA, oldest_due=A_DAY - timedelta(days=40)).stage == 2


def test_it_reaches_stage_3_and_npa_on_one_day_but_sma_1_before_stage_2() -> None:
    thirty, ninety = A_DAY - timedelta(days=30), A_DAY - timedelta(days=90)

    assert one(BANK, oldest_due=ninety).stage == 3
    assert one(BANK, oldest_due=ninety).asset_class == "substandard"
    assert (one(BANK, oldest_due=thirty).bucket, one(BANK, oldest_due=thirty).stage) == ("sma_1", 1)


@pytest.mark.parametrize(("days", "stage"), [(60, 1), (61, 2)])
def test_it_stages_overdrafts_by_days_above_the_limit(days: int, stage: int) -> None:
    assert one(BANK_ECL, form=Form.REVOLVING, excess_days=days).stage == stage
