"""Which models decide, and when: champions while they reign, challengers at their share."""

import uuid
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Least

from apps.scoring.models import ModelVersion, Placement, Reign


def decides(model: ModelVersion, *, now: datetime) -> bool:
    """Say whether a model decides now: as the champion, or as a challenger of it."""
    is_champion = ModelVersion.objects.filter(pk=model.pk, status="champion").exists()
    return is_champion or _serving(now).filter(model=model).exists()


def decides_until_commit(model: ModelVersion, *, now: datetime) -> bool:
    """Say the same, read anew; whoever would change it waits until the transaction ends."""
    rows = ModelVersion.objects.select_for_update(of=("self",), no_key=True)
    if rows.defer("body", "manifest").get(pk=model.pk).status == "champion":
        return True
    placed = _serving(now).filter(model=model)
    return bool(placed.select_for_update(of=("self",), no_key=True))


def shares(*, now: datetime) -> dict[uuid.UUID, Decimal | None]:
    """Return the challengers that decide now, each with its share of the applications."""
    return dict(_serving(now).values_list("model_id", "share"))


def ever() -> Q:
    """Return the condition on a model that it decides, or did once."""
    return Q(Exists(Reign.objects.filter(model=OuterRef("pk")))) | Q(
        Exists(_challengers().filter(model=OuterRef("pk")))
    )


def since(moment: datetime, *, now: datetime) -> Q:
    """Return the condition on a model that it decided at some time from a moment until now."""
    begun = Q(model=OuterRef("pk"), began_at__lte=now)
    lasted = Q(ended_at=None) | Q(ended_at__gte=moment)
    placed = _challengers().filter(begun, lasted, until__gte=moment)
    return Q(Exists(Reign.objects.filter(begun, lasted))) | Q(Exists(placed))


def times(model: ModelVersion) -> list[tuple[datetime, datetime | None]]:
    """Return from when to when a model decided, as champion or challenger, the oldest first."""
    reigns = Reign.objects.filter(model=model).values_list("began_at", "ended_at")
    placed = _challengers().filter(model=model)
    shared = placed.values_list("began_at", Least("until", "ended_at"))
    return sorted([*reigns, *shared], key=lambda one: one[0])


def reigned(model: ModelVersion) -> Q | None:
    """Return the condition on a decision that it fell into a reign of the model, None where none.

    A challenger is asked beside the champion, and what nobody could score is the champion's.
    """
    found: Q | None = None
    for reign in Reign.objects.filter(model=model):
        within = Q(decided_at__gte=reign.began_at)
        if reign.ended_at is not None:
            within &= Q(decided_at__lt=reign.ended_at)
        found = within if found is None else found | within
    return found


def _serving(now: datetime) -> QuerySet[Placement]:
    return _challengers().filter(ended_at=None, until__gt=now, began_at__lte=now)


def _challengers() -> QuerySet[Placement]:
    return Placement.objects.filter(kind=Placement.Kind.CHALLENGER)
