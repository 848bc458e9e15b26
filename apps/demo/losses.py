"""Expected credit loss at the demonstration's lenders: parameters of two people, measurements."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Entity
from apps.demo import people
from apps.impairment import services
from apps.impairment.models import ParameterSet
from apps.impairment.services import Asked, estimating
from apps.npa.models import DayEnd

_REASON = (
    "The starting point that comes with the program, until the committee has seen a year of our own"
    " defaults."
)


@transaction.atomic
def write(*, now: datetime) -> list[str]:
    """Decide parameters, estimate, and measure every end of a month that was ended; say what.

    All or nothing, and nothing where parameters are there already. A lender none of whose days was
    the last of its month has its first measurement by the worker, once such a day is ended.
    """
    if ParameterSet.objects.exists():
        return []
    lenders = Entity.objects.filter(pk__in=DayEnd.objects.values("entity")).order_by("code")
    return [_measured(entity, now) for entity in lenders]


def _measured(entity: Entity, now: datetime) -> str:
    days = list(DayEnd.objects.filter(entity=entity).order_by("day").values_list("day", flat=True))
    asked = Asked(effective_from=days[0], body=services.starting_point(), reason=_REASON)
    proposed = services.propose_parameters(
        actor=people.of_role("risk_analyst"), entity=entity, asked=asked, now=now
    )
    manager = people.of_role("credit_manager")
    services.approve_parameters(actor=manager, one=proposed, now=now)
    ends = estimating.month_ends(entity, days[-1])
    for day in ends:
        services.estimate(actor=people.ACTOR, entity=entity, as_of=day, now=now)
        services.measure(actor=people.ACTOR, entity=entity, day=day, now=now)
    said = ", ".join(day.isoformat() for day in ends) or "none, no month has ended"
    return f"measurements of losses at {entity.name}: {said}"
