"""End offers that nobody accepted, or whose decision does not stand any more."""

import uuid
from datetime import datetime

import structlog
from django.db import transaction

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import reasons
from apps.core.errors import DomainError
from apps.offers import policies, selectors
from apps.offers.errors import OfferOvertaken
from apps.offers.models import Offer
from apps.offers.services import _ground

logger = structlog.get_logger(__name__)
LONGEST_REASON = 300


@transaction.atomic
def withdraw(*, actor: User, offer: Offer, reason: str, now: datetime, version: str = "") -> Offer:
    """Take back an offer nobody has answered yet, saying why.

    Raises NotPermitted, NotVisible, StaleRecord, DomainError without a reason, OfferEnded and
    OfferExpired.
    """
    found = _ground.locked(actor, offer, permission=policies.MAKE, version=version)
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        sentence = reasons.asked_for(least=1, most=LONGEST_REASON)
        raise DomainError("reason_required", sentence, fields={"reason": sentence})
    _ground.require_open(found, now=now)
    found.move("withdraw", ended_at=now, ended_by=actor, end_reason=said)
    audit.record(actor, "offers.withdrawn", found, case=found.application)
    return found


def supersede(application: Application, actor: User | str, now: datetime) -> None:
    """End the offer that counts, because its decision is changed or the application withdrawn.

    In the caller's transaction. What was lent under stays: its loan refuses the change itself.
    """
    for one in Offer.objects.filter(application=application, status__in=("offered", "accepted")):
        _superseded(one, actor, now=now)


def expire_due(*, now: datetime) -> int:
    """End offers past their last day or whose decision binds no more; return how many.

    Safe to run twice and at the same time: each is ended under its lock, once. One that cannot be
    ended is logged and left; it comes again.
    """
    return sum(_end_or_log(key, now=now) for key in selectors.due(now))


def _end_or_log(offer_id: uuid.UUID, *, now: datetime) -> int:
    try:
        return _end(offer_id, now=now)
    except Exception:
        logger.exception("offer_not_ended", offer=str(offer_id))
        return 0


@transaction.atomic
def _end(offer_id: uuid.UUID, *, now: datetime) -> int:
    found = _ground.locked(None, Offer(pk=offer_id))
    if found.status not in ("offered", "accepted"):
        return 0
    actor = audit.system("offers")
    try:
        _ground.require_binding(found, now=now)
    except OfferOvertaken:
        _superseded(found, actor, now=now)
        return 1
    if found.is_open and _ground.today(found.application, now) > found.valid_until:
        found.move("expire", ended_at=now)
        audit.record(actor, "offers.expired", found, case=found.application)
        return 1
    return 0


def _superseded(offer: Offer, actor: User | str, *, now: datetime) -> None:
    before = offer.status
    offer.move("supersede", ended_at=now, ended_by=actor if isinstance(actor, User) else None)
    audit.record(actor, "offers.superseded", offer, case=offer.application, state_before=before)
