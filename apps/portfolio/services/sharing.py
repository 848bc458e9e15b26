"""Add up with whom and since when principal is outstanding, at the ends of months and last days."""

from datetime import date
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Entity
from apps.portfolio import months
from apps.portfolio.models import DayShare, DayVintage, SummedDay
from apps.portfolio.services.locking import alone
from apps.portfolio.statements import cohorts, shares

_KEPT: tuple[tuple[Any, str], ...] = (
    (DayShare, shares.SHARES),
    (DayVintage, cohorts.STANDING),
)


@transaction.atomic
def share_out(entity: Entity) -> list[date]:
    """Add up the days that are to be kept and are not yet, and return them; forget the others.

    A day that was added up anew has lost this with what it was before.
    """
    alone(entity)
    summed = SummedDay.objects.filter(entity=entity).order_by("day")
    days = list(summed.values_list("day", flat=True))
    kept = {day for day in days if day == months.last_of(day)} | set(days[-1:])
    found: set[date] = set()
    for model, statement in _KEPT:
        there = model.objects.filter(summed__entity=entity)
        there.exclude(summed__day__in=kept).delete()
        missing = sorted(kept - set(there.values_list("summed__day", flat=True).distinct()))
        if missing:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
                cursor.execute(statement, {"entity": entity.pk, "days": missing})
        found |= set(missing)
    return sorted(found)
