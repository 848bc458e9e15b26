"""What can be asked about models and scores."""

from django.db.models import Count, QuerySet

from apps.core import prepared
from apps.core.prepared import Given
from apps.scoring.models import ModelVersion, ScoreRun

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


# Asked for every score.
CHAMPION = prepared.Query(lambda: champions().filter(segment=Given("segment")))
