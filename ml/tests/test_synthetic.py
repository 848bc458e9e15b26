"""Made-up markets: repeatable, within the schema, plausible, and never a rule on the inputs."""

from datetime import date

import pandas as pd
import pytest

from ml import metrics, synthetic
from ml.application_schema import BUREAU, SCHEMA

START, END = date(2023, 1, 1), date(2025, 12, 31)
CODES = sorted(synthetic.MARKETS)


@pytest.fixture(scope="module", params=CODES)
def market_frame(request: pytest.FixtureRequest) -> pd.DataFrame:
    market = synthetic.MARKETS[request.param]
    return synthetic.generate(market, rows=20_000, seed=1, start=START, end=END, with_truth=True)


def test_it_fits_the_application_schema(market_frame: pd.DataFrame) -> None:
    encoded = SCHEMA.encode(market_frame[list(SCHEMA.names)])

    assert encoded.unseen == {}
    assert encoded.matrix.shape == (20_000, len(SCHEMA.names))


def test_it_defaults_as_often_as_a_retail_book(market_frame: pd.DataFrame) -> None:
    ceiling = metrics.auc(market_frame["true_pd"].to_numpy(), market_frame["bad"].to_numpy())

    assert 0.08 <= market_frame["bad"].mean() <= 0.14
    assert market_frame["bad"].mean() == pytest.approx(market_frame["true_pd"].mean(), abs=0.007)
    assert ceiling is not None
    assert 0.80 < ceiling < 0.88


def test_it_agrees_with_itself(market_frame: pd.DataFrame) -> None:
    frame = market_frame

    yearly = frame["existing_obligations_monthly"] * 12 / frame["annual_income"]
    pd.testing.assert_series_equal(frame["existing_dti"], yearly, check_names=False)
    assert (frame["net_monthly_income"] < frame["annual_income"] / 12).all()
    assert frame["age_years"].between(21, 74).all()
    assert (frame["open_accounts"].dropna() <= frame["total_accounts"].dropna()).all()
    assert (frame["bankruptcies"].dropna() <= frame["public_records"].dropna()).all()
    late = frame["delinquencies_24m"].fillna(0) > 0
    assert frame.loc[late, "months_since_delinquency"].astype(int).between(0, 24).all()
    working_life = (frame["age_years"] - 18) * 12
    assert (frame["employment_months"].fillna(0) <= working_life).all()


def test_it_has_thin_files_missing_the_whole_report(market_frame: pd.DataFrame) -> None:
    thin = market_frame["credit_history_months"].isna()

    assert 0.1 < thin.mean() < 0.4
    assert market_frame.loc[thin, list(BUREAU)].isna().all(axis=None)


def test_it_shows_traits_in_correlated_columns(market_frame: pd.DataFrame) -> None:
    risk = market_frame["true_pd"]

    def rank_correlation(name: str) -> float:
        return float(market_frame[name].astype(float).corr(risk, method="spearman"))

    assert rank_correlation("delinquencies_24m") > 0.15
    assert rank_correlation("revolving_utilisation") > 0.15
    assert rank_correlation("employment_months") < -0.1
    assert rank_correlation("amount_to_income") > 0.15


def test_it_keeps_to_the_period_in_order(market_frame: pd.DataFrame) -> None:
    dates = market_frame["applied_date"]

    assert dates.is_monotonic_increasing
    assert dates.iloc[0] >= START
    assert dates.iloc[-1] <= END


@pytest.mark.parametrize("code", CODES)
def test_it_repeats_itself_by_seed(code: str) -> None:
    market = synthetic.MARKETS[code]

    first = synthetic.generate(market, rows=50, seed=5, start=START, end=END)

    assert "true_pd" not in first
    pd.testing.assert_frame_equal(
        first, synthetic.generate(market, rows=50, seed=5, start=START, end=END)
    )
    other = synthetic.generate(market, rows=50, seed=6, start=START, end=END)
    assert not first["amount"].equals(other["amount"])


def test_it_gives_the_rows_that_the_demonstration_was_built_on() -> None:
    market = synthetic.MARKETS["in-retail"]

    frame = synthetic.generate(market, rows=1000, seed=5, start=START, end=END)

    assert int(frame["amount"].sum()) == 375_735_000
    assert int(frame["bad"].sum()) == 132
    assert int(frame["enquiries_6m"].sum()) == 735
    assert int(frame["credit_history_months"].isna().sum()) == 208


@pytest.mark.parametrize(("rows", "end"), [(0, date(2025, 1, 1)), (5, date(2022, 12, 31))])
def test_it_refuses_nothing_to_generate(rows: int, end: date) -> None:
    market = synthetic.MARKETS["in-retail"]

    with pytest.raises(ValueError, match="at least one row"):
        synthetic.generate(market, rows=rows, seed=1, start=date(2023, 1, 1), end=end)
