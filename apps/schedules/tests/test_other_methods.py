"""Equal principal, flat rate, interest only, single repayment, and agreed rows."""

from datetime import date
from decimal import Decimal

import pytest

from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import CustomRow, DayCount, Frequency, Grace, Method, Row, Terms
from apps.schedules.tests.factories import make


def _amounts(rows: tuple[Row, ...], name: str) -> list[str]:
    return [str(getattr(row, name)) for row in rows]


def test_it_repays_equal_principal_with_falling_interest() -> None:
    rows = building.build(make(method=Method.EQUAL_PRINCIPAL, instalments=4)).rows

    assert _amounts(rows, "principal") == ["30000.00"] * 4
    assert _amounts(rows, "interest") == ["1200.00", "900.00", "600.00", "300.00"]


def test_it_leaves_what_rounding_principal_left_to_the_last() -> None:
    terms = make(
        method=Method.EQUAL_PRINCIPAL, instalments=7, rounding_unit=Decimal(10), currency="UGX"
    )

    rows = building.build(terms).rows

    assert _amounts(rows, "principal") == ["17140"] * 6 + ["17160"]


def test_it_charges_flat_interest_on_what_was_lent() -> None:
    schedule = building.build(make(method=Method.FLAT))

    # 120,000 x 12 % for a year is 14,400: 1,200 with each twelfth of the principal.
    assert _amounts(schedule.rows, "interest") == ["1200.00"] * 12
    assert _amounts(schedule.rows, "instalment") == ["11200.00"] * 12


def test_it_splits_flat_interest_without_loss() -> None:
    terms = make(method=Method.FLAT, principal=Decimal(1000), instalments=7)

    schedule = building.build(terms)

    # 1,000 x 12 % x 7 / 12 = 70.00; 1,070 in seven is 152.857.
    assert schedule.total_interest == Decimal("70.00")
    assert _amounts(schedule.rows, "instalment") == ["152.86"] * 6 + ["152.84"]


def test_it_charges_flat_interest_for_real_days_in_equal_instalments() -> None:
    terms = make(method=Method.FLAT, day_count=DayCount.ACT_365, instalments=6)

    schedule = building.build(terms)

    # 15 January to 15 July is 181 days: 120,000 x 0.12 x 181 / 365 = 7,140.82; 31 of them 1,223.01.
    assert schedule.total_interest == Decimal("7140.82")
    assert _amounts(schedule.rows[:3], "interest") == ["1223.01", "1104.66", "1223.01"]
    assert _amounts(schedule.rows, "instalment") == ["21190.14"] * 5 + ["21190.12"]


def test_it_pays_interest_only_and_the_loan_as_a_bullet() -> None:
    rows = building.build(make(method=Method.INTEREST_ONLY, instalments=3)).rows

    assert _amounts(rows, "interest") == ["1200.00"] * 3
    assert _amounts(rows, "principal") == ["0.00", "0.00", "120000.00"]
    assert _amounts(rows, "closing") == ["120000.00", "120000.00", "0.00"]


def test_it_repays_once_at_maturity_with_simple_interest() -> None:
    (row,) = building.build(make(method=Method.SINGLE, instalments=6)).rows

    assert (row.number, row.starts_on, row.due_on) == (1, date(2026, 1, 15), date(2026, 7, 15))
    assert (row.principal, row.interest) == (Decimal(120_000), Decimal("7200.00"))


def test_it_repays_once_after_some_days() -> None:
    terms = make(
        method=Method.SINGLE,
        frequency=Frequency.DAILY,
        instalments=30,
        day_count=DayCount.ACT_365,
        principal=Decimal(10_000),
        annual_rate=Decimal("0.15"),
    )

    (row,) = building.build(terms).rows

    assert (row.due_on, row.interest) == (date(2026, 2, 14), Decimal("123.29"))


def test_it_charges_a_single_repayment_after_its_free_time() -> None:
    terms = make(method=Method.SINGLE, instalments=6, grace=Grace(interest_free=2))

    (row,) = building.build(terms).rows

    assert (row.starts_on, row.interest) == (date(2026, 3, 15), Decimal("4800.00"))


def test_it_counts_whole_months_of_a_single_repayment() -> None:
    # Two months from 31 December are two months, to 28 February as to any other day.
    terms = make(method=Method.SINGLE, instalments=2, disbursed_on=date(2026, 12, 31))

    (row,) = building.build(terms).rows

    assert (row.due_on, row.interest) == (date(2027, 2, 28), Decimal("2400.00"))


def _crop(*rows: CustomRow) -> Terms:
    return make(method=Method.CUSTOM, instalments=len(rows), rows=rows, day_count=DayCount.ACT_365)


def test_it_computes_the_interest_of_agreed_rows() -> None:
    terms = _crop(
        CustomRow(date(2026, 4, 30), Decimal(0)),
        CustomRow(date(2026, 11, 30), Decimal(100_000)),
        CustomRow(date(2027, 1, 31), Decimal(20_000)),
    )

    rows = building.build(terms).rows

    # 105 and 214 days on 120,000, 62 days on 20,000.
    assert _amounts(rows, "interest") == ["4142.47", "8442.74", "407.67"]
    assert _amounts(rows, "closing") == ["120000.00", "20000.00", "0.00"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        pytest.param(
            (CustomRow(date(2026, 4, 30), Decimal(100_000)),),
            "The agreed principals must sum to the amount lent, ₹1,20,000.00, the last above zero.",
            id="too-little",
        ),
        pytest.param(
            (
                CustomRow(date(2026, 4, 30), Decimal(120_000)),
                CustomRow(date(2026, 5, 30), Decimal(0)),
            ),
            "The agreed principals must sum to the amount lent, ₹1,20,000.00, the last above zero.",
            id="nothing-last",
        ),
        pytest.param(
            (
                CustomRow(date(2026, 5, 30), Decimal(60_000)),
                CustomRow(date(2026, 5, 30), Decimal(60_000)),
            ),
            "Agreed due dates must follow the pay-out and each other.",
            id="same-day",
        ),
        pytest.param(
            (CustomRow(date(2026, 1, 15), Decimal(120_000)),),
            "Agreed due dates must follow the pay-out and each other.",
            id="day-of-the-pay-out",
        ),
    ],
)
def test_it_refuses_agreed_rows_that_make_no_loan(
    rows: tuple[CustomRow, ...], sentence: str
) -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(_crop(*rows))

    assert str(refusal.value) == sentence
    assert set(refusal.value.fields) == {"rows"}


def test_it_refuses_a_number_of_instalments_that_the_rows_contradict() -> None:
    rows = (CustomRow(date(2026, 4, 30), Decimal(120_000)),)

    with pytest.raises(TermsRefused) as refusal:
        building.build(make(method=Method.CUSTOM, instalments=2, rows=rows))

    assert str(refusal.value) == "Agreed rows: 1. Instalments: 2. There must be as many."
