"""Derive past decisions again from what was stored, and say whether they are the same.

Nothing of today is read but the code: features, model, policy version, inputs and reasons are
those the decisions were made with.
"""

import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import NotPermitted
from apps.decisions import policies
from apps.decisions.differences import Difference
from apps.decisions.models import Decision
from apps.decisions.services import grounds, rederiving, spreading

BATCH = 250
BULK = "decisions.replay"
# How many different decisions the audit event of a replay in bulk names.
_MOST_NAMED = 20


@dataclass(frozen=True)
class ReplayResult:
    """What replaying one decision found."""

    decision: Decision
    differences: tuple[Difference, ...]

    @property
    def identical(self) -> bool:
        """Whether everything came out as it was stored."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Return what the command and the API answer."""
        return {
            "decision": str(self.decision.pk),
            "application": self.decision.application.number,
            "identical": self.identical,
            "differences": [
                {
                    "source": one.source,
                    "what": one.what,
                    "stored": str(one.stored),
                    "found": str(one.found),
                }
                for one in self.differences
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Span:
    """Which decisions to replay: decided on these days, both included; the newest first.

    The days are those of each lender's own calendar, as on its letters. None and 0 mean all.
    """

    since: date | None = None
    until: date | None = None
    limit: int = 0


@dataclass
class BulkResult:
    """What replaying many decisions has found so far; only the first different ones are named."""

    replayed: int = 0
    different: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    named: list[uuid.UUID] = field(default_factory=list)

    def add(self, answers: spreading.Answers) -> None:
        """Count one batch in."""
        for key, differences in answers:
            self.replayed += 1
            if differences:
                self.different += 1
                self.sources.update({one.source for one in differences})
                self.named += [key] if len(self.named) < _MOST_NAMED else []


def replay(*, actor: User | str, decision: Decision, now: datetime) -> ReplayResult:
    """Replay one decision with its letter set again, and record that it was done.

    Raises NotPermitted for a person who may not replay.
    """
    _permit(actor)
    [ground] = grounds.read([decision.pk], library=grounds.Library())
    found = rederiving.differences(ground, thorough=True)
    audit.record(
        actor,
        "decisions.replayed",
        decision,
        case=audit.reference(decision.application),
        identical=not found,
        differences=[one.what for one in found],
        sources=sorted({one.source for one in found}),
        at=now.isoformat(),
    )
    return ReplayResult(decision, found)


def replay_all(
    *,
    actor: User | str,
    span: Span,
    now: datetime,
    tell: Callable[[BulkResult, spreading.Answers], None],
    workers: int = 1,
    thorough: bool = False,
) -> BulkResult:
    """Replay many decisions in batches and record once what was found.

    `tell` hears of every batch. Memory does not grow with their number. Letters are held against
    their stored hashes; `thorough` sets each again. With several `workers`, processes of their own
    share the batches. Raises NotPermitted for a person who may not replay.
    """
    _permit(actor)
    found = BulkResult()
    for answers in spreading.answers(_batches(span), workers=workers, thorough=thorough):
        found.add(answers)
        tell(found, answers)
    audit.record(
        actor,
        "decisions.replayed_all",
        BULK,
        since="" if span.since is None else span.since.isoformat(),
        until="" if span.until is None else span.until.isoformat(),
        replayed=found.replayed,
        different=found.different,
        sources=dict(found.sources),
        decisions=[str(key) for key in found.named],
        thorough=thorough,
        at=now.isoformat(),
    )
    return found


def _permit(actor: User | str) -> None:
    if isinstance(actor, User) and not actor.has_perm(policies.REPLAY):
        raise NotPermitted("not_permitted", _("Your role does not allow replaying decisions."))


def _batches(span: Span) -> Iterator[list[uuid.UUID]]:
    """Yield the keys of the span's decisions, so many at a time, by a cursor of the server."""
    rows = Decision.objects.filter(_within(span)).order_by("-decided_at", "-id")
    keys = (rows[: span.limit] if span.limit else rows).values_list("pk", flat=True)
    stream = keys.iterator(chunk_size=BATCH)
    while batch := list(itertools.islice(stream, BATCH)):
        yield batch


def _within(span: Span) -> Q:
    """Return the condition that a decision was made on a day of the span, where it was made."""
    if span.since is None and span.until is None:
        return Q()
    zones = Entity.objects.order_by().values_list("time_zone", flat=True).distinct()
    wanted = Q(pk__in=())
    for zone in zones:
        wanted |= Q(application__branch__entity__time_zone=zone, **_moments(span, ZoneInfo(zone)))
    return wanted


def _moments(span: Span, zone: ZoneInfo) -> dict[str, Any]:
    """Return the first moment of the span in a time zone and the first after it, as lookups."""
    found: dict[str, Any] = {}
    if span.since is not None:
        found["decided_at__gte"] = datetime.combine(span.since, time.min, zone)
    if span.until is not None:
        found["decided_at__lt"] = datetime.combine(span.until + timedelta(days=1), time.min, zone)
    return found
