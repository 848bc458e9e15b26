"""The movement of provisions: opening, what came and went, closing - for any span of nights."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.npa import movement
from apps.npa.movement import Line, Night, Reconciled

D = Decimal
FIRST = date(2026, 11, 1)


def _night(number: int, code: str, *amounts: int) -> Night:
    return Night(FIRST + timedelta(days=number), code, *(D(amount) for amount in amounts))


def test_it_opens_with_the_first_night_and_closes_with_the_last() -> None:
    found = movement.lines(
        [
            _night(0, "standard", 100, 20, 5, 0, 115),
            _night(0, "loss", 50, 0, 0, 50, 0),
            _night(1, "standard", 115, 0, 15, 0, 100),
        ]
    )

    assert {line.asset_class: line for line in found} == {
        "standard": Line("standard", D(100), D(20), D(20), D(0), D(100)),
        "loss": Line("loss", D(50), D(0), D(0), D(50), D(0)),
    }
    assert movement.total(found) == Line("", D(150), D(20), D(20), D(50), D(100))


def test_it_names_what_a_missing_night_leaves_unexplained() -> None:
    [line] = movement.lines(
        [_night(0, "standard", 100, 0, 0, 0, 100), _night(2, "standard", 130, 5, 0, 0, 135)]
    )

    assert line.unexplained == D(30)


def test_it_leaves_out_a_class_that_held_and_moved_nothing() -> None:
    assert movement.lines([_night(0, "loss", 0, 0, 0, 0, 0)]) == []
    assert movement.total([]) == Line("")


def test_it_names_the_difference_to_the_ledger() -> None:
    assert Reconciled("Closing", D(100), D("99.99")).difference == D("0.01")
    assert not Reconciled("Closing", D(100), D(100)).difference


_MOVES = st.tuples(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))


@given(opening=st.integers(0, 10_000), nights=st.lists(_MOVES, min_size=1, max_size=20))
def test_it_adds_up_over_any_span(opening: int, nights: list[tuple[int, int, int]]) -> None:
    held, rows = opening, []
    for number, (added, released, used) in enumerate(nights):
        after = held + added - released - used
        rows.append(_night(number, "standard", held, added, released, used, after))
        held = after

    whole = movement.total(movement.lines(rows))

    assert whole.unexplained == 0
    assert whole.additions == sum(added for added, _released, _used in nights)
    assert whole.closing - whole.opening == held - opening
