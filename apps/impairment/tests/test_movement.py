"""The movement of losses explains itself to the last unit."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.impairment import movement
from apps.impairment.movement import Moved

D = Decimal
STAGE = st.one_of(st.none(), st.sampled_from([1, 2, 3]))
AMOUNT = st.integers(0, 10**7).map(lambda one: D(one) / 100)


def test_each_movement_stands_in_its_column() -> None:
    stays = Moved(1, 1, False, 1, D(10), D(12))
    worse = Moved(1, 2, False, 1, D(20), D(90))
    new = Moved(None, 1, False, 1, D(0), D(5))
    repaid = Moved(2, None, False, 1, D(30), D(0))
    lost = Moved(3, None, True, 1, D(400), D(0))

    first, second, third = movement.lines([stays, worse, new, repaid, lost])

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
    table = movement.lines(moved)
    whole = movement.total(table)

    assert all(line.unexplained == 0 for line in (*table, whole))
    assert whole.opening == sum(row.opening for row in moved)
    assert whole.closing == sum(row.closing for row in moved)
    assert whole.transfers_in == whole.transfers_out
