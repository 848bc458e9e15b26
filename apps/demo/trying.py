"""Try other cut-offs on the applications of a judged tape, by way of the real worker."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import Entity
from apps.demo import people
from apps.demo.judging import Chosen, Stalled
from apps.laboratory import services as laboratory
from apps.laboratory.models import Experiment

TITLE = "Stricter cut-offs on the judged tape"
# Of these the cost of funds alone enters what loans really earned.
_ASSUMED: dict[str, Any] = {
    "loss_given_default": Decimal("0.6"),
    "cost_of_funds": Decimal("0.03"),
    "fee_share": Decimal(0),
    "operating_cost": Decimal(0),
}


@dataclass(frozen=True, kw_only=True)
class CutOffs:
    """Below which PD is approved, from which PD is declined; what lies between is referred."""

    approve_below: Decimal
    decline_from: Decimal


@dataclass(frozen=True)
class Side:
    """Who is approved by a policy, and how the loans of those people ended."""

    approved: int
    known: int
    bad_rate: float | None
    paid_known: int
    profit: Decimal


@dataclass(frozen=True)
class Tried:
    """What an experiment found; `seconds` is None for one that was done before."""

    cut_offs: CutOffs
    applications: int
    currency: str
    cost_of_funds: Decimal
    in_force: Side
    tried: Side
    seconds: float | None

    @property
    def per_second(self) -> float | None:
        """Applications decided anew a second, waiting for the worker included."""
        return None if self.seconds is None else self.applications / max(self.seconds, 0.001)


def on_tape(
    chosen: Chosen,
    *,
    entity: Entity,
    products: Iterable[str],
    cut_offs: CutOffs,
    now: datetime,
    pause: Callable[[], None],
    clock: Callable[[], float],
    patience_seconds: float,
) -> Tried:
    """Return what the cut-offs would have done; an experiment of the same question is not repeated.

    Raises Stalled when the worker does nothing for `patience_seconds`, ValueError with the
    reason when the experiment fails.
    """
    before = _done_before(chosen, entity, cut_offs)
    if before is not None:
        return _read(before, cut_offs, seconds=None)
    began = clock()
    experiment = laboratory.ask(
        actor=people.of_role("risk_analyst"),
        entity=entity,
        question=laboratory.Question(
            title=TITLE,
            from_date=chosen.from_date,
            to_date=chosen.to_date,
            products=tuple(products),
            approve_below=cut_offs.approve_below,
            decline_from=cut_offs.decline_from,
            **_ASSUMED,
        ),
        now=now,
    )
    ended = _awaited(experiment, pause=pause, clock=clock, patience_seconds=patience_seconds)
    if ended.status != "done":
        raise ValueError(ended.failure or f"The experiment is {ended.status}.")
    return _read(ended, cut_offs, seconds=clock() - began)


def _done_before(chosen: Chosen, entity: Entity, cut_offs: CutOffs) -> Experiment | None:
    return Experiment.objects.filter(
        entity=entity,
        status="done",
        title=TITLE,
        from_date=chosen.from_date,
        to_date=chosen.to_date,
        approve_below=cut_offs.approve_below,
        decline_from=cut_offs.decline_from,
    ).first()


def _awaited(
    experiment: Experiment,
    *,
    pause: Callable[[], None],
    clock: Callable[[], float],
    patience_seconds: float,
) -> Experiment:
    experiment.refresh_from_db()
    seen, moved_at = experiment.done_rows, clock()
    while not experiment.has_ended:
        pause()
        experiment.refresh_from_db()
        if experiment.done_rows != seen:
            seen, moved_at = experiment.done_rows, clock()
        elif clock() - moved_at > patience_seconds:
            raise Stalled(
                f"The experiment has stood at {seen:,} applications for {patience_seconds:.0f} s."
            )
    return experiment


def _read(experiment: Experiment, cut_offs: CutOffs, *, seconds: float | None) -> Tried:
    found = experiment.results or {}
    return Tried(
        cut_offs=cut_offs,
        applications=found["applications"],
        currency=found["currency"],
        cost_of_funds=experiment.cost_of_funds,
        in_force=_side(found["sides"]["before"]),
        tried=_side(found["sides"]["after"]),
        seconds=seconds,
    )


def _side(found: dict[str, Any]) -> Side:
    ended = found["realised"]
    return Side(
        approved=found["outcomes"]["approve"]["n"],
        known=ended["known"],
        bad_rate=ended["bad_rate"],
        paid_known=ended["paid_known"],
        profit=Decimal(ended["profit"]),
    )
