"""The expected credit loss of a loan, from hazards month by month. Pure.

With h the chance of default in month t of those who have not defaulted by its beginning, S the
share that has not, and v the worth today of a unit due in a month at the effective rate,

    PD(t)  = S(t-1) h(t)           S(t) = S(t-1) (1 - h(t))           S(0) = 1
    ECL    = sum of PD(t) x LGD x EAD(t) x v^t

over a lifetime, or over the first twelve months: those are the losses of defaults within twelve
months, whenever the money is missed (IFRS 9 5.5.17, B5.5.44; rule book 3.2). A default is
recognised some months after the first due date that was missed (`lag`): EAD(t) is what was owed
at the beginning of the month t - lag, from which on nothing was paid, and a lifetime ends as many
months after the last due date. Scenarios shift hazard and LGD and are weighted; no shift takes an
LGD below its floor. Everything is exact to the context's digits and rounded once, at the end.
`bulk` comes to the same for many loans at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.core.money import money

ZERO, ONE = Decimal(0), Decimal(1)
YEAR = 12


class Outlook(StrEnum):
    """The three scenarios of the economy."""

    BASE = "base"
    UPSIDE = "upside"
    DOWNSIDE = "downside"


class Path(StrEnum):
    """How the balance falls: by level instalments, or all on the last day."""

    LEVEL = "level"
    BULLET = "bullet"


@dataclass(frozen=True, slots=True)
class Scenario:
    """How much an outlook weighs, and what it multiplies hazards and LGD by."""

    weight: Decimal
    pd_shift: Decimal = ONE
    lgd_shift: Decimal = ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """What a loan is measured by. Rates are fractions a year."""

    currency: str
    # All that is owed, and what may be drawn still with the share of it that is drawn at default.
    drawn: Decimal
    undrawn: Decimal = ZERO
    conversion: Decimal = ZERO
    # The contract's rate, by which instalments pay it down, and the effective rate of discounting.
    annual_rate: Decimal
    effective_rate: Decimal
    path: Path = Path.LEVEL
    lgd: Decimal
    # The least LGD under any scenario.
    lgd_floor: Decimal = ZERO
    # One for each month that is left and for each of `lag`; the first is that of the coming month.
    hazards: Sequence[Decimal]
    # How many months pass from the first due date that is missed, or from now, to default.
    lag: int = 0
    # Credit-impaired: its default has happened.
    is_impaired: bool = False


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss expected over twelve months and over a lifetime."""

    months_12: Decimal
    lifetime: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is expected of a loan: PDs weighted over the scenarios, losses of each and weighted."""

    ead: Decimal
    pd_12: Decimal
    pd_lifetime: Decimal
    weighted: Loss
    scenarios: Mapping[Outlook, Loss]


def exposure_at_default(drawn: Decimal, undrawn: Decimal, conversion: Decimal) -> Decimal:
    """Return what is owed at default: what is drawn, and a share of what is not. Rule 3.2 T5."""
    return drawn + undrawn * conversion


def survival(hazards: Sequence[Decimal]) -> list[Decimal]:
    """Return the share that has not defaulted by the beginning of each month, and by the end."""
    found = [ONE]
    for hazard in hazards:
        found.append(found[-1] * (ONE - hazard))
    return found


def marginal(hazards: Sequence[Decimal]) -> list[Decimal]:
    """Return the PD of each month: the survival before it times its hazard."""
    return [alive * hazard for alive, hazard in zip(survival(hazards), hazards, strict=False)]


def shifted(hazards: Sequence[Decimal], shift: Decimal) -> list[Decimal]:
    """Return hazards times a factor, none above one."""
    return [min(ONE, hazard * shift) for hazard in hazards]


def even_hazard(pd_12: Decimal) -> Decimal:
    """Return the hazard that, the same in each of twelve months, makes a PD over twelve months."""
    if pd_12 == ONE:
        return ONE
    return ONE - (ONE - pd_12) ** (ONE / YEAR)


def balances(ead: Decimal, annual_rate: Decimal, months: int, path: Path) -> list[Decimal]:
    """Return what is owed at the beginning of each month that is left."""
    if path == Path.BULLET or months <= 1:
        return [ead] * months
    rate = annual_rate / YEAR
    if not rate:
        return [ead * (months - gone) / months for gone in range(months)]
    worth = ONE / (ONE + rate)
    whole = ONE - worth**months
    return [ead * (ONE - worth ** (months - gone)) / whole for gone in range(months)]


def owed_at_default(
    ead: Decimal, annual_rate: Decimal, months: int, path: Path, *, lag: int
) -> list[Decimal]:
    """Return what is owed where default is recognised in each month that is left, or of `lag`.

    What defaults within `lag` months has missed already what it defaults by: all of it is owed.
    """
    return [ead] * lag + balances(ead, annual_rate, months, path)


def shifted_lgd(lgd: Decimal, floor: Decimal, shift: Decimal) -> Decimal:
    """Return an LGD times a factor, not below its floor and not above one."""
    return min(ONE, max(floor, lgd * shift))


def lifetime_pd(pd_12: Decimal, months: int, scenarios: Mapping[Outlook, Scenario]) -> Decimal:
    """Return the PD over some months that a PD over twelve comes to, weighted over scenarios."""
    hazards = [even_hazard(pd_12)] * months
    found = {
        name: ONE - survival(shifted(hazards, terms.pd_shift))[-1]
        for name, terms in scenarios.items()
    }
    return weighted(scenarios, found)


def measure(one: Exposed, scenarios: Mapping[Outlook, Scenario]) -> Measured:
    """Return the loss expected of a loan, rounded to the currency's smallest unit."""
    ead = exposure_at_default(one.drawn, one.undrawn, one.conversion)
    found = {name: _under(one, ead, terms) for name, terms in scenarios.items()}
    if one.is_impaired:
        pds = (ONE, ONE)
    else:
        pds = (
            weighted(scenarios, {name: _pd(one, it, YEAR) for name, it in scenarios.items()}),
            weighted(scenarios, {name: _pd(one, it, None) for name, it in scenarios.items()}),
        )
    both = Loss(
        weighted(scenarios, {name: loss.months_12 for name, loss in found.items()}),
        weighted(scenarios, {name: loss.lifetime for name, loss in found.items()}),
    )
    return Measured(
        ead=money(ead, one.currency),
        pd_12=pds[0],
        pd_lifetime=pds[1],
        weighted=_rounded(both, one.currency),
        scenarios={name: _rounded(loss, one.currency) for name, loss in found.items()},
    )


