"""Close applications whose offer was not taken up in its time, and tell the applicants."""

import uuid
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.applications import hooks
from apps.applications.models import Application
from apps.audit import services as audit
from apps.decisions import selectors
from apps.decisions.errors import NotBinding
from apps.decisions.models import Decision
from apps.decisions.services import binding, lettering

logger = structlog.get_logger(__name__)
_CHUNK = 500


def lapse_offers(*, now: datetime) -> int:
    """Close every approved application whose approval has run out unused; return how many.

    A counter-offer that was taken up stays, and so does whatever a loan was opened under. Safe to
    run twice and at the same time: each is closed under its lock, once.
    """
    return sum(_lapse_or_log(key, now=now) for key in _run_out(now))


def _run_out(now: datetime) -> list[uuid.UUID]:
    """Return the applications whose latest decision has run out unused, the longest ago first.

    Offers that were taken up and not lent under yet are passed over here, before anything is
    locked: they stay, however many they become.
    """
    later = Decision.objects.filter(
        application=OuterRef("application"), number__gt=OuterRef("number")
    )
    unlent = hooks.unlent(Application.objects.filter(status="approved"))
    ended = (
        Decision.objects.filter(~Exists(later), valid_until__lt=now, application__in=unlent)
        .select_related("application__product")
        .defer("inputs", "trace", "reasons", "recommendation")
        .order_by("valid_until", "pk")
    )
    return [
        one.application_id
        for one in ended.iterator(chunk_size=_CHUNK)
        if not binding.is_taken_up(one.application, one)
    ]


def _lapse_or_log(application_id: uuid.UUID, *, now: datetime) -> int:
    try:
        return _lapse(application_id, now=now)
    except Exception:
        # One whose letter cannot be written must not hold up the others; it comes again.
        logger.exception("offer_not_lapsed", application=str(application_id))
        return 0


@transaction.atomic
def _lapse(application_id: uuid.UUID, *, now: datetime) -> int:
    """Close one application unless somebody works on it at this very moment."""
    application = (
        Application.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("product", "customer__address", "branch__entity", "bureau_report")
        .filter(pk=application_id, status="approved")
        .first()
    )
    # Under the lock: a loan that was opened just before is seen now.
    if application is None or not hooks.unlent(_only(application)).exists():
        return 0
    decision = selectors.latest(application)
    if decision is None or not _has_lapsed(application, now=now):
        return 0
    actor = audit.system("offers")
    application.move("lapse")
    lettering.issue_lapsed(
        actor=actor,
        application=application,
        decision=decision,
        owes_reasons=not binding.gives_what_is_asked(decision, application),
        now=now,
    )
    audit.record(actor, "decisions.offer_lapsed", decision, case=application)
    return 1


def _only(application: Application) -> QuerySet[Application]:
    return Application.objects.filter(pk=application.pk)


def _has_lapsed(application: Application, *, now: datetime) -> bool:
    try:
        binding.binding_decision(application, now=now)
    except NotBinding as reason:
        return reason.code == "decision_expired"
    return False
