"""The score scale against the rule book, 9.3, and the presets on a realistic sample."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from ml import scaling
from ml.scaling import PRESETS, SCALE_300_850, Grades, Preset, Scale, rounded

presets = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())


def _retail_pds() -> npt.NDArray[np.float64]:
    """Return PDs as a lender of consumer loans sees them: 98 % lie between .3 % and 56 %."""
    pds: npt.NDArray[np.float64] = special.expit(
        np.random.default_rng(9).normal(-2.8, 1.3, size=20_000)
    )
    return pds


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
    assert (sum(points) - Scale().offset) / Scale().factor == pytest.approx(2.655, abs=1e-12)
    assert Scale().pd(sum(points)) == pytest.approx(0.06568151, abs=1e-8)


def test_it_knows_factor_and_offset_9_3() -> None:
    assert Scale().factor == pytest.approx(28.853900817779, abs=1e-12)
    assert Scale().offset == pytest.approx(487.122876204505, abs=1e-12)


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


@pytest.mark.parametrize(
    "limits", [{"minimum": 850, "maximum": 300}, {"minimum": 300, "maximum": 300}]
)
def test_it_refuses_limits_that_leave_no_room(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="below the highest"):
        Scale(**limits)


def test_it_refuses_log_odds_that_are_no_number() -> None:
    with pytest.raises(ValueError, match="not a number"):
        Scale().score_at(math.nan)


def test_it_stays_the_three_numbers_it_was_without_limits() -> None:
    old = {"base_score": 600, "base_odds": 50, "points_to_double": 20}

    assert Scale().to_dict() == old
    assert Scale(**old) == Scale()


def test_it_keeps_its_limits_where_it_has_some() -> None:
    stored = SCALE_300_850.to_dict()

    assert (stored["minimum"], stored["maximum"]) == (300, 850)
    assert Scale(**stored) == SCALE_300_850
    assert set(Scale(minimum=0).to_dict()) == {*Scale().to_dict(), "minimum"}


@presets
def test_it_clips_to_the_range(preset: Preset) -> None:
    scale = preset.scale

    assert scale.score(1e-9) == scale.maximum
    assert scale.score(1 - 1e-9) == scale.minimum == 300
    assert scale.displayed(0.999) == 300


@presets
def test_it_needs_no_clipping_between_a_third_of_a_percent_and_sixty(preset: Preset) -> None:
    scale = preset.scale

    best, worst = scale.score(0.003), scale.score(0.6)

    assert 300 < worst < 340
    assert scale.maximum - 80 < best < scale.maximum
    assert scale.pd(best) == pytest.approx(0.003)
    assert scale.pd(worst) == pytest.approx(0.6)


def test_it_scores_many_as_it_scores_one() -> None:
    pd = [1e-6, 0.003, 0.02, 0.5, 0.999]

    for scale in (Scale(), SCALE_300_850):
        assert scale.scores(pd).tolist() == pytest.approx([scale.score(p) for p in pd])


@pytest.mark.parametrize("pd", [[0.1, 0.0], [1.0], [math.nan]])
def test_it_refuses_many_that_are_no_probabilities(pd: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        SCALE_300_850.scores(pd)


@presets
def test_it_reaches_every_grade_on_a_realistic_sample(preset: Preset) -> None:
    found = scaling.distribution(preset.scale, _retail_pds(), grades=preset.grades)

    assert tuple(found.grades) == ("A", "B", "C", "D", "E", "F", "G")
    assert all(0.02 < share < 0.35 for share in found.grades.values())
    assert sum(found.grades.values()) == pytest.approx(1)
    assert found.clipped_low < 0.005
    assert found.clipped_high < 0.005
    assert preset.scale.minimum <= found.lowest < 350
    assert preset.scale.maximum - 100 < found.highest <= preset.scale.maximum


def test_it_shows_how_many_are_clipped() -> None:
    pd = [1e-6, 0.01, 0.1, 0.9]

    found = scaling.distribution(SCALE_300_850, pd)

    assert (found.n, found.clipped_low, found.clipped_high) == (4, 0.25, 0.25)
    assert (found.lowest, found.highest) == (300, 850)
    assert found.median == pytest.approx(np.median(SCALE_300_850.scores(pd)))


@presets
def test_it_distributes_as_it_grades(preset: Preset) -> None:
    pd = _retail_pds()[:500]

    found = scaling.distribution(preset.scale, pd, grades=preset.grades)

    one_by_one = [preset.grades.grade(preset.scale.score(p)) for p in pd]
    assert found.grades == {
        name: pytest.approx(one_by_one.count(name) / 500) for name, _ in preset.grades.limits
    }


@presets
def test_it_grades_by_about_the_same_risk_on_every_scale(preset: Preset) -> None:
    exact = scaling.grades_for(preset.scale)

    for (name, score), (same, least) in zip(exact.limits, preset.grades.limits, strict=True):
        assert name == same
        assert abs(score - least) <= 5


def test_it_finds_grades_for_any_scale() -> None:
    found = scaling.grades_for(Scale())

    assert found.limits[0] == ("A", 620)
    assert found.limits[-1] == ("G", 0)
    assert [found.grade(Scale().score(pd)) for pd in (0.005, 0.03, 0.3, 0.9)] == list("ACFG")


@pytest.mark.parametrize(
    ("score", "grade"),
    [(850, "A"), (690, "A"), (689.5, "A"), (689.49, "B"), (400, "F"), (399, "G"), (0, "G")],
)
def test_it_grades_the_score_that_people_see(score: float, grade: str) -> None:
    assert scaling.GRADES_300_850.grade(score) == grade


@pytest.mark.parametrize("limits", [(), (("A", 500), ("B", 500)), (("A", 500), ("B", 600))])
def test_it_refuses_grades_that_do_not_fall(limits: tuple[tuple[str, int], ...]) -> None:
    with pytest.raises(ValueError, match="fall from the safest"):
        Grades(limits)


def test_it_refuses_to_grade_or_spread_nothing() -> None:
    with pytest.raises(ValueError, match="no grade"):
        scaling.GRADES_300_850.grade(math.nan)
    with pytest.raises(ValueError, match="at least one"):
        scaling.distribution(Scale(), [])
