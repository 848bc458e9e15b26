"""The old, imperfect policy that decided who got a loan.

It looks at eight features of twenty-three, weighs six by rule of thumb, adds the officer's
impression and chance, and knocks some out whatever the score. Higher points are riskier.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from ml.portfolio._people import LARGEST_COMMUNITY, Protected
from ml.portfolio.config import Policy
from ml.synthetic import Market

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_CUT_OFF = 0.35


@dataclass(frozen=True, eq=False)
class Decisions:
    """Who was approved, and how likely that was before chance was drawn."""

    approved: Flags
    probability: Floats


def decide(
    policy: Policy,
    market: Market,
    features: pd.DataFrame,
    *,
    who: Protected,
    prudence: Floats,
    rng: np.random.Generator,
) -> Decisions:
    """Return the decisions; the same draws serve every policy, so a stricter one approves fewer."""
    points = _points(market, features) - policy.insight * prudence
    points += policy.bias * (who.community != LARGEST_COMMUNITY)
    room = _CUT_OFF - policy.strictness - points
    knocked_out = _knocked_out(features) & policy.knock_outs
    chance, turned = rng.standard_normal(len(room)), rng.random(len(room))
    by_rule = (room >= policy.noise * chance) & ~knocked_out
    if policy.noise > 0:
        likely = special.ndtr(room / policy.noise)
    else:
        likely = (room >= 0).astype(np.float64)
    likely = np.where(knocked_out, 0.0, likely)
    return Decisions(
        approved=by_rule ^ (turned < policy.override_share),
        probability=likely * (1 - policy.override_share) + (1 - likely) * policy.override_share,
    )


def _points(market: Market, features: pd.DataFrame) -> Floats:
    late, enquiries = _numbers(features, "delinquencies_24m"), _numbers(features, "enquiries_6m")
    no_report = np.isnan(late)
    months = np.nan_to_num(_numbers(features, "employment_months"))
    income = _numbers(features, "annual_income") / market.median_annual_income
    points: Floats = (
        0.55 * np.minimum(np.nan_to_num(late), 3)
        + 0.20 * np.minimum(np.nan_to_num(enquiries), 5)
        + 0.60 * no_report
        + 1.5 * (np.minimum(_numbers(features, "existing_dti"), 1.0) - 0.15)
        + 0.8 * (np.minimum(_numbers(features, "amount_to_income"), 1.5) - 0.45)
        - 0.4 * np.log(income)
        - 0.25 * (np.log1p(months / 12) - 1.2)
        - 0.35
    )
    return points


def _knocked_out(features: pd.DataFrame) -> Flags:
    """Return who has a bankruptcy, is in arrears elsewhere, or owes over half the income."""
    bankrupt = np.nan_to_num(_numbers(features, "bankruptcies")) > 0
    late = np.nan_to_num(_numbers(features, "accounts_delinquent_now")) > 0
    out: Flags = bankrupt | late | (_numbers(features, "existing_dti") > 0.5)
    return out


def _numbers(features: pd.DataFrame, name: str) -> Floats:
    return features[name].to_numpy(dtype=np.float64, na_value=np.nan)
