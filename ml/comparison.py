"""Champion against challenger on the same people: is the difference real, and who changes sides.

`first` is the champion's `pd` and `second` the challenger's; a difference is second minus first.
Bad input is the ValueError of `metrics.checked`; one class only is a ValueError too, because
then there is nothing to compare.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from ml import cutoffs, discrimination, metrics
from ml.discrimination import PairedTest
from ml.metrics import Floats, Numbers, Outcomes, Tally

Bools = npt.NDArray[np.bool_]

_CLIP = 1e-15
# Few enough to stay in a processor's cache, where the sums along the order are fastest.
_CELLS_AT_ONCE = 100_000


@dataclass(frozen=True, kw_only=True)
class BootstrapConfig:
    """How often to resample, from which seed, and the level of the intervals."""

    rounds: int = 1000
    seed: int = 0
    level: float = 0.95

    def __post_init__(self) -> None:
        """Refuse too few rounds for an interval and a level that is none."""
        if self.rounds < 100:
            raise ValueError("An interval needs at least 100 rounds.")
        if not 0 < self.level < 1:
            raise ValueError(
                f"The level of an interval lies between 0 and 1, not at {self.level!r}."
            )


@dataclass(frozen=True)
class Difference:
    """One measure of both models; limits and p-value come from the paired bootstrap.

    `p_value` is two-sided: twice the smaller share of resampled differences on either side of 0,
    at least 2 / (rounds + 1) and at most 1.
    """

    measure: str
    first: float
    second: float
    difference: float
    standard_error: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True)
class Comparison:
    """Both models on the same people. `delong` has its difference as first minus second."""

    n: int
    bads: int
    differences: tuple[Difference, ...]
    delong: PairedTest

    def of(self, measure: str) -> Difference:
        """Return the difference in auc, ks, brier or log_loss; KeyError for another name."""
        found = {each.measure: each for each in self.differences}
        return found[measure]


@dataclass(frozen=True)
class DecisionTest:
    """Where only one model decides right: declines a bad one or approves a good one.

    `p_value` is McNemar's exact two-sided test, None where they are right about the same people.
    """

    both_right: int
    only_first_right: int
    only_second_right: int
    both_wrong: int
    p_value: float | None


@dataclass(frozen=True)
class Swap:
    """One cell of the swap table.

    `known` have an outcome; `bad_rate` is among them and None without any. `expected_bad_rate`
    is the challenger's mean PD: for those the champion declined often all there is.
    """

    n: int
    known: int
    bads: int
    bad_rate: float | None
    expected_bad_rate: float | None


@dataclass(frozen=True)
class SwapTable:
    """Who is approved by both models, by one of them only, or by neither.

    Swapped in: approved by the challenger only. Swapped out: by the champion only. The thresholds
    approve whoever is below them.
    """

    first_below: float
    second_below: float
    first_approval_rate: float
    second_approval_rate: float
    approved_by_both: Swap
    swapped_in: Swap
    swapped_out: Swap
    declined_by_both: Swap


def compare(
    first: Numbers, second: Numbers, bad: Outcomes, *, config: BootstrapConfig | None = None
) -> Comparison:
    """Return differences in AUC, KS, Brier and log-loss with intervals, and DeLong's test.

    Both models are measured on each resample, goods and bads are drawn apart so that every
    resample has the same bad rate, and the seed decides everything. Cost: rounds x people.
    """
    config = config or BootstrapConfig()
    sides = _Side.of(first, bad), _Side.of(second, bad)
    delong = discrimination.delong_test(first, second, bad, level=config.level)
    if delong is None:
        raise ValueError("A comparison needs good and bad outcomes.")
    outcomes = np.asarray(bad, dtype=np.float64)
    whole = [side.measure(np.ones((1, len(outcomes)))) for side in sides]
    draws = [
        np.stack([side.measure(weights) for side in sides])
        for weights in _resamples(outcomes, config)
    ]
    measured = np.concatenate(draws, axis=2)
    spread = measured[1] - measured[0]
    return Comparison(
        n=len(outcomes),
        bads=int(outcomes.sum()),
        delong=delong,
        differences=tuple(
            _difference(name, float(before[0]), float(after[0]), spread=row, level=config.level)
            for name, before, after, row in zip(_MEASURES, *whole, spread, strict=True)
        ),
    )


def compare_decisions(
    first_approves: Bools | Sequence[bool], second_approves: Bools | Sequence[bool], bad: Outcomes
) -> DecisionTest:
    """Return McNemar's test of two sets of decisions on the same people."""
    one, outcomes = metrics.checked(np.asarray(first_approves, dtype=np.float64), bad)
    two, _ = metrics.checked(np.asarray(second_approves, dtype=np.float64), bad)
    first_right, second_right = one != outcomes, two != outcomes
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    discordant = only_first + only_second
    tail = special.bdtr(min(only_first, only_second), discordant, 0.5) if discordant else None
    return DecisionTest(
        both_right=int((first_right & second_right).sum()),
        only_first_right=only_first,
        only_second_right=only_second,
        both_wrong=int((~first_right & ~second_right).sum()),
        p_value=None if tail is None else min(1.0, 2 * float(tail)),
    )


