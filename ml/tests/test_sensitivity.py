"""Disturbed rows scored by models simple enough to know the answer."""

import json

import numpy as np
import numpy.typing as npt
import pytest

from ml import sensitivity
from ml.calibration import probability
from ml.schema import Feature, Schema
from ml.sensitivity import SensitivityConfig, Subject

Floats = npt.NDArray[np.float64]

INCOME = Feature("income", "number", group="Affordability", minimum=0, maximum=1e6, direction=-1)
RATIO = Feature("loan_to_income", "number", group="Affordability", minimum=0, direction=1)
DELAYS = Feature(
    "delays",
    "integer",
    group="History",
    minimum=0,
    maximum=9,
    missing="allowed",
    missing_meaning="No report.",
    direction=1,
)
HOME = Feature("home", "category", group="Residence", categories=("own", "rent", "family"))
OWNER = Feature("owner", "boolean", group="Residence")
SCHEMA = Schema("test", 1, (INCOME, RATIO, DELAYS, HOME, OWNER))
ROWS = np.array(
    [
        [50_000.0, 0.2, 0.0, 0.0, 1.0],
        [40_000.0, 0.5, 1.0, 1.0, 0.0],
        [20_000.0, 1.0, np.nan, 2.0, 0.0],
        [10_000.0, 2.0, 4.0, 1.0, 1.0],
    ]
)


def by_delays(matrix: Floats) -> Floats:
    """Return 10 % plus 10 points for every delay; without a report 90 %."""
    return np.nan_to_num(0.1 + 0.1 * matrix[:, 2], nan=0.9)


def by_income(matrix: Floats) -> Floats:
    """Return one half at an income of 25,000 and less above it."""
    return probability((25_000 - matrix[:, 0]) / 10_000)


def subject(
    score: sensitivity.Score = by_delays, matrix: Floats = ROWS, cut_off: float = 0.5
) -> Subject:
    return Subject(score, SCHEMA, matrix, cut_off)


def effect(report: sensitivity.EffectReport, what: str) -> sensitivity.Effect:
    return next(one for one in report.effects if one.what == what)


def test_it_measures_what_a_missing_feature_does() -> None:
    bad = np.array([0.0, 0.0, 1.0, 1.0])

    report = sensitivity.missing_values(subject(), bad)

    assert (report.rows, report.declined, report.auc) == (4, 0.5, 1.0)
    assert report.mean_pd == pytest.approx((0.1 + 0.2 + 0.9 + 0.5) / 4)
    gone = effect(report, "delays")
    assert (gone.kind, gone.allowed) == ("feature", True)
    # Everybody has 90 % now: the two approved are declined and nobody can be told apart.
    assert (gone.newly_declined, gone.newly_approved, gone.flipped) == (0.5, 0.0, 0.5)
    assert gone.mean_pd_change == pytest.approx((0.8 + 0.7 + 0.0 + 0.4) / 4)
    assert gone.pd_change[0] == pytest.approx(0.55)
    assert (gone.auc, gone.auc_change) == (0.5, -0.5)
    assert report.worst == gone


def test_it_shows_that_an_unused_feature_changes_nothing() -> None:
    unused = effect(sensitivity.missing_values(subject()), "income")

    assert (unused.flipped, unused.mean_pd_change, unused.pd_change) == (0.0, 0.0, (0.0, 0.0, 0.0))
    assert unused.allowed is False
    assert (unused.auc, unused.auc_change) == (None, None)


def test_it_lets_every_reason_group_go_missing() -> None:
    seen: list[Floats] = []

    def recording(matrix: Floats) -> Floats:
        seen.append(matrix)
        return by_delays(matrix)

    report = sensitivity.missing_values(
        subject(recording), config=SensitivityConfig(random_shares=())
    )

    assert [(one.what, one.kind) for one in report.effects[5:]] == [
        ("Affordability", "group"),
        ("History", "group"),
        ("Residence", "group"),
    ]
    residence = seen[-1]
    assert np.isnan(residence[:, 3:]).all()
    assert np.array_equal(residence[:, :3], ROWS[:, :3], equal_nan=True)


def test_it_takes_a_random_share_only_from_features_that_may_be_missing() -> None:
    matrix = np.tile([30_000.0, 0.5, 1.0, 1.0, 0.0], (4000, 1))

    report = sensitivity.missing_values(
        subject(matrix=matrix), config=SensitivityConfig(random_shares=(0.1,))
    )

    tenth = effect(report, "10% at random")
    assert tenth.kind == "random"
    # A row is declined exactly when its delays are gone.
    assert tenth.flipped == pytest.approx(0.1, abs=0.02)


