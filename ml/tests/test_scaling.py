"""The score scale against the rule book, 9.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.scaling import Scale, rounded


@pytest.mark.parametrize(
    ("pd", "score", "displayed"),
    [
        pytest.param(0.001, 686.409694, 686, id="9.3-T1"),
        pytest.param(0.01, 619.710009, 620, id="9.3-T3"),
        pytest.param(0.02, 599.417073, 599, id="9.3-T4"),
        pytest.param(0.1, 550.521376, 551, id="9.3-T7"),
        pytest.param(0.2, 527.122876, 527, id="9.3-T8"),
        pytest.param(0.3, 511.570725, 512, id="9.3-T9"),
    ],
)
def test_it_scores_a_probability(pd: float, score: float, displayed: int) -> None:
    scale = Scale()

    assert scale.score(pd) == pytest.approx(score, abs=1e-6)
    assert scale.displayed(pd) == displayed


@pytest.mark.parametrize(
    ("score", "pd"),
    [
        pytest.param(540, 0.1379310345, id="9.3-T12"),
        pytest.param(560, 0.0740740741, id="9.3-T13"),
        pytest.param(600, 0.0196078431, id="9.3-T15"),
        pytest.param(620, 0.0099009901, id="9.3-T16"),
        pytest.param(660, 0.0024937656, id="9.3-T18"),
    ],
)
def test_it_reads_the_probability_off_a_score(score: float, pd: float) -> None:
    assert Scale().pd(score) == pytest.approx(pd, abs=1e-10)


def test_it_splits_a_scorecard_into_points_9_3_t20() -> None:
    points = Scale().points(intercept=2.5, coefficients=[0.9, 1.1, 0.7], woe=[0.4, -0.25, 0.1])

    assert points == pytest.approx([196.806614, 178.484387, 188.438982], abs=1e-6)
    assert sum(points) == pytest.approx(563.729983, abs=1e-6)
    assert Scale().pd(sum(points)) == pytest.approx(0.06568151, abs=1e-8)


@given(pd=st.floats(1e-9, 1 - 1e-9), doubling=st.floats(1, 200), base=st.floats(1, 1000))
def test_it_returns_from_the_score_to_the_probability(
    pd: float, doubling: float, base: float
) -> None:
    scale = Scale(base_score=500, base_odds=base, points_to_double=doubling)

    assert scale.pd(scale.score(pd)) == pytest.approx(pd, rel=1e-6)


@given(a=st.floats(1e-6, 1 - 1e-6), b=st.floats(1e-6, 1 - 1e-6))
def test_it_never_gives_the_riskier_more_points(a: float, b: float) -> None:
    safer, riskier = min(a, b), max(a, b)

    assert Scale().score(safer) >= Scale().score(riskier)


def test_it_rounds_half_up() -> None:
    assert [rounded(score) for score in (549.5, 550.5, 550.49)] == [550, 551, 550]


@pytest.mark.parametrize("pd", [0, 1, -0.1, 1.1, float("nan")])
def test_it_refuses_what_is_no_probability(pd: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Scale().score(pd)


@pytest.mark.parametrize("broken", [{"base_odds": 0}, {"points_to_double": 0}])
def test_it_refuses_a_scale_that_is_none(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Scale(**broken)
