"""Register and promote models, and score with them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import rows as core_rows
from apps.core.errors import StaleRecord
from apps.products import selectors as products
from apps.scoring import artefact_checks, champion, fingerprint, signing
from apps.scoring.errors import (
    FeaturesRefused,
    ModelRefused,
    ModelUnusable,
    NoChampion,
    PromotionRefused,
    ScoringFailed,
    SegmentUnknown,
)
from apps.scoring.models import ModelVersion, ScoreRun
from ml import artefact as artefacts
from ml.artefact import Artefact
from ml.schema import SchemaViolation
from ml.serving import Scored, Scorer

Answer = TypeVar("Answer")
# What a stored run gives today: a score, or why there is none.
Rescored = Scored | ScoringFailed


@transaction.atomic
def register_model(
    *, actor: User | str, segment: str, name: str, artefact: Artefact, now: datetime
) -> ModelVersion:
    """Store a trained model, signed; it decides nothing until it is promoted.

    Raises ModelRefused for content that does not match its hash, a schema the house does not
    collect, a protected attribute among the features, or a model registered before.
    """
    artefact_checks.require_acceptable(artefact)
    if ModelVersion.objects.filter(segment=segment, sha256=artefact.sha256).exists():
        raise ModelRefused(
            "model_registered_before", _("This model is registered in the segment already.")
        )
    last = ModelVersion.objects.filter(segment=segment).aggregate(n=models.Max("number"))["n"]
    model = ModelVersion(
        segment=segment,
        number=(last or 0) + 1,
        name=name,
        body=artefact.body,
        manifest=artefact.manifest,
        sha256=artefact.sha256,
        signature=artefacts.sign(artefact, signing.private_key()).hex(),
        schema_hash=artefact.manifest["schema_hash"],
        developed_by=actor if isinstance(actor, User) else None,
    )
    try:
        with transaction.atomic():
            model.save(force_insert=True)
    except IntegrityError as error:
        raise StaleRecord(
            "stale_record", _("Somebody else registered a model at the same moment. Try again.")
        ) from error
    audit.record(
        actor,
        "scoring.model_registered",
        model,
        segment=segment,
        number=model.number,
        sha256=model.sha256,
        at=now.isoformat(),
    )
    return model


@transaction.atomic
def promote(*, model: ModelVersion, approved_by: User, now: datetime) -> ModelVersion:
    """Make a model the champion of its segment and retire the one before, in one step.

    Raises PromotionRefused when the approver built the model or its artefact fails its checks,
    StaleRecord when somebody else promoted at the same moment.
    """
    if model.developed_by_id is None or approved_by.pk == model.developed_by_id:
        raise PromotionRefused(
            "approver_is_developer",
            _("A model is approved by another person than the one who developed it."),
        )
    try:
        champion.scorer_of(model)
    except ModelUnusable as error:
        raise PromotionRefused(error.code, error.sentence) from error
    for former in ModelVersion.objects.select_for_update().filter(
        segment=model.segment, status="champion"
    ):
        former.move("retire")
        audit.record(approved_by, "scoring.model_retired", former, replaced_by=str(model.pk))
    try:
        with transaction.atomic():
            model.move("promote", approved_by=approved_by, promoted_at=now)
    except IntegrityError as error:
        raise StaleRecord(
            "stale_record", _("Somebody else promoted a model at the same moment. Reload the page.")
        ) from error
    audit.record(
        approved_by,
        "scoring.model_promoted",
        model,
        segment=model.segment,
        number=model.number,
        sha256=model.sha256,
    )
    return model


def score(
    *,
    actor: User | str,
    subject: models.Model,
    segment: str,
    features: Mapping[str, object],
    now: datetime,
    model: ModelVersion | None = None,
) -> ScoreRun:
    """Score a subject with the champion and store the run with the features it saw.

    With `model` given that one scores: another amount is judged by the model that judged the
    first. Raises ScoringFailed (NoChampion, FeaturesRefused, ModelUnusable); nothing is stored
    then.
    """
    if model is None:
        model, scorer = champion.current(segment)
    else:
        scorer = champion.scorer_of(model)
    snapshot, scored = _scored(scorer, features)
    run = _run(subject, model, snapshot, scored, now=now)
    keep_all(actor=actor, runs=[run])
    return run


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
    """Store runs that were not stored yet, with one statement, and record each."""
    core_rows.insert_all(runs)
    for run in runs:
        audit.record(
            actor,
            "scoring.scored",
            run,
            case=run.subject,
            model=str(run.model_id),
            score=run.score,
            features_sha256=run.features_sha256,
            content_sha256=fingerprint.of_run(run),
        )


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
