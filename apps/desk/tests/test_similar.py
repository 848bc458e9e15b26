"""Likeness against the plainest way to find it: measure everybody and sort."""

import math

from hypothesis import given
from hypothesis import strategies as st

from apps.desk import similar
from apps.desk.similar import Candidate, Match

_NAMES = ("income", "term", "home", "late")
_SHARES = st.tuples(*[st.integers(-3000, 3000)] * len(_NAMES))
_EXPLAINED = _SHARES.map(lambda all_: {n: one / 1000 for n, one in zip(_NAMES, all_, strict=True)})


def test_it_measures_factor_by_factor() -> None:
    one = {"income": -0.5, "term": 0.25}
    other = {"income": 0.5, "home": -0.125}

    assert similar.distance(one, other) == 1.0 + 0.25 + 0.125


def test_factors_that_cancel_out_do_not_make_two_people_alike() -> None:
    same_risk = {"income": 1.0, "term": -1.0}

    assert sum(same_risk.values()) == 0
    assert similar.distance(same_risk, {}) == 2.0


def test_equally_near_ones_come_in_the_order_of_their_keys() -> None:
    found = similar.nearest(
        {}, [Candidate("b", {"term": 1}), Candidate("a", {"term": -1})], count=2
    )

    assert found == [Match("a", 1), Match("b", 1)]


@given(own=_EXPLAINED, others=st.lists(_EXPLAINED, max_size=12), count=st.integers(1, 10))
def test_it_finds_what_measuring_everybody_finds(
    own: dict[str, float], others: list[dict[str, float]], count: int
) -> None:
    candidates = [Candidate(f"{number:02d}", one) for number, one in enumerate(others)]
    measured = sorted(
        (math.fsum(abs(own[name] - one[name]) for name in _NAMES), f"{number:02d}")
        for number, one in enumerate(others)
    )

    found = similar.nearest(own, candidates, count=count)

    assert len(found) == min(count, len(others))
    assert [one.distance for one in found] == sorted(one.distance for one in found)
    for match, (far, _key) in zip(found, measured, strict=False):
        assert math.isclose(match.distance, far, abs_tol=1e-9)


@given(one=_EXPLAINED, other=_EXPLAINED, third=_EXPLAINED)
def test_it_is_a_distance(
    one: dict[str, float], other: dict[str, float], third: dict[str, float]
) -> None:
    there = similar.distance(one, other)

    assert similar.distance(one, one) == 0
    assert there == similar.distance(other, one)
    assert there <= similar.distance(one, third) + similar.distance(third, other) + 1e-9


@given(own=_EXPLAINED, other=_EXPLAINED)
def test_nobody_is_nearer_than_the_difference_of_the_log_odds(
    own: dict[str, float], other: dict[str, float]
) -> None:
    apart = abs(math.fsum(own.values()) - math.fsum(other.values()))

    assert similar.distance(own, other) >= apart - 1e-9


def test_it_is_certain_where_everybody_was_compared_or_the_edge_lies_further_off() -> None:
    found = [Match("a", 0.2), Match("b", 0.4)]

    assert similar.is_certain(found, searched_to=None, count=10)
    assert similar.is_certain(found, searched_to=0.4, count=2)
    assert not similar.is_certain(found, searched_to=0.3, count=2)
    assert not similar.is_certain(found, searched_to=0.9, count=3)
