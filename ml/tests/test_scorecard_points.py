"""A scorecard as points: the rule book's digits, and sums that are the score."""

import math

import numpy as np
import pytest

from ml._logistic import Estimate
from ml.binning import Bin, Binning
from ml.calibration import Platt
from ml.scaling import Scale
from ml.schema import Feature, Schema
from ml.scorecard import Scorecard
from ml.scorecard_points import points_table
from ml.tests.test_scorecard import NUMBERS, learn, sample


@pytest.fixture(scope="module")
def card() -> Scorecard:
    return learn(NUMBERS, *sample(), min_iv=0.02)


def by_hand(weights: list[float], betas: list[float], intercept: float) -> Scorecard:
    """Return a scorecard of one-bin features with these weights of evidence."""
    names = [f"x{place}" for place in range(len(weights))]
    schema = Schema("hand", 1, tuple(Feature(name, "number", group="g") for name in names))
    bins = [Bin(kind="interval", label="any", n=9, bads=3, woe=woe, iv=0.1) for woe in weights]
    return Scorecard(
        schema=schema,
        binnings=tuple(
            Binning(name, "constant", (), (part,)) for name, part in zip(names, bins, strict=True)
        ),
        intercept=Estimate(intercept, 0.1),
        coefficients={name: Estimate(beta, 0.1) for name, beta in zip(names, betas, strict=True)},
        dropped={},
        c=1.0,
    )


def test_it_turns_into_points_as_the_rule_book_does_9_3_t20() -> None:
    card = by_hand([0.4, -0.25, 0.1], [0.9, 1.1, 0.7], 2.5)

    table = points_table(card, Scale())

    exact = [part.rows[0].exact for part in table]
    assert exact == pytest.approx([196.806614, 178.484387, 188.438982], abs=1e-6)
    assert sum(exact) == pytest.approx(563.729983, abs=1e-6)
    assert [part.rows[0].points for part in table] == [197, 178, 188]
    assert card.margins(np.zeros((1, 3)))[0] == pytest.approx(-2.655)
    assert Scale().pd(sum(exact)) == pytest.approx(0.06568151, abs=1e-8)


@pytest.mark.parametrize("line", [None, Platt(intercept=-0.3, slope=0.9)])
def test_it_adds_exact_points_up_to_the_score(card: Scorecard, line: Platt | None) -> None:
    matrix, _ = sample(200, seed=6)
    scale = Scale()
    table = {part.feature: part for part in points_table(card, scale, line=line)}

    for row in matrix.tolist():
        points = math.fsum(
            table[item.feature].rows[item.position_of(row[place])].exact
            for place, item in enumerate(card.binnings)
            if item.feature in table
        )
        log_odds = line.log_odds(card.margin_of(row)) if line else card.margin_of(row)
        assert points == pytest.approx(scale.score_at(log_odds), abs=1e-8)


def test_it_says_what_each_bin_held_and_what_the_never_seen_gets(card: Scorecard) -> None:
    table = points_table(card, Scale())

    debt, trade = table[1], table[2]
    assert [part.feature for part in table] == ["income", "debt", "trade"]
    assert (debt.rows[-1].label, debt.rows[-1].n) == ("missing", np.isnan(sample()[0][:, 1]).sum())
    assert sum(row.n for row in debt.rows) == 3000
    unseen = trade.rows[-1]
    assert (unseen.label, unseen.bad_rate) == ("new (never seen in training)", None)
    assert unseen.exact == pytest.approx(
        (card.intercept.coefficient * Scale().factor + Scale().offset) / 3
    )
    assert debt.estimate == card.coefficients["debt"]


def test_it_never_gives_safer_bins_fewer_points(card: Scorecard) -> None:
    for part in points_table(card, Scale()):
        by_woe = sorted(part.rows, key=lambda row: row.woe)
        assert [row.exact for row in by_woe] == sorted(row.exact for row in part.rows)
