"""Charges for being late, the cap of Kenya, and what paying early costs."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.repayments import in_duplum, penal, prepayment_charge
from apps.repayments.penal import Rate, Unpaid
from apps.repayments.prepayment_charge import Contract
from apps.schedules.terms import DayCount

DUE = date(2026, 9, 1)
CONTRACT = Contract(
    rate=Decimal("0.02"),
    is_indian=True,
    is_floating=True,
    is_individual=True,
    is_business=False,
    sanctioned_on=date(2026, 2, 1),
)


def _charge(unpaid: tuple[Unpaid, ...], days: int, rate: str = "0.24") -> Decimal:
    return penal.charge(
        unpaid, DUE + timedelta(days=days), annual_rate=Decimal(rate), currency="INR"
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(0, "0", id="due-today"),
        pytest.param(1, "6.58", id="one-day"),
        pytest.param(30, "197.26", id="6.8-T1"),
    ],
)
def test_it_charges_the_overdue_amount_for_the_days(days: int, expected: str) -> None:
    assert _charge((Unpaid(DUE, Decimal(10_000)),), days) == Decimal(expected)


def test_it_charges_what_is_left_after_a_payment_from_the_end_of_its_day() -> None:
    paid = [(DUE + timedelta(days=10), Decimal(4_000)), (DUE + timedelta(days=20), Decimal(6_000))]
    unpaid = penal.overdue(DUE, Decimal(10_000), paid)

    # Ten days of 10,000 and ten of 6,000; nothing more once all is paid.
    assert _charge(unpaid, 10) == Decimal("65.75")
    assert _charge(unpaid, 20) == Decimal("105.21")
    assert _charge(unpaid, 400) == Decimal("105.21")


def test_it_charges_nothing_for_what_was_paid_by_the_due_date() -> None:
    early = penal.overdue(DUE, Decimal(10_000), [(DUE - timedelta(days=3), Decimal(10_000))])
    in_time = penal.overdue(DUE, Decimal(10_000), [(DUE, Decimal(10_000))])

    assert early == in_time == (Unpaid(DUE, Decimal(0)),)
    assert _charge(in_time, 100) == Decimal(0)


def test_it_charges_a_payment_that_came_back_as_if_it_never_was() -> None:
    day = DUE + timedelta(days=5)
    unpaid = penal.overdue(DUE, Decimal(10_000), [(day, Decimal(1_000)), (day, Decimal(-1_000))])

    assert _charge(unpaid, 30) == Decimal("197.26")


def test_it_lets_the_contracts_interest_run_on_an_unpaid_instalment() -> None:
    found = penal.contract_interest(
        (Unpaid(DUE, Decimal(10_000)),),
        DUE + timedelta(days=30),
        rates=(Rate(DUE, Decimal("0.15")),),
        day_count=DayCount.ACT_365,
        currency="INR",
    )

    # Rule book 6.8 T4.
    assert found == Decimal("123.29")


def test_it_lets_another_rate_run_from_the_day_it_changed() -> None:
    found = penal.contract_interest(
        (Unpaid(DUE, Decimal(10_000)),),
        DUE + timedelta(days=30),
        rates=(Rate(DUE, Decimal("0.15")), Rate(DUE + timedelta(days=10), Decimal("0.12"))),
        day_count=DayCount.ACT_365,
        currency="INR",
    )

    # Ten days at 15 % and twenty at 12 %.
    assert found == Decimal("106.85")


@given(
    amounts=st.lists(st.integers(1, 5_000), min_size=1, max_size=5),
    days=st.lists(st.integers(0, 300), min_size=1, max_size=20),
)
def test_it_charges_the_same_however_days_are_taken_together(
    amounts: list[int], days: list[int]
) -> None:
    payments = [(DUE + timedelta(days=7 * n), Decimal(one)) for n, one in enumerate(amounts)]
    unpaid = penal.overdue(DUE, Decimal(sum(amounts) + 100), payments)

    found = [_charge(unpaid, day) for day in sorted(days)]
    steps = [found[0], *(after - before for before, after in pairwise(found))]

    assert all(step >= 0 for step in steps)
    assert sum(steps) == _charge(unpaid, max(days))


@pytest.mark.parametrize(
    ("new", "accrued", "expected"),
    [
        pytest.param(8_000, 95_000, 5_000, id="2.2-T1"),
        pytest.param(1_000, 100_000, 0, id="2.2-T2"),
        pytest.param(1_000, 20_000, 1_000, id="far-below"),
        pytest.param(1_000, 130_000, 0, id="beyond-already"),
    ],
)
def test_it_stops_interest_at_the_principal_of_a_loan_that_does_not_perform(
    new: int, accrued: int, expected: int
) -> None:
    found = in_duplum.chargeable(Decimal(new), accrued=Decimal(accrued), principal=Decimal(100_000))

    assert found == Decimal(expected)


@given(steps=st.lists(st.integers(0, 50_000), max_size=20))
def test_it_never_lets_more_be_recovered_than_twice_the_principal(steps: list[int]) -> None:
    principal, accrued = Decimal(100_000), Decimal(0)
    for new in steps:
        accrued += in_duplum.chargeable(Decimal(new), accrued=accrued, principal=principal)

    assert principal + accrued <= in_duplum.most_recoverable(principal)
    assert accrued == min(principal, sum(steps))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, "0", id="6.11-T2"),
        pytest.param({"is_floating": False}, "10000.00", id="fixed-rate"),
        pytest.param({"is_business": True}, "10000.00", id="for-business"),
        pytest.param({"is_individual": False}, "10000.00", id="no-individual"),
        pytest.param({"is_indian": False}, "10000.00", id="elsewhere"),
        pytest.param({"sanctioned_on": date(2025, 12, 31)}, "10000.00", id="sanctioned-before"),
        pytest.param({"sanctioned_on": date(2026, 1, 1)}, "0", id="from-that-day-on"),
    ],
)
def test_it_charges_for_paying_early_only_where_the_rules_allow(
    changed: dict[str, object], expected: str
) -> None:
    contract = replace(CONTRACT, **changed)  # type: ignore[arg-type]

    found = prepayment_charge.charge(Decimal(500_000), contract, "INR")

    assert found == Decimal(expected)
