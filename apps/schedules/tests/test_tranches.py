"""Several tranches, a down payment, fees, and what is paid out."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import Fee, FeeTiming, Method, Tranche
from apps.schedules.tests.factories import make

TWO = (
    Tranche(date(2026, 1, 15), Decimal(80_000)),
    Tranche(date(2026, 4, 15), Decimal(40_000)),
)


def test_it_computes_the_instalment_anew_when_a_tranche_is_paid_out() -> None:
    rows = building.build(make(tranches=TWO)).rows

    # 80,000 over twelve months: after three, 80,000 x 1.01^3 - 7,107.90 x 3.0301 is left.
    assert {str(row.instalment) for row in rows[:3]} == {"7107.90"}
    assert str(rows[2].closing) == "60886.43"
    assert str(rows[3].opening) == "100886.43"
    assert len({row.instalment for row in rows[3:-1]}) == 1
    assert rows[-1].closing == 0


def test_it_charges_a_tranche_from_the_day_it_is_paid_out() -> None:
    tranches = (TWO[0], Tranche(date(2026, 1, 25), Decimal(40_000)))

    row = building.build(make(tranches=tranches)).rows[0]

    # A month of 80,000, and 20 of 30 days of 40,000.
    assert row.opening == Decimal(120_000)
    assert row.interest == Decimal("1066.67")


def test_it_counts_a_tranche_on_a_due_date_after_the_instalment() -> None:
    rows = building.build(make(tranches=TWO, method=Method.INTEREST_ONLY)).rows

    assert [str(row.interest) for row in rows[:4]] == ["800.00", "800.00", "800.00", "1200.00"]


@pytest.mark.parametrize(
    ("tranches", "sentence"),
    [
        pytest.param(
            TWO[:1], "The tranches must sum to the amount lent, ₹1,20,000.00.", id="too-little"
        ),
        pytest.param(
            (Tranche(date(2026, 1, 16), Decimal(120_000)),),
            "The first tranche must be paid out on the day of disbursement.",
            id="another-day",
        ),
        pytest.param(
            (TWO[0], Tranche(date(2026, 1, 15), Decimal(40_000))),
            "Tranches must be paid out one after the other.",
            id="same-day",
        ),
        pytest.param(
            (TWO[0], Tranche(date(2027, 1, 2), Decimal(40_000))),
            "A tranche is paid out when only the last instalment is left.",
            id="too-late",
        ),
        pytest.param(
            (TWO[0], Tranche(date(2027, 1, 15), Decimal(40_000))),
            "A tranche is paid out after the last instalment.",
            id="after-all",
        ),
    ],
)
def test_it_refuses_tranches_that_do_not_make_the_loan(
    tranches: tuple[Tranche, ...], sentence: str
) -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(make(tranches=tranches))

    assert str(refusal.value) == sentence
    assert set(refusal.value.fields) == {"tranches"}


def test_it_refuses_tranches_at_a_flat_rate() -> None:
    with pytest.raises(TermsRefused, match="A flat rate is charged on one amount"):
        building.build(make(method=Method.FLAT, tranches=TWO))


def test_it_lends_what_the_down_payment_leaves() -> None:
    schedule = building.build(make(principal=Decimal(150_000), down_payment=Decimal(30_000)))

    assert schedule.rows == building.build(make()).rows
    assert schedule.total_principal == schedule.net_disbursed == Decimal(120_000)


def test_it_puts_fees_where_they_are_paid() -> None:
    fees = (
        Fee("processing", Decimal(240)),
        Fee("valuation", Decimal(160), is_third_party=True),
        Fee("stamp", Decimal(50), FeeTiming.FIRST_INSTALMENT),
        Fee("service", Decimal(10), FeeTiming.EACH_INSTALMENT),
    )

    schedule = building.build(make(fees=fees))

    assert [str(row.fee) for row in schedule.rows] == ["60.00"] + ["10.00"] * 11
    assert str(schedule.rows[0].instalment) == "10721.85"
    assert schedule.net_disbursed == Decimal(119_600)
    assert schedule.total_fees == Decimal(570)
    assert schedule.total_payable == Decimal("128112.26")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        pytest.param(
            {"fees": (Fee("a", Decimal(120_000)),)},
            "Fees and interest deducted upfront leave nothing to pay out.",
            id="nothing-left",
        ),
        pytest.param(
            {"fees": (Fee("a", Decimal(80_000)),), "tranches": TWO},
            "Fees and interest deducted upfront leave nothing to pay out.",
            id="nothing-left-of-the-first-tranche",
        ),
        pytest.param(
            {"fees": (Fee("a", Decimal(1)), Fee("a", Decimal(2)))},
            "Each fee needs a code of its own.",
            id="twice",
        ),
    ],
)
def test_it_refuses_fees_that_make_no_sense(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(make(**changed))

    assert str(refusal.value) == sentence
    assert set(refusal.value.fields) == {"fees"}
