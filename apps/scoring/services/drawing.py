"""Draw the arm of a trial for each case, and say when a tried model failed."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import rows
from apps.scoring import arms
from apps.scoring.models import Draw, Incident, Placement

logger = structlog.get_logger(__name__)


def draw_each(subjects: Sequence[str], *, placement: Placement, now: datetime) -> list[Draw]:
    """Return a new draw for each subject, in their order, not stored yet.

    Who was drawn before in the same trial stays in that arm, whatever the share is by now.
    """
    before = dict(
        Draw.objects.filter(subject__in=subjects, placement__trial=placement.trial)
        .order_by("-drawn_at")
        .values_list("subject", "arm")
    )
    return [
        Draw(
            placement=placement,
            subject=subject,
            arm=before.get(subject) or _arm(subject, placement),
            drawn_at=now,
        )
        for subject in subjects
    ]


def raise_incident(
    actor: User | str, placement: Placement, *, code: str, subject: str, now: datetime
) -> None:
    """Say once that a tried model fails, until a person has looked at it."""
    logger.warning("tried_model_failed", placement=str(placement.pk), cause=code)
    found = Incident(placement=placement, code=code, subject=subject, occurred_at=now)
    if rows.insert(found, if_new=True):
        audit.record(actor, "scoring.trial_incident", found, model=str(placement.model), code=code)


def _arm(subject: str, placement: Placement) -> str:
    if placement.share is None:
        return arms.CHAMPION
    return arms.arm_of(subject, seed=placement.seed, share=placement.share)
