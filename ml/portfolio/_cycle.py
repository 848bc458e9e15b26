"""The economy month by month: unemployment and the interest rate, the same for everybody.

Both swing around their mean as first-order autoregressions,

    u[t] = mean + 0.95 (u[t-1] - mean) + shock, r[t] likewise with 0.97,

started from where they are in the long run, with standard deviations of 0.8 and 1.0 points. A
downturn is added to unemployment.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

from ml.portfolio.config import Downturn, PortfolioConfig

Floats = npt.NDArray[np.float64]

NORMAL_UNEMPLOYMENT = 0.07
_LOWEST_UNEMPLOYMENT = 0.01
_LOWEST_RATE = 0.0
_ONSET_MONTHS = 6
_HALF_LIFE_MONTHS = 6
_STREAM = 0


@dataclass(frozen=True, eq=False)
class Cycle:
    """Unemployment and the market's interest rate as fractions, one value per month."""

    unemployment: Floats
    rate: Floats


def path(config: PortfolioConfig, *, months: int) -> Cycle:
    """Return the first months of the economy; a longer path begins with the shorter one."""
    shocks = config.stream(_STREAM).standard_normal((months, 2))
    unemployment = NORMAL_UNEMPLOYMENT + _swing(shocks[:, 0], persistence=0.95, deviation=0.008)
    if config.downturn is not None:
        unemployment += _downturn(
            config.downturn, first=config.month_of(config.downturn.start), months=months
        )
    rate = config.market.annual_rate + _swing(shocks[:, 1], persistence=0.97, deviation=0.010)
    return Cycle(np.maximum(unemployment, _LOWEST_UNEMPLOYMENT), np.maximum(rate, _LOWEST_RATE))


def _swing(shocks: Floats, *, persistence: float, deviation: float) -> Floats:
    scale = np.full(len(shocks), deviation * np.sqrt(1 - persistence**2))
    scale[0] = deviation
    swing: Floats = signal.lfilter([1.0], [1.0, -persistence], scale * shocks)
    return swing


def _downturn(downturn: Downturn, *, first: int, months: int) -> Floats:
    """Return the rise of unemployment: a ramp, a plateau and a decay."""
    age = np.arange(months) - first
    ramp = np.clip((age + 1) / _ONSET_MONTHS, 0, 1)
    decay = 0.5 ** (np.maximum(age - downturn.months, 0) / _HALF_LIFE_MONTHS)
    rise: Floats = downturn.size * ramp * decay
    return rise
