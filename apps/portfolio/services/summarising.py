"""Add portfolios up once a day, so that no page adds up a million loans."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction

from apps.accounts.models import Entity
from apps.core import dates
from apps.npa.models import DayEnd, LoanDay
from apps.portfolio import months
from apps.portfolio.models import (
    RolledDay,
    VintageLent,
    VintageLost,
    VintagePrepaid,
    VintagesMade,
)
from apps.portfolio.services import following, sharing, totalling
from apps.portfolio.services.locking import alone
from apps.portfolio.statements import cohorts, outcomes, rolling, vintages

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Summarised:
    """What was added up anew: the vintages or not, how many months of roll rates and days."""

    vintages: bool
    months: int
    days: int = 0


def summarise(*, entity: Entity, now: datetime, again: bool = False) -> Summarised:
    """Add up what is missing or was ended once more since, and say what was made.

    Vintages once on each day of the lender, roll rates for every end of a month whose day-end and
    the one a month before are done, and for the last day that was ended; the totals of every day
    that was ended, and at the ends of months what became of loans since, with whom principal is
    outstanding and since when. Loans a night has no snapshot of are counted as missing, and the log
    says so. `again` adds everything up anew. Each part is a transaction; run twice at once, the
    second finds it done.
    """
    made = _vintages(entity, now=now, again=again)
    count = 0
    for since, day in _pairs(entity):
        count += _rolled(since, day, again=again)
    days = totalling.total(entity, now=now, again=again)
    following.follow(entity)
    sharing.share_out(entity)
    return Summarised(made, count, len(days))


@transaction.atomic
def _vintages(entity: Entity, *, now: datetime, again: bool) -> bool:
    alone(entity)
    found = VintagesMade.objects.filter(entity=entity).first()
    today = dates.local_date(now, entity.time_zone)
    if found and not again and dates.local_date(found.made_at, entity.time_zone) >= today:
        return False
    VintageLent.objects.filter(entity=entity).delete()
    VintageLost.objects.filter(entity=entity).delete()
    VintagePrepaid.objects.filter(entity=entity).delete()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(vintages.LENT, {"entity": entity.pk})
        cursor.execute(vintages.LOST, {"entity": entity.pk})
        cursor.execute(cohorts.PREPAID, {"entity": entity.pk})
    VintagesMade.objects.update_or_create(entity=entity, defaults={"made_at": now})
    return True


def _pairs(entity: Entity) -> Iterator[tuple[DayEnd, DayEnd]]:
    """Yield the day-ends between which loans roll; the last day may be in the middle of a month."""
    ended = DayEnd.objects.filter(entity=entity, status__in=["finished", "closed"])
    by_day = {one.day: one for one in ended.filter(day__in=_month_ends(entity)).order_by("day")}
    last = ended.order_by("-day").first()
    if last is not None:
        by_day[last.day] = last
    for day, day_end in by_day.items():
        since = by_day.get(day.replace(day=1) - timedelta(days=1))
        if since is not None:
            yield since, day_end


def _month_ends(entity: Entity) -> list[date]:
    """Return the last days of the months in which days of a lender were ended."""
    found = DayEnd.objects.filter(entity=entity).dates("day", "month")
    return [months.last_of(month) for month in found]


@transaction.atomic
def _rolled(since: DayEnd, day_end: DayEnd, *, again: bool) -> bool:
    """Add up how loans rolled between two ends of days, unless that is known; say whether."""
    entity = day_end.entity
    alone(entity)
    found = RolledDay.objects.filter(entity=entity, day=day_end.day).first()
    runs = {"since_run": since.run, "day_run": day_end.run}
    if found and not again and runs == {name: getattr(found, name) for name in runs}:
        return False
    _forget(entity, day_end.day)
    made = RolledDay.objects.create(entity=entity, since=since.day, day=day_end.day, **runs)
    values: dict[str, Any] = {
        "rolled": made.pk,
        "entity": entity.pk,
        "since": since.day,
        "day": day_end.day,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        cursor.execute(rolling.ROLLS, values)
        missing = cursor.fetchone()[0] + _lost(since)
        if day_end.day == months.last_of(day_end.day):
            cursor.execute(outcomes.TURNS, values)
    if missing:
        RolledDay.objects.filter(pk=made.pk).update(missing=missing)
        logger.warning(
            "snapshots_missing", entity=entity.code, day=day_end.day.isoformat(), loans=missing
        )
    return True


def _lost(since: DayEnd) -> int:
    """Return how many loans a night wrote down of which nothing is there any more: all or none."""
    is_there = LoanDay.objects.filter(day=since.day, entity=since.entity_id).exists()
    return 0 if is_there else since.loans


def _forget(entity: Entity, day: date) -> None:
    """Delete what is known of a day, and of days within months that are the last no more."""
    for one in RolledDay.objects.filter(entity=entity):
        if one.day == day or (one.day < day and one.day != months.last_of(one.day)):
            one.delete()
