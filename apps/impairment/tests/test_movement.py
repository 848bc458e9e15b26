"""The movement of losses explains itself to the last unit."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.impairment import movement
from apps.impairment.movement import Line, Moved

D = Decimal
STAGE = st.one_of(st.none(), st.sampled_from([1, 2, 3]))
AMOUNT = st.integers(0, 10**7).map(lambda one: D(one) / 100)


def _lines(rows: list[Moved]) -> list[Line]:
    """Return the lines of rows beside measurements that hold the same loans."""
    opening: dict[int, Decimal] = defaultdict(Decimal)
    closing: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        opening[row.opening_stage or 0] += row.opening
        closing[row.closing_stage or 0] += row.closing
    return movement.lines(rows, opening=opening, closing=closing)


def test_each_movement_stands_in_its_column() -> None:
    stays = Moved(1, 1, False, 1, D(10), D(12))
    worse = Moved(1, 2, False, 1, D(20), D(90))
    new = Moved(None, 1, False, 1, D(0), D(5))
    repaid = Moved(2, None, False, 1, D(30), D(0))
    lost = Moved(3, None, True, 1, D(400), D(0))

    first, second, third = _lines([stays, worse, new, repaid, lost])

    assert (first.opening, first.transfers_out, first.new) == (30, 20, 5)
    assert (first.remeasured, first.closing) == (2, 17)
    assert (second.transfers_in, second.remeasured) == (20, 70)
    assert (second.derecognised, second.closing) == (30, 90)
    assert (third.opening, third.written_off, third.closing) == (400, 400, 0)
    assert [line.unexplained for line in (first, second, third)] == [0, 0, 0]
    whole = movement.total([first, second, third])
    assert (whole.transfers_in, whole.transfers_out, whole.closing) == (20, 20, 107)


@given(st.lists(st.tuples(STAGE, STAGE, st.booleans(), AMOUNT, AMOUNT)))
def test_nothing_is_left_unexplained(rows: list[tuple]) -> None:  # type: ignore[type-arg]
    moved = [
        Moved(was, now, lost, 1, D(0) if was is None else before, D(0) if now is None else after)
        for was, now, lost, before, after in rows
    ]
    table = _lines(moved)
    whole = movement.total(table)

    assert all(line.unexplained == 0 for line in (*table, whole))
    assert whole.opening == sum(row.opening for row in moved)
    assert whole.closing == sum(row.closing for row in moved)
    assert whole.transfers_in == whole.transfers_out


def test_a_loan_that_stands_twice_is_not_explained() -> None:
    """A measurement of 400 in stage 3, and a loan of it that left twice."""
    twice = Moved(3, None, True, 2, D(800), D(0))

    table = movement.lines([twice], opening={3: D(400)}, closing={})

    assert [line.unexplained for line in table] == [0, 0, 400]
    assert movement.total(table).unexplained == 400


def test_a_loan_that_is_lost_between_two_measurements_is_not_explained() -> None:
    table = movement.lines([], opening={1: D(10)}, closing={1: D(10), 2: D(7)})

    assert [line.unexplained for line in table] == [0, 7, 0]
