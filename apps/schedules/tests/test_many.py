"""Many schedules at once are, to the cent and in every row, those computed one by one."""

import random
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import money
from apps.schedules import building, many
from apps.schedules.many import Book
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import (
    Adjustment,
    Calendar,
    DayCount,
    Fee,
    FeeTiming,
    FirstPeriod,
    Frequency,
    Grace,
    Method,
    Rounding,
    Row,
    Terms,
    Tranche,
)

PLAIN = Terms(
    principal=Decimal(120_000),
    currency="INR",
    annual_rate=Decimal("0.12"),
    instalments=12,
    disbursed_on=date(2026, 1, 31),
)


def rows_of(book: Book, place: int, currency: str) -> list[tuple[Any, ...]]:
    """Return what the columns hold of one loan, amounts as Decimals."""
    smallest = money.quantum(currency)
    where = book.rows(place)
    days = book.columns.due_on[where].tolist()
    amounts = [
        [int(value) * smallest for value in getattr(book.columns, field.name)[where]]
        for field in fields(book.columns)[1:]
    ]
    return list(zip(days, *amounts, strict=True))


def one_by_one(terms: Terms) -> list[tuple[Any, ...]] | tuple[str, str]:
    """Return the rows that `build` makes, or its refusal."""
    try:
        return [_values(row) for row in building.build(terms).rows]
    except TermsRefused as refused:
        return refused.code, str(refused)


def at_once(loans: list[Terms]) -> list[list[tuple[Any, ...]] | tuple[str, str]]:
    """Return the same from one call."""
    book = many.build(loans)
    return [
        (book.refused[place].code, str(book.refused[place]))
        if place in book.refused
        else rows_of(book, place, terms.currency)
        for place, terms in enumerate(loans)
    ]


def _values(row: Row) -> tuple[Any, ...]:
    names = ("due_on", "opening", "principal", "interest", "fee", "instalment", "closing")
    return tuple(getattr(row, name) for name in names)


def drawn(rnd: random.Random) -> Terms:
    """Return a loan as lenders make them, and now and then one that cannot amortise."""
    currency = rnd.choice(["INR", "INR", "KES", "USD", "UGX"])
    smallest = money.quantum(currency)
    units = int(10 ** rnd.uniform(2, 10))
    rate = rnd.choice(
        [
            Decimal(rnd.randrange(0, 4000)).scaleb(-4),
            Decimal(rnd.randrange(0, 600_000)).scaleb(-6),
            Decimal(rnd.randrange(0, 40)).scaleb(-2),
        ]
    )
    fees = tuple(
        Fee(timing.value, Decimal(rnd.randrange(0, 500)) * smallest, timing)
        for timing in FeeTiming
        if rnd.random() < 0.2
    )
    return Terms(
        principal=units * smallest,
        currency=currency,
        annual_rate=rate,
        instalments=rnd.choice([1, 2, 3, 6, 12, 12, 24, 36, 36, 48, 60, rnd.randrange(1, 120)]),
        disbursed_on=date(2015, 1, 1) + timedelta(days=rnd.randrange(6000)),
        day_count=rnd.choice([DayCount.THIRTY_360_US, DayCount.THIRTY_360_EU]),
        rounding_unit=rnd.choice([None, None, None, smallest * 10, smallest * 100]),
        rounding_mode=rnd.choice([Rounding.HALF_UP, *Rounding]),
        fees=fees,
    )


@pytest.mark.parametrize("seed", range(10))
def test_it_makes_the_rows_of_a_thousand_loans_one_by_one(seed: int) -> None:
    rnd = random.Random(seed)  # noqa: S311 - draws loans
    loans = [drawn(rnd) for _ in range(1_000)]

    found = at_once(loans)

    different = [
        (loan, had, expected)
        for loan, had in zip(loans, found, strict=True)
        if had != (expected := one_by_one(loan))
    ]
    assert different == []


def test_it_computes_nearly_all_common_loans_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rnd = random.Random(7)  # noqa: S311 - draws loans
    loans = [
        replace(PLAIN, principal=Decimal(rnd.randrange(100_000, 10**8)).scaleb(-2), instalments=n)
        for n in (12, 24, 36, 60)
        for _ in range(500)
    ]
    singly: list[Terms] = []
    monkeypatch.setattr(building, "build", singly.append)

    book = many.build(loans)

    assert singly == []
    assert book.refused == {}
    assert int(book.counts.sum()) == 500 * (12 + 24 + 36 + 60)