def weighted(scenarios: Mapping[Outlook, Scenario], values: Mapping[Outlook, Decimal]) -> Decimal:
    """Return the mean of a value of each scenario by their weights. Rule book 3.2 T4."""
    return sum((scenarios[name].weight * value for name, value in values.items()), ZERO)


def _under(one: Exposed, ead: Decimal, terms: Scenario) -> Loss:
    """Return the loss under a scenario, not rounded."""
    lgd = shifted_lgd(one.lgd, one.lgd_floor, terms.lgd_shift)
    if one.is_impaired:
        return Loss(ead * lgd, ead * lgd)
    hazards = shifted(one.hazards, terms.pd_shift)
    left = len(hazards) - one.lag
    owed = owed_at_default(ead, one.annual_rate, left, one.path, lag=one.lag)
    worth = (ONE + one.effective_rate) ** (-ONE / YEAR)
    year = life = ZERO
    factor = ONE
    for month, (pd, balance) in enumerate(zip(marginal(hazards), owed, strict=True)):
        factor *= worth
        life += pd * lgd * balance * factor
        if month < YEAR:
            year = life
    return Loss(year, life)


def _pd(one: Exposed, terms: Scenario, months: int | None) -> Decimal:
    return ONE - survival(shifted(one.hazards[:months], terms.pd_shift))[-1]


def _rounded(loss: Loss, currency: str) -> Loss:
    return Loss(money(loss.months_12, currency), money(loss.lifetime, currency))
