"""What can be asked about models and scores."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet

from apps.core import prepared
from apps.core.prepared import Given
from apps.scoring.models import ModelVersion, Placement, Reign, ScoreRun

# The model text is large and read once per process only.
_HEAVY = ("body", "manifest")


def champion(segment: str) -> ModelVersion | None:
    """Return the model that decides in a segment, without its text, or None."""
    return CHAMPION.first(segment=segment)


def champions() -> QuerySet[ModelVersion]:
    """Return the champion of every segment that has one."""
    return ModelVersion.objects.defer(*_HEAVY).filter(status="champion").order_by("segment")


def models() -> QuerySet[ModelVersion]:
    """Return all models, the newest of each segment first, with the people behind them."""
    return (
        ModelVersion.objects.defer("body")
        .select_related("developed_by", "approved_by")
        .order_by("segment", "-number")
    )


def scores_by_model() -> dict[object, int]:
    """Return how many scores each model gave."""
    rows = ScoreRun.objects.values_list("model_id").annotate(n=Count("pk"))
    return dict(rows)


def reigns(segment: str) -> QuerySet[Reign]:
    """Return who was the champion of a segment from when to when, the newest first."""
    rows = Reign.objects.filter(segment=segment).select_related("model", "began_by")
    # Of two that began at one moment only the later one has not ended in it.
    return rows.defer(*(f"model__{name}" for name in _HEAVY)).order_by("-began_at", "-created_at")


def champion_at(segment: str, moment: datetime) -> ModelVersion | None:
    """Return the model that decided in a segment at a moment, or None."""
    still = Q(ended_at=None) | Q(ended_at__gt=moment)
    found = reigns(segment).filter(still, began_at__lte=moment).first()
    return None if found is None else found.model


def reign_before(model: ModelVersion) -> Reign | None:
    """Return the time as champion that a rollback of the present champion restores, or None.

    What was before a reign that restored another one is what was before that one.
    """
    every = list(reigns(model.segment))
    places = {one.pk: place for place, one in enumerate(every)}
    if not every or every[0].model_id != model.pk or every[0].ended_at is not None:
        return None
    reign = every[0]
    while reign.restores_id is not None:
        reign = every[places[reign.restores_id]]
    earlier = every[places[reign.pk] + 1 :]
    return next((one for one in earlier if one.model_id != model.pk), None)


def placements() -> QuerySet[Placement]:
    """Return every time a model was tried, with the model but without its text, newest first."""
    rows = Placement.objects.select_related("model").defer(*(f"model__{name}" for name in _HEAVY))
    return rows.order_by("-began_at", "-created_at")


# Asked for every score.
CHAMPION = prepared.Query(lambda: champions().filter(segment=Given("segment")))
