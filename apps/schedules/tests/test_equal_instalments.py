"""Equal instalments: the rule book's oracles, balloons, steps, and what rounding leaves."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.products import pricing
from apps.schedules import building, last_instalment
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import DayCount, Frequency, Method, Rounding, Schedule, Step
from apps.schedules.tests.factories import make

# Ten million times the rupees show the digits behind the paise.
SCALE = 10_000_000


def _scaled(principal: int, rate: str, months: int) -> Schedule:
    terms = make(
        principal=Decimal(principal) * SCALE, annual_rate=Decimal(rate), instalments=months
    )
    return building.build(terms)


def _rupees(amount: Decimal, places: str) -> Decimal:
    return (amount / SCALE).quantize(Decimal(places))


@pytest.mark.parametrize(
    ("principal", "rate", "months", "payment"),
    [
        pytest.param(20_000, "0.15", 24, "969.73296094", id="9.1-T1"),
        pytest.param(100_000, "0.12", 24, "4707.34722233", id="9.1-T3"),
        pytest.param(20_000, "0.15", 24, "969.732961", id="6.7-T1"),
        pytest.param(100_000, "0.12", 24, "4707.347222", id="6.7-T5"),
    ],
)
def test_it_equals_the_rule_book(principal: int, rate: str, months: int, payment: str) -> None:
    rows = _scaled(principal, rate, months).rows

    assert _rupees(rows[0].instalment, payment) == Decimal(payment)


@pytest.mark.parametrize(
    ("principal", "rate", "months", "payment"),
    [
        pytest.param(500_000, "0.105", 60, "10746.95019", id="9.1-T5"),
        pytest.param(1_000_000, "0.09", 240, "8997.25956", id="9.1-T6"),
    ],
)
def test_it_equals_the_rule_book_for_larger_loans(
    principal: int, rate: str, months: int, payment: str
) -> None:
    # A hundred thousand times these is what the largest amount leaves room for.
    terms = make(
        principal=Decimal(principal) * 100_000, annual_rate=Decimal(rate), instalments=months
    )

    instalment = building.build(terms).rows[0].instalment / 100_000

    assert instalment.quantize(Decimal(payment)) == Decimal(payment)


def test_it_equals_the_rows_of_the_rule_book() -> None:
    # Rule book 9.1 T1: opening, interest and principal of rows 1, 2 and 24.
    first, second, *_, last = _scaled(20_000, "0.15", 24).rows

    assert _rupees(first.opening, "1") == 20_000
    assert _rupees(first.interest, "1") == 250
    assert _rupees(first.principal, "0.001") == Decimal("719.733")
    assert _rupees(second.opening, "0.001") == Decimal("19280.267")
    assert _rupees(second.interest, "0.0001") == Decimal("241.0033")
    assert _rupees(second.principal, "0.0001") == Decimal("728.7296")
    assert _rupees(last.opening, "0.0001") == Decimal("957.7609")
    assert _rupees(last.interest, "0.001") == Decimal("11.972")


def test_it_prints_the_example_of_rbi_in_whole_rupees() -> None:
    # Rule book 6.7: principal and interest 720/250, 729/241 ... 958/12; EMI 970; interest 3,274.
    schedule = _scaled(20_000, "0.15", 24)
    printed = [(_rupees(row.principal, "1"), _rupees(row.interest, "1")) for row in schedule.rows]

    assert printed[:2] == [(720, 250), (729, 241)]
    assert printed[-1] == (958, 12)
    assert _rupees(schedule.rows[0].instalment, "1") == 970
    assert _rupees(schedule.total_interest, "1") == 3274
    assert _rupees(schedule.total_interest, "0.000001") == Decimal("3273.591063")


def test_it_rounds_each_interest_to_paise_and_leaves_the_rest_to_the_last() -> None:
    # Rule book 9.1 T7.
    schedule = building.build(make())

    assert {row.instalment for row in schedule.rows[:-1]} == {Decimal("10661.85")}
    assert schedule.rows[-1].instalment == Decimal("10661.91")
    assert schedule.total_interest == Decimal("7942.26")


def test_it_rounds_half_a_paisa_of_interest_up() -> None:
    # 100 x 10.38 % / 12 is 0.865: half-even would give 0.86.
    row = building.build(
        make(principal=Decimal(100), annual_rate=Decimal("0.1038"), instalments=1)
    ).rows[0]

    assert row.interest == Decimal("0.87")


def test_it_takes_a_twelfth_of_the_year_for_any_month_of_30_360() -> None:
    # 31 January to 28 February is 28 days of 30/360, and a month.
    schedule = building.build(make(disbursed_on=date(2026, 1, 31)))

    assert schedule.rows[0].interest == Decimal("1200.00")
    assert schedule.rows[-1].instalment == Decimal("10661.91")


@pytest.mark.parametrize(
    ("day_count", "instalment", "first_interest"),
    [
        # By bisection on the real days, 31, 28, 31, 30 ... of them: 10,659.0754 and 10,668.3928.
        (DayCount.ACT_365, "10659.08", "1223.01"),
        (DayCount.ACT_360, "10668.39", "1240.00"),
        (DayCount.ACT_ACT_ISDA, "10659.08", "1223.01"),
    ],
)
def test_it_solves_for_the_real_days(
    day_count: DayCount, instalment: str, first_interest: str
) -> None:
    rows = building.build(make(day_count=day_count)).rows

    assert {row.instalment for row in rows[:-1]} == {Decimal(instalment)}
    assert rows[0].interest == Decimal(first_interest)
    assert abs(rows[-1].instalment - Decimal(instalment)) <= Decimal("0.14")


def test_it_divides_evenly_without_interest() -> None:
    rows = building.build(make(principal=Decimal(1000), annual_rate=Decimal(0), instalments=3)).rows

    assert [row.instalment for row in rows] == [
        Decimal("333.33"),
        Decimal("333.33"),
        Decimal("333.34"),
    ]


def test_it_pays_whole_shillings_where_there_are_no_cents() -> None:
    rows = building.build(make(currency="UGX", instalments=3)).rows

    assert [row.instalment for row in rows] == [Decimal(40_803), Decimal(40_803), Decimal(40_802)]


@pytest.mark.parametrize(
    ("unit", "mode", "instalment", "last"),
    [
        # The exact instalment is 10,661.8546.
        ("1", Rounding.HALF_UP, "10662.00", "10660.16"),
        ("10", Rounding.HALF_UP, "10660.00", "10683.52"),
        ("100", Rounding.UP, "10700.00", "10216.21"),
        ("100", Rounding.DOWN, "10600.00", "11384.48"),
        ("0.05", Rounding.UP, "10661.90", "10661.34"),
    ],
)
def test_it_rounds_to_a_unit_by_its_mode(
    unit: str, mode: Rounding, instalment: str, last: str
) -> None:
    rows = building.build(make(rounding_unit=Decimal(unit), rounding_mode=mode)).rows

    assert {row.instalment for row in rows[:-1]} == {Decimal(instalment)}
    assert rows[-1].instalment == Decimal(last)


@pytest.mark.parametrize(
    ("mode", "instalment"),
    [
        (Rounding.HALF_UP, "2.50"),
        (Rounding.HALF_EVEN, "2.00"),
        (Rounding.UP, "2.50"),
        (Rounding.DOWN, "2.00"),
    ],
)
def test_it_rounds_a_half_by_its_mode(mode: Rounding, instalment: str) -> None:
    # 9.00 in four is 2.25 each, half-way between 2.00 and 2.50.
    rows = building.build(
        make(
            principal=Decimal(9),
            annual_rate=Decimal(0),
            instalments=4,
            rounding_unit=Decimal("0.50"),
            rounding_mode=mode,
        )
    ).rows

    assert rows[0].instalment == Decimal(instalment)


def test_it_pays_down_to_a_balloon_with_the_last_instalment() -> None:
    schedule = building.build(make(method=Method.BALLOON, balloon=Decimal(60_000)))

    # (120,000 x 1.01^12 - 60,000) x 0.01 / (1.01^12 - 1)
    assert {row.instalment for row in schedule.rows[:-1]} == {Decimal("5930.93")}
    assert schedule.rows[-1].instalment == Decimal("65930.90")
    assert schedule.rows[-1].closing == 0


def test_it_steps_up_from_an_agreed_instalment_on() -> None:
    steps = (Step(5, Decimal("1.1")), Step(9, Decimal("1.21")))

    rows = building.build(make(method=Method.STEPPED, steps=steps)).rows

    amounts = [row.instalment for row in rows]
    assert len(set(amounts[:4])) == len(set(amounts[4:8])) == len(set(amounts[8:11])) == 1
    assert amounts[4] == round(amounts[0] * Decimal("1.1"), 2)
    assert abs(amounts[8] - amounts[0] * Decimal("1.21")) < Decimal("0.02")
    assert abs(amounts[11] - amounts[8]) < Decimal("0.15")


def test_it_steps_down() -> None:
    rows = building.build(make(method=Method.STEPPED, steps=(Step(7, Decimal("0.5")),))).rows

    assert abs(rows[6].instalment - rows[0].instalment / 2) <= Decimal("0.01")
    assert rows[-1].closing == 0


@pytest.mark.parametrize(
    ("rate", "months", "amount"),
    [
        pytest.param("0.48", 360, 1_000_000, id="48-per-cent-over-thirty-years"),
        pytest.param("0.48", 360, 900_000_000, id="whatever-the-amount"),
        pytest.param("0.24", 360, 10_000, id="a-small-loan-for-long"),
    ],
)
def test_it_refuses_a_term_whose_rest_is_no_pennies(rate: str, months: int, amount: int) -> None:
    terms = make(principal=Decimal(amount), annual_rate=Decimal(rate), instalments=months)

    with pytest.raises(TermsRefused) as refusal:
        building.build(terms)

    assert refusal.value.code == "last_instalment"
    assert "too long for this rate" in str(refusal.value)
    assert set(refusal.value.fields) == {"instalments"}


def test_it_bounds_the_last_instalment_by_the_growth_of_a_paisa() -> None:
    # 0.01 x ((1 + i)^n - 1) / i + 0.01 at 4 % over 360 months.
    growth = (Decimal("1.04") ** 360 - 1) / Decimal("0.04")

    excess = last_instalment.bound(growth, Decimal("0.005"), Decimal("0.01"))

    assert round(excess) == 338_799


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"rounding_unit": Decimal(50_000)}, id="unit-above-the-instalment"),
        pytest.param(
            {"rounding_unit": Decimal(2000), "rounding_mode": Rounding.UP}, id="nothing-is-left"
        ),
        pytest.param(
            {"rounding_unit": Decimal(9000), "rounding_mode": Rounding.DOWN}, id="twice-the-others"
        ),
        pytest.param(
            {"method": Method.EQUAL_PRINCIPAL, "rounding_unit": Decimal(15_000)}, id="principal"
        ),
        pytest.param({"method": Method.FLAT, "rounding_unit": Decimal(15_000)}, id="flat"),
    ],
)
def test_it_refuses_a_unit_that_is_too_coarse(changed: dict[str, Any]) -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(make(**changed))

    assert set(refusal.value.fields) <= {"rounding_unit", "instalments"}


def test_it_refuses_steps_that_do_not_pay_the_interest() -> None:
    terms = make(
        annual_rate=Decimal("0.60"),
        instalments=40,
        method=Method.STEPPED,
        steps=(Step(20, Decimal(10)),),
    )

    with pytest.raises(TermsRefused) as refusal:
        building.build(terms)

    assert str(refusal.value) == (
        "Instalment 1 would not even pay its interest: the loan cannot amortise."
    )
    assert set(refusal.value.fields) == {"steps"}


def test_it_refuses_an_amount_too_small_for_its_instalments() -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(make(principal=Decimal("0.30"), instalments=36))

    assert refusal.value.code == "last_instalment"


def test_it_repays_weekly() -> None:
    terms = make(principal=Decimal(10_000), frequency=Frequency.WEEKLY, day_count=DayCount.ACT_365)

    schedule = building.build(terms)

    # i = 0.12 x 7 / 365 a week.
    assert schedule.rows[0].interest == Decimal("23.01")
    assert {row.instalment for row in schedule.rows[:-1]} == {Decimal("845.85")}


@settings(max_examples=150, deadline=None)
@given(
    # None of these is too small for its term.
    amount=st.integers(1_000_000, 1_000_000_000),
    rate=st.integers(0, 4800),
    months=st.integers(2, 84),
    disbursed=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
)
def test_it_equals_the_instalment_that_affordability_was_judged_by(
    amount: int, rate: int, months: int, disbursed: date
) -> None:
    terms = make(
        principal=Decimal(amount) / 100,
        annual_rate=Decimal(rate) / 10_000,
        instalments=months,
        disbursed_on=disbursed,
    )

    instalment = building.build(terms).rows[0].instalment

    assert instalment == pricing.level_payment(
        terms.principal, terms.annual_rate, months, terms.currency
    )
