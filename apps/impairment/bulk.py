"""The expected credit loss of many loans at once: `measuring`, month by month over arrays. Pure.

Loans stand in the order of the months in which they can default, the longest first, so that each
month runs over those that are alive still and nothing is kept of a month but its running sums:
memory is a few numbers a loan, whatever their terms. Figures are binary fractions; they come to the
same as those of `measuring` to within the smallest unit, which a property test holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from apps.impairment import cells
from apps.impairment.measuring import YEAR, Outlook, Scenario

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Hazards by band and month on book, and what lateness multiplies the first months by.

    `hazards[band, month - 1]` is that of a month on book; after the last column it stays. So many
    columns as `lateness` has are multiplied, the first being the coming month.
    """

    hazards: Numbers
    lateness: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some loans as columns; the names are those of `measuring.Exposed`."""

    ead: Numbers
    annual_rate: Numbers
    effective_rate: Numbers
    is_bullet: NDArray[np.bool_]
    lgd: Numbers
    lgd_floor: Numbers
    months_left: Places
    band: Places
    # Full months on book.
    age: Places
    late: Places
    is_impaired: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ead)

    @property
    def lag(self) -> Places:
        """How many months pass from the first due date that is missed to default."""
        found: Places = cells.MOST_TO_DEFAULT - self.late
        return found

    @property
    def months(self) -> Places:
        """The months in which a default can be recognised."""
        found: Places = self.months_left + self.lag
        return found


@dataclass(frozen=True, slots=True)
class Losses:
    """Of each loan: the losses, not rounded, and the PDs."""

    months_12: Numbers
    lifetime: Numbers
    pd_12: Numbers
    pd_lifetime: Numbers


def measure(
    batch: Batch, curves: Curves, scenarios: Mapping[Outlook, Scenario]
) -> tuple[Losses, dict[Outlook, Losses]]:
    """Return what is expected of each loan, weighted and under each scenario."""
    order = np.argsort(-batch.months, kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    ordered = taken(batch, order)
    found = {
        name: _in_order(_under(ordered, curves, terms), back) for name, terms in scenarios.items()
    }
    columns = ("months_12", "lifetime", "pd_12", "pd_lifetime")
    mean = [
        np.sum(
            [float(scenarios[name].weight) * getattr(one, column) for name, one in found.items()],
            axis=0,
        )
        for column in columns
    ]
    return Losses(*mean), found


def lifetime_pd(pd_12: Numbers, months: Places, scenarios: Mapping[Outlook, Scenario]) -> Numbers:
    """Return the PD over some months that a PD over twelve comes to; NaN where there is none."""
    even = 1 - (1 - pd_12) ** (1 / YEAR)
    found: Numbers = np.zeros(len(pd_12))
    for terms in scenarios.values():
        hazard = np.minimum(1.0, even * float(terms.pd_shift))
        found += float(terms.weight) * (1 - (1 - hazard) ** months)
    return found


def _under(batch: Batch, curves: Curves, terms: Scenario) -> Losses:
    """Return the losses under one scenario of loans in the order of their months."""
    number = len(batch)
    lgd = np.minimum(1.0, np.maximum(batch.lgd_floor, batch.lgd * float(terms.lgd_shift)))
    year, life = np.zeros(number), np.zeros(number)
    alive, factor = np.ones(number), np.ones(number)
    alive_12 = np.ones(number)
    worth = (1 + batch.effective_rate) ** (-1 / YEAR)
    paid, months = Paydown(batch), batch.months
    for month in range(int(months.max(initial=0))):
        # The first so many of them have a month like this.
        here = slice(0, int(np.searchsorted(-months, -month, side="left")))
        hazard = np.minimum(1.0, hazard_of(batch, curves, here, month) * float(terms.pd_shift))
        factor[here] *= worth[here]
        life[here] += alive[here] * hazard * lgd[here] * paid.owed(here, month) * factor[here]
        alive[here] *= 1 - hazard
        if month < YEAR:
            year[here], alive_12[here] = life[here], alive[here]
    certain = batch.ead * lgd
    return Losses(
        np.where(batch.is_impaired, certain, year),
        np.where(batch.is_impaired, certain, life),
        np.where(batch.is_impaired, 1.0, 1 - alive_12),
        np.where(batch.is_impaired, 1.0, 1 - alive),
    )


def hazard_of(batch: Batch, curves: Curves, here: slice, month: int) -> Numbers:
    """Return the hazards of a month of some loans, by band, age and lateness."""
    last = curves.hazards.shape[1] - 1
    found = curves.hazards[batch.band[here], np.minimum(batch.age[here] + month, last)]
    if month < curves.lateness.shape[1]:
        found = np.minimum(1.0, found * curves.lateness[batch.late[here], month])
    ceiled: Numbers = np.minimum(1.0, found)
    return ceiled


class Paydown:
    """What is owed where default is recognised in a month, without a power in every one of them."""

    def __init__(self, batch: Batch) -> None:
        rate = batch.annual_rate / YEAR
        self._batch, self._lag = batch, batch.lag
        self._growth = 1 + rate
        self._is_flat = (rate == 0) & ~batch.is_bullet
        self._stays = batch.is_bullet | (batch.months_left <= 1)
        # worth^(months left), which each month that passes divides by worth.
        self._ahead = self._growth ** (-batch.months_left.astype(np.float64))
        self._whole = np.where(rate == 0, 1.0, 1 - self._ahead)

    def owed(self, here: slice, month: int) -> Numbers:
        """Return what is owed of those that default in a month; months come in their order."""
        paid = np.maximum(month - self._lag[here], 0)
        self._ahead[here] *= np.where(paid > 0, self._growth[here], 1.0)
        months = self._batch.months_left[here]
        share = np.where(
            self._is_flat[here],
            (months - paid) / np.maximum(months, 1),
            (1 - self._ahead[here]) / self._whole[here],
        )
        found: Numbers = self._batch.ead[here] * np.where(self._stays[here], 1.0, share)
        return found


def taken(batch: Batch, order: Places) -> Batch:
    """Return some loans of a batch, in an order."""
    names: tuple[str, ...] = tuple(Batch.__dataclass_fields__)
    columns: dict[str, Any] = {name: getattr(batch, name)[order] for name in names}
    return Batch(**columns)


def joined(one: Batch, other: Batch) -> Batch:
    """Return the loans of two batches as one."""
    names: tuple[str, ...] = tuple(Batch.__dataclass_fields__)
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names
    }
    return Batch(**columns)


def _in_order(found: Losses, back: Places) -> Losses:
    return Losses(
        found.months_12[back], found.lifetime[back], found.pd_12[back], found.pd_lifetime[back]
    )
