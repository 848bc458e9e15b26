from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.decisions import recourse
from apps.decisions.recourse import Change, Room


def _room(**changes: object) -> Room:
    values: dict[str, object] = {
        "amount": Decimal(200_000),
        "term_months": 24,
        "least_amount": Decimal(25_000),
        "most_amount": Decimal(1_500_000),
        "terms": [18, 30, 36],
        **changes,
    }
    return Room(**values)  # type: ignore[arg-type]


def _changes(room: Room, passes: recourse.Passes) -> tuple[Change, ...]:
    return recourse.changes(room, recourse.largest(room, passes=passes), passes=passes)


def test_it_finds_the_largest_amount_at_every_term() -> None:
    limits = {24: 137_400, 18: 20_000, 30: 200_000, 36: 2_000_000}

    found = recourse.largest(_room(), passes=lambda amount, term: amount <= limits[term])

    assert found == (
        Change(Decimal(137_000), 24),
        Change(Decimal(200_000), 30),
        Change(Decimal(1_500_000), 36),
    )


def test_it_finds_amounts_that_are_no_multiple_of_the_step() -> None:
    room = _room(amount=Decimal(200550), most_amount=Decimal(200900), terms=[])

    asked = recourse.largest(room, passes=lambda amount, term: amount <= Decimal(200600))
    bound = recourse.largest(room, passes=lambda amount, term: True)

    assert asked == (Change(Decimal(200550), 24),)
    assert bound == (Change(Decimal(200900), 24),)


@given(limit=st.integers(1, 2_000_000), asked=st.integers(25_000, 1_500_000))
def test_the_next_step_above_never_passes(limit: int, asked: int) -> None:
    def passes(amount: Decimal, term: int) -> bool:
        return amount <= limit

    found = recourse.largest(_room(amount=Decimal(asked), terms=[]), passes=passes)

    if limit < 25_000:
        assert found == ()
    else:
        assert found[0].amount <= limit
        assert not passes(found[0].amount + 1_000, 24) or found[0].amount == 1_500_000
        assert found[0].amount >= min(asked, limit) or not passes(Decimal(asked), 24)


@given(
    limit=st.integers(1, 2_000_000),
    first=st.integers(-(10**9), 10**9),
    later=st.lists(st.integers(-(10**9), 10**9), min_size=1),
)
def test_a_hint_changes_nothing_but_the_questions(limit: int, first: int, later: list[int]) -> None:
    hints = iter(later)

    def passes(amount: Decimal, term: int) -> bool:
        return amount <= limit

    def near(refused: Decimal | None, term: int) -> Decimal:
        assert refused is None or refused > limit
        return Decimal(first if refused is None else next(hints, later[0]))

    assert recourse.largest(_room(), passes=passes, near=near) == recourse.largest(
        _room(), passes=passes
    )


def _asked(limit: int, near: recourse.Near | None) -> list[int]:
    """Return the amounts that were tried at one term, in their order."""
    asked: list[int] = []

    def passes(amount: Decimal, term: int) -> bool:
        asked.append(int(amount))
        return amount <= limit

    recourse.largest(_room(amount=Decimal(25_000), terms=[]), passes=passes, near=near)
    return asked


def test_a_good_hint_leaves_two_questions_a_term() -> None:
    assert _asked(137_000, lambda refused, term: Decimal("137499.99")) == [137_000, 138_000]


def test_a_hint_that_learns_from_a_refusal_leaves_three() -> None:
    def near(refused: Decimal | None, term: int) -> Decimal:
        return Decimal(200_000) if refused is None else refused - 63_000

    assert _asked(137_000, near) == [200_000, 137_000, 138_000]


def test_where_everything_passes_it_asks_once_and_where_nothing_does_twice() -> None:
    assert _asked(9_000_000, None) == [1_500_000]
    assert _asked(1, None) == [1_500_000, 25_000]


def test_a_stubborn_hint_is_left_for_the_middle() -> None:
    asked = _asked(137_000, lambda refused, term: Decimal(900_000))

    assert asked[:3] == [900_000, 25_000, 462_000]
    assert len(asked) <= 13


def test_a_letter_names_a_smaller_amount_and_the_nearest_other_term() -> None:
    def passes(amount: Decimal, term: int) -> bool:
        return amount <= (137_400 if term == 24 else 1_000_000) and term != 18

    found = _changes(_room(), passes)

    assert found == (Change(Decimal(137_000), 24), Change(Decimal(200_000), 30))


def test_it_claims_nothing_that_was_not_tried() -> None:
    tried: list[tuple[Decimal, int]] = []

    def passes(amount: Decimal, term: int) -> bool:
        tried.append((amount, term))
        return amount <= 60_000 or term == 36

    found = _changes(_room(), passes)

    assert found == (Change(Decimal(60_000), 24), Change(Decimal(200_000), 36))
    assert all((one.amount, one.term_months) in tried for one in found)
    assert len(tried) <= 4 * 12 + 1


def test_it_offers_nothing_when_nothing_passes() -> None:
    assert _changes(_room(), lambda amount, term: False) == ()


def test_it_stays_within_the_product() -> None:
    room = _room(least_amount=Decimal(190_000))

    assert recourse.largest(room, passes=lambda amount, term: amount < 190_000) == ()
    assert recourse.offered_terms(24, shortest=24, longest=24) == []
    assert recourse.offered_terms(24, shortest=6, longest=60) == [18, 30, 12, 36]


def test_it_counts_in_steps_of_the_second_digit() -> None:
    assert recourse.step(Decimal(25_000)) == 1_000
    assert recourse.step(Decimal(500)) == 10
    assert recourse.step(Decimal(5)) == 1
