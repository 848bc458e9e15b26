"""The stage of a loan at a month's end, why, and how it comes back. Pure (rule book 3.1).

What speaks for a stage is looked at anew each month. A loan goes to a worse stage at once. To a
better one it comes only after nothing spoke for its stage, at the end of a month, for as many
months as the lender's curing asks for, and by one stage at a time (IFRS 9 5.5.7).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.core.dates import months_between

# More than so many days past due are a significant increase in risk (5.5.11), and this many are
# default (B5.5.37); the lender may rebut neither here.
STAGE_2_OVER_DAYS = 30
STAGE_3_FROM_DAYS = 90


class Reason(StrEnum):
    """Why a loan is in its stage; the first that holds, the gravest first."""

    NON_PERFORMING = "non_performing"
    DAYS_90 = "days_90"
    CURING_3 = "curing_3"
    DAYS_30 = "days_30"
    WATCHED = "watched"
    PD_ROSE = "pd_rose"
    CURING_2 = "curing_2"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the lender decided of stages: the multiple of the PD, and months of curing.

    `pd_least` is the rise in PD, as a difference, below which no multiple says anything.
    """

    pd_multiple: Decimal
    pd_least: Decimal
    cure_3_months: int
    cure_2_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a loan at the end of a month."""

    days_late: int
    is_non_performing: bool = False
    is_watched: bool = False
    pd_origination: Decimal | None = None
    pd_now: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """A stage and why; `better_since` is since when less speaks for the loan than its stage."""

    stage: int
    reason: Reason
    better_since: date | None = None


def stage(facts: Facts, rules: Rules, *, day: date, before: Staged | None) -> Staged:
    """Return the stage on a day; `before` is what it was at the end of the month before."""
    now = spoken_for(facts, rules)
    if before is None or before.stage <= now.stage:
        return now
    since = before.better_since or day
    needed = rules.cure_3_months if before.stage == 3 else rules.cure_2_months
    if months_between(since, day) < needed:
        reason = Reason.CURING_3 if before.stage == 3 else Reason.CURING_2
        return Staged(before.stage, reason, since)
    if before.stage == 3 and now.stage == 1 and rules.cure_2_months:
        return Staged(2, Reason.CURING_2, day)
    return now


def spoken_for(facts: Facts, rules: Rules) -> Staged:
    """Return the stage that the facts of the day speak for by themselves."""
    if facts.is_non_performing:
        return Staged(3, Reason.NON_PERFORMING)
    if facts.days_late >= STAGE_3_FROM_DAYS:
        return Staged(3, Reason.DAYS_90)
    if facts.days_late > STAGE_2_OVER_DAYS:
        return Staged(2, Reason.DAYS_30)
    if facts.is_watched:
        return Staged(2, Reason.WATCHED)
    if has_risen(facts, rules):
        return Staged(2, Reason.PD_ROSE)
    return Staged(1, Reason.NONE)


def has_risen(facts: Facts, rules: Rules) -> bool:
    """Say whether the PD is the multiple of what it was expected to be (rule book 3.1 T5)."""
    then, now = facts.pd_origination, facts.pd_now
    if then is None or now is None or then <= 0:
        return False
    return now >= rules.pd_multiple * then and now - then >= rules.pd_least
