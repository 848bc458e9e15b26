"""The cut-off chooser's arithmetic: by hand, and against counting everybody one by one."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.laboratory import cutoff
from apps.laboratory.cutoff import Curve, Infeasible, Optimum, Sample, Wish

# Five people with a loan of 1,000 that earns 8 when repaid and loses half when not.
FIVE = [0.10, 0.02, 0.30, 0.02, 0.60]
BADS = [0.0, 0.0, 1.0, math.nan, 1.0]
GAIN, LOSS = 8.0, 500.0


def sample(pd: list[float], bad: list[float], *, others: int = 0) -> Sample:
    risk = np.array(pd)
    return Sample(risk, risk * LOSS, (1 - risk) * GAIN - risk * LOSS, np.array(bad), others)


@pytest.fixture
def five() -> Curve:
    return cutoff.curve(sample(FIVE, BADS))


def test_it_counts_everybody_below_each_cut_off(five: Curve) -> None:
    points = [five.at(place) for place in range(len(five))]

    assert [point.approved for point in points] == [0, 2, 3, 4, 5]
    assert [point.below for point in points[:4]] == [0.02, 0.10, 0.30, 0.60]
    assert [point.approval_rate for point in points] == [0, 0.4, 0.6, 0.8, 1]
    assert [point.known for point in points] == [0, 1, 2, 3, 4]
    assert [point.realised_bad_rate for point in points] == [None, 0, 0, 1 / 3, 2 / 4]


def test_it_expects_losses_and_profit_by_hand(five: Curve) -> None:
    two, three = five.at(1), five.at(2)

    assert two.expected_bad_rate == pytest.approx(0.02)
    assert two.expected_loss == pytest.approx(2 * 0.02 * 500)
    assert two.expected_profit == pytest.approx(2 * (0.98 * GAIN - 0.02 * 500))
    assert three.expected_bad_rate == pytest.approx(0.14 / 3)
    assert three.expected_loss == pytest.approx(two.expected_loss + 0.10 * 500)
    # A PD of 10 % loses 50 and earns 7.2: one more approval costs money.
    assert three.expected_profit == pytest.approx(two.expected_profit + 0.9 * GAIN - 50)


def test_it_counts_who_no_cut_off_lets_in_among_those_who_asked() -> None:
    found = cutoff.curve(sample(FIVE, BADS, others=5))

    assert found.at(2).approval_rate == 0.3
    assert found.at(4).approval_rate == 0.5
    assert found.at(4).expected_bad_rate == pytest.approx(1.04 / 5)
    assert cutoff.best(found, Wish(least_approval_rate=0.6)) == Infeasible(None, 0.5)


def test_it_finds_the_most_profitable_cut_off(five: Curve) -> None:
    assert cutoff.best(five, Wish()) == Optimum(0)
    assert cutoff.best(five, Wish(least_approval_rate=0.5)) == Optimum(2)


def test_it_finds_the_least_loss(five: Curve) -> None:
    assert cutoff.best(five, Wish(goal="loss", least_approval_rate=0.7)) == Optimum(3)


def test_it_keeps_the_limit_on_the_realised_bad_rate(five: Curve) -> None:
    wish = Wish(least_approval_rate=0.3, largest_bad_rate=0.4, basis="realised")

    assert cutoff.best(five, wish) == Optimum(1)


def test_it_says_what_stands_against_both_limits(five: Curve) -> None:
    found = cutoff.best(five, Wish(least_approval_rate=0.8, largest_bad_rate=0.05))

    assert isinstance(found, Infeasible)
    assert found.least_bad_rate == pytest.approx(0.44 / 4)
    assert found.largest_approval_rate == pytest.approx(0.6)


def test_it_holds_no_limit_by_outcomes_nobody_knows() -> None:
    unknown = cutoff.curve(sample([0.1, 0.2], [math.nan, math.nan]))
    wish = Wish(least_approval_rate=0.5, largest_bad_rate=0.9, basis="realised")

    assert cutoff.best(unknown, wish) == Infeasible(None, 0.0)


def test_it_approves_nobody_where_every_loan_costs_money() -> None:
    assert cutoff.best(cutoff.curve(sample([0.9, 0.95], [1, 1])), Wish()) == Optimum(0)


@pytest.mark.parametrize("limit", [-0.1, 1.1, math.nan])
@pytest.mark.parametrize("name", ["least_approval_rate", "largest_bad_rate"])
def test_it_refuses_limits_that_are_no_shares(name: str, limit: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Wish(**{name: limit})


@pytest.mark.parametrize(
    ("pd", "bad", "others"),
    [
        ([0.1], [0.0, 1.0], 0),
        ([0.1], [2.0], 0),
        ([], [], 0),
        ([1.5], [0.0], 0),
        ([math.nan], [0.0], 0),
        ([0.1], [0.0], -1),
    ],
)
def test_it_refuses_what_is_no_sample(pd: list[float], bad: list[float], others: int) -> None:
    with pytest.raises(ValueError, match=r"needs a|An outcome|between 0 and 1|fewer than none"):
        sample(pd, bad, others=others)


def test_it_finds_the_place_of_any_cut_off(five: Curve) -> None:
    places = {below: five.place_of(below) for below in (0.0, 0.02, 0.021, 0.1, 0.5, 0.61, 1.0)}

    assert places == {0.0: 0, 0.02: 0, 0.021: 1, 0.1: 1, 0.5: 3, 0.61: 4, 1.0: 4}


@pytest.mark.parametrize(
    ("pd", "place", "short"),
    [
        (FIVE, 1, "0.1"),
        (FIVE, 2, "0.3"),
        (FIVE, 4, "1"),
        ([0.0701, 0.0723], 1, "0.072"),
        ([0.07, 0.0700000001], 1, "0.0700000001"),
        ([5e-324, 1e-323], 1, "1E-323"),
        ([1.0, 1.0], 1, "1.0000000000000002"),
    ],
)
def test_it_writes_a_cut_off_as_short_as_it_can(pd: list[float], place: int, short: str) -> None:
    found = cutoff.readable(cutoff.curve(sample(pd, [0.0] * len(pd))), place)

    assert found == Decimal(short)


PROBABILITIES = st.lists(
    # Few distinct values, so that people share one probability.
    st.one_of(st.sampled_from([0.0, 0.01, 0.05, 0.2, 1.0]), st.floats(0, 1)),
    min_size=1,
    max_size=30,
)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    pd = draw(PROBABILITIES)

    def each(one: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(one, min_size=len(pd), max_size=len(pd))))

    return Sample(
        pd=np.array(pd),
        expected_loss=each(st.floats(0, 1e6)),
        expected_profit=each(st.floats(-1e6, 1e6)),
        bad=each(st.sampled_from([0.0, 1.0, math.nan])),
        others=draw(st.integers(0, 5)),
    )


@given(samples())
def test_it_agrees_with_counting_everybody_one_by_one(given_sample: Sample) -> None:
    found = cutoff.curve(given_sample)
    everybody = len(given_sample.pd) + given_sample.others

    for place in range(len(found)):
        point = found.at(place)
        chosen = [n for n, pd in enumerate(given_sample.pd) if pd < point.below]
        known = [given_sample.bad[n] for n in chosen if not math.isnan(given_sample.bad[n])]
        assert point.approved == len(chosen)
        assert point.known == len(known)
        assert point.realised_bad_rate == (sum(known) / len(known) if known else None)
        assert point.approval_rate == len(chosen) / everybody
        for sums, values in (
            (point.expected_profit, given_sample.expected_profit),
            (point.expected_loss, given_sample.expected_loss),
        ):
            assert sums == pytest.approx(math.fsum(values[n] for n in chosen), abs=1e-6)
        if chosen:
            assert point.expected_bad_rate == pytest.approx(
                math.fsum(given_sample.pd[n] for n in chosen) / len(chosen)
            )


@given(
    samples(),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(["profit", "loss"]),
    st.sampled_from(["expected", "realised"]),
)
def test_it_is_beaten_by_no_cut_off_within_the_limits(
    given_sample: Sample, least: float, largest: float, goal: cutoff.Goal, basis: cutoff.Basis
) -> None:
    found = cutoff.curve(given_sample)
    wish = Wish(goal=goal, least_approval_rate=least, largest_bad_rate=largest, basis=basis)

    answer = cutoff.best(found, wish)

    points = [found.at(place) for place in range(len(found))]
    within = [place for place, point in enumerate(points) if _keeps(point, wish)]
    if isinstance(answer, Infeasible):
        assert within == []
        return
    assert answer.place in within
    worth = [
        point.expected_profit if goal == "profit" else -point.expected_loss for point in points
    ]
    assert worth[answer.place] == max(worth[place] for place in within)


def _keeps(point: cutoff.Point, wish: Wish) -> bool:
    rate = point.expected_bad_rate if wish.basis == "expected" else point.realised_bad_rate
    if point.approval_rate < wish.least_approval_rate:
        return False
    if point.approved == 0 or wish.largest_bad_rate == 1:
        return True
    return rate is not None and rate <= wish.largest_bad_rate


@given(samples(), st.integers(0, 30))
def test_it_approves_the_same_people_with_the_short_number(
    given_sample: Sample, place: int
) -> None:
    found = cutoff.curve(given_sample)
    place = min(place, len(found) - 1)

    short = cutoff.readable(found, place)

    approved = [Decimal(repr(float(pd))) < short for pd in given_sample.pd]
    assert sum(approved) == found.at(place).approved


@given(samples(), st.integers(2, 10))
def test_it_thins_a_curve_without_losing_its_ends(given_sample: Sample, most: int) -> None:
    found = cutoff.curve(given_sample)
    kept = len(found) // 2

    places = cutoff.thinned(found, most=most, keep=(kept,))

    assert places[0] == 0
    assert places[-1] == len(found) - 1
    assert kept in places
    assert places == sorted(set(places))
    assert (
        len(places) <= max(len(found), most + 1) if len(found) <= most else len(places) <= most + 1
    )
