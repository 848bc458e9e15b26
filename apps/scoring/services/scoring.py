"""Score with the models that decide."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import rows as core_rows
from apps.products import selectors as products
from apps.scoring import arms, champion, fingerprint
from apps.scoring.errors import (
    FeaturesRefused,
    ModelUnusable,
    NoChampion,
    ScoringFailed,
    SegmentUnknown,
)
from apps.scoring.models import Draw, ModelVersion, Placement, ScoreRun
from apps.scoring.services import drawing
from ml.schema import SchemaViolation
from ml.serving import Scored, Scorer

Answer = TypeVar("Answer")
# What a stored run gives today: a score, or why there is none.
Rescored = Scored | ScoringFailed


def score(
    *,
    actor: User | str,
    subject: models.Model,
    segment: str,
    features: Mapping[str, object],
    now: datetime,
    model: ModelVersion | None = None,
    challenger: Placement | None = None,
) -> ScoreRun:
    """Score a subject with the champion and store the run with the features it saw.

    With `model` given that one scores: another amount is judged by the model that judged the
    first. Where a `challenger` has a share of the traffic, its model scores the subjects of its
    arm; where that fails the champion does, and an incident says so. Raises ScoringFailed
    (NoChampion, FeaturesRefused, ModelUnusable); nothing is stored then.
    """
    if model is None:
        model, scorer = champion.current(segment)
    else:
        scorer = champion.scorer_of(model)
    run = draw = None
    if challenger is not None:
        [draw] = drawing.draw_each([audit.reference(subject)], placement=challenger, now=now)
    if draw is not None and draw.arm == arms.CHALLENGER:
        run = _by_challenger(actor, subject, draw, features, now=now)
    if run is None:
        snapshot, scored = _scored(scorer, features)
        run = _run(subject, model, snapshot, scored, now=now)
    if draw is not None:
        draw.run = run
    keep_all(actor=actor, runs=[run])
    return run


def _by_challenger(
    actor: User | str,
    subject: models.Model,
    draw: Draw,
    features: Mapping[str, object],
    *,
    now: datetime,
) -> ScoreRun | None:
    """Return the run of the challenger, not stored yet; None where it failed, which is noted."""
    model = draw.placement.model
    try:
        snapshot, scored = _scored(champion.scorer_of(model), features)
    except ScoringFailed as failure:
        draw.fell_back = failure.code
        drawing.raise_incident(
            actor, draw.placement, code=failure.code, subject=draw.subject, now=now
        )
        return None
    return _run(subject, model, snapshot, scored, now=now)


def score_all(
    *,
    subjects: Sequence[models.Model],
    features: Sequence[Mapping[str, object]],
    model: ModelVersion,
    now: datetime,
) -> list[ScoreRun | ScoringFailed]:
    """Return for each subject the run that `score` would store, or what it would raise.

    The model is asked once, and the numbers are those of one subject alone, bit by bit. Nothing
    is stored yet: `keep_all` does that. Raises ModelUnusable where it cannot be asked at all.
    """
    scorer = champion.scorer_of(model)
    snapshots = [_snapshot_or_refused(scorer, one) for one in features]
    whole = [one for one in snapshots if not isinstance(one, ScoringFailed)]
    answers = iter(_scored_together(scorer, whole))
    return [
        one
        if isinstance(one, ScoringFailed)
        else _run_or_refused(subject, model, one, next(answers), now=now)
        for subject, one in zip(subjects, snapshots, strict=True)
    ]


def keep_all(*, actor: User | str, runs: Sequence[ScoreRun]) -> None:
    """Store runs that were not stored yet, with one statement, and record each.

    What was drawn for a run is on the run, and is stored after it.
    """
    core_rows.insert_all(runs)
    drawn = {run.pk: draw for run in runs if (draw := _drawn(run)) is not None}
    core_rows.insert_all(list(drawn.values()))
    for run in runs:
        draw = drawn.get(run.pk)
        trial = {} if draw is None else {"trial": str(draw.placement.trial), "arm": draw.arm}
        audit.record(
            actor,
            "scoring.scored",
            run,
            case=run.subject,
            model=str(run.model_id),
            score=run.score,
            features_sha256=run.features_sha256,
            content_sha256=fingerprint.of_run(run),
            **trial,
        )


def _drawn(run: ScoreRun) -> Draw | None:
    """Return the draw that names a run; nobody asks the database."""
    relation: Any = ScoreRun._meta.get_field("draw")
    found: Draw | None = relation.get_cached_value(run, default=None)
    return found


def score_stateless(
    *, actor: User, segment: str, features: Mapping[str, object]
) -> tuple[ModelVersion, Scored]:
    """Score values somebody sends; nothing is stored but the fact that it was asked.

    Raises as `score` does, and SegmentUnknown where neither a model nor a product knows it.
    """
    try:
        model, scorer = champion.current(segment)
    except NoChampion:
        if products.is_scored(segment):
            raise
        raise SegmentUnknown from None
    snapshot, scored = _scored(scorer, features)
    audit.record(
        actor,
        "scoring.stateless_scored",
        model,
        features_sha256=fingerprint.of_features(snapshot),
        score=scored.displayed_score,
    )
    return model, scored


def rescore(*, run: ScoreRun) -> Scored:
    """Return what the stored model says about the stored features today; nothing is written.

    Raises ScoringFailed when model or features are no longer what they were.
    """
    return _scored(champion.scorer_of(run.model), run.features)[1]


def rescore_all(*, runs: Sequence[ScoreRun]) -> list[Rescored]:
    """Return for each run, in their order, what `rescore` returns or raises.

    Each model is asked once for all its runs; the numbers are those of one run alone, bit by bit.
    """
    found: dict[int, Rescored] = {}
    by_model: dict[object, list[int]] = {}
    for place, run in enumerate(runs):
        by_model.setdefault(run.model_id, []).append(place)
    for places in by_model.values():
        try:
            scorer = champion.scorer_of(runs[places[0]].model)
        except ModelUnusable as failure:
            found |= dict.fromkeys(places, failure)
            continue
        answers = _scored_together(scorer, [runs[place].features for place in places])
        found |= dict(zip(places, answers, strict=True))
    return [found[place] for place in range(len(runs))]


def probability(*, model: ModelVersion, features: Mapping[str, object]) -> float:
    """Return the probability of default with one given model, without an explanation.

    For what-if questions about a decision: the same model answers. Raises ScoringFailed.
    """
    [found] = probabilities(model=model, rows=[features])
    if isinstance(found, ScoringFailed):
        raise found
    return found


def probability_when(
    *, model: ModelVersion, features: Mapping[str, object]
) -> Callable[[Mapping[str, object]], float]:
    """Return a function that says what `probability` says once some of the features are others.

    For many what-if questions about one decision. Raises ScoringFailed, now or when it is asked.
    """
    ask = _refused_in_words(champion.scorer_of(model).probability_when)(features)

    def answer(changes: Mapping[str, object]) -> float:
        found = _refused_in_words(ask)(changes)
        if not 0 < found < 1:
            raise _no_probability()
        return found

    return answer


def probabilities(
    *, model: ModelVersion, rows: Sequence[Mapping[str, object]]
) -> list[float | ScoringFailed]:
    """Return for each row, in their order, what `probability` returns or raises.

    The model is asked once. Raises ModelUnusable where it cannot be asked at all.
    """
    found = _scored_together(champion.scorer_of(model), rows, explain=False)
    return [one if isinstance(one, ScoringFailed) else one.pd for one in found]


def scored_apart(scorer: Scorer, rows: Sequence[Mapping[str, object]]) -> list[Rescored]:
    """Return what a scorer says of each row, in their order, without an explanation or a trace."""
    return _scored_together(scorer, rows, explain=False)


def _run(
    subject: models.Model,
    model: ModelVersion,
    snapshot: Mapping[str, Any],
    scored: Scored,
    *,
    now: datetime,
) -> ScoreRun:
    """Return a run that is not stored yet."""
    return ScoreRun(
        subject=audit.reference(subject),
        model=model,
        model_sha256=model.sha256,
        schema_hash=model.schema_hash,
        features=snapshot,
        features_sha256=fingerprint.of_features(snapshot),
        pd=scored.pd,
        score=scored.displayed_score,
        log_odds=scored.log_odds,
        base=scored.base,
        attributions=scored.attributions,
        scored_at=now,
    )


def _run_or_refused(
    subject: models.Model,
    model: ModelVersion,
    snapshot: Mapping[str, Any],
    answer: Rescored,
    *,
    now: datetime,
) -> ScoreRun | ScoringFailed:
    if isinstance(answer, ScoringFailed):
        return answer
    return _run(subject, model, snapshot, answer, now=now)


def _snapshot_or_refused(
    scorer: Scorer, features: Mapping[str, object]
) -> dict[str, Any] | FeaturesRefused:
    try:
        return dict(scorer.schema.validate_row(features))
    except SchemaViolation as error:
        return FeaturesRefused(error.feature, error.sentence)


def _scored(scorer: Scorer, features: Mapping[str, object]) -> tuple[dict[str, Any], Scored]:
    try:
        snapshot = scorer.schema.validate_row(features)
        scored = scorer.score_one(snapshot)
    except SchemaViolation as error:
        raise FeaturesRefused(error.feature, error.sentence) from error
    if not _is_probability(scored):
        raise _no_probability()
    return dict(snapshot), scored


def _scored_together(
    scorer: Scorer, rows: Sequence[Mapping[str, object]], *, explain: bool = True
) -> list[Rescored]:
    """Return for each row, in their order, what `_scored` returns or raises."""
    found: list[Rescored]
    try:
        found = list(scorer.score_rows(rows, explain=explain))
    except SchemaViolation:
        found = [_scored_or_refused(scorer, row, explain=explain) for row in rows]
    return [
        one if isinstance(one, ScoringFailed) or _is_probability(one) else _no_probability()
        for one in found
    ]


def _scored_or_refused(scorer: Scorer, row: Mapping[str, object], *, explain: bool) -> Rescored:
    try:
        return scorer.score_one(row, explain=explain)
    except SchemaViolation as error:
        return FeaturesRefused(error.feature, error.sentence)


def _refused_in_words(ask: Callable[[Mapping[str, object]], Answer]) -> Callable[..., Answer]:
    """Return a question that raises FeaturesRefused where the schema refuses."""

    def asked(features: Mapping[str, object]) -> Answer:
        try:
            return ask(features)
        except SchemaViolation as error:
            raise FeaturesRefused(error.feature, error.sentence) from error

    return asked


def _is_probability(scored: Scored) -> bool:
    return 0 < scored.pd < 1


def _no_probability() -> ModelUnusable:
    return ModelUnusable(_("it gave no probability."))
