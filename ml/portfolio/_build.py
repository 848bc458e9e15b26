"""Portfolios block by block, so that a million applications need the memory of a few thousand."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.application_schema import SCHEMA
from ml.portfolio import _application, _people, _policy, _repayment
from ml.portfolio._application import Requests
from ml.portfolio._cycle import Cycle
from ml.portfolio._people import Circumstances, Protected
from ml.portfolio._policy import Decisions
from ml.portfolio._repayment import Month, Obligors
from ml.portfolio.config import OUTCOME_MONTHS, REPORTED, PortfolioConfig

Ints = npt.NDArray[np.int_]

BLOCK_ROWS: Final = 8192
_PEOPLE, LIVES, _DECISIONS = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Applications with what became of them. The three frames share one index, the row number.

    `applications` is what the lender holds: the features of the application schema,
    `applied_date`, `approved`, and `bad` - 1.0, 0.0, or NaN where no loan was granted. `truth`
    is what only the generator knows: `true_pd`, `would_default` (the outcome had the loan been
    granted), `approval_probability`, the hidden traits, `slack` before any shock and whether the
    applicant was `in_distress`. `protected` is for fairness alone.
    """

    applications: pd.DataFrame
    truth: pd.DataFrame
    protected: pd.DataFrame

    @property
    def features(self) -> pd.DataFrame:
        """Return the columns that a model may see, as the schema wants them."""
        return self.applications[list(SCHEMA.names)]


@dataclass(frozen=True, eq=False)
class Block:
    """A run of consecutive rows on its way into a portfolio, with what a panel needs."""

    portfolio: Portfolio
    obligors: Obligors
    requests: Requests


@dataclass(frozen=True, eq=False)
class _Applicants:
    who: Protected
    life: Circumstances
    asked: Requests
    seen: pd.DataFrame


def blocks(config: PortfolioConfig) -> range:
    """Return the numbers of the blocks that make up the portfolio."""
    return range(-(-config.rows // BLOCK_ROWS))


def block(config: PortfolioConfig, cycle: Cycle, number: int) -> Block:
    """Return the rows of one block; they depend on nothing but the arguments."""
    first = number * BLOCK_ROWS
    rng = config.stream(_PEOPLE, number)
    days = _days(config, first=first, rows=min(BLOCK_ROWS, config.rows - first), rng=rng)
    month = _months(config, days)
    drawn = _applicants(config, month, rng=rng)
    decisions = _policy.decide(
        config.policy,
        config.market,
        drawn.seen,
        who=drawn.who,
        prudence=drawn.life.prudence,
        rng=config.stream(_DECISIONS, number),
    )
    obligors = _repayment.obligors(
        config.market,
        drawn.life,
        drawn.asked,
        month=month,
        concept=config.change_of_concept(month),
    )
    ahead = _repayment.months_ahead(obligors, cycle, months=OUTCOME_MONTHS)
    lives = _repayment.instalments_behind(obligors, ahead, rng=config.stream(LIVES, number))
    truth = _truth(obligors, ahead, lives, decisions)
    bad = truth["would_default"].to_numpy(dtype=np.float64)
    calendar = np.array([config.start + timedelta(days=day) for day in range(_period(config))])
    applications = drawn.seen.assign(
        applied_date=calendar[days],
        approved=decisions.approved,
        bad=np.where(decisions.approved, bad, np.nan),
    )
    frames = (applications, truth, drawn.who.frame())
    for frame in frames:
        frame.index = pd.RangeIndex(first, first + len(frame))
    return Block(Portfolio(*frames), obligors, drawn.asked)


def _applicants(config: PortfolioConfig, month: Ints, *, rng: np.random.Generator) -> _Applicants:
    market = config.market
    who = _people.protected(rows=len(month), rng=rng)
    life = _people.circumstances(
        market,
        who,
        income_shift=config.shift("annual_income", month),
        debt_shift=config.shift("existing_dti", month),
        rng=rng,
    )
    asked = _application.requests(market, life, amount_shift=config.shift("amount", month), rng=rng)
    seen = _application.features(
        market,
        who,
        life,
        asked,
        reported_shifts={name: config.shift(name, month) for name in REPORTED},
        rng=rng,
    )
    return _Applicants(who, life, asked, seen)


def _truth(
    obligors: Obligors,
    ahead: list[Month],
    lives: npt.NDArray[np.int16],
    decisions: Decisions,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "true_pd": _repayment.default_probability(obligors, ahead),
            "would_default": lives[-1] >= _repayment.DEFAULT_BEHIND,
            "approval_probability": decisions.probability,
            "prudence": obligors.prudence,
            "stability": obligors.stability,
            "slack": obligors.slack[0],
            "in_distress": obligors.struck,
        }
    )


def _period(config: PortfolioConfig) -> int:
    return (config.end - config.start).days + 1


def _days(config: PortfolioConfig, *, first: int, rows: int, rng: np.random.Generator) -> Ints:
    """Return days since the start, in order across blocks: each row has its own slice of time."""
    share = (np.arange(first, first + rows) + rng.random(rows)) / config.rows
    days: Ints = np.minimum((share * _period(config)).astype(np.int_), _period(config) - 1)
    return days


def _months(config: PortfolioConfig, days: Ints) -> Ints:
    dates = np.datetime64(config.start, "D") + days
    months: Ints = (dates.astype("datetime64[M]") - np.datetime64(config.start, "M")).astype(
        np.int_
    )
    return months