@pytest.mark.parametrize(
    "odd",
    [
        {"method": Method.EQUAL_PRINCIPAL},
        {"frequency": Frequency.WEEKLY},
        {"day_count": DayCount.ACT_365},
        {"first_due_on": date(2026, 3, 15)},
        {"first_due_on": date(2026, 2, 28)},
        {"first_period": FirstPeriod.UPFRONT, "first_due_on": date(2026, 3, 15)},
        {"grace": Grace(principal=2)},
        {"calendar": Calendar(weekend=frozenset({6}), adjustment=Adjustment.NEXT)},
        {"tranches": (Tranche(date(2026, 1, 31), Decimal(120_000)),)},
        {"down_payment": Decimal(20_000)},
        {"annual_rate": Decimal("0.1234567")},
        {"annual_rate": Decimal(-1)},
        {"annual_rate": Decimal("NaN")},
        {"annual_rate": Decimal(11)},
        {"principal": Decimal(0)},
        {"principal": Decimal("0.001")},
        {"principal": Decimal("Infinity")},
        {"principal": 1000.0},
        {"instalments": 0},
        {"instalments": 12.0},
        {"instalments": True},
        {"instalments": 480, "annual_rate": Decimal("0.48")},
        {"instalments": 600},
        {"currency": "XXX"},
        {"rounding_unit": Decimal(100_000)},
        {"rounding_unit": Decimal(0)},
        {"rounding_mode": "sideways"},
        {"disbursed_on": date(1900, 1, 1)},
        {"fees": (Fee("a", Decimal(-1)),)},
        {"fees": (Fee("a", Decimal(1)), Fee("a", Decimal(1)))},
        {"fees": (Fee("", Decimal(1)),)},
        {"fees": (Fee("a", Decimal(120_000)),)},
        {"fees": (Fee("a", Decimal(10) ** 13, FeeTiming.FIRST_INSTALMENT),)},
        {"fees": (Fee("a", Decimal(10) ** 30, FeeTiming.FIRST_INSTALMENT),)},
        {
            "fees": (
                Fee("a", Decimal(10) ** 12, FeeTiming.EACH_INSTALMENT),
                Fee("b", Decimal(10) ** 12, FeeTiming.EACH_INSTALMENT),
            )
        },
        {"principal": Decimal(10) ** 30},
        {"rounding_unit": Decimal(10) ** 30},
        {"disbursed_on": date(2150, 1, 1), "first_due_on": date(2150, 2, 1)},
    ],
    ids=str,
)
def test_it_leaves_what_is_not_plain_to_the_other_way(odd: dict[str, Any]) -> None:
    terms = replace(PLAIN, **odd)

    before, found, after = at_once([PLAIN, terms, PLAIN])

    assert found == one_by_one(terms)
    assert before == after == one_by_one(PLAIN)


def test_it_rounds_what_lies_on_the_boundary_as_the_exact_way() -> None:
    # Without interest and over two instalments every odd amount lies exactly on a half.
    loans = [
        replace(
            PLAIN,
            principal=Decimal(units).scaleb(-2),
            annual_rate=Decimal(0),
            instalments=instalments,
            rounding_mode=mode,
        )
        for units in (10_001, 10_003, 10_006, 20_010)
        for instalments in (2, 4)
        for mode in Rounding
    ]

    assert at_once(loans) == [one_by_one(loan) for loan in loans]


@given(
    units=st.integers(1, 10**12),
    rate=st.integers(0, 4_000_000),
    instalments=st.integers(1, 120),
    unit=st.sampled_from([None, "0.01", "0.05", "1", "10"]),
    mode=st.sampled_from(Rounding),
    day=st.dates(date(1960, 1, 1), date(2100, 12, 31)),
)
@settings(max_examples=300, deadline=None)
def test_it_agrees_on_any_plain_loan(
    units: int, rate: int, instalments: int, unit: str | None, mode: Rounding, day: date
) -> None:
    terms = replace(
        PLAIN,
        principal=Decimal(units).scaleb(-2),
        annual_rate=Decimal(rate).scaleb(-6),
        instalments=instalments,
        rounding_unit=None if unit is None else Decimal(unit),
        rounding_mode=mode,
        disbursed_on=day,
    )

    assert at_once([terms]) == [one_by_one(terms)]


def test_it_keeps_the_order_of_the_loans_and_sums_exactly() -> None:
    lengths = [24, 12, 36, 12, 24]
    loans = [replace(PLAIN, instalments=n) for n in lengths]

    book = many.build(loans)

    assert book.counts.tolist() == lengths
    assert book.starts.tolist() == [0, 24, 36, 72, 84]
    principal = np.add.reduceat(book.columns.principal, book.starts)
    assert principal.tolist() == [12_000_000] * 5
    assert book.columns.closing[book.starts + book.counts - 1].tolist() == [0] * 5


def test_it_takes_no_loans() -> None:
    book = many.build([])

    assert len(book.counts) == len(book.columns.due_on) == 0


@pytest.mark.parametrize("terms", [PLAIN], ids=["9.1-T7"])
def test_it_repays_the_rule_books_loan(terms: Terms) -> None:
    book = many.build([terms])

    assert book.columns.instalment.tolist() == [1_066_185] * 11 + [1_066_191]
    assert int(book.columns.interest.sum()) == 794_226
