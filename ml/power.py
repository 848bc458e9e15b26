"""How many loans an experiment needs before it can tell two default rates apart.

Two-sided test of two proportions by the normal approximation without correction for continuity
(Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 2003, section 4.3), with
arms of different size.
"""

import math
from dataclasses import dataclass

from scipy import special


@dataclass(frozen=True)
class Sample:
    """How many with a known outcome each arm needs at least."""

    champion: int
    challenger: int


def least_sample(
    baseline: float,
    difference: float,
    *,
    power: float,
    share: float,
    level: float = 0.05,
) -> Sample:
    """Return the least sample that finds a difference from a baseline rate with some power.

    `difference` is the challenger's rate less the baseline, `share` the challenger's part of the
    whole sample, `level` how often a difference is seen where there is none. ValueError for
    rates, a power, a share or a level that lie not between 0 and 1, and for no difference.
    """
    other = baseline + difference
    for name, value in (
        ("baseline", baseline),
        ("challenger's rate", other),
        ("power", power),
        ("share", share),
        ("level", level),
    ):
        if not 0 < value < 1:
            raise ValueError(f"The {name} lies between 0 and 1, not at {value!r}.")
    if difference == 0:
        raise ValueError("No sample tells apart what does not differ.")
    ratio = share / (1 - share)
    pooled = (baseline + ratio * other) / (1 + ratio)
    false_alarm = float(special.ndtri(1 - level / 2)) * math.sqrt(
        (1 + 1 / ratio) * pooled * (1 - pooled)
    )
    missed = float(special.ndtri(power)) * math.sqrt(
        baseline * (1 - baseline) + other * (1 - other) / ratio
    )
    champion = ((false_alarm + missed) / difference) ** 2
    return Sample(champion=math.ceil(champion), challenger=math.ceil(champion * ratio))
