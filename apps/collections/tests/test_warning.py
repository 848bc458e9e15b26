"""Early signals, rule by rule: where each stands, and where it just does not."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.collections import warning
from apps.collections.rules import NUMBERS
from apps.collections.warning import RULES, Facts, Report, Signal

DAY = date(2027, 6, 30)
HOUSE = {code: number.house for code, number in NUMBERS.items()}
D = Decimal


def _ago(days: int) -> date:
    return DAY - timedelta(days=days)


def _dues(*ago: int, amount: int = 1000) -> list[tuple[date, Decimal]]:
    return [(_ago(days), D(amount)) for days in ago]


def _late(*ago: int, days: int = 1) -> dict[date, int]:
    """Return that the loan was late a day after it fell due, so many days ago."""
    return {_ago(one - 1): days for one in ago}


def _seen(signal: Signal, **facts: Any) -> int | None:
    return RULES[signal](Facts(day=DAY, **facts), HOUSE)


def test_every_signal_has_a_rule_and_nothing_known_raises_none() -> None:
    assert set(RULES) == set(Signal)
    assert warning.signals(Facts(day=DAY), HOUSE) == {}


@pytest.mark.parametrize(
    ("dues", "late", "expected"),
    [
        ((70, 40, 10), (70, 40, 10), 3),
        ((100, 70, 40, 10), (70, 40, 10), 3),
        ((70, 40, 10), (70, 10), None),
        ((100, 70, 40, 10), (100, 70, 40), None),
        # Two fell due: that is no row of three.
        ((40, 10), (40, 10), None),
        # What fell due today is not late yet.
        ((70, 40, 10, 0), (70, 40, 10), 3),
    ],
)
def test_late_in_a_row(dues: tuple[int, ...], late: tuple[int, ...], expected: int | None) -> None:
    assert _seen(Signal.LATE_IN_A_ROW, dues=_dues(*dues), late=_late(*late)) == expected


@pytest.mark.parametrize(
    ("broken", "expected"), [((1,), 1), ((1, 59), 2), ((60,), None), ((-1,), None), ((), None)]
)
def test_a_broken_promise(broken: tuple[int, ...], expected: int | None) -> None:
    assert _seen(Signal.BROKEN_PROMISE, broken=[_ago(one) for one in broken]) == expected


@pytest.mark.parametrize(
    ("money", "late", "expected"),
    [
        ((5, 20), (5, 20), 2),
        ((5, 5), (5,), None),
        ((5, 20), (5,), None),
        ((5, 90), (5, 90), None),
        ((5, 89), (5, 89), 2),
    ],
)
def test_partial_payments(
    money: tuple[int, ...], late: tuple[int, ...], expected: int | None
) -> None:
    found = _seen(
        Signal.PARTIAL_PAYMENTS,
        money=_dues(*money, amount=300),
        late={_ago(one): 4 for one in late},
    )

    assert found == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (1000, 750, 25),
        (1000, 751, None),
        (5000, 0, 100),
        # More than was due is no more than a whole.
        (2000, 900, None),
        (500, 500, None),
        (500, 0, 50),
    ],
)
def test_a_falling_share(before: int, now: int, expected: int | None) -> None:
    money = [(_ago(100), D(before)), (_ago(10), D(now))]

    assert _seen(Signal.FALLING_SHARE, dues=_dues(95, 15), money=money) == expected
    assert _seen(Signal.FALLING_SHARE, dues=_dues(15), money=money) is None
    assert _seen(Signal.FALLING_SHARE, dues=_dues(95), money=money) is None


@pytest.mark.parametrize(
    ("before", "now", "ago", "expected"),
    [
        (1, 4, 10, 3),
        (1, 3, 10, None),
        (1, 4, 89, 3),
        (1, 4, 90, None),
        (None, 9, 10, None),
        (1, None, 10, None),
    ],
)
def test_new_enquiries(before: int | None, now: int | None, ago: int, expected: int | None) -> None:
    reports = [Report(_ago(400), before, 0), Report(_ago(ago), now, 0)]

    assert _seen(Signal.ENQUIRIES, reports=reports) == expected
    assert _seen(Signal.ENQUIRIES, reports=reports[1:]) is None
    assert _seen(Signal.DELINQUENCIES, reports=reports) is None


@pytest.mark.parametrize(
    ("before", "now", "expected"), [(0, 1, 1), (1, 1, None), (2, 1, None), (None, 1, None)]
)
def test_new_delinquencies(before: int | None, now: int, expected: int | None) -> None:
    reports = [Report(_ago(400), 0, before), Report(_ago(10), 0, now)]

    assert _seen(Signal.DELINQUENCIES, reports=reports) == expected


@pytest.mark.parametrize(("ago", "expected"), [(0, 1), (179, 1), (180, None), (-1, None)])
def test_a_lost_job(ago: int, expected: int | None) -> None:
    assert _seen(Signal.JOB_LOST, jobs=[_ago(ago)]) == expected


@pytest.mark.parametrize(
    ("siblings", "expected"), [((30,), 30), ((5, 45), 45), ((29,), None), ((), None)]
)
def test_a_sibling(siblings: tuple[int, ...], expected: int | None) -> None:
    assert _seen(Signal.SIBLING, siblings=siblings) == expected
