"""Count what became of loans by the ends of months, beside the totals of those days.

A window is known where the roll rates of each of its months are, with no snapshot missing, and the
day it begins with was added up. The end of a month is counted anew where its totals were, or the
roll rates of one of the months before it.
"""

from datetime import date
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Entity
from apps.portfolio import months
from apps.portfolio.figures import WINDOWS
from apps.portfolio.models import RolledDay, SummedDay
from apps.portfolio.services.locking import alone
from apps.portfolio.statements import outcomes


@transaction.atomic
def follow(entity: Entity) -> list[date]:
    """Count what is missing or changed, and return the ends of months it was counted for."""
    alone(entity)
    rows = RolledDay.objects.filter(entity=entity)
    rolled = {one.day: one.pk for one in rows}
    whole = {one.day for one in rows.whole()}
    summed = {one.day: one for one in SummedDay.objects.filter(entity=entity)}
    found = []
    for day, one in sorted(summed.items()):
        if day != months.last_of(day):
            continue
        ends = months.window(day, max(WINDOWS))
        turned = max((rolled[end] for end in ends[1:] if end in rolled), default=None)
        if turned is not None and turned != one.turned:
            known = whole.intersection(ends)
            _count(one, [_begin(day, of, known, summed) for of in WINDOWS])
            SummedDay.objects.filter(pk=one.pk).update(turned=turned)
            found.append(day)
    return found


def _begin(day: date, number: int, known: set[date], summed: dict[date, Any]) -> date | None:
    """Return where a window of so many months begins; None where something of it is missing."""
    first, *ends = months.window(day, number)
    return first if first in summed and known.issuperset(ends) else None


def _count(one: SummedDay, begin: list[date | None]) -> None:
    values: dict[str, Any] = {
        "entity": one.entity_id,
        "summed": one.pk,
        "day": one.day,
        **{f"since_{of}": since for of, since in zip(WINDOWS, begin, strict=True)},
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        cursor.execute(outcomes.CLEARED, values)
        cursor.execute(outcomes.OUTCOMES, values)