def test_it_has_no_random_share_where_nothing_may_be_missing() -> None:
    schema = Schema("test", 1, (INCOME, HOME))
    tested = Subject(by_income, schema, ROWS[:, [0, 3]], 0.5)

    report = sensitivity.missing_values(
        Subject(lambda m: np.nan_to_num(tested.score(m), nan=1.0), schema, tested.matrix, 0.5)
    )

    assert {one.kind for one in report.effects} == {"feature", "group"}


def test_it_keeps_noise_within_what_the_schema_takes() -> None:
    seen: list[Floats] = []

    def recording(matrix: Floats) -> Floats:
        seen.append(matrix)
        return by_delays(matrix)

    report = sensitivity.perturbation(
        subject(recording, np.tile(ROWS, (100, 1))), config=SensitivityConfig(noise=3.0)
    )

    everything = seen[-1]
    assert [one.what for one in report.effects] == [*SCHEMA.names, "all features"]
    assert (everything[:, :3][~np.isnan(everything[:, :3])] >= 0).all()
    delays = everything[:, 2]
    assert np.array_equal(np.isnan(delays), np.isnan(np.tile(ROWS, (100, 1))[:, 2]))
    assert set(delays[~np.isnan(delays)]) == set(range(10))
    assert set(everything[:, 3]) == {0.0, 1.0, 2.0}


@pytest.mark.parametrize(("feature", "place"), [("home", 3), ("owner", 4)])
def test_it_swaps_a_share_of_categories_for_another_one(feature: str, place: int) -> None:
    matrix = np.tile(ROWS[1], (5000, 1))
    weight = matrix[0, place]

    def score(rows: Floats) -> Floats:
        return np.where(rows[:, place] == weight, 0.1, 0.9)

    swapped = effect(
        sensitivity.perturbation(subject(score, matrix), config=SensitivityConfig(swap_share=0.2)),
        feature,
    )

    assert swapped.newly_declined == pytest.approx(0.2, abs=0.02)


def test_it_swaps_all_where_the_share_is_all() -> None:
    def score(rows: Floats) -> Floats:
        return np.where(rows[:, 4] == 1, 0.9, 0.1)

    swapped = effect(
        sensitivity.perturbation(subject(score), config=SensitivityConfig(swap_share=1.0)), "owner"
    )

    assert (swapped.newly_declined, swapped.newly_approved) == (0.5, 0.5)


def test_it_measures_noise_against_the_spread_or_the_value() -> None:
    matrix = np.tile(ROWS[0], (20_000, 1))
    config = SensitivityConfig(noise=0.1, noise_of="value", rows=20_000)

    def score(rows: Floats) -> Floats:
        return np.clip(rows[:, 0] / 100_000, 0, 1)

    of_value = effect(sensitivity.perturbation(subject(score, matrix), config=config), "income")
    of_spread = effect(sensitivity.perturbation(subject(score, matrix)), "income")

    # All incomes are 50,000: their spread is 0, a tenth of the value is 5,000, a PD of .05; the
    # median of |N(0, 1)| is .6745 and its .95 quantile 1.96.
    assert of_spread.pd_change == (0.0, 0.0, 0.0)
    assert of_value.pd_change[0] == pytest.approx(0.05 * 0.6745, rel=0.05)
    assert of_value.pd_change[1] == pytest.approx(0.05 * 1.96, rel=0.05)


