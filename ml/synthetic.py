"""Made-up loan applications with a known true risk. SYNTHETIC: no row describes a person.

Every applicant has two traits nobody can see, prudence and stability, both standard normal. They
shape what can be seen (bureau history, tenure, income, use of credit), each time with noise, and
together with the true burden of the loan they decide the chance of default:

    log-odds of bad = market's level - 0.85 prudence - 0.50 stability + 3.0 (burden - 0.45)
                      + 0.030 (term - 24) + purpose effect + shock,   shock ~ Normal(0, 0.5)

where burden = (existing obligations + instalment at the market's rate) / net monthly income, at
most 1.5. The shock and the traits are in no column, so no model can reach certainty, and default
is never a rule on the model's own inputs.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import calibration, synthetic_bureau
from ml.application_schema import SCHEMA

Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[np.object_]

_PURPOSE_RISK: Mapping[str, float] = {
    "small_business": 0.45,
    "working_capital": 0.30,
    "agriculture": 0.25,
    "medical": 0.20,
    "debt_consolidation": 0.15,
    "wedding": -0.15,
    "car": -0.25,
    "educational": -0.10,
}


@dataclass(frozen=True, kw_only=True)
class Market:
    """Where applications come from: money in the currency's units, rates as fractions."""

    code: str
    country: str
    currency: str
    median_annual_income: float
    income_spread: float
    net_share: float
    annual_rate: float
    lowest_amount: float
    highest_amount: float
    amount_step: float
    median_amount_in_monthly_incomes: float
    thin_file_share: float
    level: float
    terms: Mapping[int, float] = field(hash=False)
    purposes: Mapping[str, float] = field(hash=False)
    employment: Mapping[str, float] = field(hash=False)
    housing: Mapping[str, float] = field(hash=False)
    verification: Mapping[str, float] = field(hash=False)


@dataclass(frozen=True)
class _People:
    """The applicants before they ask for anything; prudence and stability stay hidden."""

    prudence: Floats
    stability: Floats
    age: npt.NDArray[np.int_]
    employment: Strings
    tenure_months: Floats
    annual_income: Floats
    obligations: Floats


@dataclass(frozen=True)
class _Requests:
    """What they ask for."""

    amount: Floats
    term: npt.NDArray[np.int_]
    purpose: Strings


def generate(
    market: Market, *, rows: int, seed: int, start: date, end: date, with_truth: bool = False
) -> pd.DataFrame:
    """Return `rows` applications from `start` to `end` (both included), oldest first.

    Columns: every feature of the application schema, `applied_date`, `net_monthly_income`,
    `existing_obligations_monthly`, `age_years` (for checks on age, never a feature) and `bad`;
    with `with_truth` also `true_pd`. The same arguments give the same frame.
    """
    if rows < 1 or end < start:
        raise ValueError("Ask for at least one row and an end that is not before the start.")
    rng = np.random.default_rng([seed, zlib.crc32(market.code.encode())])
    people = _people(market, rows=rows, rng=rng)
    requests = _requests(market, people, rng=rng)
    true_pd = _true_pd(market, people, requests, rng=rng)
    columns: dict[str, object] = {
        **_application(market, people, requests, rng=rng),
        **synthetic_bureau.report(
            prudence=people.prudence,
            age_years=people.age,
            annual_income=people.annual_income,
            thin_file_share=market.thin_file_share,
            rng=rng,
        ),
    }
    frame = pd.DataFrame(columns)[list(SCHEMA.names)]
    frame["applied_date"] = _dates(start, end, rows=rows, rng=rng)
    frame["net_monthly_income"] = (people.annual_income / 12 * market.net_share).round(2)
    frame["existing_obligations_monthly"] = people.obligations
    frame["age_years"] = people.age
    frame["bad"] = (rng.random(rows) < true_pd).astype(int)
    if with_truth:
        frame["true_pd"] = true_pd
    return frame


def _people(market: Market, *, rows: int, rng: np.random.Generator) -> _People:
    prudence, stability = rng.standard_normal(rows), rng.standard_normal(rows)
    age = np.clip(21 + rng.gamma(2.6, 6.2, rows), 21, 74).astype(int)
    employment = drawn(market.employment, rows=rows, rng=rng)
    employment[(age < 26) & (rng.random(rows) < 0.10)] = "student"
    employment[age >= 60] = np.where(rng.random((age >= 60).sum()) < 0.8, "pensioner", "other")
    works = ~np.isin(employment, ("student", "pensioner"))
    share_of_career = calibration.probability(-0.9 + 0.9 * stability + rng.standard_normal(rows))
    tenure = np.where(works, np.floor((age - 20) * 12 * share_of_career), np.nan)
    life_cycle = -(((age - 45) / 30) ** 2)
    log_income = market.income_spread * (
        0.35 * stability + 0.9 * rng.standard_normal(rows)
    ) + 0.5 * (life_cycle + 0.2)
    log_income += np.select(
        [employment == "student", employment == "pensioner"], [-0.9, -0.35], default=0.0
    )
    income = np.round(market.median_annual_income * np.exp(log_income), -2)
    debt_share = calibration.probability(
        -1.7 - 0.45 * prudence + 0.7 * rng.standard_normal(rows)
    ) * (rng.random(rows) < 0.75)
    obligations = np.round(income / 12 * debt_share, -1)
    return _People(prudence, stability, age, employment, tenure, income, obligations)


