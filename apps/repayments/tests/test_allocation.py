"""An amount goes to what is owed in the order that is named, and nothing of it is lost."""

from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.repayments.allocation import Across, Order, Part, Piece, allocate, named, total
from apps.repayments.facts import Bucket

BUCKETS = list(Bucket)
MONTHS = [date(2026, month, 1) for month in range(1, 6)]
amounts = st.decimals("0.01", "5000", places=2)
orders = st.builds(
    Order, st.sampled_from([tuple(one) for one in permutations(BUCKETS)]), st.sampled_from(Across)
)


@st.composite
def owed(draw: st.DrawFn) -> list[Piece]:
    """Pieces that are owed, each for something of its own."""
    number = draw(st.integers(0, 12))
    return [
        Piece(place, draw(st.sampled_from(MONTHS)), draw(st.sampled_from(BUCKETS)), draw(amounts))
        for place in range(number)
    ]


def _owed() -> list[Piece]:
    """Two instalments that are due, and a penal charge on the first."""
    january, february = MONTHS[:2]
    return [
        Piece("1", january, Bucket.PRINCIPAL, Decimal(100)),
        Piece("1", january, Bucket.INTEREST, Decimal(10)),
        Piece("2", february, Bucket.PRINCIPAL, Decimal(101)),
        Piece("2", february, Bucket.INTEREST, Decimal(9)),
        Piece("p", february, Bucket.PENAL, Decimal(5)),
    ]


def _went(parts: tuple[Part, ...]) -> list[tuple[object, str, int]]:
    return [(part.key, part.bucket.value, int(part.amount)) for part in parts]


def test_it_pays_all_of_the_oldest_before_anything_newer_where_it_goes_across() -> None:
    order = named(["penal", "fees", "interest", "principal"])

    assert _went(allocate(Decimal(120), _owed(), order)) == [
        ("1", "interest", 10),
        ("1", "principal", 100),
        ("p", "penal", 5),
        ("2", "interest", 5),
    ]


def test_it_pays_one_bucket_of_all_before_the_next_where_it_goes_down() -> None:
    order = named(["interest", "principal", "fees", "penal"], across="vertical")

    assert _went(allocate(Decimal(120), _owed(), order)) == [
        ("1", "interest", 10),
        ("2", "interest", 9),
        ("1", "principal", 100),
        ("2", "principal", 1),
    ]


def test_it_reads_fees_as_fees_and_the_taxes_on_them() -> None:
    order = named(["fees", "penal", "interest", "principal"])

    assert order.buckets == (
        Bucket.FEE,
        Bucket.TAX,
        Bucket.PENAL,
        Bucket.INTEREST,
        Bucket.PRINCIPAL,
    )


@pytest.mark.parametrize("codes", [["fees"], ["fees", "fees", "interest", "principal"], ["x"]])
def test_it_refuses_what_is_no_order(codes: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        named(codes)


@given(amounts, owed(), orders)
def test_the_parts_are_the_amount_or_all_that_is_owed(
    amount: Decimal, pieces: list[Piece], order: Order
) -> None:
    parts = allocate(amount, pieces, order)

    assert total(parts) == min(amount, sum((one.amount for one in pieces), Decimal(0)))
    asked = {one.key: one for one in pieces}
    assert all(0 < part.amount <= asked[part.key].amount for part in parts)
    assert all(part.bucket == asked[part.key].bucket for part in parts)


@given(amounts, owed(), orders)
def test_nothing_is_paid_while_something_before_it_is_not(
    amount: Decimal, pieces: list[Piece], order: Order
) -> None:
    paid = {part.key: part.amount for part in allocate(amount, pieces, order)}

    def place(piece: Piece) -> tuple[object, object]:
        rank = order.buckets.index(piece.bucket)
        is_down = order.across == Across.VERTICAL
        return (rank, piece.due_on) if is_down else (piece.due_on, rank)

    for piece in pieces:
        if paid.get(piece.key, 0) < piece.amount:
            later = [one for one in pieces if place(one) > place(piece)]
            assert not any(paid.get(one.key) for one in later)


@given(amounts, amounts, owed(), orders)
def test_two_payments_go_where_their_sum_goes(
    first: Decimal, second: Decimal, pieces: list[Piece], order: Order
) -> None:
    one = {part.key: part.amount for part in allocate(first, pieces, order)}
    left = [
        Piece(piece.key, piece.due_on, piece.bucket, piece.amount - one.get(piece.key, Decimal(0)))
        for piece in pieces
    ]
    two = {part.key: part.amount for part in allocate(second, left, order)}

    together = {part.key: part.amount for part in allocate(first + second, pieces, order)}

    assert {
        key: one.get(key, Decimal(0)) + two.get(key, Decimal(0)) for key in one | two
    } == together
