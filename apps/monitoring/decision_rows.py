"""What was decided on a model's scores: a few statements over sets, whatever their number."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from apps.decisions.models import Decision
from apps.monitoring import deciding
from apps.scoring.models import Draw, ModelVersion
from ml import proportions

# What people decided later on an application the machine had approved or declined, and how long
# it took from when it was asked for to what the machine decided.
_LATER = """
    SELECT count(*) FILTER (WHERE last.outcome IS NOT NULL AND last.outcome <> d.outcome),
           count(*)
    FROM decisions_decision d
    JOIN scoring_scorerun r ON r.id = d.score_run_id
    LEFT JOIN LATERAL (
        SELECT h.outcome FROM decisions_decision h
        WHERE h.application_id = d.application_id AND h.kind = 'human' AND h.number > d.number
        ORDER BY h.number DESC LIMIT 1
    ) last ON TRUE
    WHERE r.model_id = %(model)s AND d.kind = 'automated' AND d.outcome IN ('approve', 'decline')
      AND d.decided_at >= %(since)s AND d.decided_at < %(until)s
"""
_LATENCY = """
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY took),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY took),
           percentile_disc(%(place)s) WITHIN GROUP (ORDER BY took)
    FROM (
        SELECT EXTRACT(EPOCH FROM d.decided_at - a.submitted_at)::float8 AS took
        FROM decisions_decision d
        JOIN scoring_scorerun r ON r.id = d.score_run_id
        JOIN applications_application a ON a.id = d.application_id
        WHERE r.model_id = %(model)s AND d.kind = 'automated' AND a.channel <> 'tape'
          AND d.decided_at >= %(since)s AND d.decided_at < %(until)s
          AND a.submitted_at IS NOT NULL AND d.decided_at >= a.submitted_at
    ) timed
"""


def facts(model: ModelVersion, since: datetime, until: datetime) -> dict[str, Any]:
    """Return what the machine decided by a model in [since, until), as JSON values.

    `approved`, `departed` and `failed` are pairs: how many of how many.
    """
    within = {"decided_at__gte": since, "decided_at__lt": until}
    rows = Decision.objects.filter(kind="automated", score_run__model=model, **within)
    named = ("application__product__code", "application__branch__code", "outcome")
    cells = [
        {"product": product, "branch": branch, "outcome": outcome, "n": n}
        for product, branch, outcome, n in rows.order_by(*named)
        .values_list(*named)
        .annotate(n=Count("pk"))
    ]
    outcomes: Counter[str] = Counter()
    for cell in cells:
        outcomes[cell["outcome"]] += cell["n"]
    failures = _failures(model, since, until)
    departed = _row(_LATER, model, since, until)
    total, failed = sum(outcomes.values()), sum(failures.values())
    return {
        "outcomes": dict(sorted(outcomes.items())),
        "cells": cells,
        "approved": [outcomes["approve"], total],
        "departed": [departed[0], departed[1]],
        "exceptions": Decision.objects.filter(
            score_run__model=model, override__isnull=False, **within
        ).count(),
        "failures": failures,
        "failed": [failed, total + failed],
        "latency": _latency(model, since, until),
    }


def _latency(model: ModelVersion, since: datetime, until: datetime) -> dict[str, Any]:
    """Return how long decisions took; `p95_low` surely lies at or below their 95th percentile.

    It is one of the times themselves, by how many of so many may lie above; None of too few.
    """
    n, median, p95, _least = _row(_LATENCY, model, since, until, place=0.0)
    rank = proportions.sure_rank(n, 0.95) if n else 0
    low = None
    if rank:
        # Half a place below the wanted one, so that rounding never takes the next.
        low = _row(_LATENCY, model, since, until, place=(rank - 0.5) / n)[3]
    return {"n": n, "median": median, "p95": p95, "p95_low": low}


def _failures(model: ModelVersion, since: datetime, until: datetime) -> dict[str, int]:
    """Return why the model gave no score where it was to decide, by cause.

    While it was the champion: what came to the machine of its segment and was not scored. As a
    challenger: whom it drew and the champion had to score.
    """
    found: Counter[str] = Counter()
    reigned = deciding.reigned(model)
    if reigned is not None:
        rows = Decision.objects.filter(
            reigned,
            kind="automated",
            score_run=None,
            application__product__scoring_segment=model.segment,
            decided_at__gte=since,
            decided_at__lt=until,
        ).exclude(failure="")
        found.update(dict(rows.order_by("failure").values_list("failure").annotate(n=Count("pk"))))
    drawn = Draw.objects.filter(placement__model=model, drawn_at__gte=since, drawn_at__lt=until)
    fell_back = drawn.exclude(fell_back="").order_by("fell_back").values_list("fell_back")
    found.update(dict(fell_back.annotate(n=Count("pk"))))
    return dict(sorted(found.items()))


def _row(
    statement: str, model: ModelVersion, since: datetime, until: datetime, **asked: float
) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"model": model.pk, "since": since, "until": until, **asked})
        return cursor.fetchone()
