"""A portfolio whose truth is known. SYNTHETIC: no row describes a person.

What happens is caused, not computed from a model's inputs: people have hidden traits, a household
and an income; the economy swings; shocks strike and pass; instalments are paid or missed month
by month, and default is 90 days past due within twelve months. The lender sees noisy columns; an
old, imperfect policy approves some; outcomes exist for those alone, while the true probability
of default is known for every row, exactly, given the obligor and the economy that came.

The same config gives the same rows, whole or in chunks of any size.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ml.portfolio import _build, _cycle, _panel
from ml.portfolio._build import Portfolio
from ml.portfolio.config import (
    CAUSAL,
    OUTCOME_MONTHS,
    REPORTED,
    ConceptDrift,
    CovariateDrift,
    Downturn,
    Policy,
    PortfolioConfig,
)

__all__ = [
    "CAUSAL",
    "OUTCOME_MONTHS",
    "REPORTED",
    "ConceptDrift",
    "CovariateDrift",
    "Downturn",
    "Policy",
    "Portfolio",
    "PortfolioConfig",
    "behaviour",
    "cycle",
    "generate",
    "iterate",
]


def generate(config: PortfolioConfig) -> Portfolio:
    """Return the whole portfolio, oldest application first; about 300 bytes of memory a row."""
    return next(iterate(config, chunk_rows=config.rows))


def iterate(config: PortfolioConfig, *, chunk_rows: int) -> Iterator[Portfolio]:
    """Yield the portfolio in chunks of `chunk_rows`, the last one shorter if need be.

    The rows are those of `generate` to the last bit, whatever the size of the chunks.
    """
    if chunk_rows < 1:
        raise ValueError("A chunk needs at least one row.")
    return _chunks(config, chunk_rows)


def cycle(config: PortfolioConfig) -> pd.DataFrame:
    """Return the economy behind the portfolio: `month`, `unemployment` and `rate`, as fractions."""
    economy = _cycle.path(config, months=config.cycle_months)
    months = np.datetime64(config.start, "M") + np.arange(config.cycle_months)
    return pd.DataFrame(
        {
            "month": months.astype("datetime64[s]"),
            "unemployment": economy.unemployment,
            "rate": economy.rate,
        }
    )


def behaviour(config: PortfolioConfig, *, months: int = 24, every: int = 1) -> pd.DataFrame:
    """Return the monthly panel of the approved loans, of every `every`-th row number.

    Columns: `row` (the portfolio's index), `months_on_book` from 1 to `months`, the calendar
    `month`, `dpd` in days at its end, and `balance`, the principal left. The first twelve months
    are those that decided `bad`; a loan 90 days past due is never cured.
    """
    if months < 1 or every < 1:
        raise ValueError("The panel needs at least one month, and every first loan or fewer.")
    economy = _cycle.path(config, months=config.cycle_months + months)
    parts = [
        _panel.rows(
            config,
            economy,
            number,
            _build.block(config, economy, number),
            months=months,
            every=every,
        )
        for number in _build.blocks(config)
    ]
    return pd.concat(parts, ignore_index=True)


def _chunks(config: PortfolioConfig, chunk_rows: int) -> Iterator[Portfolio]:
    economy = _cycle.path(config, months=config.cycle_months)
    waiting: list[Portfolio] = []
    held = 0
    for number in _build.blocks(config):
        waiting.append(_build.block(config, economy, number).portfolio)
        held += len(waiting[-1].applications)
        while held >= chunk_rows:
            whole = _joined(waiting)
            yield _cut(whole, slice(None, chunk_rows))
            held -= chunk_rows
            waiting = [_cut(whole, slice(chunk_rows, None))] if held else []
    if held:
        yield _joined(waiting)


def _joined(parts: list[Portfolio]) -> Portfolio:
    if len(parts) == 1:
        return parts[0]
    return Portfolio(
        applications=pd.concat([part.applications for part in parts]),
        truth=pd.concat([part.truth for part in parts]),
        protected=pd.concat([part.protected for part in parts]),
    )


def _cut(whole: Portfolio, rows: slice) -> Portfolio:
    return Portfolio(
        applications=whole.applications.iloc[rows],
        truth=whole.truth.iloc[rows],
        protected=whole.protected.iloc[rows],
    )
