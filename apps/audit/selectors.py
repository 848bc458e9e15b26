"""Read the trail: verification, and the timeline of a thing or a case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.audit import chain
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


def events_of(subject: str, *, limit: int = 200) -> QuerySet[Event]:
    """Return the newest events about a thing, or in the case it is."""
    return Event.objects.filter(Q(subject=subject) | Q(case=subject)).order_by("-id")[:limit]


def _links() -> Iterator[chain.Link]:
    seals = Seal.objects.select_related("event").order_by("position")
    for seal in seals.iterator(chunk_size=5_000):
        yield chain.Link(
            seal.position, seal.event.sealed_content(), seal.previous_hash, seal.hash
        )


def _named(broken: chain.Break | None) -> str:
    if broken is None:
        return ""
    seal = Seal.objects.filter(position=broken.position).select_related("event").first()
    return f"event {seal.event_id} ({seal.event.verb})" if seal else "no event"
