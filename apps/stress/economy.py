"""What a scenario of the economy does to a loan: to its odds, its lateness, its security. Pure.

Of every year a scenario says how far four things lie from where they were on the day that losses
were measured: unemployment and interest rates in points, prices of what secures loans and incomes
as shares. How much that means is the lender's to decide (`Sensitivities`). With x the sum of
sensitivities times what changed, a chance h of default in a month becomes

    h' = h k / (1 + h (k - 1)),     k = exp(x)

which adds x to its log-odds; x = 0 leaves it exactly as it was. After the last year of a scenario
everything stays as in that year.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.portfolio.bands import Band

POINTS = 100
YEAR = 12
# No more is added to log-odds: it makes any chance certain already.
MOST_ADDED = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """How far a year lies from the day of the measurement; all fractions, 0.01 is one point."""

    unemployment: Decimal = Decimal(0)
    rates: Decimal = Decimal(0)
    collateral: Decimal = Decimal(0)
    income: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The years of a scenario; a segment that is named has years of its own."""

    name: str
    source: str
    years: tuple[Year, ...]
    segments: Mapping[str, tuple[Year, ...]]

    def of(self, segment: str) -> tuple[Year, ...]:
        """Return the years of a segment."""
        return self.segments.get(segment, self.years)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOdds:
    """What a point of unemployment or rates, or 1 % of income that is lost, adds to log-odds.

    `burden` is for a point by which instalments take more of an income, where both are known;
    it stands in the place of rates and income then.
    """

    unemployment: Decimal
    rates: Decimal
    income: Decimal
    burden: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolls:
    """The share of loans of each lateness that is later a month on, and what moves its log-odds."""

    shares: Mapping[str, Decimal]
    unemployment: Decimal
    income: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivities:
    """What the lender decided of how its loans answer to the economy.

    `collateral` says which share of a change of prices reaches a kind of security.
    """

    source: str
    log_odds: LogOdds
    rolls: Rolls
    collateral: Mapping[str, Decimal]

    def reaches(self, kind: str) -> Decimal:
        """Return the share of a change of prices that reaches a kind of security."""
        return self.collateral.get(kind, self.collateral["others"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What is known of a borrower's means: shares of net income as they were when it was lent."""

    # All that had to be paid a month, and the instalment of this loan alone.
    burden: float
    instalment: float
    is_floating: bool
    annual_rate: float
    months_left: int


def nothing(years: int) -> Scenario:
    """Return the base case: no shock in any year."""
    return Scenario(name="", source="", years=(Year(),) * years, segments={})


def added(year: Year, rules: LogOdds, means: Means | None) -> float:
    """Return what a year adds to the log-odds of a loan's default in a month."""
    found = POINTS * float(rules.unemployment * year.unemployment)
    if means is None:
        found += POINTS * float(rules.rates * year.rates - rules.income * year.income)
    else:
        found += POINTS * float(rules.burden) * (stressed_burden(year, means) - means.burden)
    return min(found, MOST_ADDED)


def stressed_burden(year: Year, means: Means) -> float:
    """Return the share of income that has to be paid after a change of rates and income."""
    more = 0.0
    if means.is_floating:
        was = level(means.annual_rate, means.months_left)
        now = level(means.annual_rate + float(year.rates), means.months_left)
        more = means.instalment * (now / was - 1)
    if not year.rates and not year.income:
        return means.burden
    return (means.burden + more) / (1 + float(year.income))


def level(annual_rate: float, months: int) -> float:
    """Return the level payment a month of one unit; a rate below zero counts as none."""
    rate = max(annual_rate, 0.0) / YEAR
    if not rate:
        return 1 / months
    return rate / -math.expm1(-months * math.log1p(rate))


def odds(chance: float, added_: float) -> float:
    """Return a chance whose log-odds were raised."""
    factor = math.exp(added_)
    return chance * factor / (1 + chance * (factor - 1))


def rolled(band: Band, first: Year, rules: Rolls) -> float:
    """Return the share of loans of a lateness that is later by the shock of the first year.

    That is what rolls beyond the share that rolls anyway; a shock that makes less roll moves none.
    """
    share = float(rules.shares[band.value])
    moved = POINTS * float(rules.unemployment * first.unemployment - rules.income * first.income)
    return odds(share, min(moved, MOST_ADDED)) - share if moved > 0 else 0.0


def covered(share: float, change: Decimal, reaches: Decimal) -> float:
    """Return the share of what is owed that security covers after a change of prices.

    What security is worth beyond what is owed is not known here, so a rise covers no more.
    """
    return share * min(1.0, 1 + float(change * reaches))


def lgd(known: float, *, lost_cover: float, unsecured: float) -> float:
    """Return the LGD where security covers less: what it leaves is lost as unsecured money is."""
    return min(1.0, known + lost_cover * unsecured)


def at(years: Sequence[Year], place: int) -> Year:
    """Return a year of a path; after the last it stays."""
    return years[min(place, len(years) - 1)]
