"""What a schedule takes a month: rule book 9.2, FOIR counts monthly obligations."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.core import dates
from apps.schedules import building
from apps.schedules.burden import PAYMENTS_A_YEAR, monthly
from apps.schedules.terms import Frequency, Grace, Method, Terms

PAID_OUT = date(2026, 1, 31)
Payments = list[tuple[date, Decimal]]


def rows(
    *,
    method: Method = Method.EQUAL_INSTALMENT,
    frequency: Frequency = Frequency.MONTHLY,
    instalments: int = 24,
    grace: Grace | None = None,
) -> Payments:
    built = building.build(
        Terms(
            principal=Decimal(200_000),
            currency="INR",
            annual_rate=Decimal("0.16"),
            instalments=instalments,
            disbursed_on=PAID_OUT,
            frequency=frequency,
            method=method,
            grace=grace or Grace(),
        )
    )
    return [(row.due_on, row.instalment) for row in built.rows]


def burden(
    payments: Payments,
    on: date,
    *,
    frequency: Frequency = Frequency.MONTHLY,
    method: Method = Method.EQUAL_INSTALMENT,
    currency: str = "INR",
) -> Decimal:
    return monthly(payments, on=on, frequency=frequency, method=method, currency=currency)


@pytest.mark.parametrize("day", [PAID_OUT, date(2026, 2, 27), date(2026, 2, 28), date(2026, 7, 1)])
def test_an_emi_is_what_it_is(day: date) -> None:
    assert burden(rows(), day) == Decimal("9792.62")


@pytest.mark.parametrize("left", range(2, 13))
def test_an_emi_is_hardly_less_in_the_last_year(left: int) -> None:
    payments = rows()
    day = payments[-left - 1][0]

    # The last instalment takes the rest: a few pence, spread over what is left.
    assert abs(burden(payments, day) - Decimal("9792.62")) < Decimal("0.20")


@pytest.mark.parametrize("frequency", list(Frequency))
def test_payments_of_any_frequency_are_what_they_come_to_in_a_year(frequency: Frequency) -> None:
    number = PAYMENTS_A_YEAR[frequency]
    gap = timedelta(days=365 // number)
    payments = [(PAID_OUT + gap * place, Decimal(1_200)) for place in range(1, 3 * number + 1)]

    found = burden(payments, PAID_OUT, frequency=frequency)

    assert found == (Decimal(1_200) * number / 12).quantize(Decimal("0.01"))


def test_a_few_weeks_left_take_as_much_a_month_as_the_weeks_before() -> None:
    payments = rows(frequency=Frequency.WEEKLY, instalments=30)
    weekly = payments[0][1]

    assert burden(payments, payments[-5][0], frequency=Frequency.WEEKLY) == pytest.approx(
        weekly * 52 / 12, abs=Decimal("0.5")
    )


def test_a_bullet_counts_from_a_year_before_it_falls_due() -> None:
    payments = rows(method=Method.INTEREST_ONLY)
    interest = Decimal("2666.67")

    before, after = (
        burden(payments, day, method=Method.INTEREST_ONLY)
        for day in (payments[10][0], payments[11][0])
    )

    assert before == interest
    assert after == pytest.approx(interest + Decimal(200_000) / 12, abs=Decimal("0.01"))


@pytest.mark.parametrize(("ahead", "months"), [(6, 6), (12, 12), (24, 24)])
@pytest.mark.parametrize("method", [Method.SINGLE, Method.CUSTOM])
def test_a_single_payment_is_spread_until_it_falls_due(
    method: Method, ahead: int, months: int
) -> None:
    payments = [(dates.add_months(PAID_OUT, ahead), Decimal(24_000))]

    assert burden(payments, PAID_OUT, method=method) == Decimal(24_000) / months
    day_later = PAID_OUT + timedelta(days=1)
    assert burden(payments, day_later, method=method) == Decimal(24_000) / months


def test_a_time_of_grace_makes_the_burden_after_it_no_smaller() -> None:
    payments = rows(grace=Grace(principal=3, interest=3, capitalised=True))

    assert [amount for _due, amount in payments[:3]] == [0, 0, 0]
    assert burden(payments, PAID_OUT) == payments[4][1]


def test_nothing_to_come_takes_nothing() -> None:
    payments = rows()

    assert burden(payments, payments[-1][0]) == 0
    assert burden([], PAID_OUT) == 0


def test_it_is_rounded_to_the_smallest_unit_of_the_currency() -> None:
    payments = [(PAID_OUT + timedelta(days=7 * place), Decimal(1_000)) for place in range(1, 60)]

    assert burden(payments, PAID_OUT, frequency=Frequency.WEEKLY) == Decimal("4333.33")
    in_shillings = burden(payments, PAID_OUT, frequency=Frequency.WEEKLY, currency="UGX")
    assert in_shillings == Decimal(4333)
