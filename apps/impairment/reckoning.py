"""Many loans of one batch: stage, PDs, LGD and loss of each, out of what was read. Pure.

Rows come as `Read` and go as columns of `LoanLoss`. Money leaves the arrays here: from then on it
is Decimal, rounded once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from apps.core.money import money
from apps.impairment import bulk, cells, staging
from apps.impairment.bulk import Batch, Curves, Losses
from apps.impairment.hazards import Structure
from apps.impairment.measuring import ZERO, Outlook, exposure_at_default, shifted_lgd
from apps.impairment.parameters import Parameters
from apps.impairment.recoveries import Losses as Given
from apps.impairment.staging import Facts, Reason, Staged

SHARE = Decimal("1e-9")
# The last month on book that a hazard is told apart for.
_LAST = cells.AGES[-1] + 1


@dataclass(frozen=True, slots=True)
class Read:
    """A loan as the statement gives it; the order is that of `statements.loans.COLUMNS`."""

    loan_id: Any
    customer_id: Any
    branch_id: Any
    product_id: Any
    currency: str
    segment: str
    drawn: Decimal
    undrawn: Decimal
    days_late: int
    is_bad: bool
    is_watched: bool
    annual_rate: Decimal
    effective_rate: Decimal
    is_bullet: bool
    months_left: int
    age: int
    # The PD over twelve months by the score at origination.
    scored: Decimal | None
    band: int
    security: str
    was_stage: int | None
    was_reason: str | None
    was_better: date | None

    @property
    def before(self) -> Staged | None:
        """The stage it had in the run before."""
        if self.was_stage is None or self.was_reason is None:
            return None
        return Staged(self.was_stage, Reason(self.was_reason), self.was_better)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a run measures all loans by."""

    day: date
    parameters: Parameters
    structure: Structure
    given: Given

    def curves(self) -> Curves:
        """Return the hazards as arrays, a column for each month on book."""
        table = [
            [float(band[cells.age_of(month)]) for month in range(1, _LAST + 1)]
            for band in self.structure.hazards
        ]
        late = [[float(one) for one in row] for row in self.structure.multiples]
        return Curves(hazards=np.array(table), lateness=np.array(late))


def reckon(rows: Sequence[Read], ground: Ground) -> list[dict[str, Any]]:
    """Return what is stored of each loan, but for its run."""
    if not rows:
        return []
    lgds = _lgds(rows, ground)
    floors = [ground.parameters.recoveries.floor_of(row.security) for row in rows]
    eads = [
        exposure_at_default(row.drawn, row.undrawn, ground.parameters.conversion_of(row.segment))
        for row in rows
    ]
    batch, scenarios = _batch(rows, eads, lgds, floors), ground.parameters.scenarios
    mean, under = bulk.measure(batch, ground.curves(), scenarios)
    expected = bulk.lifetime_pd(_scored(rows), batch.months, scenarios)
    found = []
    for place, row in enumerate(rows):
        pds = [_share(one[place]) for one in (mean.pd_12, mean.pd_lifetime)]
        then = None if row.scored is None else _share(expected[place])
        staged = staging.stage(
            Facts(
                days_late=row.days_late,
                is_non_performing=row.is_bad,
                is_watched=row.is_watched,
                pd_origination=then,
                pd_now=pds[1],
            ),
            ground.parameters.stages,
            day=ground.day,
            before=row.before,
        )
        stored = _stored(row, staged, ead=eads[place], lgd=lgds[place], pds=(*pds, then or ZERO))
        if staged.stage == 3:
            lgd = (lgds[place], floors[place])
            stored |= _impaired(row.currency, eads[place], lgd, ground.parameters)
        else:
            stored |= _running(row, place, staged.stage, (mean, under))
        found.append(stored)
    return found


def _lgds(rows: Sequence[Read], ground: Ground) -> list[Decimal]:
    known: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        key = (row.security, row.segment)
        if key not in known:
            known[key] = ground.given.of(*key, ground.parameters.recoveries)
    return [known[row.security, row.segment] for row in rows]