def swap_at_approval_rate(
    first: Numbers, second: Numbers, bad: Numbers, *, approval_rate: float
) -> SwapTable:
    """Return the swap table where each model approves that share of everybody.

    Each threshold is the lowest that reaches the share. People with one `pd` are decided alike,
    so a model with ties may approve more; the rates reached are returned. `bad` is NaN where the
    outcome is not known.
    """
    nobody = np.zeros(len(first))
    return swap(
        first,
        second,
        bad,
        first_below=cutoffs.at_approval_rate(first, nobody, least=approval_rate).below,
        second_below=cutoffs.at_approval_rate(second, nobody, least=approval_rate).below,
    )


def swap(
    first: Numbers, second: Numbers, bad: Numbers, *, first_below: float, second_below: float
) -> SwapTable:
    """Return who changes sides when each model approves below its threshold; NaN is not known."""
    outcomes = np.asarray(bad, dtype=np.float64)
    known = np.where(np.isnan(outcomes), 0.0, outcomes)
    champion, _ = metrics.checked(first, known)
    challenger, _ = metrics.checked(second, known)
    before, after = champion < first_below, challenger < second_below
    return SwapTable(
        first_below=first_below,
        second_below=second_below,
        first_approval_rate=float(before.mean()),
        second_approval_rate=float(after.mean()),
        approved_by_both=_swap(outcomes, challenger, before & after),
        swapped_in=_swap(outcomes, challenger, ~before & after),
        swapped_out=_swap(outcomes, challenger, before & ~after),
        declined_by_both=_swap(outcomes, challenger, ~before & ~after),
    )


_MEASURES = ("auc", "ks", "brier", "log_loss")


@dataclass(frozen=True)
class _Side:
    """One model, sorted once so that each resample is only weighted sums along the order."""

    order: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    bad: Floats
    losses: Floats

    @classmethod
    def of(cls, pd: Numbers, bad: Outcomes) -> "_Side":
        scores, outcomes = metrics.checked(pd, bad)
        if scores.min() < 0 or scores.max() > 1:
            raise ValueError("A probability of default lies between 0 and 1.")
        counts: Tally = metrics.tally(scores, outcomes)
        sizes = (counts.goods + counts.bads).astype(np.intp)
        clipped = np.clip(scores, _CLIP, 1 - _CLIP)
        log_losses = -np.where(outcomes == 1, np.log(clipped), np.log1p(-clipped))
        order = np.argsort(counts.position, kind="stable")
        return cls(
            order=order,
            starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]),
            bad=outcomes[order],
            losses=np.column_stack([(scores - outcomes) ** 2, log_losses]),
        )

    def measure(self, weights: Floats) -> Floats:
        """Return auc, ks, brier and log_loss of resamples: weights (rounds, people) to (4, rounds).

        A weight says how often a person was drawn.
        """
        people = np.take(weights, self.order, axis=1)
        bads = people * self.bad
        if len(self.starts) < len(self.order):
            people, bads = (np.add.reduceat(part, self.starts, axis=1) for part in (people, bads))
        goods = people - bads
        good_below = np.cumsum(goods, axis=1)
        bad_below = np.cumsum(bads, axis=1)
        all_bads, all_goods = bad_below[:, -1], good_below[:, -1]
        auc = np.einsum("ij,ij->i", bads, good_below - goods / 2) / (all_bads * all_goods)
        apart = bad_below / all_bads[:, None] - good_below / all_goods[:, None]
        losses = (weights @ self.losses).T / weights.sum(axis=1)
        return np.vstack([auc, np.abs(apart).max(axis=1), losses])


def _resamples(outcomes: Floats, config: BootstrapConfig) -> Iterator[Floats]:
    """Yield how often each person is drawn, (rounds, people), in chunks that fit in memory."""
    rng = np.random.default_rng(config.seed)
    people = len(outcomes)
    chunk = max(1, _CELLS_AT_ONCE // people)
    classes = [np.flatnonzero(outcomes == value) for value in (0, 1)]
    for start in range(0, config.rounds, chunk):
        rounds = min(chunk, config.rounds - start)
        cells = np.concatenate(
            [
                members[rng.integers(0, len(members), size=(rounds, len(members)))]
                for members in classes
            ],
            axis=1,
        )
        cells += np.arange(rounds)[:, None] * people
        drawn = np.bincount(cells.ravel(), minlength=rounds * people)
        yield drawn.reshape(rounds, people).astype(np.float64)


def _difference(
    name: str, first: float, second: float, *, spread: Floats, level: float
) -> Difference:
    tail = (1 - level) / 2
    lower, upper = np.quantile(spread, [tail, 1 - tail])
    smaller = min(int((spread <= 0).sum()), int((spread >= 0).sum()))
    return Difference(
        measure=name,
        first=first,
        second=second,
        difference=second - first,
        standard_error=float(spread.std(ddof=1)),
        lower=float(lower),
        upper=float(upper),
        p_value=min(1.0, 2 * (smaller + 1) / (len(spread) + 1)),
    )


def _swap(outcomes: Floats, expected: Floats, chosen: Bools) -> Swap:
    n = int(chosen.sum())
    found = outcomes[chosen & ~np.isnan(outcomes)]
    return Swap(
        n=n,
        known=len(found),
        bads=int(found.sum()),
        bad_rate=float(found.mean()) if len(found) else None,
        expected_bad_rate=float(expected[chosen].mean()) if n else None,
    )
