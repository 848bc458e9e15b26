"""Make a model the champion of its segment, or go back to the one before, in one step.

Which model decides is one row, which every process reads for each score: what commits here holds
from the next application on, everywhere.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted, StaleRecord
from apps.scoring import artefact_checks, champion, hooks, policies, selectors
from apps.scoring.errors import ModelRefused, ModelUnusable, PromotionRefused, RollbackRefused
from apps.scoring.models import ModelVersion, Reign
from apps.scoring.services import placing


@transaction.atomic
def promote(*, model: ModelVersion, approved_by: User, now: datetime) -> ModelVersion:
    """Make a model the champion of its segment and retire the one before, in one step.

    Trials of the segment end: what they were compared with decides no more. Raises
    PromotionRefused when the approver built the model or its artefact fails its checks,
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
    _retire(model, approved_by)
    reign = Reign(
        segment=model.segment,
        model=model,
        began_at=now,
        began_by=approved_by,
        how=Reign.How.PROMOTION,
    )
    _enthrone(model, reign, approved_by=approved_by)
    audit.record(
        approved_by,
        "scoring.model_promoted",
        model,
        segment=model.segment,
        number=model.number,
        sha256=model.sha256,
    )
    _end_trials(reign, approved_by, now=now)
    return model


@transaction.atomic
def roll_back(*, actor: User, model: ModelVersion, reason: str, now: datetime) -> ModelVersion:
    """Let the champion before `model`, the present one, decide again, and return it.

    One person, for a reason. Raises NotPermitted, DomainError without a reason, Conflict where
    `model` is not the champion, RollbackRefused where there is none before it or the one before
    would not score today: then nothing has changed. StaleRecord when somebody else was faster.
    """
    if not actor.has_perm(policies.ROLL_BACK):
        raise NotPermitted("not_permitted", _("Your role does not go back to an earlier champion."))
    if not reason.strip():
        sentence = _("Say why the champion before should decide again.")
        raise DomainError("reason_required", sentence, fields={"reason": sentence})
    present = ModelVersion.objects.select_for_update().defer("body").get(pk=model.pk)
    present.lifecycle.target("retire", present.status)
    if present.status != "champion":
        raise RollbackRefused("not_champion", _("This model is not the champion any more."))
    before = selectors.reign_before(present)
    if before is None:
        raise RollbackRefused(
            "no_champion_before", _("No other model has decided in this segment before.")
        )
    earlier = ModelVersion.objects.get(pk=before.model_id)
    if not policies.may_restore(actor, earlier):
        raise NotPermitted(
            "own_model", _("You developed the model before; somebody else must go back to it.")
        )
    _require_usable(earlier)
    _retire(earlier, actor)
    reign = Reign(
        segment=earlier.segment,
        model=earlier,
        began_at=now,
        began_by=actor,
        how=Reign.How.ROLLBACK,
        reason=reason.strip(),
        restores=before,
    )
    _enthrone(earlier, reign, approved_by=earlier.approved_by)
    audit.record(
        actor,
        "scoring.model_rolled_back",
        earlier,
        segment=earlier.segment,
        instead_of=str(present.pk),
        sha256=earlier.sha256,
    )
    _end_trials(reign, actor, now=now)
    return earlier


def _require_usable(model: ModelVersion) -> None:
    """Raise RollbackRefused unless the stored artefact is whole and fits today's applications."""
    try:
        artefact_checks.require_acceptable(champion.verified_artefact(model))
        champion.scorer_of(model)
    except (ModelUnusable, ModelRefused) as error:
        raise RollbackRefused(
            error.code,
            _("The champion before cannot decide again: %(why)s") % {"why": error.sentence},
        ) from error


def _retire(successor: ModelVersion, actor: User) -> None:
    """Retire whoever decides in the segment; who is slower waits here, and then finds nobody."""
    former = ModelVersion.objects.select_for_update().filter(
        segment=successor.segment, status="champion"
    )
    for one in former:
        one.move("retire")
        audit.record(actor, "scoring.model_retired", one, replaced_by=str(successor.pk))


def _enthrone(model: ModelVersion, reign: Reign, *, approved_by: User | None) -> None:
    """Make the model the champion and write down since when; raises StaleRecord."""
    try:
        with transaction.atomic():
            for former in Reign.objects.filter(segment=model.segment, ended_at=None):
                # A clock that went back must not make a time that ends before it begins.
                reign.began_at = former.ended_at = max(reign.began_at, former.began_at)
                former.save(update_fields=["ended_at", "updated_at"])
            model.move("promote", approved_by=approved_by, promoted_at=reign.began_at)
            reign.save(force_insert=True)
    except IntegrityError as error:
        raise StaleRecord(
            "stale_record", _("Somebody else promoted a model at the same moment. Reload the page.")
        ) from error


def _end_trials(reign: Reign, actor: User, *, now: datetime) -> None:
    # The trials first, then what is left in service: who stops a trial locks in this order, too.
    hooks.reigns(reign.segment, actor=actor, now=now)
    placing.end_all(segment=reign.segment, now=now)
