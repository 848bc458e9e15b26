"""Let a model be tried beside the champion, and end that; the apps above decide who may."""

import secrets
import uuid
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError
from apps.scoring import artefact_checks, champion, selectors
from apps.scoring.errors import ModelRefused, ModelUnusable, NoChampion, PlacementRefused
from apps.scoring.models import Incident, ModelVersion, Placement


@transaction.atomic
def place(
    *,
    model: ModelVersion,
    kind: str,
    trial: uuid.UUID,
    until: datetime,
    share: Decimal | None = None,
    now: datetime,
) -> Placement:
    """Let a model be tried in its segment from now on, and return since when and at what share.

    A trial that is placed already goes on at the new share, with the seed it had. Raises
    PlacementRefused for a model that is the champion or would not score, where no champion
    decides, and where another model is tried in the same way.
    """
    _require_usable(model)
    seed = secrets.token_hex(16)
    for former in Placement.objects.select_for_update().filter(trial=trial, ended_at=None):
        seed = former.seed
        _end(former, now=now)
    made = Placement(
        segment=model.segment,
        model=model,
        kind=kind,
        share=share,
        seed=seed,
        trial=trial,
        began_at=now,
        until=until,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise PlacementRefused(
            "another_is_tried", _("Another model is tried in this way in the segment already.")
        ) from error
    return made


@transaction.atomic
def end_trial(*, trial: uuid.UUID, now: datetime) -> int:
    """Let a trial's model serve no more from now on; return how many placements that ended."""
    return _end_each(Placement.objects.filter(trial=trial), now=now)


@transaction.atomic
def end_all(*, segment: str, now: datetime) -> int:
    """End every trial of a segment; return how many placements that ended."""
    return _end_each(Placement.objects.filter(segment=segment), now=now)


@transaction.atomic
def acknowledge(*, actor: User, incident: Incident, note: str, now: datetime) -> Incident:
    """Note what was found about a model that failed. The caller permits.

    Raises DomainError without a note, Conflict where somebody looked at it before.
    """
    if not note.strip():
        sentence = _("Say what was found and done.")
        raise DomainError("note_required", sentence, fields={"note": sentence})
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if found.acknowledged_at is not None:
        raise Conflict("looked_at_before", _("Somebody has looked at this incident already."))
    found.acknowledged_by, found.acknowledged_at, found.note = actor, now, note.strip()
    found.save(update_fields=["acknowledged_by", "acknowledged_at", "note", "updated_at"])
    audit.record(actor, "scoring.trial_incident_acknowledged", found, code=found.code)
    return found


def _require_usable(model: ModelVersion) -> None:
    # Read again: it may have become the champion, or was altered, since it was asked for.
    found = ModelVersion.objects.select_for_update().get(pk=model.pk)
    if not found.may("promote"):
        raise PlacementRefused("already_champion", _("This model is the champion already."))
    if selectors.champion(found.segment) is None:
        raise PlacementRefused("no_champion", NoChampion(found.segment).sentence)
    try:
        artefact_checks.require_acceptable(champion.verified_artefact(found))
    except (ModelUnusable, ModelRefused) as error:
        raise PlacementRefused(error.code, error.sentence) from error


def _end_each(chosen: models.QuerySet[Placement], *, now: datetime) -> int:
    standing = list(chosen.filter(ended_at=None).select_for_update(of=("self",)).order_by("pk"))
    for one in standing:
        _end(one, now=now)
    return len(standing)


def _end(placement: Placement, *, now: datetime) -> None:
    placement.ended_at = max(now, placement.began_at)
    placement.save(update_fields=["ended_at", "updated_at"])
