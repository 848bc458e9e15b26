"""The stored scores of a model over a span, in chunks: memory stays flat whatever their number."""

import itertools
from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from apps.monitoring.population import Chunk
from apps.scoring.models import ModelVersion, ScoreRun

CHUNK = 10_000


def runs(model: ModelVersion, since: datetime, until: datetime) -> QuerySet[ScoreRun]:
    """Return the scores that a model gave in [since, until)."""
    return ScoreRun.objects.filter(model=model, scored_at__gte=since, scored_at__lt=until)


def chunks(found: QuerySet[ScoreRun], size: int = CHUNK) -> Iterator[Chunk]:
    """Yield features, as their JSON text, and log-odds of the scores: one statement, one cursor."""
    rows = found.order_by().values_list(Cast("features", TextField()), "log_odds")
    read = rows.iterator(chunk_size=size)
    while chunk := list(itertools.islice(read, size)):
        yield chunk