def test_it_repeats_itself_with_the_same_seed_only() -> None:
    tested = subject(by_income, np.tile(ROWS, (50, 1)))

    first, again, other = (
        sensitivity.perturbation(tested, config=SensitivityConfig(seed=seed)) for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


def test_it_finds_a_model_that_moves_against_the_declared_direction() -> None:
    def score(rows: Floats) -> Floats:
        # Right about income; two delays are safer than one by three points.
        dip = np.where(rows[:, 2] == 2, -0.13, 0.0)
        return np.nan_to_num(0.3 + 0.1 * rows[:, 2] + dip, nan=0.3) - rows[:, 0] / 1e6

    matrix = np.column_stack(
        [np.full(10, 2e4), np.ones(10), np.arange(10.0) % 5, np.zeros(10), np.zeros(10)]
    )

    income, delays = (
        sweep
        for sweep in sensitivity.monotone_violations(subject(score, np.vstack([matrix, ROWS])))
        if sweep.feature in ("income", "delays")
    )

    assert (income.direction, income.violating, income.largest_step) == (-1, 0.0, 0.0)
    assert (delays.direction, delays.rows, delays.violating) == (1, 14, 1.0)
    assert delays.largest_step == pytest.approx(0.03)


def test_it_sweeps_only_what_has_a_direction_and_two_values() -> None:
    matrix = ROWS.copy()
    matrix[:, 2] = np.nan
    matrix[:, 0] = 7.0

    sweeps = sensitivity.monotone_violations(subject(matrix=matrix))

    assert [sweep.feature for sweep in sweeps] == ["loan_to_income"]


def test_it_accepts_a_model_that_is_sound_at_all_limits() -> None:
    found = sensitivity.extremes(subject())

    assert found.places == (
        "income at its minimum",
        "income at its maximum",
        "loan_to_income at its minimum",
        "delays at its minimum",
        "delays at its maximum",
        "everything at its minimum",
        "everything at its maximum",
    )
    assert found.broken == ()
    assert (found.lowest_pd, found.highest_pd) == (pytest.approx(0.1), pytest.approx(1.0))
    assert (found.all_missing_pd, found.all_missing_refused) == (0.9, None)
    assert json.loads(json.dumps(found.to_dict()))["all_missing_pd"] == 0.9


def test_it_names_the_limits_at_which_a_model_breaks() -> None:
    def score(rows: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.minimum(1 - 1 / rows[:, 0], 1) * np.where(rows[:, 2] == 9, 1.5, 0.5)

    found = sensitivity.extremes(subject(score))

    assert found.broken == (
        "income at its minimum",
        "delays at its maximum",
        "everything at its minimum",
        "everything at its maximum",
    )
    assert found.all_missing_pd is None
    assert found.all_missing_refused == (
        "The scoring function must return one probability per row."
    )


@pytest.mark.parametrize(
    ("matrix", "cut_off", "sentence"),
    [
        (ROWS[:0], 0.5, "at least one row"),
        (ROWS[:, :2], 0.5, "test has 5 features"),
        (np.full((2, 5), np.inf), 0.5, "infinite"),
        (ROWS, 0.0, "cut-off must lie"),
        (ROWS, 1.0, "cut-off must lie"),
    ],
)
def test_it_refuses_rows_or_a_cut_off_that_do_not_fit(
    matrix: Floats, cut_off: float, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        subject(matrix=matrix, cut_off=cut_off)


@pytest.mark.parametrize(
    "score",
    [
        lambda rows: rows[:, 0],
        lambda rows: np.full(len(rows), np.nan),
        lambda rows: np.zeros((len(rows), 2)),
    ],
)
def test_it_refuses_a_function_that_returns_no_probabilities(score: sensitivity.Score) -> None:
    with pytest.raises(ValueError, match="one probability per row"):
        sensitivity.missing_values(subject(score))


@pytest.mark.parametrize(
    "wrong",
    [
        {"random_shares": (1.5,)},
        {"swap_share": -0.1},
        {"noise": -1.0},
        {"sweep_points": 1},
        {"rows": 0},
    ],
)
def test_it_refuses_disturbances_that_are_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share lies|Noise cannot"):
        SensitivityConfig(**wrong)  # type: ignore[arg-type]  # the wrong numbers are the point


def test_it_scores_no_more_rows_than_allowed_and_keeps_outcomes_beside_them() -> None:
    matrix = np.tile(ROWS[0], (100, 1))
    matrix[:, 2] = np.arange(100) % 2 * 9
    bad = (np.arange(100) % 2).astype(np.float64)

    report = sensitivity.missing_values(
        subject(matrix=matrix), bad, config=SensitivityConfig(rows=30)
    )

    assert (report.rows, report.auc) == (30, 1.0)


def test_it_refuses_outcomes_that_do_not_belong_to_the_rows() -> None:
    with pytest.raises(ValueError, match="same length"):
        sensitivity.missing_values(subject(), np.array([0.0, 1.0]))


def test_it_reports_effects_as_json() -> None:
    shown = json.loads(json.dumps(sensitivity.missing_values(subject()).to_dict()))

    assert shown["cut_off"] == 0.5
    assert shown["effects"][2]["what"] == "delays"
    assert shown["effects"][2]["flipped"] == 0.5
    assert shown["auc"] is None
