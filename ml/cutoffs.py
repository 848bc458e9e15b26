"""What a policy's thresholds do: who is approved, referred and declined, and how they turn out.

As in a policy's bands, a threshold belongs to the riskier side: approved is who has a `pd`
`below` it. A rate over nobody is None. Bad input is the ValueError of `metrics.checked`.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml import metrics
from ml.metrics import Floats, Numbers, Outcomes


@dataclass(frozen=True)
class Outcome:
    """The people one decision fell on. `share` is of everybody, `bad_rate` among these."""

    n: int
    goods: int
    bads: int
    share: float
    bad_rate: float | None


@dataclass(frozen=True)
class PolicyConfusion:
    """Everybody by decision. `bads_declined` and `goods_approved` are shares of their class."""

    approve: Outcome
    refer: Outcome
    decline: Outcome
    bads_declined: float | None
    goods_approved: float | None


@dataclass(frozen=True)
class Confusion:
    """Decisions at one threshold, where "positive" means declined as bad.

    Precision: bads among the declined. Recall: declined among the bads. Specificity: approved
    among the goods. Each is None over nobody; F1 too, where nobody is bad and nobody declined.
    """

    bads_declined: int
    goods_declined: int
    bads_approved: int
    goods_approved: int
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None
    accuracy: float


@dataclass(frozen=True)
class CutOff:
    """One threshold and what approving everybody below it gives."""

    below: float
    approved: int
    bads: int
    approval_rate: float
    bad_rate: float | None


@dataclass(frozen=True)
class CutOffTable:
    """Every threshold that changes a decision, from approving nobody to approving everybody.

    Arrays of one length; `bad_rate` is NaN in the first place, where nobody is approved.
    """

    below: Floats
    approved: Floats
    bads: Floats
    approval_rate: Floats
    bad_rate: Floats

    def at(self, place: int) -> CutOff:
        """Return one row of the table."""
        rate = float(self.bad_rate[place])
        return CutOff(
            below=float(self.below[place]),
            approved=int(self.approved[place]),
            bads=int(self.bads[place]),
            approval_rate=float(self.approval_rate[place]),
            bad_rate=None if math.isnan(rate) else rate,
        )


def confusion_by_policy(
    pd: Numbers, bad: Outcomes, *, approve_below: float, decline_from: float
) -> PolicyConfusion:
    """Return counts and rates of the approved, the referred and the declined.

    Approved is a `pd` below `approve_below`, declined one of at least `decline_from`, referred
    what lies between; with equal thresholds nobody is. ValueError if they cross or are NaN.
    """
    if not approve_below <= decline_from:
        raise ValueError("Approval must end at or below the probability where declining starts.")
    scores, outcomes = metrics.checked(pd, bad)
    approved, declined = scores < approve_below, scores >= decline_from
    bads, goods = float(outcomes.sum()), float((1 - outcomes).sum())
    approve = _outcome(outcomes, approved)
    decline = _outcome(outcomes, declined)
    return PolicyConfusion(
        approve=approve,
        refer=_outcome(outcomes, ~approved & ~declined),
        decline=decline,
        bads_declined=_rate(decline.bads, bads),
        goods_approved=_rate(approve.goods, goods),
    )


def confusion(pd: Numbers, bad: Outcomes, *, below: float) -> Confusion:
    """Return the two-by-two table of approving everybody with a `pd` below the threshold."""
    both = confusion_by_policy(pd, bad, approve_below=below, decline_from=below)
    caught, missed = both.decline.bads, both.approve.bads
    turned_away, served = both.decline.goods, both.approve.goods
    return Confusion(
        bads_declined=caught,
        goods_declined=turned_away,
        bads_approved=missed,
        goods_approved=served,
        precision=both.decline.bad_rate,
        recall=both.bads_declined,
        specificity=both.goods_approved,
        f1=_rate(2 * caught, 2 * caught + turned_away + missed),
        accuracy=(caught + served) / (both.decline.n + both.approve.n),
    )


def table(pd: Numbers, bad: Outcomes) -> CutOffTable:
    """Return approvals and bad rate at every threshold; people with one `pd` move together."""
    counts = metrics.tally(pd, bad)
    approved = np.concatenate([[0.0], np.cumsum(counts.goods + counts.bads)])
    bads = np.concatenate([[0.0], np.cumsum(counts.bads)])
    with np.errstate(invalid="ignore"):
        bad_rate = bads / approved
    return CutOffTable(
        below=np.append(counts.values, np.nextafter(counts.values[-1], np.inf)),
        approved=approved,
        bads=bads,
        approval_rate=approved / approved[-1],
        bad_rate=bad_rate,
    )


def at_bad_rate(pd: Numbers, bad: Outcomes, *, largest: float) -> CutOff | None:
    """Return the threshold that approves most while the bad rate of the approved is at most that.

    The bad rate of a sample need not rise with every step, so thresholds beyond a worse one
    count. None if approving even the safest breaks the limit.
    """
    _refuse_no_share(largest)
    rows = table(pd, bad)
    allowed = np.flatnonzero(rows.bad_rate <= largest)
    return rows.at(int(allowed[-1])) if len(allowed) else None


def at_approval_rate(pd: Numbers, bad: Outcomes, *, least: float) -> CutOff:
    """Return the lowest threshold that approves at least that share of everybody.

    People with one `pd` are decided alike, so the share reached may be larger; it is returned.
    """
    _refuse_no_share(least)
    rows = table(pd, bad)
    # Whole people: 0.7 of 10 must not ask for an eighth because 0.7 * 10 is above 7 in binary.
    needed = math.ceil(least * rows.approved[-1] - 1e-9)
    return rows.at(int(np.searchsorted(rows.approved, needed)))


def _outcome(outcomes: Floats, chosen: npt.NDArray[np.bool_]) -> Outcome:
    n, bads = int(chosen.sum()), int(outcomes[chosen].sum())
    return Outcome(n=n, goods=n - bads, bads=bads, share=n / len(outcomes), bad_rate=_rate(bads, n))


def _rate(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _refuse_no_share(value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"A rate lies between 0 and 1, not at {value!r}.")
