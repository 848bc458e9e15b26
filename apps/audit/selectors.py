"""Read the trail: verification, and the timeline of a thing or a case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db.models import Q, QuerySet

from apps.audit import chain, names
from apps.audit.models import Event, Seal


@dataclass(frozen=True)
class Verification:
    """What verifying the chain found. `unsealed` events have no place in the chain yet."""

    sealed: int
    unsealed: int
    oldest_unsealed_at: datetime | None
    head: str
    broken: chain.Break | None
    broken_event: str


def verify() -> Verification:
    """Recompute the whole chain and return what was found, with the first broken row."""
    count, head = 0, chain.GENESIS

    def counted() -> Iterator[chain.Link]:
        nonlocal count, head
        for link in _links():
            yield link
            count, head = link.position, link.hash

    broken = chain.first_break(counted())
    unsealed = Event.objects.filter(seal=None)
    oldest = unsealed.order_by("id").values_list("occurred_at", flat=True).first()
    return Verification(
        sealed=count,
        unsealed=unsealed.count(),
        oldest_unsealed_at=oldest,
        head=head,
        broken=broken,
        broken_event=_named(broken),
    )


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """What a list of events is narrowed to; empty means anything. Days are UTC, both included."""

    actor: str = ""
    verb: str = ""
    subject: str = ""
    from_date: date | None = None
    to_date: date | None = None


@dataclass(frozen=True)
class EventPage:
    """A page of events, newest first, with cursors to newer (`before`) and older (`after`) ones."""

    events: list[Event]
    before: int | None
    after: int | None


def events(
    chosen: EventFilter, *, before: int | None = None, after: int | None = None, size: int = 50
) -> EventPage:
    """Return one page: the newest, those that follow event `after`, or precede event `before`."""
    rows = _filtered(chosen).select_related("seal")
    if before is not None:
        found = list(rows.filter(pk__gt=before).order_by("pk")[: size + 1])
        more, found = len(found) > size, found[:size][::-1]
        return EventPage(found, _first(found) if more else None, _last(found))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    newer = _first(found) if after is not None else None
    return EventPage(found, newer, _last(found) if more else None)


def _filtered(chosen: EventFilter) -> QuerySet[Event]:
    rows = Event.objects.all()
    if chosen.actor:
        rows = rows.filter(actor__in=names.matching(chosen.actor))
    if chosen.verb:
        rows = rows.filter(verb=chosen.verb)
    if chosen.subject:
        rows = rows.filter(Q(subject=chosen.subject) | Q(case=chosen.subject))
    if chosen.from_date:
        rows = rows.filter(occurred_at__gte=datetime.combine(chosen.from_date, time.min, UTC))
    if chosen.to_date:
        # The last microsecond, not the next midnight: after 31 December 9999 there is none.
        rows = rows.filter(occurred_at__lte=datetime.combine(chosen.to_date, time.max, UTC))
    return rows


def _first(found: list[Event]) -> int | None:
    return found[0].pk if found else None


def _last(found: list[Event]) -> int | None:
    return found[-1].pk if found else None


def sealed_count() -> int:
    """Return how many events have a seal: the position of the newest one."""
    newest = Seal.objects.order_by("-position").values_list("position", flat=True).first()
    return newest or 0


def verifications(*, limit: int = 10) -> list[Event]:
    """Return the newest times the chain was verified and what was found."""
    return list(Event.objects.filter(verb="audit.verified").order_by("-pk")[:limit])


def events_of(subject: str, *, limit: int = 200) -> QuerySet[Event]:
    """Return the newest events about a thing, or in the case it is."""
    return Event.objects.filter(Q(subject=subject) | Q(case=subject)).order_by("-id")[:limit]


def _links() -> Iterator[chain.Link]:
    seals = Seal.objects.select_related("event").order_by("position")
    for seal in seals.iterator(chunk_size=5_000):
        yield chain.Link(seal.position, seal.event.sealed_content(), seal.previous_hash, seal.hash)


def _named(broken: chain.Break | None) -> str:
    if broken is None:
        return ""
    seal = Seal.objects.filter(position=broken.position).select_related("event").first()
    return f"event {seal.event_id} ({seal.event.verb})" if seal else "no event"
