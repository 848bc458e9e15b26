"""Let the present model and policy judge the applications of a tape, by way of the real worker."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.jobs import enqueue
from apps.letters import selectors as letters
from apps.letters.models import Letter

# So many wait for the worker at most: the rest stays historic until there is room, so that no
# sweep finds applications that wait too long.
WAVE = 1_000
DECIDED = ("approved", "declined", "in_review")


class Stalled(Exception):
    """Nothing has moved for the patience given; the text says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which applications of a tape are judged: applied for in [from_date, to_date)."""

    source: str
    from_date: date
    to_date: date
    last_number: str = ""

    def lookups(self, prefix: str = "") -> dict[str, Any]:
        """Return the filter, for applications themselves or through a relation."""
        found: dict[str, Any] = {
            "source": self.source,
            "applied_date__gte": self.from_date,
            "applied_date__lt": self.to_date,
        }
        if self.last_number:
            found["number__lte"] = self.last_number
        return {f"{prefix}{name}": value for name, value in found.items()}

    @property
    def rows(self) -> QuerySet[Application]:
        """The applications, by number."""
        return Application.objects.filter(**self.lookups()).order_by("number")


@dataclass(frozen=True)
class State:
    """How far it is: applications not yet submitted, waiting, decided; letters not rendered."""

    historic: int
    waiting: int
    decided: int
    letters: int

    @property
    def total(self) -> int:
        """How many applications there are."""
        return self.historic + self.waiting + self.decided

    @property
    def is_done(self) -> bool:
        """Whether everything is decided and every letter rendered."""
        return not (self.historic or self.waiting or self.letters)

    def __str__(self) -> str:
        return (
            f"{self.historic:,} applications are not submitted, {self.waiting:,} wait for a "
            f"decision, {self.letters:,} letters wait to be rendered"
        )


def choose(*, source: str, from_date: date, to_date: date, limit: int | None = None) -> Chosen:
    """Return the applications of a tape that were made in the dates, the first `limit` of them."""
    chosen = Chosen(source=source, from_date=from_date, to_date=to_date)
    if limit is None:
        return chosen
    numbers = list(chosen.rows.values_list("number", flat=True)[:limit])
    last = numbers[-1] if numbers else ""
    return Chosen(source=source, from_date=from_date, to_date=to_date, last_number=last)


def state(chosen: Chosen) -> State:
    """Return how far the judging is."""
    counts = dict(chosen.rows.order_by().values_list("status").annotate(n=Count("pk")))
    return State(
        historic=counts.get("historic", 0),
        waiting=counts.get("submitted", 0) + counts.get("scored", 0),
        decided=sum(counts.get(status, 0) for status in DECIDED),
        letters=letters.unrendered_count(),
    )


@transaction.atomic
def submit(chosen: Chosen, *, count: int, now: datetime) -> int:
    """Submit up to `count` applications with one UPDATE and hand each to the worker."""
    keys = list(chosen.rows.filter(status="historic").values_list("pk", flat=True)[:count])
    moved = Application.move_all(
        Application.objects.filter(pk__in=keys), "submit", submitted_at=now
    )
    audit.record(
        audit.system("demo"),
        "demo.tape_submitted",
        f"applications.tape:{chosen.source}",
        applications=moved,
    )
    _send(keys)
    return moved


@transaction.atomic
def send_again(chosen: Chosen) -> int:
    """Enqueue what an interrupted run left behind; a message too many does no harm."""
    waiting = list(chosen.rows.filter(status="submitted").values_list("pk", flat=True))
    _send(waiting)
    unrendered = list(Letter.objects.filter(rendered_at=None).values_list("pk", flat=True))
    for key in unrendered:
        enqueue("letters.render", letter_ids=[str(key)])
    return len(waiting) + len(unrendered)


def drive(
    chosen: Chosen,
    *,
    pause: Callable[[], None],
    clock: Callable[[], float],
    patience_seconds: float,
) -> Iterator[State]:
    """Keep the worker busy until all is done; yield the state at every look.

    May be started again at any time. Raises Stalled when nothing moves for `patience_seconds`.
    """
    send_again(chosen)
    last, moved_at = state(chosen), clock()
    yield last
    while not last.is_done:
        if last.historic and last.waiting < WAVE:
            submit(chosen, count=WAVE, now=timezone.now())
        pause()
        found = state(chosen)
        if found != last:
            moved_at = clock()
        elif clock() - moved_at > patience_seconds:
            raise Stalled(f"Nothing has moved for {patience_seconds:.0f} s: {found}.")
        last = found
        yield last


def _send(keys: list[uuid.UUID]) -> None:
    for key in keys:
        enqueue("decisions.assess", application_id=str(key))