def _requests(market: Market, people: _People, *, rng: np.random.Generator) -> _Requests:
    rows = len(people.age)
    term = rng.choice(np.array(list(market.terms)), rows, p=_weights(market.terms))
    multiple = market.median_amount_in_monthly_incomes * np.exp(
        0.55 * rng.standard_normal(rows) - 0.12 * people.prudence + 0.7 * np.log(term / 24)
    )
    wanted = np.clip(
        people.annual_income / 12 * multiple, market.lowest_amount, market.highest_amount
    )
    return _Requests(
        amount=np.ceil(wanted / market.amount_step) * market.amount_step,
        term=term,
        purpose=drawn(market.purposes, rows=rows, rng=rng),
    )


def _true_pd(
    market: Market, people: _People, requests: _Requests, *, rng: np.random.Generator
) -> Floats:
    monthly = market.annual_rate / 12
    instalment = requests.amount * monthly / (1 - (1 + monthly) ** -requests.term.astype(float))
    net = people.annual_income / 12 * market.net_share
    burden = np.minimum((people.obligations + instalment) / net, 1.5)
    log_odds = (
        market.level
        - 0.85 * people.prudence
        - 0.50 * people.stability
        + 3.0 * (burden - 0.45)
        + 0.030 * (requests.term - 24)
        + np.array([_PURPOSE_RISK.get(purpose, 0.0) for purpose in requests.purpose])
        + 0.5 * rng.standard_normal(len(burden))
    )
    return calibration.probability(log_odds)


def _application(
    market: Market, people: _People, requests: _Requests, *, rng: np.random.Generator
) -> dict[str, object]:
    rows = len(people.age)
    return {
        "amount": requests.amount,
        "term_months": requests.term,
        "purpose": requests.purpose,
        "annual_income": people.annual_income,
        "amount_to_income": requests.amount / people.annual_income,
        "existing_dti": people.obligations * 12 / people.annual_income,
        "employment_months": pd.Series(people.tenure_months).astype("Int64"),
        "employment_type": people.employment,
        "income_verification": drawn(market.verification, rows=rows, rng=rng),
        "home_ownership": _homes(market, people, rng=rng),
    }


def _homes(market: Market, people: _People, *, rng: np.random.Generator) -> Strings:
    """Return who lives how; the old and stable own more often than the market's share."""
    homes = drawn(market.housing, rows=len(people.age), rng=rng)
    settled = calibration.probability((people.age - 48) / 8 + 0.6 * people.stability)
    homes[rng.random(len(homes)) < 0.5 * settled] = "own"
    return homes


def _dates(start: date, end: date, *, rows: int, rng: np.random.Generator) -> list[date]:
    ordinals = np.sort(rng.integers(start.toordinal(), end.toordinal() + 1, rows))
    return [date.fromordinal(int(ordinal)) for ordinal in ordinals]


def drawn(shares: Mapping[str, float], *, rows: int, rng: np.random.Generator) -> Strings:
    """Return `rows` names drawn independently, each as often as its share of all shares."""
    names = np.array(list(shares), dtype=object)
    chosen: Strings = names[rng.choice(len(names), rows, p=_weights(shares))]
    return chosen


def _weights(shares: Mapping[str, float] | Mapping[int, float]) -> Floats:
    weights = np.array(list(shares.values()), dtype=np.float64)
    normal: Floats = weights / weights.sum()
    return normal


_IN_RETAIL = Market(
    code="in-retail",
    country="IN",
    currency="INR",
    median_annual_income=540_000,
    income_spread=0.55,
    net_share=0.86,
    annual_rate=0.16,
    lowest_amount=25_000,
    highest_amount=4_000_000,
    amount_step=5_000,
    median_amount_in_monthly_incomes=5.0,
    thin_file_share=0.18,
    level=-3.05,
    terms={12: 0.16, 18: 0.08, 24: 0.24, 36: 0.30, 48: 0.12, 60: 0.10},
    purposes={
        "debt_consolidation": 0.12,
        "credit_card": 0.06,
        "home_improvement": 0.14,
        "major_purchase": 0.10,
        "small_business": 0.10,
        "car": 0.10,
        "wedding": 0.10,
        "medical": 0.09,
        "moving": 0.02,
        "vacation": 0.03,
        "educational": 0.08,
        "agriculture": 0.03,
        "other": 0.03,
    },
    employment={"salaried": 0.66, "self_employed": 0.29, "other": 0.05},
    housing={"own": 0.28, "mortgage": 0.14, "rent": 0.31, "family": 0.25, "other": 0.02},
    verification={"none": 0.04, "declared": 0.20, "source": 0.36, "documents": 0.40},
)

_KE_RETAIL = Market(
    code="ke-retail",
    country="KE",
    currency="KES",
    median_annual_income=660_000,
    income_spread=0.65,
    net_share=0.78,
    annual_rate=0.17,
    lowest_amount=10_000,
    highest_amount=5_000_000,
    amount_step=1_000,
    median_amount_in_monthly_incomes=4.0,
    thin_file_share=0.27,
    level=-2.95,
    terms={6: 0.10, 12: 0.26, 18: 0.12, 24: 0.24, 36: 0.20, 48: 0.08},
    purposes={
        "debt_consolidation": 0.07,
        "home_improvement": 0.12,
        "major_purchase": 0.07,
        "small_business": 0.17,
        "working_capital": 0.12,
        "car": 0.06,
        "wedding": 0.03,
        "medical": 0.08,
        "moving": 0.01,
        "house": 0.04,
        "educational": 0.13,
        "agriculture": 0.08,
        "other": 0.02,
    },
    employment={"salaried": 0.52, "self_employed": 0.41, "other": 0.07},
    housing={"own": 0.30, "mortgage": 0.04, "rent": 0.45, "family": 0.19, "other": 0.02},
    verification={"none": 0.07, "declared": 0.28, "source": 0.30, "documents": 0.35},
)

MARKETS: Mapping[str, Market] = {market.code: market for market in (_IN_RETAIL, _KE_RETAIL)}
