"""What a loan earns or loses, by the schedule written out month by month."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.laboratory import money_results
from apps.laboratory.money_results import Assumptions, Ended
from apps.products import pricing

GIVEN = Assumptions(
    currency="INR",
    loss_given_default=Decimal("0.6"),
    cost_of_funds=Decimal("0.08"),
    fee_share=Decimal("0.01"),
    operating_cost=Decimal(1_500),
)
REPAID = Ended(
    principal=Decimal(120_000),
    annual_rate=Decimal("0.12"),
    term_months=12,
    disbursed_date=date(2024, 1, 15),
    defaulted=False,
    total_paid=Decimal("127942.20"),
    recovery_cost=None,
    last_payment_date=date(2025, 1, 15),
)


def balances(amount: Decimal, annual_rate: Decimal, term_months: int) -> list[Decimal]:
    """Return what is owed at the beginning of each month."""
    payment = pricing.exact_payment(amount, annual_rate, term_months)
    owed = [amount]
    for _ in range(term_months - 1):
        owed.append(owed[-1] * (1 + annual_rate / 12) - payment)
    return owed


@given(
    st.integers(1_000, 5_000_000).map(Decimal),
    st.integers(0, 600).map(lambda n: Decimal(n) / 1000),
    st.integers(1, 120),
    st.data(),
)
def test_it_sums_the_balances_of_the_schedule(
    amount: Decimal, rate: Decimal, term: int, data: st.DataObject
) -> None:
    months = data.draw(st.integers(0, term))

    found = money_results.balance_years(amount, rate, term, months=months)

    written_out = sum(balances(amount, rate, term)[:months], Decimal(0)) / 12
    assert abs(found - written_out) < Decimal("1e-12") * amount


def test_it_counts_interest_as_it_is_charged() -> None:
    # 120,000 at 12 % over 12 months is 10,661.85 a month (rule book 9.1).
    assert money_results.interest_of(Decimal(120_000), Decimal("0.12"), 12, "INR") == Decimal(
        "7942.20"
    )


def test_it_expects_loss_and_profit() -> None:
    found = money_results.expected(
        Decimal(120_000), Decimal("0.12"), 12, pd=Decimal("0.05"), given=GIVEN
    )

    years = sum(balances(Decimal(120_000), Decimal("0.12"), 12)) / 12
    gain = Decimal("7942.20") - Decimal("0.08") * years + 1_200 - 1_500
    lost = Decimal(72_000) - 1_200 + 1_500
    assert found.loss == Decimal("3600.00")
    assert found.profit == round(Decimal("0.95") * gain - Decimal("0.05") * lost, 2)


def test_it_expects_no_interest_where_there_is_none() -> None:
    found = money_results.expected(Decimal(1_200), Decimal(0), 12, pd=Decimal("0.5"), given=GIVEN)

    # Funds: 8 % on 1,200 falling by 100 a month, 650 on average over a year.
    gain = -Decimal("0.08") * 650 + 12 - 1_500
    assert found.profit == Decimal("0.5") * gain - Decimal("0.5") * (720 - 12 + 1_500)


def test_it_realises_what_was_paid_less_principal_and_funds() -> None:
    years = sum(balances(Decimal(120_000), Decimal("0.12"), 12)) / 12

    found = money_results.realised(REPAID, given=GIVEN)

    assert found == round(Decimal("7942.20") - Decimal("0.08") * years, 2)


def test_it_charges_funds_up_to_the_last_payment() -> None:
    defaulted = replace(
        REPAID,
        defaulted=True,
        total_paid=Decimal(30_000),
        recovery_cost=Decimal(700),
        last_payment_date=date(2024, 4, 20),
    )
    years = sum(balances(Decimal(120_000), Decimal("0.12"), 12)[:3]) / 12

    found = money_results.realised(defaulted, given=GIVEN)

    assert found == round(30_000 - 700 - 120_000 - Decimal("0.08") * years, 2)


@pytest.mark.parametrize(
    ("last", "months"),
    [
        (None, 12),
        (date(2024, 1, 15), 0),
        (date(2023, 12, 1), 0),
        (date(2024, 2, 14), 0),
        (date(2024, 2, 15), 1),
        (date(2029, 1, 1), 12),
    ],
)
def test_it_knows_how_long_funds_were_bound(last: date | None, months: int) -> None:
    loan = replace(REPAID, last_payment_date=last)

    assert money_results.months_outstanding(loan) == months


def test_it_realises_nothing_where_nobody_knows_what_was_paid() -> None:
    assert money_results.realised(replace(REPAID, total_paid=None), given=GIVEN) is None