def _scored(rows: Sequence[Read]) -> bulk.Numbers:
    """Return the PDs that the scores at origination gave over twelve months; NaN for none."""
    return np.array(
        [np.nan if row.scored is None else float(row.scored) for row in rows], dtype=np.float64
    )


def _batch(
    rows: Sequence[Read],
    eads: Sequence[Decimal],
    lgds: Sequence[Decimal],
    floors: Sequence[Decimal],
) -> Batch:
    return Batch(
        ead=np.array(eads, dtype=np.float64),
        annual_rate=np.array([row.annual_rate for row in rows], dtype=np.float64),
        effective_rate=np.array([row.effective_rate for row in rows], dtype=np.float64),
        is_bullet=np.array([row.is_bullet for row in rows], dtype=np.bool_),
        lgd=np.array(lgds, dtype=np.float64),
        lgd_floor=np.array(floors, dtype=np.float64),
        months_left=np.array([row.months_left for row in rows], dtype=np.int64),
        band=np.array([row.band for row in rows], dtype=np.int64),
        age=np.array([row.age for row in rows], dtype=np.int64),
        late=np.array([cells.late_of(row.days_late) for row in rows], dtype=np.int64),
        is_impaired=np.zeros(len(rows), dtype=np.bool_),
    )


def _stored(
    row: Read, staged: Staged, *, ead: Decimal, lgd: Decimal, pds: Sequence[Decimal]
) -> dict[str, Any]:
    return {
        "loan_id": row.loan_id,
        "customer_id": row.customer_id,
        "branch_id": row.branch_id,
        "product_id": row.product_id,
        "currency": row.currency,
        "stage": staged.stage,
        "reason": staged.reason.value,
        "better_since": staged.better_since,
        "days_late": row.days_late,
        "band": row.band,
        "age": row.age,
        "months_left": row.months_left,
        "is_bullet": row.is_bullet,
        "annual_rate": row.annual_rate,
        "effective_rate": row.effective_rate,
        "security": row.security,
        "segment": row.segment,
        "pd_12": pds[0],
        "pd_lifetime": pds[1],
        "pd_expected": pds[2],
        "lgd": lgd,
        "drawn": row.drawn,
        "undrawn": row.undrawn,
        "ead": money(ead, row.currency),
    }


def _impaired(
    currency: str, ead: Decimal, lgd: tuple[Decimal, Decimal], parameters: Parameters
) -> dict[str, Any]:
    """Return the loss of a loan in stage 3, by its LGD and the floor: its default has happened."""
    under = {
        name: ead * shifted_lgd(*lgd, terms.lgd_shift)
        for name, terms in parameters.scenarios.items()
    }
    whole = sum(
        (parameters.scenarios[name].weight * loss for name, loss in under.items()), Decimal(0)
    )
    losses = {f"loss_{name}": money(loss, currency) for name, loss in under.items()}
    loss = money(whole, currency)
    certain = dict.fromkeys(("pd_12", "pd_lifetime"), Decimal(1))
    return {**losses, **certain, **dict.fromkeys(("loss_12", "loss_lifetime", "loss"), loss)}


def _running(
    row: Read, place: int, stage: int, found: tuple[Losses, Mapping[Outlook, Losses]]
) -> dict[str, Any]:
    """Return the loss of a loan that performs: twelve months in stage 1, a lifetime in stage 2."""
    currency, (mean, under) = row.currency, found
    year = _amount(mean.months_12[place], currency)
    life = _amount(mean.lifetime[place], currency)
    column = "months_12" if stage == 1 else "lifetime"
    losses = {
        f"loss_{name}": _amount(getattr(one, column)[place], currency)
        for name, one in under.items()
    }
    return {
        "loss_12": year,
        "loss_lifetime": life,
        "loss": year if stage == 1 else life,
        **losses,
    }


def _amount(value: float, currency: str) -> Decimal:
    return money(Decimal(float(value)), currency)


def _share(value: float) -> Decimal:
    return Decimal(float(value)).quantize(SHARE)
