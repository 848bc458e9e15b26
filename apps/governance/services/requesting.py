"""Have a model trained by a worker; the wish is a row, so it is neither lost nor done twice."""

import uuid
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.core.jobs import enqueue
from apps.governance import kinds
from apps.governance.lifecycle import PENDING
from apps.governance.models import TrainingRequest, TrainingRun
from apps.governance.services import _alone, training
from apps.governance.services.training import Window

logger = structlog.get_logger(__name__)
# The first half of the advisory lock that a training holds ("TRAI").
_TRAINING = 0x54524149
# A message was lost when a request has waited this long.
LOST_AFTER = timedelta(minutes=2)


@transaction.atomic
def request_training(
    *, actor: User, segment: str, window: Window, kind: str = kinds.DEFAULT, now: datetime
) -> TrainingRequest:
    """Write down what to train and let a worker do it.

    Raises NotPermitted, and DomainError with a sentence for each wrong input.
    """
    training.check(actor=actor, segment=segment, window=window, kind=kind)
    request = TrainingRequest.objects.create(
        segment=segment,
        kind=kind,
        from_date=window.from_date,
        to_date=window.to_date,
        holdout_to_date=window.holdout_to_date,
        requested_by=actor,
        requested_at=now,
    )
    enqueue("governance.train", request_id=str(request.pk))
    return request


def fulfil(*, request_id: uuid.UUID | str, now: datetime) -> TrainingRequest:
    """Train what was asked for and note how it ended; a request that has ended is returned.

    Only one worker trains a request at a time; a second message finds it busy and leaves. What
    an analyst can put right ends as the request's failure; anything else is raised.
    """
    request = TrainingRequest.objects.select_related("requested_by").get(pk=request_id)
    with _alone.of_session(_TRAINING, request.pk) as is_alone:
        request.refresh_from_db(fields=["status"])
        if not is_alone or request.status not in PENDING:
            return request
        request.move("start")
        try:
            run = _train(request, now=now)
        except DomainError as refusal:
            return request.move("fail", failure=str(refusal.sentence), ended_at=now)
        except Exception:
            # The analyst must not wait for ever; the log and the broker keep the cause.
            sentence = _("Something is wrong on our side; it has been noted.")
            request.move("fail", failure=sentence, ended_at=now)
            raise
        return request.move("complete", run=run, ended_at=now)


def sweep(*, now: datetime) -> int:
    """Send requests again whose message was lost; return how many."""
    waiting = TrainingRequest.objects.filter(status__in=PENDING, requested_at__lte=now - LOST_AFTER)
    keys = list(waiting.values_list("pk", flat=True))
    for key in keys:
        enqueue("governance.train", request_id=str(key))
    return len(keys)


def _train(request: TrainingRequest, *, now: datetime) -> TrainingRun:
    return training.train(
        actor=request.requested_by,
        segment=request.segment,
        from_date=request.from_date,
        to_date=request.to_date,
        holdout_to_date=request.holdout_to_date,
        kind=request.kind,
        now=now,
    )
