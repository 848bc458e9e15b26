"""Estimate hazards and losses given default out of a lender's own history, as a new version."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core.dates import add_months
from apps.core.errors import Conflict
from apps.impairment import cells, hazards, parameters, recoveries, stored
from apps.impairment.hazards import Count
from apps.impairment.models import Estimate, ParameterSet
from apps.impairment.parameters import Parameters
from apps.impairment.recoveries import Case
from apps.impairment.services.locking import alone
from apps.impairment.statements import history
from apps.npa.models import DayEnd
from apps.portfolio import months


@transaction.atomic
def estimate(*, actor: str, entity: Entity, as_of: date, now: datetime) -> Estimate:
    """Estimate from all ends of months up to a day; return the version, the last if it says so too.

    Raises Conflict without approved parameters, without any end of a month that was ended, or for a
    day before that of the last version.
    """
    alone(entity)
    in_force = ParameterSet.objects.in_force(entity, as_of)
    if in_force is None:
        raise Conflict("no_parameters", _("No approved parameters are in force on that day."))
    ends = month_ends(entity, as_of)
    if not ends:
        raise Conflict("no_history", _("No end of a month was ended by that day."))
    last = Estimate.objects.filter(entity=entity).order_by("-version").first()
    if last is not None and last.as_of > ends[-1]:
        raise Conflict("estimated_later", _("There are estimates of a later day already."))
    terms = parameters.read(in_force.body)
    rows = counts(entity, ends, terms)
    found = cases(entity, ends, terms)
    structure = hazards.estimate(rows, bands=cells.bands(terms.bands), rules=terms.hazards)
    body = stored.written(structure, recoveries.estimate(found, terms))
    digest = stored.sha256(body)
    same = (digest, in_force.pk, ends[-1])
    if last is not None and (last.sha256, last.parameters_id, last.as_of) == same:
        return last
    made = Estimate.objects.create(
        entity=entity,
        version=_next_version(entity),
        as_of=ends[-1],
        parameters=in_force,
        body=body,
        sha256=digest,
        months=len(ends),
        loan_months=sum(row.exposed for row in rows if row.lead == 1),
        defaults=sum(row.defaults for row in rows if row.lead == 1),
        cases=len(found),
        made_at=now,
        made_by=actor,
    )
    _record(actor, made)
    return made


def _record(actor: str, made: Estimate) -> None:
    audit.record(
        actor,
        "impairment.estimated",
        made,
        entity=made.entity.code,
        version=made.version,
        as_of=made.as_of.isoformat(),
        sha256=made.sha256,
        loan_months=made.loan_months,
        defaults=made.defaults,
        cases=made.cases,
    )


def month_ends(entity: Entity, as_of: date) -> list[date]:
    """Return the ends of months up to a day that were ended, one after the other to the last.

    Where one is missing, what is before it is left out: a default over two months has no month.
    """
    ended = DayEnd.objects.filter(entity=entity, day__lte=as_of, status__in=["finished", "closed"])
    days = [day for day in ended.order_by("day").values_list("day", flat=True) if is_end(day)]
    first = 0
    for place, (before, after) in enumerate(pairwise(days), start=1):
        if months.age(before, after) != 1:
            first = place
    return days[first:]


def is_end(day: date) -> bool:
    """Say whether a day is the last of its month."""
    return (day + timedelta(days=1)).day == 1


def counts(entity: Entity, ends: list[date], terms: Parameters) -> list[Count]:
    """Return the months at risk of all loans, by cell."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        cursor.execute(history.counts(terms.bands), {"entity": entity.pk, "days": ends})
        return [Count(*row) for row in cursor.fetchall()]


def cases(entity: Entity, ends: list[date], terms: Parameters) -> list[Case]:
    """Return the defaults that were followed for as long as the lender follows them."""
    followed = terms.recoveries.workout_months
    until = add_months(months.first_of(ends[-1]), 1 - followed) - timedelta(days=1)
    values: dict[str, Any] = {
        "entity": entity.pk,
        "days": ends,
        "until": until,
        "months": followed,
    }
    with connection.cursor() as cursor:
        cursor.execute(history.CASES, values)
        return [Case(*row[1:]) for row in cursor.fetchall()]


def _next_version(entity: Entity) -> int:
    found = Estimate.objects.filter(entity=entity).aggregate(last=Max("version"))["last"]
    return (found or 0) + 1
