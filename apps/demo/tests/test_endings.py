"""What was paid on a made-up loan adds up, and nothing is paid in the future."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.demo import endings
from apps.products import pricing


def contract(*, principal: str = "120000", rate: str = "0.16", term: int = 24) -> endings.Contract:
    amount, yearly = Decimal(principal), Decimal(rate)
    return endings.Contract(
        principal=amount,
        annual_rate=yearly,
        term_months=term,
        instalment=pricing.level_payment(amount, yearly, term, "INR"),
        currency="INR",
        disbursed_date=date(2023, 1, 31),
    )


def test_it_pays_a_loan_of_full_age_as_agreed() -> None:
    agreed = contract()

    ending = endings.repaid(agreed, by=date(2026, 1, 1))

    assert ending.total_paid == agreed.instalment * 24
    assert ending.last_payment_date == date(2025, 1, 31)


def test_it_pays_off_early_what_is_not_over_yet() -> None:
    agreed = contract()

    ending = endings.repaid(agreed, by=date(2024, 2, 1))

    # After 12 of 24 instalments of 5,875.57: the balance by the month-by-month schedule.
    owed = agreed.principal
    for _month in range(12):
        owed = owed * (1 + agreed.annual_rate / 12) - agreed.instalment
    assert ending.total_paid == agreed.instalment * 12 + round(owed, 2)
    assert ending.last_payment_date == date(2024, 1, 31)


def test_it_stops_a_bad_loan_before_its_term() -> None:
    months = {
        endings.defaulted(contract(), serial=serial).total_paid / contract().instalment
        for serial in range(50)
    }

    assert months == set(range(3, 11))
    short = endings.defaulted(contract(term=6), serial=7)
    assert short.total_paid == contract(term=6).instalment * 5


@given(
    term=st.integers(2, 84),
    rate=st.decimals("0.01", "0.48", places=4),
    day=st.dates(date(2023, 3, 1), date(2031, 1, 1)),
)
def test_a_good_loan_earns_and_ends_by_the_day(term: int, rate: Decimal, day: date) -> None:
    agreed = contract(rate=str(rate), term=term)

    ending = endings.repaid(agreed, by=day)

    assert agreed.principal < ending.total_paid
    assert ending.total_paid <= agreed.instalment * term + Decimal("0.01") * 1_000
    assert ending.last_payment_date <= day
