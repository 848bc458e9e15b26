"""Record events, and seal them into the chain."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from apps.audit import chain, selectors, verbs
from apps.audit.models import Event, Seal
from apps.core import origin, rows, statements

# Sealing must be alone; the number is arbitrary and ours ("AUDT").
_SEALING = 0x41554454
BATCH = 5_000
CHAIN = "audit.chain"
# So many events are appended by a statement kept for their number; more, by one for the occasion.
_FEW, _AT_ONCE = 20, 500


@dataclass
class _Gathering:
    """The events of a block so far; `depth` counts the savepoints it began within.

    An event of a deeper savepoint carries a mark among what Django does on commit: where that
    savepoint is undone and the error caught, Django forgets the mark, and the event goes with it.
    """

    depth: int
    events: list[tuple[Event, Callable[[], None] | None]] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Keep an event, with a mark where the block's own savepoint alone does not hold it."""
        if len(connection.savepoint_ids) == self.depth:
            self.events.append((event, None))
            return

        def mark() -> None:
            """Do nothing; being forgotten is what tells."""

        transaction.on_commit(mark)
        self.events.append((event, mark))

    def standing(self) -> list[Event]:
        """Return the events whose savepoints were not undone."""
        kept = {id(one[1]) for one in connection.run_on_commit}
        return [event for event, mark in self.events if mark is None or id(mark) in kept]


# What a block gathers to append at its end; None outside of one.
_gathered: ContextVar[_Gathering | None] = ContextVar("gathered", default=None)


class UnknownVerb(LookupError):
    """A verb without a sentence in `audit.verbs`."""


def system(name: str) -> str:
    """Return the actor that stands for a part of the system, for example `system:worker`."""
    return f"system:{name}"


def reference(thing: models.Model) -> str:
    """Return a thing as audit names it: `app.model:primary key`."""
    return f"{thing._meta.label_lower}:{thing.pk}"


@contextmanager
def together() -> Iterator[None]:
    """Append the events of a block at its end, in their order, with one statement.

    For a step of work in one transaction, which records several. A block that breaks appends
    none: its transaction is undone. What was recorded in an inner savepoint that was undone is not
    appended, either. Raises TransactionManagementError outside of a transaction.
    """
    outer = _gathered.get()
    if outer is not None:
        # The outer block appends them, too.
        yield
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Events go together in one transaction only.")
    gathering = _Gathering(depth=len(connection.savepoint_ids))
    token = _gathered.set(gathering)
    try:
        yield
    finally:
        _gathered.reset(token)
    _append(gathering.standing())


def append_along() -> None:
    """Append what a block has gathered so far with the statement that comes next, if one carries.

    For a step whose last statement is no event; these events do not learn their numbers.
    """
    gathering = _gathered.get()
    if gathering is None or not statements.is_carrying():
        return
    events = gathering.standing()
    gathering.events.clear()
    _append(events, nameless=True)


def _append(events: list[Event], *, nameless: bool = False) -> None:
    if len(events) <= _FEW:
        rows.insert_all(events, nameless=nameless)
    else:
        Event.objects.bulk_create(events, batch_size=_AT_ONCE)


def record(actor: Any, verb: str, subject: Any, *, case: Any = "", **facts: Any) -> Event:
    """Append one event, in the caller's transaction.

    `actor` is a person (anything with `audit_reference`) or `system(...)`; `subject` and `case`
    are model instances or texts. The case gathers the events of one application in its timeline.
    Facts must be JSON and must not hold personal data. Raises UnknownVerb.
    """
    if verb not in verbs.VERBS:
        raise UnknownVerb(verb)
    event = Event(
        occurred_at=timezone.now(),
        actor=actor if isinstance(actor, str) else actor.audit_reference,
        verb=verb,
        subject=_text(subject),
        case=_text(case),
        origin=origin.current(),
        facts=facts,
    )
    gathering = _gathered.get()
    if gathering is None:
        event.save()
    else:
        gathering.add(event)
    return event


@transaction.atomic
def seal(*, sealed_at: datetime, limit: int = BATCH) -> int:
    """Seal up to `limit` committed events that have no seal yet; return how many.

    Writers never wait for this: an event is appended freely and gets its position here, in the
    order of its id among those visible. An event whose transaction commits late simply takes a
    later position. Only one sealer runs at a time; a second one returns 0 at once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEALING])
        if not cursor.fetchone()[0]:
            return 0
    last = Seal.objects.order_by("-position").values_list("position", "hash").first()
    position, previous = last or (0, chain.GENESIS)
    seals = []
    for event in Event.objects.filter(seal=None).order_by("id")[:limit]:
        position += 1
        digest = chain.seal_hash(previous, event.sealed_content())
        seals.append(
            Seal(
                position=position,
                event=event,
                previous_hash=previous,
                hash=digest,
                sealed_at=sealed_at,
            )
        )
        previous = digest
    Seal.objects.bulk_create(seals, batch_size=1_000)
    return len(seals)


def seal_all(*, sealed_at: datetime) -> int:
    """Seal everything that waits, batch by batch; return how many."""
    total = 0
    while count := seal(sealed_at=sealed_at):
        total += count
    return total


def verify(*, actor: Any, now: datetime) -> selectors.Verification:
    """Seal what waits, recompute the whole chain, note the result, and return it."""
    seal_all(sealed_at=now)
    found = selectors.verify()
    facts: dict[str, Any] = {"whole": found.broken is None, "sealed": found.sealed}
    if found.broken:
        facts |= {"position": found.broken.position, "reason": found.broken.reason}
    record(actor, "audit.verified", CHAIN, head=found.head, **facts)
    return found


def _text(thing: Any) -> str:
    return thing if isinstance(thing, str) else reference(thing)
