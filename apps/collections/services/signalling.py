"""Look for early signals in a lender's whole book at the end of a day: a few statements in all."""

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Entity
from apps.collections import selectors, signal_statement
from apps.collections.models import SignalNight
from apps.collections.rules import Code
from apps.npa.grading import GONE
from apps.npa.models import DayEnd
from apps.repayments.facts import MONEY_IN


@transaction.atomic
def find_signals(*, entity: Entity, now: datetime) -> SignalNight | None:
    """Write which signals began and ended by the last day that was ended; return what was done.

    None where that day, in its last run, was looked at before, or no day was ended. Two at once
    wait for each other.
    """
    Entity.objects.select_for_update(no_key=True).only("pk").get(pk=entity.pk)
    ended = DayEnd.objects.filter(entity=entity, status__in=["finished", "closed"])
    last = ended.order_by("-day").first()
    if last is None or _is_known(last):
        return None
    values = values_of(entity, last.day)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        cursor.execute(signal_statement.FIND, values)
        cursor.execute(signal_statement.ENDED, values)
        over = cursor.rowcount
        cursor.execute(signal_statement.CHANGED, values)
        cursor.execute(signal_statement.BEGUN, values)
        begun = cursor.rowcount
        cursor.execute("DROP TABLE collections_found")
    return SignalNight.objects.create(
        entity=entity, day=last.day, run=last.run, begun=begun, ended=over, made_at=now
    )


def values_of(entity: Entity, day: date) -> dict[str, Any]:
    """Return what the statements are given, with the lender's numbers of the day."""
    numbers = {code.value: selectors.number(entity.pk, code, day) for code in Code}
    return {
        **numbers,
        "entity": entity.pk,
        "day": day,
        "gone": list(GONE),
        "money": [one.value for one in MONEY_IN],
    }


def _is_known(last: DayEnd) -> bool:
    """Say whether the run of a day, or a day after it, was looked at."""
    nights = SignalNight.objects.filter(entity=last.entity_id)
    return (
        nights.filter(day__gt=last.day).exists()
        or nights.filter(day=last.day, run=last.run).exists()
    )
