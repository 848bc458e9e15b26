"""Add up what the portfolio came to on each day that was ended, out of which the summary answers.

A day is added up anew where it was ended once more, or where the ledger holds another number of
entries for it; what is closed stays, for nothing is posted there any more.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Entity
from apps.core import dates
from apps.npa.models import DayEnd
from apps.portfolio import months
from apps.portfolio.models import DayTotal, SummedDay
from apps.portfolio.services.locking import alone
from apps.portfolio.statements import summary


def total(entity: Entity, *, now: datetime, again: bool = False) -> list[date]:
    """Add up the days that are missing or changed, and return them; a month is a transaction."""
    found: list[date] = []
    ends = list(DayEnd.objects.filter(entity=entity, status__in=["finished", "closed"]))
    ends.sort(key=lambda one: one.day)
    for _month, of_month in groupby(ends, key=lambda one: months.first_of(one.day)):
        found += _month_made(entity, list(of_month), now=now, again=again)
    return found


@transaction.atomic
def _month_made(entity: Entity, ends: list[DayEnd], *, now: datetime, again: bool) -> list[date]:
    first, last = ends[0].day, ends[-1].day
    alone(entity)
    known = {
        one.day: one
        for one in SummedDay.objects.filter(
            entity=entity, day__gte=months.first_of(first), day__lte=months.last_of(first)
        )
    }
    open_ = [
        one.day for one in ends if again or one.day not in known or not known[one.day].is_final
    ]
    entries = _entries(entity, open_)
    changed = [one for one in ends if again or _is_behind(known.get(one.day), one, entries)]
    # A day that was only closed since says the same as before.
    for one in ends:
        if one not in changed and one.status == "closed" and not known[one.day].is_final:
            SummedDay.objects.filter(pk=known[one.day].pk).update(is_final=True)
    if not changed:
        return []
    days = [one.day for one in changed]
    SummedDay.objects.filter(entity=entity, day__in=days).delete()
    SummedDay.objects.bulk_create(
        SummedDay(
            entity=entity,
            day=one.day,
            run=one.run,
            entries=entries.get(one.day, 0),
            is_final=one.status == "closed",
            made_at=now,
        )
        for one in changed
    )
    _write(entity, days, later=[one.day for one in ends if first <= one.day <= last])
    return days


def _is_behind(known: SummedDay | None, day_end: DayEnd, entries: Mapping[date, int]) -> bool:
    """Say whether the day is missing, or was ended or posted to since it was added up."""
    if known is None or known.run != day_end.run:
        return True
    return not known.is_final and known.entries != entries.get(day_end.day, 0)


def _entries(entity: Entity, days: list[date]) -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute(summary.ENTRIES, {"entity": entity.pk, "days": days})
        return dict(cursor.fetchall())


def _write(entity: Entity, days: list[date], *, later: list[date]) -> None:
    """Write bands and flows of some days, and the totals of all days of their month since."""
    zone = entity.time_zone
    values: dict[str, Any] = {
        "entity": entity.pk,
        "days": days,
        "month": months.first_of(min(days)),
        "zone": zone,
        "first": dates.last_moment(min(days) - timedelta(days=1), zone),
        "last": dates.last_moment(max(days), zone) + timedelta(microseconds=1),
    }
    behind = [one for one in later if one >= min(days)]
    DayTotal.objects.filter(summed__entity=entity, summed__day__in=behind).delete()
    SummedDay.objects.filter(entity=entity, day__in=behind).update(turned=None)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        cursor.execute(summary.BANDS, values)
        cursor.execute(summary.FLOWS_OF_DAYS, values)
        cursor.execute(summary.TOTALS, {**values, "days": behind})
