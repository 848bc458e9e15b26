"""A case's place in the queue: given when it comes, moved when it is escalated or must wait."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import rows
from apps.core.errors import StaleRecord
from apps.decisions.models import Rank, ReviewCase
from apps.desk import levels
from apps.desk.models import Escalation, InformationRequest, ServiceLevel


def place(case: ReviewCase) -> None:
    """Set when a new case is due, by the service level of its lender that fits it most closely.

    Without one it keeps its arrival, and is taken in the order of arrival.
    """
    application = case.application
    entity = application.branch.entity
    level = levels.chosen(
        _levels(entity.pk),
        causes=case.causes,
        product=application.product.code,
        amount=application.amount if application.currency == entity.currency else None,
    )
    if level is not None:
        case.service = level.to_json()
        case.due_at = case.opened_at + timedelta(hours=level.hours)


def pause(case: ReviewCase, *, now: datetime) -> None:
    """Stop the clock of a locked case, unless it stands still already."""
    if case.paused_at is None:
        _set(case, rank=Rank.WAITING, paused_at=now)


def resume(case: ReviewCase, *, at: datetime) -> None:
    """Let the clock of a locked case run on from a moment, unless something is still waited for.

    It runs on from the last moment at which anything was waited for: of two requests the one that
    lapsed first may be ended last, by a sweep that came late.
    """
    asked = InformationRequest.objects.filter(case=case)
    if case.paused_at is None or asked.filter(status="open").exists():
        return
    last = asked.aggregate(last=Max("ended_at"))["last"]
    until = at if last is None else max(at, last)
    due = levels.resumed_due(case.due_at, paused_at=case.paused_at, until=until)
    _set(case, rank=_rank(case), due_at=due, paused_at=None)


def rerank(case: ReviewCase) -> None:
    """Move a locked case up or down after an escalation began or ended."""
    if case.paused_at is None:
        _set(case, rank=_rank(case))


def drop_open(case: ReviewCase, actor: Any, now: datetime) -> None:  # noqa: ARG001 - the shape of the hook
    """End what was asked about a case that ends, in the caller's transaction."""
    for asked in InformationRequest.objects.filter(case=case, status="open"):
        asked.move("drop", ended_at=now)
    for raised in Escalation.objects.filter(case=case, status="open"):
        raised.move("drop", ended_at=now)


def _rank(case: ReviewCase) -> Rank:
    raised = Escalation.objects.filter(case=case, status="open").exists()
    return Rank.ESCALATED if raised else Rank.ORDINARY


def _set(case: ReviewCase, **changes: Any) -> None:
    if not rows.change(case, changes, while_={"status": case.status}):
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )


def _levels(entity_id: uuid.UUID) -> list[levels.Level]:
    standing = ServiceLevel.objects.standing().filter(entity=entity_id).select_related("product")
    return [one.level for one in standing]
