"""A portfolio with known truth: caused, calibrated, selected, repeatable and switchable."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LinearRegression

from ml import metrics, portfolio, synthetic
from ml.application_schema import SCHEMA
from ml.portfolio import (
    ConceptDrift,
    CovariateDrift,
    Downturn,
    Policy,
    Portfolio,
    PortfolioConfig,
    _people,
    _repayment,
)
from ml.portfolio._repayment import Month, Obligors
from ml.schema import is_protected

START, END = date(2022, 1, 1), date(2024, 12, 31)
CHANGE = date(2023, 7, 1)
BEFORE = 18


def config(rows: int = 10_000, **changes: Any) -> PortfolioConfig:
    return PortfolioConfig(
        **{
            "market": synthetic.MARKETS["in-retail"],
            "rows": rows,
            "seed": 1,
            "start": START,
            "end": END,
            **changes,
        }
    )


@pytest.fixture(scope="module", params=sorted(synthetic.MARKETS))
def made(request: pytest.FixtureRequest) -> Portfolio:
    return portfolio.generate(config(20_000, market=synthetic.MARKETS[request.param]))


@pytest.fixture(scope="module")
def plain() -> Portfolio:
    return portfolio.generate(config())


def _late(frames: Portfolio) -> pd.Series:
    """Return which applications came in or after the month of the change."""
    return frames.applications["applied_date"] >= CHANGE


def test_it_fits_the_application_schema(made: Portfolio) -> None:
    encoded = SCHEMA.encode(made.features)

    assert encoded.unseen == {}
    assert encoded.matrix.shape == (20_000, len(SCHEMA.names))
    added = set(made.applications) - set(SCHEMA.names)
    assert added == {"applied_date", "approved", "bad"}


def test_it_keeps_protected_columns_and_truth_apart(plain: Portfolio) -> None:
    assert not any(is_protected(name) for name in plain.applications)
    assert not set(plain.protected) & set(plain.applications)
    assert not set(plain.truth) & set(plain.applications)
    pd.testing.assert_index_equal(plain.applications.index, plain.truth.index)
    pd.testing.assert_index_equal(plain.applications.index, plain.protected.index)


def test_it_looks_like_a_retail_book(made: Portfolio) -> None:
    approved, would = made.applications["approved"], made.truth["would_default"]
    ceiling = metrics.auc(made.truth["true_pd"].to_numpy(), would.to_numpy(dtype=float))

    assert 0.5 < approved.mean() < 0.8
    assert 0.06 < made.applications["bad"].mean() < 0.13
    assert 2 < would[~approved].mean() / would[approved].mean() < 4
    assert ceiling is not None
    assert 0.82 < ceiling < 0.90


def test_its_true_pd_is_calibrated_within_bands(made: Portfolio) -> None:
    bands = metrics.calibration_by_band(
        made.truth["true_pd"].to_numpy(),
        made.truth["would_default"].to_numpy(dtype=float),
        bands=20,
    )

    tails = [stats.binomtest(band.bads, band.n, band.mean_pd).pvalue for band in bands]
    assert len(bands) == 20
    assert min(tails) > 0.01 / len(bands)
    assert made.truth["true_pd"].between(0, 1).all()


@pytest.mark.parametrize("name", ["gender", "age_group", "marital_status", "region", "community"])
def test_its_true_pd_is_calibrated_for_every_group(made: Portfolio, name: str) -> None:
    for _, group in made.truth.groupby(made.protected[name]):
        expected = group["true_pd"].sum()
        deviation = np.sqrt((group["true_pd"] * (1 - group["true_pd"])).sum())

        assert abs(group["would_default"].sum() - expected) < 4 * deviation


def test_it_adds_up_every_future_of_one_obligor() -> None:
    certain = _month(missed=1.0, again=1.0, good=0.0)
    never = _month(missed=0.0, again=0.0, good=1.0)
    half = _month(missed=0.5, again=0.5, good=0.0)
    healed = _month(missed=0.5, again=0.5, good=1.0)

    def chance(*months: Month) -> float:
        return float(_repayment.default_probability(_obligor(), list(months))[0])

    assert chance(certain, certain) == 0
    assert chance(certain, certain, certain) == 1
    assert chance(*[never] * 12) == 0
    assert chance(half, half, half) == 0.125
    # Three misses among four months, in any order: arrears are never made good.
    assert chance(half, half, half, half) == 5 / 16
    # Three misses in a row among four months: every payment makes all good.
    assert chance(healed, healed, healed, healed) == 3 / 16


def test_it_lets_a_shock_strike_before_it_hurts() -> None:
    hurt = _month(missed=(0.0, 1.0), again=(0.0, 1.0), good=0.0, strikes=0.25)

    chance = _repayment.default_probability(_obligor(), [hurt] * 4)

    assert chance[0] == pytest.approx(0.25 + 0.75 * 0.25, abs=1e-12)


def test_it_lives_as_often_as_it_computes() -> None:
    rows = 60_000
    mixed = _month(
        missed=(0.1, 0.5), again=(0.4, 0.7), good=0.3, strikes=0.1, passes=0.2, rows=rows
    )
    who = _obligor(rows)

    exact = _repayment.default_probability(who, [mixed] * 12)[0]
    lives = _repayment.instalments_behind(who, [mixed] * 12, rng=np.random.default_rng(3))

    defaults = int((lives[-1] >= 3).sum())
    assert stats.binomtest(defaults, rows, exact).pvalue > 0.001
    assert (np.diff(lives, axis=0) <= 1).all()


def test_it_has_outcomes_only_for_the_approved(plain: Portfolio) -> None:
    approved, bad = plain.applications["approved"], plain.applications["bad"]

    assert bad[~approved].isna().all()
    assert (bad[approved] == plain.truth.loc[approved, "would_default"]).all()


def test_it_decides_as_likely_as_it_says(plain: Portfolio) -> None:
    bands = metrics.calibration_by_band(
        plain.truth["approval_probability"].to_numpy(),
        plain.applications["approved"].to_numpy(dtype=float),
    )

    assert min(stats.binomtest(b.bads, b.n, b.mean_pd).pvalue for b in bands) > 0.001
    assert plain.truth["approval_probability"].min() == pytest.approx(0.02)


def test_its_policy_is_imperfect(plain: Portfolio) -> None:
    truth, approved = plain.truth, plain.applications["approved"]

    found = metrics.auc(truth["true_pd"].to_numpy(), (~approved).to_numpy(dtype=float))

    assert found is not None
    assert 0.6 < found < 0.85
    assert (truth.loc[~approved, "true_pd"] < truth["true_pd"].median()).mean() > 0.15


def test_it_approves_fewer_of_the_same_people_when_stricter(plain: Portfolio) -> None:
    strict = portfolio.generate(config(policy=Policy(strictness=1.0)))

    pd.testing.assert_frame_equal(strict.features, plain.features)
    pd.testing.assert_series_equal(strict.truth["true_pd"], plain.truth["true_pd"])
    assert 0.2 < strict.applications["approved"].mean() < 0.45
    sure = portfolio.generate(config(policy=Policy(strictness=1.0, override_share=0)))
    usual = portfolio.generate(config(policy=Policy(override_share=0)))
    assert not (sure.applications["approved"] & ~usual.applications["approved"]).any()


def test_it_decides_by_rule_alone_without_chance() -> None:
    rule = Policy(noise=0, override_share=0, insight=0)

    made = portfolio.generate(config(2000, policy=rule))

    assert set(made.truth["approval_probability"]) == {0.0, 1.0}
    assert (made.truth["approval_probability"] == made.applications["approved"]).all()


def test_it_knocks_out_only_if_told() -> None:
    lenient = portfolio.generate(
        config(policy=Policy(knock_outs=False, override_share=0, strictness=-9))
    )
    usual = portfolio.generate(config(policy=Policy(override_share=0, strictness=-9)))

    bankrupt = (usual.applications["bankruptcies"].fillna(0) > 0).to_numpy(dtype=bool)
    assert lenient.applications["approved"].mean() > 0.999
    assert not usual.applications.loc[bankrupt, "approved"].any()
    assert bankrupt.any()


def test_it_hides_from_the_columns_what_the_officer_sensed() -> None:
    """Missing not at random: among equals on paper, the rejected are worse if insight counts."""

    def gap(insight: float) -> float:
        made = portfolio.generate(config(policy=Policy(insight=insight, knock_outs=False)))
        model = LinearRegression().fit(_paper(made), made.truth["prudence"])
        unseen = made.truth["prudence"] - model.predict(_paper(made))
        approved = made.applications["approved"]
        return float(unseen[approved].mean() - unseen[~approved].mean())

    assert gap(0.7) > gap(0.0) + 0.2


def test_it_lets_protected_attributes_work_only_through_circumstances(made: Portfolio) -> None:
    risk = np.log(made.truth["true_pd"] + 1e-3)
    community = (made.protected["community"] == "b").to_numpy(dtype=float)
    life = np.column_stack(
        [made.truth[["prudence", "stability", "slack"]], made.truth["in_distress"].astype(float)]
    )

    alone = LinearRegression().fit(community[:, None], risk).coef_[0]
    among_equals = LinearRegression().fit(np.column_stack([community, life]), risk).coef_[0]

    assert alone > 0.06
    assert abs(among_equals) < 0.04


def test_it_gives_repayment_no_protected_attribute() -> None:
    protected = {field.name for field in fields(_people.Protected)}

    assert len(protected) == 5
    assert not protected & {field.name for field in fields(Obligors)}
    assert not protected & {field.name for field in fields(_people.Circumstances)}


def test_it_ties_protected_attributes_to_circumstances(made: Portfolio) -> None:
    income = made.applications["annual_income"]
    thin = made.applications["credit_history_months"].isna()
    who = made.protected

    assert (
        income[who["gender"] == "female"].median() < 0.92 * income[who["gender"] == "male"].median()
    )
    assert thin[who["community"] == "b"].mean() > 1.2 * thin[who["community"] == "a"].mean()
    assert thin[who["region"] == "countryside"].mean() > thin[who["region"] == "capital"].mean()
    by_gender = made.truth["prudence"].groupby(who["gender"]).mean()
    assert abs(by_gender["female"] - by_gender["male"]) < 0.04


def test_it_discriminates_only_if_told(plain: Portfolio) -> None:
    biased = portfolio.generate(config(policy=Policy(bias=1.0)))

    smaller = plain.protected["community"] != "a"
    pd.testing.assert_frame_equal(biased.features, plain.features)
    usual, with_bias = (made.applications["approved"] for made in (plain, biased))
    assert (usual[~smaller] == with_bias[~smaller]).all()
    assert with_bias[smaller].mean() < usual[smaller].mean() - 0.2


def test_it_ages_and_marries_as_people_do(made: Portfolio) -> None:
    who = made.protected

    assert who["age_years"].between(21, 74).all()
    assert ((who["age_years"] < 30) == (who["age_group"] == "21-29")).all()
    assert ((who["age_years"] >= 60) == (who["age_group"] == "60+")).all()
    married = (who["marital_status"] == "married").groupby(who["age_group"]).mean()
    assert married["21-29"] < 0.5 < married["45-59"]


@pytest.mark.parametrize("feature", portfolio.CAUSAL)
def test_it_drifts_in_the_cause_and_risk_follows(plain: Portfolio, feature: str) -> None:
    drift = CovariateDrift(feature=feature, size=1.0, start=CHANGE)

    moved = portfolio.generate(config(drifts=(drift,)))

    late = _late(plain)
    pd.testing.assert_frame_equal(moved.features[~late], plain.features[~late])
    pd.testing.assert_series_equal(moved.truth["true_pd"][~late], plain.truth["true_pd"][~late])
    before, after = plain.features.loc[late, feature], moved.features.loc[late, feature]
    assert after.mean() > 1.2 * before.mean()
    risk = moved.truth.loc[late, "true_pd"].mean() - plain.truth.loc[late, "true_pd"].mean()
    assert risk < -0.02 if feature == "annual_income" else risk > 0.02


@pytest.mark.parametrize("feature", portfolio.REPORTED)
def test_it_drifts_in_the_report_and_risk_stays(plain: Portfolio, feature: str) -> None:
    drift = CovariateDrift(feature=feature, size=0.5, start=CHANGE)

    moved = portfolio.generate(config(drifts=(drift,)))

    late = _late(plain)
    pd.testing.assert_frame_equal(
        moved.truth.drop(columns="approval_probability"),
        plain.truth.drop(columns="approval_probability"),
    )
    others = [name for name in SCHEMA.names if name != feature]
    pd.testing.assert_frame_equal(moved.features[others], plain.features[others])
    pd.testing.assert_series_equal(
        moved.features.loc[~late, feature], plain.features.loc[~late, feature]
    )
    before, after = (made.features.loc[late, feature].astype(float) for made in (plain, moved))
    assert (before.isna() == after.isna()).all()
    known = before.notna()
    np.testing.assert_allclose(after[known], 1.5 * before[known], atol=0.51)
    SCHEMA.validate_frame(moved.features)


def test_it_changes_the_concept_and_not_the_people(plain: Portfolio) -> None:
    changed = portfolio.generate(config(concept_drift=ConceptDrift(size=1.0, start=CHANGE)))

    late = _late(plain)
    pd.testing.assert_frame_equal(changed.features, plain.features)
    pd.testing.assert_series_equal(changed.truth["true_pd"][~late], plain.truth["true_pd"][~late])

    def effect(made: Portfolio, trait: str) -> float:
        return float(made.truth.loc[late, trait].corr(made.truth.loc[late, "true_pd"], "spearman"))

    assert effect(plain, "prudence") < -0.4
    assert effect(changed, "prudence") > effect(plain, "prudence") + 0.2
    assert effect(changed, "slack") < effect(plain, "slack") - 0.1


def test_it_has_a_downturn_that_raises_risk(plain: Portfolio) -> None:
    falling = config(downturn=Downturn(size=0.06, start=CHANGE))

    hit = portfolio.generate(falling)
    extra = portfolio.cycle(falling)["unemployment"] - portfolio.cycle(config())["unemployment"]

    assert (extra[:BEFORE] == 0).all()
    np.testing.assert_allclose(extra[BEFORE : BEFORE + 6], 0.06 * np.arange(1, 7) / 6)
    np.testing.assert_allclose(extra[BEFORE + 6 : BEFORE + 19], 0.06)
    assert extra[BEFORE + 24] == pytest.approx(0.03)
    pd.testing.assert_frame_equal(hit.features, plain.features)
    late = _late(plain)
    safe = plain.applications["applied_date"] < date(2022, 7, 1)
    pd.testing.assert_series_equal(hit.truth["true_pd"][safe], plain.truth["true_pd"][safe])
    assert (hit.truth["true_pd"][late] >= plain.truth["true_pd"][late]).all()
    assert hit.truth["true_pd"][late].mean() > 1.15 * plain.truth["true_pd"][late].mean()


def test_its_truth_stays_calibrated_through_drift_and_downturn() -> None:
    hit = portfolio.generate(
        config(
            drifts=(CovariateDrift(feature="amount", size=0.5, start=CHANGE),),
            concept_drift=ConceptDrift(size=0.5, start=CHANGE),
            downturn=Downturn(size=0.08, start=CHANGE),
        )
    )

    truth = hit.truth[_late(hit)]
    bands = metrics.calibration_by_band(
        truth["true_pd"].to_numpy(), truth["would_default"].to_numpy(dtype=float)
    )
    assert min(stats.binomtest(b.bads, b.n, b.mean_pd).pvalue for b in bands) > 0.001


def test_its_economy_swings_around_its_mean() -> None:
    paths = [portfolio.cycle(config(1, seed=seed)) for seed in range(300)]

    first = np.array(
        [[path["unemployment"].iloc[0], path["unemployment"].iloc[-1]] for path in paths]
    )
    assert len(paths[0]) == 48
    assert list(paths[0]["month"].iloc[[0, -1]]) == [
        pd.Timestamp("2022-01-01"),
        pd.Timestamp("2025-12-01"),
    ]
    np.testing.assert_allclose(first.mean(axis=0), 0.07, atol=0.002)
    np.testing.assert_allclose(first.std(axis=0), 0.008, atol=0.0012)


def test_it_keeps_to_the_period_in_order(plain: Portfolio) -> None:
    dates = plain.applications["applied_date"]

    assert dates.is_monotonic_increasing
    assert dates.iloc[0] == START
    assert dates.iloc[-1] == END
    years = dates.map(lambda day: day.year).value_counts(normalize=True)
    assert years.to_dict() == pytest.approx(
        {2022: 365 / 1096, 2023: 365 / 1096, 2024: 366 / 1096}, abs=0.002
    )


@given(chunk_rows=st.integers(700, 10_000))
@settings(max_examples=3, deadline=None)
def test_it_gives_the_same_rows_in_chunks_of_any_size(chunk_rows: int) -> None:
    whole = portfolio.generate(config(9_000))

    chunks = list(portfolio.iterate(config(9_000), chunk_rows=chunk_rows))

    assert {len(chunk.applications) for chunk in chunks[:-1]} <= {chunk_rows}
    assert 0 < len(chunks[-1].applications) <= chunk_rows
    for name in ("applications", "truth", "protected"):
        joined = pd.concat([getattr(chunk, name) for chunk in chunks])
        pd.testing.assert_frame_equal(joined, getattr(whole, name), check_exact=True)


def test_it_repeats_itself_by_seed() -> None:
    first, again = portfolio.generate(config(300)), portfolio.generate(config(300))

    pd.testing.assert_frame_equal(first.applications, again.applications)
    pd.testing.assert_frame_equal(first.truth, again.truth)
    other = portfolio.generate(config(300, seed=2))
    assert not first.features["amount"].equals(other.features["amount"])
    elsewhere = portfolio.generate(config(300, market=synthetic.MARKETS["ke-retail"]))
    assert not first.truth["prudence"].equals(elsewhere.truth["prudence"])


def test_its_panel_tells_the_story_behind_the_outcome() -> None:
    whole = config(4000)
    made = portfolio.generate(whole)

    panel = portfolio.behaviour(whole, months=18)

    loans = made.applications[made.applications["approved"]]
    assert list(panel["row"].unique()) == list(loans.index)
    assert (panel.groupby("row").size() == 18).all()
    year = panel[panel["months_on_book"] == 12].set_index("row")
    assert ((year["dpd"] >= 90) == (loans["bad"] == 1)).all()
    assert (panel.groupby("row")["dpd"].diff().dropna() <= 30).all()
    assert set(panel.loc[panel["months_on_book"] == 1, "dpd"]) == {0, 30}


def test_its_panel_repays_by_schedule_and_never_rises() -> None:
    whole = config(3000)
    panel = portfolio.behaviour(whole, months=24)
    asked = portfolio.generate(whole).applications.loc[panel["row"], ["amount", "term_months"]]
    amount, term = asked["amount"].to_numpy(), asked["term_months"].to_numpy()

    on_time = (panel["dpd"] == 0).to_numpy()
    due = np.minimum(panel["months_on_book"].to_numpy(), term)
    growth = 1 + 0.16 / 12
    left = amount * (growth**term - growth**due) / (growth**term - 1.0)
    np.testing.assert_allclose(panel["balance"][on_time], left[on_time], atol=0.01)
    assert (panel.groupby("row")["balance"].diff().dropna() <= 0).all()
    assert (panel["balance"].to_numpy()[~on_time] > left[~on_time] - 0.01).all()


def test_its_panel_takes_every_so_many() -> None:
    whole = portfolio.behaviour(config(9000), months=6)

    tenth = portfolio.behaviour(config(9000), months=6, every=10)

    expected = whole[whole["row"] % 10 == 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(tenth, expected)
    first = whole[whole["row"] == whole["row"].iloc[0]]
    assert list(first["month"].dt.strftime("%Y-%m")) == [f"2022-0{month}" for month in range(2, 8)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": 0}, "at least one row"),
        ({"end": date(2021, 12, 31)}, "not before the start"),
        ({"seed": -1}, "seed"),
    ],
)
def test_it_refuses_a_portfolio_of_nothing(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(config(5), **changes)


@pytest.mark.parametrize(
    ("kind", "arguments", "sentence"),
    [
        (CovariateDrift, {"feature": "gender", "size": 1, "start": CHANGE}, "can drift"),
        (CovariateDrift, {"feature": "amount", "size": np.nan, "start": CHANGE}, "finite"),
        (CovariateDrift, {"feature": "enquiries_6m", "size": -1, "start": CHANGE}, "above -1"),
        (ConceptDrift, {"size": 1.1, "start": CHANGE}, "from 0 to 1"),
        (Downturn, {"size": -0.1, "start": CHANGE}, "0 to 0.5"),
        (Downturn, {"size": 0.1, "start": CHANGE, "months": 3}, "at least 6 months"),
        (Policy, {"noise": -1}, "at least 0"),
        (Policy, {"override_share": 0.6}, "half"),
        (Policy, {"strictness": np.inf}, "finite"),
    ],
)
def test_it_refuses_a_switch_without_meaning(
    kind: type, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        kind(**arguments)


def test_it_refuses_chunks_and_panels_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        portfolio.iterate(config(5), chunk_rows=0)
    with pytest.raises(ValueError, match="at least one month"):
        portfolio.behaviour(config(5), months=0)
    with pytest.raises(ValueError, match="at least one month"):
        portfolio.behaviour(config(5), every=0)


def _paper(made: Portfolio) -> np.ndarray[Any, Any]:
    """Return what the columns tell about conduct, missing values as a flag and zero."""
    matrix = SCHEMA.to_matrix(made.features)
    return np.column_stack([np.nan_to_num(matrix), np.isnan(matrix)])


def _obligor(rows: int = 1) -> Obligors:
    zero = np.zeros(rows)
    return Obligors(
        prudence=zero,
        stability=zero,
        job_risk=zero,
        slack=np.zeros((2, rows)),
        debt_share=zero,
        log_savings=zero,
        struck=np.zeros(rows, dtype=bool),
        term=np.full(rows, 24),
        month=np.zeros(rows, dtype=int),
        concept=zero,
        level=0.0,
    )


def _month(
    *,
    missed: float | tuple[float, float],
    again: float | tuple[float, float],
    good: float,
    strikes: float = 0.0,
    passes: float = 0.0,
    rows: int = 1,
) -> Month:
    def both(chance: float | tuple[float, float]) -> np.ndarray[Any, Any]:
        pair = chance if isinstance(chance, tuple) else (chance, chance)
        return np.repeat(np.array(pair, dtype=float)[:, None], rows, axis=1)

    return Month(
        strikes=np.full(rows, strikes),
        passes=np.full(rows, passes),
        missed=both(missed),
        missed_again=both(again),
        made_good=both(good),
    )
