"""The pure parts: how a schedule stands, where two differ, what lateness costs, whose account."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.chart import Account
from apps.ledger.lines import problem
from apps.loans import arrears, beneficiary, difference, lateness, payout
from apps.loans.arrears import State
from apps.loans.payout import Upfront
from apps.schedules import building
from apps.schedules.terms import DayCount, Fee, Terms, Tranche

DAY = date(2026, 11, 20)
TERMS = Terms(
    principal=Decimal(100_000),
    currency="INR",
    annual_rate=Decimal("0.12"),
    instalments=12,
    disbursed_on=DAY,
)


@dataclass
class Row:
    number: int
    due_date: date
    principal: Decimal
    paid: Decimal = Decimal(0)
    interest: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)

    @property
    def due(self) -> Decimal:
        return self.principal + self.interest + self.fee


def _row(number: int, days: int, paid: int = 0) -> Row:
    return Row(number, DAY + timedelta(days=days), Decimal(100), Decimal(paid))


@pytest.mark.parametrize(
    ("days", "paid", "expected"),
    [
        (-1, 100, State.PAID),
        (-1, 99, State.OVERDUE),
        (-1, 0, State.OVERDUE),
        (0, 0, State.TODAY),
        (0, 50, State.TODAY),
        (1, 50, State.PARTLY),
        (1, 0, State.PLANNED),
        (1, 100, State.PAID),
    ],
)
def test_an_instalment_is_overdue_from_the_day_after_it_fell_due(
    days: int, paid: int, expected: State
) -> None:
    assert arrears.state(_row(1, days, paid), DAY) is expected


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_row_of_a_pause_is_not_paid_but_without_an_amount(days: int) -> None:
    row = replace(_row(1, days), principal=Decimal(0))

    assert arrears.state(row, DAY) is State.NOTHING
    assert arrears.arrears([row], DAY).instalments == 0
    assert arrears.next_due([row], DAY) is None


def test_arrears_count_from_the_oldest_that_is_not_paid_in_full() -> None:
    rows = [_row(1, -70, 100), _row(2, -40, 30), _row(3, -10), _row(4, 20)]

    found = arrears.arrears(rows, DAY)

    assert (found.amount, found.instalments, found.days) == (170, 2, 40)
    assert found.since == rows[1].due_date
    assert arrears.next_due(rows, DAY) is rows[3]
    assert arrears.arrears(rows[:1], DAY) == arrears.Arrears(Decimal(0), 0, None, 0)


def test_two_schedules_differ_where_they_do() -> None:
    before = [_row(1, 30), _row(2, 60), _row(3, 90)]
    after = [_row(1, 30), replace(before[1], due_date=DAY + timedelta(days=65))]

    found = difference.between(before, after)

    assert [pair.is_changed for pair in found.pairs] == [False, True, True]
    assert [pair.days for pair in found.pairs] == [0, 5, 0]
    assert (found.changed, found.total) == (2, -100)


def test_a_schedule_that_goes_on_later_is_compared_by_its_numbers() -> None:
    before = [_row(1, 30), _row(2, 60), _row(3, 90)]
    later = [replace(before[2], due_date=DAY + timedelta(days=100))]

    found = difference.between(before, difference.whole([before], later))

    assert [(pair.number, pair.days) for pair in found.pairs] == [(1, 0), (2, 0), (3, 10)]
    assert (found.changed, found.total) == (1, 0)


def test_what_was_paid_early_stands_between_two_instalments() -> None:
    before = [_row(1, 30), _row(2, 60), _row(3, 90)]
    early = _row(0, 45)

    found = difference.between(before, difference.whole([before], [early, before[2]]))
    paid_off = difference.between(before, difference.whole([before], [early]))

    assert [pair.number for pair in found.pairs] == [1, 0, 2, 3]
    assert [pair.after for pair in paid_off.pairs] == [before[0], early, None, None]


def test_of_several_changes_each_number_stands_as_it_fell_due() -> None:
    first = [_row(1, 30), _row(2, 60), _row(3, 90)]
    second = [_row(2, 65), _row(3, 95)]
    third = [_row(3, 99)]

    assert difference.whole([first, second], third) == [first[0], second[0], third[0]]
    assert difference.whole([first], first) == first


def test_rule_6_8_a_penal_charge_is_no_interest() -> None:
    """Rule book 6.8 T1 and T4."""
    t1 = lateness.effect(
        Decimal(10_000),
        currency="INR",
        annual_rate=Decimal("0.15"),
        penal_rate=Decimal("0.24"),
        due_date=date(2026, 4, 1),
        days=30,
        day_count=DayCount.ACT_365,
    )

    assert t1.penal_charge == Decimal("197.26")
    assert t1.contract_interest == Decimal("123.29")
    assert t1.extra == Decimal("320.55")


def test_the_fees_taken_off_are_told_apart() -> None:
    terms = replace(
        TERMS,
        fees=(
            Fee("processing", Decimal(240)),
            Fee("stamping", Decimal(160), is_third_party=True),
            Fee("gst", Decimal("43.20")),
        ),
    )

    found = payout.upfront(building.build(terms))

    assert found == Upfront(Decimal(240), Decimal(160), Decimal("43.20"), Decimal(0))


_SUMS = st.integers(0, 10_000_00).map(lambda n: Decimal(n) / 100)


@given(_SUMS, _SUMS, _SUMS, _SUMS, st.booleans())
def test_every_payment_is_a_balanced_entry(
    fees: Decimal, third: Decimal, taxes: Decimal, interest: Decimal, is_net: bool
) -> None:
    found = Upfront(fees, third, taxes, interest)
    amount = Decimal(50_000)

    lines = payout.lines(amount, found, is_net=is_net)

    assert problem(lines, "INR") is None
    by_account = {line.account: line.signed for line in lines}
    assert by_account[Account.PRINCIPAL] == amount
    assert -by_account[Account.CASH] == amount - (found.total if is_net else 0)


def test_terms_follow_the_money() -> None:
    later = DAY + timedelta(days=5)

    assert payout.as_paid(TERMS, [Tranche(DAY, Decimal(100_000))], rest_on=None) == TERMS
    moved = payout.as_paid(TERMS, [Tranche(later, Decimal(100_000))], rest_on=None)
    assert (moved.disbursed_on, moved.first_due_on, moved.tranches) == (later, None, ())
    agreed = replace(TERMS, first_due_on=date(2026, 12, 5))
    kept = payout.as_paid(agreed, [Tranche(later, Decimal(100_000))], rest_on=None)
    assert kept.first_due_on == date(2026, 12, 5)
    on_it = payout.as_paid(agreed, [Tranche(date(2026, 12, 5), Decimal(100_000))], rest_on=None)
    assert on_it.first_due_on == date(2027, 1, 5)


@given(st.integers(1, 99), st.integers(0, 400), st.integers(0, 60))
def test_tranches_always_make_the_whole_loan(share: int, late: int, rest: int) -> None:
    first = Decimal(1_000 * share)
    day = DAY + timedelta(days=late)

    terms = payout.as_paid(
        TERMS, [Tranche(day, first)], rest_on=day + timedelta(days=rest) if rest else None
    )

    amounts = [one.amount for one in terms.tranches] or [terms.lent]
    assert sum(amounts) == TERMS.principal
    schedule = building.build(terms)
    assert schedule.total_principal == TERMS.principal
    assert schedule.rows[0].due_on > day


@pytest.mark.parametrize(
    ("holder", "is_same"),
    [
        ("Asha Patil", True),
        ("PATIL  ASHA", True),
        ("Ms. Asha Patil", True),
        ("Ashá Patil", True),
        ("Asha R Patil", False),
        ("Asha", False),
        ("", False),
        ("Mr", False),
    ],
)
def test_rule_6_5_names_are_compared_as_banks_write_them(holder: str, is_same: bool) -> None:
    assert beneficiary.is_same_person(holder, "Asha Patil") is is_same


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("0050 1001-2345", "005010012345"),
        ("gb29nwbk60161331926819", "GB29NWBK60161331926819"),
        ("12345", ""),
        ("ABCDEF", ""),
        ("1" * 35, ""),
        ("12;34567", ""),
    ],
)
def test_an_account_is_letters_and_digits(text: str, cleaned: str) -> None:
    assert beneficiary.account(text) == cleaned
