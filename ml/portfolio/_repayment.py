"""How a loan is paid month by month, and the exact chance that it defaults.

An obligor is in one of two conditions - living as before, or struck by an income shock - and
some instalments behind. Each month, with unemployment u and interest rate r of that month:

    a shock strikes    logit = -3.9 - 0.55 stability + job's risk + 14 (u - normal u)
    a shock passes     logit = -1.9 + 0.30 stability - 9 (u - normal u)
    an instalment is missed
                       logit = level - 2.0 slack - 0.65 prudence - 0.35 log savings
                               + 2.6 if already behind, + 1.8 if struck
    all arrears are made good, if not missed
                       logit = -0.4 + 1.5 slack + 0.3 prudence

where slack = (household income - living costs - debt service) / household income, income lower
when struck, and existing debts dearer as the rate rises over that at application. Three
instalments behind is 90 days past due: default, for good. Seven states and known transitions
make a Markov chain, so the chance of default within a year is not estimated but added up, exactly,
over every future that may happen to the obligor in the economy that came.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.calibration import probability
from ml.portfolio._application import Requests
from ml.portfolio._cycle import NORMAL_UNEMPLOYMENT, Cycle
from ml.portfolio._people import Circumstances
from ml.synthetic import Market

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int_]

DEFAULT_BEHIND = 3

_LEVEL = -1.15
_JOB_RISK: Mapping[str, float] = {
    "self_employed": 0.3,
    "other": 0.4,
    "student": 0.2,
    "pensioner": -1,
}
_LOST: Mapping[str, float] = {"self_employed": 0.45, "student": 0.5, "pensioner": 0.2}
_LOST_OTHERWISE = 0.6
_RATE_PASS_THROUGH = 4.0


@dataclass(frozen=True, eq=False)
class Obligors:
    """All that decides repayment. `slack` has a row for before a shock and one for after."""

    prudence: Floats
    stability: Floats
    job_risk: Floats
    slack: Floats
    debt_share: Floats
    log_savings: Floats
    struck: Flags
    term: Ints
    month: Ints
    concept: Floats
    level: float


@dataclass(frozen=True, eq=False)
class Month:
    """The chances of one month; those of shape (2, rows) are for before and after a shock."""

    strikes: Floats
    passes: Floats
    missed: Floats
    missed_again: Floats
    made_good: Floats


def obligors(
    market: Market, life: Circumstances, asked: Requests, *, month: Ints, concept: Floats
) -> Obligors:
    """Return who owes what from which month of the economy on, `concept` drift included."""
    income = life.net_income + life.partner_income
    left = income - life.living_costs - life.obligations - asked.instalment
    lost = _looked_up(_LOST, life.employment, otherwise=_LOST_OTHERWISE) * life.net_income
    slack = np.clip(np.stack([left, left - lost]) / income, -0.6, 1.0)
    return Obligors(
        prudence=life.prudence,
        stability=life.stability,
        job_risk=_looked_up(_JOB_RISK, life.employment, otherwise=0.0),
        slack=slack,
        debt_share=life.obligations / income,
        log_savings=np.log(life.savings),
        struck=life.in_distress,
        term=asked.term,
        month=month,
        concept=concept,
        level=_LEVEL + market.level,
    )


def months_ahead(who: Obligors, cycle: Cycle, *, months: int) -> list[Month]:
    """Return the chances of each of the next months in the economy that came."""
    return [_month(who, cycle, ahead=ahead) for ahead in range(1, months + 1)]


def default_probability(who: Obligors, ahead: list[Month]) -> Floats:
    """Return the exact chance of being three instalments behind within the months ahead."""
    rows = len(who.struck)
    chance = np.zeros((DEFAULT_BEHIND, 2, rows))
    chance[0, 0], chance[0, 1] = ~who.struck, who.struck
    defaulted = np.zeros(rows)
    for month in ahead:
        before, after = chance[:, 0], chance[:, 1]
        struck, recovered = before * month.strikes, after * month.passes
        chance = np.stack([before - struck + recovered, after - recovered + struck], axis=1)
        current, one, two = chance
        holds = 1 - month.missed_again
        cured = (one + two) * holds * month.made_good
        stays = holds * (1 - month.made_good)
        first = current * month.missed
        defaulted += (two * month.missed_again).sum(axis=0)
        chance = np.stack(
            [current - first + cured, first + one * stays, one * month.missed_again + two * stays]
        )
    return np.clip(defaulted, 0.0, 1.0)


def instalments_behind(
    who: Obligors, ahead: list[Month], *, rng: np.random.Generator
) -> npt.NDArray[np.int16]:
    """Return one life of each, shape (months, rows): instalments behind at each month's end.

    From the third on it only grows. A longer life from the same chance begins with the shorter.
    """
    rows = len(who.struck)
    struck, behind = who.struck.copy(), np.zeros(rows, dtype=np.int16)
    lives = np.empty((len(ahead), rows), dtype=np.int16)
    for position, month in enumerate(ahead):
        turn, pay, cure = rng.random((3, rows))
        struck = np.where(struck, turn >= month.passes, turn < month.strikes)
        late = behind > 0
        missed = pay < np.where(late, _of(month.missed_again, struck), _of(month.missed, struck))
        missed |= behind >= DEFAULT_BEHIND
        cured = ~missed & (cure < _of(month.made_good, struck))
        behind = np.where(cured, 0, behind + missed).astype(np.int16)
        lives[position] = behind
    return lives


def _month(who: Obligors, cycle: Cycle, *, ahead: int) -> Month:
    now = who.month + ahead
    unemployed = cycle.unemployment[now] - NORMAL_UNEMPLOYMENT
    dearer = cycle.rate[now] - cycle.rate[who.month]
    slack = who.slack - _RATE_PASS_THROUGH * who.debt_share * dearer
    strain = (
        who.level
        - 2.0 * (1 + who.concept) * slack
        - 0.65 * (1 - who.concept) * who.prudence
        - 0.35 * who.log_savings
    )
    strain[1] += 1.8
    missed = probability(strain)
    missed[:, ahead > who.term] = 0.0
    return Month(
        strikes=probability(-3.9 - 0.55 * who.stability + who.job_risk + 14.0 * unemployed),
        passes=probability(-1.9 + 0.30 * who.stability - 9.0 * unemployed),
        missed=missed,
        missed_again=probability(strain + 2.6),
        made_good=probability(-0.4 + 1.5 * slack + 0.3 * who.prudence),
    )


def _of(chances: Floats, struck: Flags) -> Floats:
    own: Floats = np.where(struck, chances[1], chances[0])
    return own


def _looked_up(
    table: Mapping[str, float], names: npt.NDArray[np.object_], *, otherwise: float
) -> Floats:
    values = np.full(len(names), otherwise)
    for name, value in table.items():
        values[names == name] = value
    return values
