"""Score with shadows what was decided without them, after the decision and apart from it.

The rows are the queue: every score of the segment since the shadow began that it has not scored
itself. So a lost message or a killed worker costs a minute, nothing is scored twice, and the
decision has no part in it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from apps.scoring import champion
from apps.scoring.errors import ModelUnusable, ScoringFailed
from apps.scoring.models import Placement, ScoreRun, ShadowScore
from apps.scoring.services import drawing
from apps.scoring.services.scoring import Rescored, scored_apart

TOGETHER = 200
# What one call does at most, so that a worker is not kept from other work for long.
MOST = 5_000
# A transaction writes its score with the time it began at; none takes this long.
LATE = timedelta(hours=1)
# A shadow that ended is still asked about what was decided before.
AFTERWARDS = timedelta(days=1)
SCHEMA_DIFFERS = "schema_differs"


def score_waiting(*, now: datetime) -> int:
    """Score what waits for each shadow; return how many scores and failures were stored.

    A model that cannot score leaves the reason, and an incident; it never raises.
    """
    standing = Q(ended_at=None) | Q(ended_at__gte=now - AFTERWARDS)
    shadows = Placement.objects.filter(standing, kind=Placement.Kind.SHADOW)
    return sum(_score(one, now=now) for one in shadows.select_related("model").order_by("pk"))


def waiting(placement: Placement) -> QuerySet[ScoreRun]:
    """Return the scores a shadow has still to stand beside, oldest first."""
    scored = ShadowScore.objects.filter(placement=placement)
    newest = scored.aggregate(at=Max("run_at"))["at"]
    since = placement.began_at if newest is None else max(placement.began_at, newest - LATE)
    until = min(placement.until, placement.ended_at or placement.until)
    rows = ScoreRun.objects.filter(
        ~Exists(scored.filter(run=OuterRef("pk"))),
        model__segment=placement.segment,
        scored_at__gte=since,
        scored_at__lt=until,
    )
    return rows.order_by("scored_at", "pk")


def _score(placement: Placement, *, now: datetime) -> int:
    done = 0
    while done < MOST:
        runs = list(waiting(placement)[:TOGETHER])
        if not runs:
            break
        with transaction.atomic():
            found = _scores(placement, runs, now=now)
            ShadowScore.objects.bulk_create(found, ignore_conflicts=True)
        done += len(runs)
    return done


def _scores(placement: Placement, runs: Sequence[ScoreRun], *, now: datetime) -> list[ShadowScore]:
    try:
        scorer = champion.scorer_of(placement.model)
        answers = scored_apart(scorer, [run.features for run in runs])
    except ModelUnusable as failure:
        answers = [failure] * len(runs)
    found = [
        _shadow_score(placement, run, answer, now=now)
        for run, answer in zip(runs, answers, strict=True)
    ]
    failed = [one for one in found if one.failure]
    for code in sorted({one.failure for one in failed}):
        first = next(one for one in failed if one.failure == code)
        drawing.raise_incident(
            "system:worker", placement, code=code, subject=first.run.subject, now=now
        )
    return found


def _shadow_score(
    placement: Placement, run: ScoreRun, answer: Rescored, *, now: datetime
) -> ShadowScore:
    score = ShadowScore(
        placement=placement,
        run=run,
        run_at=run.scored_at,
        model_sha256=placement.model.sha256,
        scored_at=now,
    )
    if run.schema_hash != placement.model.schema_hash:
        # The same names may mean something else there.
        score.failure = SCHEMA_DIFFERS
    elif isinstance(answer, ScoringFailed):
        score.failure = answer.code
    else:
        score.pd, score.score, score.log_odds = answer.pd, answer.displayed_score, answer.log_odds
    return score
