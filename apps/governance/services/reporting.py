"""Have a model measured by a worker for its validation; the wish is a row, as for a training."""

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.jobs import enqueue
from apps.governance import held_out, policies
from apps.governance.errors import ReportImpossible
from apps.governance.lifecycle import PENDING
from apps.governance.models import ReportRequest, TrainingRun, ValidationReport
from apps.governance.services import _alone
from apps.governance.services.requesting import LOST_AFTER
from apps.scoring.models import ModelVersion
from ml import canonical

# The first half of the advisory lock that a measurement holds ("VALI").
_MEASURING = 0x56414C49


@transaction.atomic
def request_report(*, actor: User, model: ModelVersion, now: datetime) -> ReportRequest:
    """Write down that a model is to be measured and let a worker do it.

    Raises NotPermitted, ReportImpossible for a model that was not trained here, and Conflict where
    a worker measures it already.
    """
    _check(actor, model)
    request = ReportRequest(model=model, requested_by=actor, requested_at=now)
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            "report_waits", _("A report of this model is being made already.")
        ) from error
    enqueue("governance.report", request_id=str(request.pk))
    return request


def fulfil_report(*, request_id: uuid.UUID | str, now: datetime) -> ReportRequest:
    """Measure what was asked for and note how it ended; a request that has ended is returned.

    Only one worker measures a request at a time. What a person can put right ends as the request's
    failure; anything else is raised.
    """
    request = ReportRequest.objects.select_related("requested_by", "model").get(pk=request_id)
    with _alone.of_session(_MEASURING, request.pk) as is_alone:
        request.refresh_from_db(fields=["status"])
        if not is_alone or request.status not in PENDING:
            return request
        request.move("start")
        try:
            report = make_report(actor=request.requested_by, model=request.model, now=now)
        except DomainError as refusal:
            return request.move("fail", failure=str(refusal.sentence), ended_at=now)
        except Exception:
            # The person must not wait for ever; the log and the broker keep the cause.
            sentence = _("Something is wrong on our side; it has been noted.")
            request.move("fail", failure=sentence, ended_at=now)
            raise
        return request.move("complete", report=report, ended_at=now)


def sweep_reports(*, now: datetime) -> int:
    """Send requests again whose message was lost; return how many."""
    waiting = ReportRequest.objects.filter(status__in=PENDING, requested_at__lte=now - LOST_AFTER)
    keys = list(waiting.values_list("pk", flat=True))
    for key in keys:
        enqueue("governance.report", request_id=str(key))
    return len(keys)


def make_report(*, actor: User, model: ModelVersion, now: datetime) -> ValidationReport:
    """Measure a model on the later loans of its training, freeze the facts and return them.

    Raises NotPermitted, ReportImpossible, and ScoringFailed where the stored model is not whole.
    """
    run = _check(actor, model)
    facts = held_out.measure(run, now=now)
    report = ValidationReport(
        model=model, facts=facts, sha256=fingerprint(facts), asked_by=actor, made_at=now
    )
    with transaction.atomic():
        report.save(force_insert=True)
        audit.record(
            actor,
            "governance.report_made",
            report,
            model=str(model),
            model_sha256=model.sha256,
            sha256=report.sha256,
        )
    return report


def fingerprint(facts: dict[str, object]) -> str:
    """Return the SHA-256 of the canonical JSON of facts."""
    return canonical.sha256(canonical.canonical_bytes(facts))


def _check(actor: User, model: ModelVersion) -> TrainingRun:
    if not (actor.has_perm(policies.TRAIN) or actor.has_perm(policies.VALIDATE)):
        raise NotPermitted("not_permitted", _("Your role does not ask for validation reports."))
    run = TrainingRun.objects.select_related("model").filter(model=model).first()
    if run is None:
        raise ReportImpossible(
            "not_trained_here", _("The model was not trained here, so it cannot be validated.")
        )
    return run
