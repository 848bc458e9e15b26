"""Who applies: what the law protects, and the circumstances that it goes with.

Women, smaller communities and the countryside earn less and more often have a thin file; age
and marriage shape work, dependants and a partner's wage. Prudence and stability are the same for
all. Nothing protected leaves this module except into the protected frame, so none of it can
reach repayment by another way than circumstances.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import calibration, synthetic
from ml.synthetic import Market

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int_]
Strings = npt.NDArray[np.object_]

LARGEST_COMMUNITY = "a"

_GENDERS = {"female": 0.42, "male": 0.58}
_COMMUNITIES = {LARGEST_COMMUNITY: 0.70, "b": 0.20, "c": 0.10}
_REGIONS = {"capital": 0.30, "towns": 0.40, "countryside": 0.30}
_AGE_GROUPS = ("21-29", "30-44", "45-59", "60+")
_AGE_GROUP_STARTS = (30, 45, 60)

_LOG_INCOME: Mapping[str, float] = {
    "female": -0.18,
    "b": -0.16,
    "c": -0.08,
    "capital": 0.18,
    "countryside": -0.18,
    "student": -0.9,
    "pensioner": -0.35,
}
_LOG_THIN_FILE: Mapping[str, float] = {
    "female": 0.25,
    "b": 0.40,
    "c": 0.20,
    "capital": -0.30,
    "countryside": 0.35,
}
_LOG_PRICES: Mapping[str, float] = {"capital": 0.20, "countryside": -0.15}


@dataclass(frozen=True, eq=False)
class Protected:
    """What may never decide about credit."""

    gender: Strings
    age_years: Ints
    marital_status: Strings
    region: Strings
    community: Strings

    def frame(self) -> pd.DataFrame:
        """Return the attributes as columns, age also as a group."""
        groups = np.array(_AGE_GROUPS, dtype=object)
        return pd.DataFrame(
            {
                "gender": self.gender,
                "age_years": self.age_years,
                "age_group": groups[np.digitize(self.age_years, _AGE_GROUP_STARTS)],
                "marital_status": self.marital_status,
                "region": self.region,
                "community": self.community,
            }
        )


@dataclass(frozen=True, eq=False)
class Circumstances:
    """The life of the applicants as it is; money per month in the currency's units.

    `in_distress`: an income shock has already struck when they apply. `savings` are in months of
    net income.
    """

    prudence: Floats
    stability: Floats
    employment: Strings
    tenure_months: Floats
    annual_income: Floats
    net_income: Floats
    partner_income: Floats
    living_costs: Floats
    obligations: Floats
    savings: Floats
    in_distress: Flags
    thin_file_share: Floats


def protected(*, rows: int, rng: np.random.Generator) -> Protected:
    """Draw the protected attributes; marriage goes with age, the region with the community."""
    age = np.clip(21 + rng.gamma(2.6, 6.2, rows), 21, 74).astype(int)
    community = synthetic.drawn(_COMMUNITIES, rows=rows, rng=rng)
    region = synthetic.drawn(_REGIONS, rows=rows, rng=rng)
    region[(community == "b") & (rng.random(rows) < 0.35)] = "countryside"
    wed = calibration.probability((age - 29) / 3.5) * 0.86
    dice, widowed = rng.random(rows), rng.random(rows) < 0.006 * np.exp((age - 40) / 10)
    marital = np.select(
        [widowed, dice < wed, dice < wed + 0.10 * wed],
        ["widowed", "married", "divorced"],
        default="single",
    ).astype(object)
    return Protected(
        gender=synthetic.drawn(_GENDERS, rows=rows, rng=rng),
        age_years=age,
        marital_status=marital,
        region=region,
        community=community,
    )


def circumstances(
    market: Market,
    who: Protected,
    *,
    income_shift: Floats,
    debt_shift: Floats,
    rng: np.random.Generator,
) -> Circumstances:
    """Draw the life behind the attributes; the shifts are in standard deviations."""
    rows = len(who.age_years)
    prudence, stability = rng.standard_normal(rows), rng.standard_normal(rows)
    employment, tenure = _work(market, who, stability, rng=rng)
    income = _annual_income(market, who, employment, stability, shift=income_shift, rng=rng)
    net = income / 12 * market.net_share
    partner = _partner_income(who, net, rng=rng)
    debt_share = calibration.probability(
        -1.7 - 0.45 * prudence + 0.7 * (rng.standard_normal(rows) + debt_shift)
    ) * (rng.random(rows) < 0.75)
    savings = np.exp(0.2 + 0.5 * prudence + 0.3 * stability + 0.7 * rng.standard_normal(rows))
    distress = rng.random(rows) < calibration.probability(-3.2 - 0.5 * stability)
    return Circumstances(
        prudence=prudence,
        stability=stability,
        employment=employment,
        tenure_months=tenure,
        annual_income=income,
        net_income=net,
        partner_income=partner,
        living_costs=_living_costs(market, who, net + partner, rng=rng),
        obligations=np.round(income / 12 * debt_share, -1),
        savings=savings,
        in_distress=distress,
        thin_file_share=market.thin_file_share
        * np.exp(_effect(_LOG_THIN_FILE, who.gender, who.community, who.region)),
    )


def _work(
    market: Market, who: Protected, stability: Floats, *, rng: np.random.Generator
) -> tuple[Strings, Floats]:
    rows, age = len(who.age_years), who.age_years
    employment = synthetic.drawn(market.employment, rows=rows, rng=rng)
    employment[(who.region == "countryside") & (rng.random(rows) < 0.15)] = "self_employed"
    employment[(age < 26) & (rng.random(rows) < 0.10)] = "student"
    retired = np.where(rng.random(rows) < 0.8, "pensioner", "other")
    employment[age >= 60] = retired[age >= 60]
    works = ~np.isin(employment, ("student", "pensioner"))
    share_of_career = calibration.probability(-0.9 + 0.9 * stability + rng.standard_normal(rows))
    return employment, np.where(works, np.floor((age - 20) * 12 * share_of_career), np.nan)


def _annual_income(
    market: Market,
    who: Protected,
    employment: Strings,
    stability: Floats,
    *,
    shift: Floats,
    rng: np.random.Generator,
) -> Floats:
    spread = 0.35 * stability + 0.9 * rng.standard_normal(len(stability)) + shift
    life_cycle = 0.5 * (0.2 - ((who.age_years - 45) / 30) ** 2)
    groups = _effect(_LOG_INCOME, who.gender, who.community, who.region, employment)
    income = market.median_annual_income * np.exp(
        market.income_spread * spread + life_cycle + groups
    )
    income = np.maximum(income, 0.05 * market.median_annual_income)
    return np.asarray(np.round(income, -2), dtype=np.float64)


def _partner_income(who: Protected, net: Floats, *, rng: np.random.Generator) -> Floats:
    rows = len(net)
    likely = np.where(who.gender == "female", 0.75, 0.45)
    earns = (who.marital_status == "married") & (rng.random(rows) < likely)
    return np.where(earns, net * np.exp(-0.4 + 0.5 * rng.standard_normal(rows)), 0.0)


def _living_costs(
    market: Market, who: Protected, household_income: Floats, *, rng: np.random.Generator
) -> Floats:
    """Return what life costs: a basket per head at the region's prices, and a share of income."""
    married = who.marital_status == "married"
    dependants = rng.poisson(np.where(married, 1.4, 0.3))
    heads = 1 + 0.5 * married + 0.3 * dependants
    basket = 0.17 * market.median_annual_income / 12 * market.net_share
    prices = np.exp(_effect(_LOG_PRICES, who.region) + 0.2 * rng.standard_normal(len(married)))
    costs: Floats = basket * heads * prices + 0.25 * household_income
    return costs


def _effect(table: Mapping[str, float], *columns: Strings) -> Floats:
    """Return the sum of what the table says of each column's value; silence is zero."""
    total = np.zeros(len(columns[0]))
    for name, effect in table.items():
        for column in columns:
            total += effect * (column == name)
    return total
