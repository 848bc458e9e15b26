"""Which models decide, and when: champions while they reign, challengers at their share."""

from datetime import datetime

from django.db.models import Q, QuerySet

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
    return Placement.objects.filter(
        kind=Placement.Kind.CHALLENGER, ended_at=None, until__gt=now, began_at__lte=now
    )
