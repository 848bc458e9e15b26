"""What a loan costs, to the digit of the rule book (6.7)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.schedules import building, cost
from apps.schedules.cost import Flow
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import (
    CustomRow,
    DayCount,
    Fee,
    FeeTiming,
    FirstPeriod,
    Frequency,
    Grace,
    Method,
    Terms,
    Tranche,
)

RBI = Terms(
    principal=Decimal(20_000),
    currency="INR",
    annual_rate=Decimal("0.15"),
    instalments=24,
    disbursed_on=date(2026, 4, 1),
    fees=(
        Fee("processing", Decimal(240)),
        Fee("insurance", Decimal(160), is_third_party=True),
    ),
)


def percent(rate: Decimal, places: int = 6) -> Decimal:
    return round(rate * 100, places)


def level(principal: int, annual_rate: str, instalments: int) -> Decimal:
    """Return the level instalment of the rule book (9.1), before rounding."""
    with localcontext(prec=50):
        rate = Decimal(annual_rate) / 12
        return principal * rate / (1 - (1 + rate) ** -instalments)


@pytest.mark.parametrize(
    ("principal", "annual_rate", "net", "emi", "apr"),
    [
        pytest.param(20_000, "0.15", 19_600, "969.732961", "17.070553", id="6.7-T1"),
        pytest.param(20_000, "0.15", 19_760, "969.732961", "16.235177", id="6.7-T3"),
        pytest.param(100_000, "0.12", 92_500, "4707.347222", "19.988613", id="6.7-T5"),
    ],
)
def test_it_is_twelve_times_the_monthly_rate_of_return(
    principal: int, annual_rate: str, net: int, emi: str, apr: str
) -> None:
    payment = level(principal, annual_rate, 24)

    monthly = cost.period_rate(Decimal(net), [payment] * 24)

    assert round(payment, 6) == Decimal(emi)
    assert percent(cost.nominal(monthly, 12)) == Decimal(apr)


@pytest.mark.parametrize(
    ("principal", "annual_rate", "fee", "apr"),
    [
        pytest.param(20_000, "0.15", 400, "17.070553", id="6.7-T1"),
        pytest.param(20_000, "0.15", 240, "16.235177", id="6.7-T3"),
        pytest.param(100_000, "0.12", 7_500, "19.988613", id="6.7-T5"),
    ],
)
def test_it_is_that_of_the_schedule(principal: int, annual_rate: str, fee: int, apr: str) -> None:
    terms = replace(
        RBI,
        principal=Decimal(principal),
        annual_rate=Decimal(annual_rate),
        fees=(Fee("all", Decimal(fee)),),
    )

    assert percent(cost.apr(building.build(terms))) == Decimal(apr)


@pytest.mark.parametrize("terms", [RBI], ids=["6.7-T1"])
def test_it_reproduces_the_example_of_the_key_facts_statement(terms: Terms) -> None:
    schedule = building.build(terms)

    found = cost.of(schedule)

    monthly = cost.period_rate(Decimal(19_600), [level(20_000, "0.15", 24)] * 24)
    assert monthly == Decimal("0.014225461206")
    assert f"{percent(found.apr, 2)} %" == "17.07 %"
    assert percent(found.effective_annual, 5) == Decimal("18.47156")
    assert round(24 * level(20_000, "0.15", 24) - 20_000, 6) == Decimal("3273.591063")
    assert schedule.net_disbursed == 19_600
    assert found.total == schedule.total_interest + 400 == Decimal("3673.58")


@pytest.mark.parametrize("unit", [None, Decimal(1), Decimal(10)], ids=["paise", "rupee", "ten"])
def test_it_is_computed_before_instalments_are_rounded(unit: Decimal | None) -> None:
    schedule = building.build(replace(RBI, rounding_unit=unit))

    # The rupee's 970 would give 17.0989.
    assert percent(cost.apr(schedule)) == Decimal("17.070553")


@pytest.mark.parametrize("basis", ["act/365 effective"], ids=["6.7-T8"])
def test_it_finds_the_yearly_rate_of_dated_flows(basis: str) -> None:
    flows = [
        Flow(date(2026, 4, 1), Decimal(-98_000)),
        *(Flow(date(2026, month, 1), Decimal(35_000)) for month in (5, 6, 7)),
    ]

    assert percent(cost.dated_rate(flows), 5) == Decimal("51.82164")


@pytest.mark.parametrize("days", [30], ids=["6.7-T9"])
def test_it_is_simple_for_one_payment(days: int) -> None:
    rate = cost.simple_rate(received=Decimal(9_700), repaid=Decimal(10_500), days=days, basis=365)

    assert percent(rate) == Decimal("100.343643")


@pytest.mark.parametrize("days", [30], ids=["6.7-T9"])
def test_it_is_simple_for_a_schedule_of_one_payment(days: int) -> None:
    terms = replace(
        RBI,
        principal=Decimal(10_000),
        annual_rate=Decimal("0.60") + Decimal("0.00833333333"),
        instalments=days,
        frequency=Frequency.DAILY,
        method=Method.SINGLE,
        day_count=DayCount.ACT_365,
        fees=(Fee("processing", Decimal(300)),),
    )
    schedule = building.build(terms)
    assert schedule.total_payable == Decimal(10_500)

    assert percent(cost.apr(schedule)) == Decimal("100.343643")


def test_it_compounds_a_single_payment_yearly_where_it_takes_longer() -> None:
    terms = replace(RBI, instalments=2, frequency=Frequency.YEARLY, method=Method.SINGLE, fees=())
    schedule = building.build(terms)

    # 15 % a year for two years without compounding: 1.3 after 731 days.
    assert schedule.total_payable == 26_000
    expected = Decimal(str(1.3 ** (365 / 731) - 1))
    assert cost.apr(schedule) == cost.effective_annual(schedule)
    assert cost.apr(schedule) == pytest.approx(expected, abs=Decimal("1e-10"))


@pytest.mark.parametrize(
    ("frequency", "periods"), [(one, cost.PERIODS_A_YEAR[one]) for one in Frequency], ids=str
)
def test_it_is_the_contract_rate_where_nothing_else_is_charged(
    frequency: Frequency, periods: int
) -> None:
    is_month_end = frequency == Frequency.END_OF_MONTH
    terms = replace(
        RBI,
        principal=Decimal(10_000_000),
        frequency=frequency,
        # The day counts of a year whose periods are all alike.
        day_count=DayCount.ACT_365 if periods in {365, 52, 26, 13} else DayCount.THIRTY_360_US,
        disbursed_on=date(2026, 3, 31) if is_month_end else date(2026, 4, 1),
        fees=(),
    )

    found = cost.of(building.build(terms))

    # 52 weeks are no year: the rate of counted days is that of 364 of its 365.
    share = Decimal(364) / 365 if periods in {52, 26, 13} else Decimal(1)
    assert found.apr == pytest.approx(Decimal("0.15") * share, abs=Decimal("1e-7"))
    with localcontext(prec=50):
        compounded = (1 + found.apr / periods) ** periods - 1
    assert found.effective_annual == pytest.approx(compounded, abs=Decimal("1e-11"))


def test_it_is_zero_where_nothing_is_charged() -> None:
    found = cost.of(building.build(replace(RBI, annual_rate=Decimal(0), fees=())))

    assert (found.apr, found.effective_annual, found.total, found.flat_rate) == (0, 0, 0, 0)
    assert str(found.apr) == "0E-12"


def test_it_counts_fees_of_each_instalment_and_of_the_first() -> None:
    plain = building.build(replace(RBI, fees=()))
    dear = building.build(
        replace(
            RBI,
            fees=(
                Fee("service", Decimal(10), FeeTiming.EACH_INSTALMENT),
                Fee("stamp", Decimal(100), FeeTiming.FIRST_INSTALMENT),
            ),
        )
    )

    payments = [level(20_000, "0.15", 24) + 10 for _ in range(24)]
    payments[0] += 100
    assert cost.total(dear) == cost.total(plain) + 340
    assert cost.apr(dear) == 12 * cost.period_rate(Decimal(20_000), payments)


@pytest.mark.parametrize(
    "uneven",
    [
        {"first_due_on": date(2026, 5, 20)},
        {"first_due_on": date(2026, 5, 20), "first_period": FirstPeriod.UPFRONT},
        {"first_due_on": date(2026, 5, 20), "first_period": FirstPeriod.IN_FIRST_INSTALMENT},
        {
            "tranches": (
                Tranche(date(2026, 4, 1), Decimal(12_000)),
                Tranche(date(2026, 6, 10), Decimal(8_000)),
            )
        },
        {
            "method": Method.CUSTOM,
            "instalments": 2,
            "rows": (
                CustomRow(date(2026, 7, 7), Decimal(5_000)),
                CustomRow(date(2027, 1, 9), Decimal(15_000)),
            ),
        },
    ],
    ids=["amortised", "upfront", "in-first", "tranches", "agreed"],
)
def test_it_discounts_uneven_flows_to_nothing(uneven: dict[str, object]) -> None:
    schedule = building.build(replace(RBI, **uneven))

    found = cost.of(schedule)

    assert not cost.is_even(schedule.terms)
    flows = cost.cash_flows(schedule)
    yearly = float(1 + found.effective_annual)
    began = flows[0].day
    present = sum(float(flow.amount) / yearly ** ((flow.day - began).days / 365) for flow in flows)
    assert present == pytest.approx(0, abs=1e-4)
    assert float(1 + found.apr / 12) ** 12 == pytest.approx(yearly, abs=1e-10)
    assert sum(flow.amount for flow in flows) == -found.total


def test_it_enters_instalments_in_grace_as_they_are_paid() -> None:
    schedule = building.build(replace(RBI, grace=Grace(principal=6)))

    expected = cost.period_rate(Decimal(19_600), [row.instalment for row in schedule.rows])

    assert schedule.rows[0].principal == 0
    assert cost.apr(schedule) == 12 * expected


def test_it_says_what_flat_rate_the_interest_is() -> None:
    terms = replace(RBI, method=Method.FLAT, annual_rate=Decimal("0.12"))

    assert cost.flat_rate(building.build(terms)) == Decimal("0.12")


def test_it_says_no_flat_rate_of_a_day_that_does_not_count() -> None:
    # 30/360: no day lies between the 30th and the 31st.
    terms = Terms(
        principal=Decimal(1_000),
        currency="INR",
        annual_rate=Decimal("0.12"),
        instalments=1,
        disbursed_on=date(2026, 8, 30),
        frequency=Frequency.DAILY,
    )

    assert cost.of(building.build(terms)).flat_rate == 0


def test_it_turns_a_flat_rate_into_one_on_the_declining_balance_and_back() -> None:
    # 12 % flat over 24 months: 1.24 times the loan in 24 parts.
    effective = cost.flat_to_effective(Decimal("0.12"), 24, Frequency.MONTHLY)

    assert round(effective, 6) == Decimal("0.215712")
    assert round(level(24_000, str(effective), 24), 6) == 1_240
    flat = cost.effective_to_flat(effective, 24, Frequency.MONTHLY)
    assert flat == pytest.approx(Decimal("0.12"), abs=Decimal("1e-11"))
    assert cost.effective_to_flat(Decimal(0), 24, Frequency.MONTHLY) == 0


@given(
    flat=st.decimals("0.001", "1.5", places=4),
    instalments=st.integers(2, 240),
    frequency=st.sampled_from([one for one in Frequency if one != Frequency.DAILY]),
)
@settings(max_examples=60, deadline=None)
def test_it_turns_any_flat_rate_and_back(
    flat: Decimal, instalments: int, frequency: Frequency
) -> None:
    effective = cost.flat_to_effective(flat, instalments, frequency)

    back = cost.effective_to_flat(effective, instalments, frequency)
    assert effective > flat
    assert back == pytest.approx(flat, abs=Decimal("1e-9"))


@given(
    units=st.integers(100_000, 10**10),
    rate=st.integers(0, 5_000),
    instalments=st.integers(1, 120),
    fee_share=st.integers(0, 4_000),
)
@settings(max_examples=100, deadline=None)
def test_it_discounts_the_instalments_to_what_is_paid_out(
    units: int, rate: int, instalments: int, fee_share: int
) -> None:
    terms = replace(
        RBI,
        principal=Decimal(units).scaleb(-2),
        annual_rate=Decimal(rate).scaleb(-4),
        instalments=instalments,
        fees=(Fee("fee", Decimal(units * fee_share // 10_000).scaleb(-2)),),
    )
    schedule = building.build(terms)

    monthly = float(cost.apr(schedule) / 12)

    received = float(schedule.net_disbursed)
    paid = sum(float(row.instalment) / (1 + monthly) ** row.number for row in schedule.rows)
    # The instalments are rounded and the rate is that of unrounded ones.
    assert paid == pytest.approx(received, abs=0.01 * instalments, rel=1e-9)
    assert cost.apr(schedule) >= terms.annual_rate - Decimal("1e-9")


@pytest.mark.parametrize("scale", [-4, 0, 6, 8], ids=str)
def test_it_finds_the_same_rate_whatever_the_size_of_the_loan(scale: int) -> None:
    payments = [level(20_000, "0.15", 3_000).scaleb(scale)] * 3_000

    assert cost.period_rate(Decimal(20_000).scaleb(scale), payments) == Decimal("0.0125")


def test_it_refuses_payments_without_a_rate() -> None:
    flows = [
        Flow(date(2026, 1, 1), Decimal(1)),
        Flow(date(2026, 1, 2), Decimal("-1e30")),
    ]

    with pytest.raises(TermsRefused) as refused:
        cost.dated_rate(flows)

    assert refused.value.code == "no_rate"


@pytest.mark.parametrize("frequency", [Frequency.DAILY, Frequency.MONTHLY], ids=str)
def test_it_refuses_to_tell_a_rate_beyond_all_sense(frequency: Frequency) -> None:
    fee = Fee("huge", Decimal(120_000), FeeTiming.FIRST_INSTALMENT)
    schedule = building.build(replace(RBI, frequency=frequency, instalments=2, fees=(fee,)))

    with pytest.raises(TermsRefused) as refused:
        cost.of(schedule)

    assert refused.value.code == "no_rate"
