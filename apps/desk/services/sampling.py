"""Sample automatic decisions, and let samples and claims run out: safe to run twice."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.decisions.models import Decision
from apps.desk import blind_rows
from apps.desk.lifecycle import BLIND_OPEN
from apps.desk.models import BlindSample, SamplingShare

SAMPLED_AT_ONCE = 500


def sample(*, now: datetime) -> int:
    """Sample what the shares choose of the decisions made since; return how many.

    A decision is sampled once, however often and at however many places this runs: the unique
    constraint decides, and what a killed worker left is found by the next run.
    """
    found = blind_rows.unsampled(now).select_related("application")[:SAMPLED_AT_ONCE]
    days = dict(SamplingShare.objects.values_list("pk", "days"))
    return sum(_sampled(one, one.row, days, now=now) for one in found)  # type: ignore[attr-defined,misc]


@transaction.atomic
def _sampled(
    decision: Decision, row: uuid.UUID, days: Mapping[uuid.UUID, int], *, now: datetime
) -> int:
    fresh = BlindSample(
        decision=decision,
        application=decision.application,
        share_id=row,
        sampled_at=now,
        lapses_at=now + timedelta(days=days[row]),
    )
    # A second run at the same time made it already, or will find that this one has.
    BlindSample.objects.bulk_create([fresh], ignore_conflicts=True)
    if not BlindSample.objects.filter(pk=fresh.pk).exists():
        return 0
    audit.record(audit.system("sweep"), "desk.blind_sampled", fresh, case=decision.application)
    return 1


def end_blind(*, now: datetime) -> int:
    """Put back claims that have run out and end samples nobody judged in time; return how many."""
    late = BlindSample.objects.filter(status__in=BLIND_OPEN)
    out = late.filter(lapses_at__lte=now) | late.filter(claim_until__lte=now)
    keys = list(out.order_by("sampled_at").values_list("pk", flat=True))
    return sum(_ended(key, now=now) for key in keys)


@transaction.atomic
def _ended(key: uuid.UUID, *, now: datetime) -> int:
    """End one whose time is over, held or not: its holder can judge it no more."""
    rows = BlindSample.objects.select_for_update(of=("self",), skip_locked=True)
    found = rows.select_related("application").filter(pk=key, status__in=BLIND_OPEN).first()
    if found is None:
        return 0
    actor, case = audit.system("sweep"), found.application
    if found.lapses_at <= now:
        found.move("lapse", ended_at=now)
        audit.record(actor, "desk.blind_lapsed", found, case=case)
    elif found.status == "claimed" and found.claim_until <= now:  # type: ignore[operator]
        found.move("release", claimed_by=None, claimed_at=None, claim_until=None)
        audit.record(actor, "desk.blind_released", found, case=case)
    else:
        return 0
    return 1


def drop_blind(application: Application, actor: User | str, now: datetime) -> None:
    """End the open sample of an application that is taken up anew, in the caller's transaction."""
    rows = BlindSample.objects.select_for_update(of=("self",))
    for found in rows.filter(application=application, status__in=BLIND_OPEN):
        found.move("drop", ended_at=now)
        audit.record(actor, "desk.blind_dropped", found, case=application)
