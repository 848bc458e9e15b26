"""Made-up credit bureau reports that show prudence through noise. SYNTHETIC."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import calibration

Floats = npt.NDArray[np.float64]


def report(
    *,
    prudence: Floats,
    age_years: npt.NDArray[np.int_],
    annual_income: Floats,
    thin_file_share: float | Floats,
    rng: np.random.Generator,
) -> dict[str, object]:
    """Return the bureau columns; a thin file, likelier for the young, has all of them missing.

    `thin_file_share` is the share at age 35, of everybody or of each row.
    """
    rows = len(prudence)
    thin = rng.random(rows) < np.clip(thin_file_share * np.exp((35 - age_years) / 20), 0, 0.8)
    months = np.floor((age_years - 20) * 12 * rng.beta(2.2, 2.0, rows)) + 1
    total = 1 + rng.poisson(1.0 + months / 24)
    open_now = 1 + rng.binomial(total - 1, 0.55)
    columns: dict[str, Floats] = {
        "credit_history_months": months,
        "enquiries_6m": rng.poisson(np.exp(-0.15 - 0.40 * prudence)).astype(float),
        "open_accounts": open_now.astype(float),
        "total_accounts": total.astype(float),
        **_arrears(prudence, open_now, rng=rng),
        **_public_records(prudence, rng=rng),
    }
    counts = {name: _known(values, thin) for name, values in columns.items()}
    usage = _usage(prudence, annual_income, open_now, rng=rng)
    return counts | {name: np.where(thin, np.nan, values) for name, values in usage.items()}


def _arrears(
    prudence: Floats, open_now: npt.NDArray[np.int_], *, rng: np.random.Generator
) -> dict[str, Floats]:
    rows = len(prudence)
    recent = rng.poisson(np.exp(-1.75 - 0.95 * prudence)).astype(float)
    long_ago = (recent == 0) & (rng.random(rows) < calibration.probability(-1.6 - 0.6 * prudence))
    since = np.where(recent > 0, rng.integers(0, 25, rows), rng.integers(25, 97, rows))
    now = (recent > 0) & (since <= 3) & (rng.random(rows) < 0.5)
    return {
        "delinquencies_24m": recent,
        "months_since_delinquency": np.where((recent > 0) | long_ago, since, np.nan),
        "accounts_delinquent_now": np.minimum(now.astype(float), open_now),
    }


def _public_records(prudence: Floats, *, rng: np.random.Generator) -> dict[str, Floats]:
    rows = len(prudence)
    has_record = rng.random(rows) < calibration.probability(-3.4 - 0.9 * prudence)
    bankrupt = has_record & (rng.random(rows) < 0.35)
    second = has_record & (rng.random(rows) < 0.12)
    return {
        "public_records": has_record.astype(float) + second,
        "months_since_public_record": np.where(has_record, rng.integers(2, 121, rows), np.nan),
        "bankruptcies": bankrupt.astype(float),
    }


def _usage(
    prudence: Floats,
    annual_income: Floats,
    open_now: npt.NDArray[np.int_],
    *,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    rows = len(prudence)
    used = 1.15 * calibration.probability(-0.5 - 0.75 * prudence + 0.9 * rng.standard_normal(rows))
    limit = annual_income / 12 * (0.6 + 0.35 * open_now) * np.exp(0.4 * rng.standard_normal(rows))
    has_card = rng.random(rows) < 0.72
    balance = np.where(has_card, np.round(used * limit, 0), 0.0)
    return {
        "revolving_balance": balance,
        "revolving_utilisation": np.where(has_card, np.round(used, 4), np.nan),
        "revolving_balance_to_income": balance / annual_income,
    }


def _known(values: Floats, thin: npt.NDArray[np.bool_]) -> object:
    return pd.Series(np.where(thin, np.nan, values)).astype("Int64")
