"""Register and promote models, and score with them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import StaleRecord
from apps.products import selectors as products
from apps.scoring import champion, fingerprint, signing
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
from ml.application_schema import SCHEMA
from ml.artefact import Artefact, ArtefactCorrupt
from ml.schema import SchemaViolation, is_protected
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
    _check_artefact(artefact)
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
    run = ScoreRun(
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
    run.save()
    audit.record(
        actor,
        "scoring.scored",
        run,
        case=subject,
        model=str(model.pk),
        score=run.score,
        features_sha256=run.features_sha256,
        content_sha256=fingerprint.of_run(run),
    )
    return run


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


def _check_artefact(artefact: Artefact) -> None:
    """Raise ModelRefused unless the artefact is whole and built on what the house collects."""
    try:
        scorer = artefacts.load(artefact.body, artefact.manifest, expected_sha256=artefact.sha256)
    except ArtefactCorrupt as error:
        protected = _protected_in(artefact.manifest)
        if protected:
            raise _protected_refusal(protected) from error
        raise ModelRefused("artefact_corrupt", str(error)) from error
    declared = scorer.schema.protected
    protected = [name for name in scorer.schema.names if is_protected(name) or name in declared]
    if protected:
        raise _protected_refusal(protected)
    if scorer.schema.hash != SCHEMA.hash:
        raise ModelRefused(
            "schema_unknown",
            _("The model was trained on other features than applications provide."),
        )


def _protected_in(manifest: Mapping[str, Any]) -> list[str]:
    """Return protected names in a manifest whose schema cannot even be read."""
    try:
        names = [str(feature["name"]) for feature in manifest["schema"]["features"]]
    except (KeyError, TypeError):
        return []
    return [name for name in names if is_protected(name)]


def _protected_refusal(names: list[str]) -> ModelRefused:
    return ModelRefused(
        "protected_feature",
        _("A model must not use protected attributes: %(names)s.") % {"names": ", ".join(names)},
    )
