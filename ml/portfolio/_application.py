"""What the lender gets to see: the request, stated means, and the bureau's noisy report.

Income is overstated the more, the less it is verified and the less prudent the applicant; part
of the debts stays unsaid. The features are the columns of the application schema, nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import calibration, synthetic, synthetic_bureau
from ml.application_schema import SCHEMA
from ml.portfolio._people import Circumstances, Protected
from ml.portfolio.config import REPORTED
from ml.synthetic import Market

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
Strings = npt.NDArray[np.object_]

_OVERSTATED: Mapping[str, float] = {
    "none": 0.25,
    "declared": 0.16,
    "source": 0.05,
    "documents": 0.02,
}


@dataclass(frozen=True, eq=False)
class Requests:
    """What they ask for, and what it costs a month at the market's rate."""

    amount: Floats
    term: Ints
    purpose: Strings
    instalment: Floats


def requests(
    market: Market, life: Circumstances, *, amount_shift: Floats, rng: np.random.Generator
) -> Requests:
    """Draw amounts, terms and purposes; the shift is in standard deviations of the logarithm."""
    rows = len(life.prudence)
    shares = np.array(list(market.terms.values()))
    term = rng.choice(np.array(list(market.terms)), rows, p=shares / shares.sum())
    spread = 0.55 * (rng.standard_normal(rows) + amount_shift) - 0.12 * life.prudence
    multiple = market.median_amount_in_monthly_incomes * np.exp(spread + 0.7 * np.log(term / 24))
    wanted = np.clip(
        life.annual_income / 12 * multiple, market.lowest_amount, market.highest_amount
    )
    amount = np.ceil(wanted / market.amount_step) * market.amount_step
    monthly = market.annual_rate / 12
    return Requests(
        amount=amount,
        term=term,
        purpose=synthetic.drawn(market.purposes, rows=rows, rng=rng),
        instalment=amount * monthly / (1 - (1 + monthly) ** -term.astype(np.float64)),
    )


def features(
    market: Market,
    who: Protected,
    life: Circumstances,
    asked: Requests,
    *,
    reported_shifts: Mapping[str, Floats],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the frame that fits the application schema, columns in its order."""
    rows = len(life.prudence)
    verification = synthetic.drawn(market.verification, rows=rows, rng=rng)
    income = _stated_income(life, verification, rng=rng)
    obligations = life.obligations * np.where(rng.random(rows) < 0.3, rng.random(rows), 1.0)
    conduct = 0.85 * life.prudence + 0.35 * life.stability - 0.5 * life.in_distress
    columns: dict[str, object] = {
        "amount": asked.amount,
        "term_months": asked.term,
        "purpose": asked.purpose,
        "annual_income": income,
        "amount_to_income": asked.amount / income,
        "existing_dti": obligations * 12 / income,
        "employment_months": pd.Series(life.tenure_months).astype("Int64"),
        "employment_type": life.employment,
        "income_verification": verification,
        "home_ownership": _homes(market, who, life, rng=rng),
        **synthetic_bureau.report(
            prudence=conduct,
            age_years=who.age_years,
            annual_income=income,
            thin_file_share=life.thin_file_share,
            rng=rng,
        ),
    }
    frame = pd.DataFrame(columns)[list(SCHEMA.names)]
    return _drifted(frame, reported_shifts)


def _stated_income(
    life: Circumstances, verification: Strings, *, rng: np.random.Generator
) -> Floats:
    most = np.zeros(len(verification))
    for how, deviation in _OVERSTATED.items():
        most += deviation * (verification == how)
    overstated = np.maximum(0.4 - 0.5 * life.prudence + rng.standard_normal(len(most)), 0.0)
    return np.round(life.annual_income * np.exp(most * overstated), -2)


def _homes(
    market: Market, who: Protected, life: Circumstances, *, rng: np.random.Generator
) -> Strings:
    homes = synthetic.drawn(market.housing, rows=len(life.stability), rng=rng)
    settled = calibration.probability((who.age_years - 48) / 8 + 0.6 * life.stability)
    homes[rng.random(len(homes)) < 0.5 * settled] = "own"
    return homes


def _drifted(frame: pd.DataFrame, shifts: Mapping[str, Floats]) -> pd.DataFrame:
    """Return the frame with the reported features moved; missing stays missing."""
    for name in REPORTED:
        shift = shifts[name]
        if not shift.any():
            continue
        values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan) * (1 + shift)
        if SCHEMA.feature(name).kind == "integer":
            frame[name] = pd.Series(np.round(values)).astype("Int64")
        else:
            frame[name] = np.round(values, 4)
    return frame
