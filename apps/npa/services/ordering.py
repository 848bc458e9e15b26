"""Have a long return made by a worker: what was asked for is a row, and nothing of it is lost."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import jobs
from apps.core.errors import Conflict, DomainError, StaleRecord
from apps.npa import return_rows
from apps.npa.models import Return, ReturnOrder
from apps.npa.services import returning
from apps.npa.services.returning import Wanted

logger = structlog.get_logger(__name__)
# A bureau's file of more accounts is made by a worker; whoever asks for it does not wait.
AT_ONCE = 20_000
MOST_ATTEMPTS = 3
# Longer than the longest file takes; a claim older than this lost its worker.
CLAIM = timedelta(hours=2)


def make_or_order(
    *, actor: User, wanted: Wanted, now: datetime, reason: str = ""
) -> Return | ReturnOrder:
    """Make a return, or where it is long have it made; what would refuse it does so at once.

    Raises as `make_return` does, and Conflict where the same return is being made already.
    """
    is_long = (
        wanted.kind == Return.Kind.BUREAU and return_rows.count(wanted.entity, wanted.day) > AT_ONCE
    )
    if not is_long:
        return returning.make_return(actor=actor, wanted=wanted, now=now, reason=reason)
    return _order(actor=actor, wanted=wanted, now=now, reason=reason)


@transaction.atomic
def _order(*, actor: User, wanted: Wanted, now: datetime, reason: str) -> ReturnOrder:
    returning.check(actor=actor, wanted=wanted, reason=reason)
    made = ReturnOrder(
        entity=wanted.entity,
        kind=wanted.kind,
        day=wanted.day,
        reason=reason.strip(),
        asked_by=actor,
        asked_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict("return_being_made", _("This return is being made already.")) from refusal
    audit.record(actor, "npa.return_ordered", made, kind=made.kind, day=made.day.isoformat())
    jobs.enqueue("npa.make_return", order_id=str(made.pk))
    return made


def make_ordered(*, order_id: Any, now: datetime) -> ReturnOrder:
    """Make a return that was asked for, by the rights its asker has now; return how it stands.

    The claim is committed before anything is made, so of two workers one makes it. What cannot be
    made is put down as failed, with the reason.
    """
    rows = ReturnOrder.objects.select_related("entity", "asked_by")
    found: ReturnOrder = rows.get(pk=order_id)
    if found.status != "asked":
        return found
    try:
        found.move("claim", claimed_at=now, attempts=found.attempts + 1)
    except StaleRecord:
        return found
    try:
        return _made(found, now)
    except StaleRecord:
        # It took so long that another worker was asked to make it.
        return found
    except DomainError as refusal:
        return found.move("fail", obstacle=refusal.code)
    except Exception:
        logger.exception("return_not_made", order=str(found.pk))
        return found.move("fail", obstacle="unexpected")


def make_waiting_returns(*, now: datetime) -> int:
    """Make what lost its message or its worker; return how many orders were looked at."""
    for one in ReturnOrder.objects.filter(status="making", claimed_at__lt=now - CLAIM):
        _settled(one)
    waiting = ReturnOrder.objects.filter(status="asked").order_by("asked_at")
    keys = list(waiting.values_list("pk", flat=True))
    for key in keys:
        make_ordered(order_id=key, now=now)
    return len(keys)


@transaction.atomic
def _made(order: ReturnOrder, now: datetime) -> ReturnOrder:
    wanted = Wanted(kind=order.kind, entity=order.entity, day=order.day)
    made = returning.make_return(actor=order.asked_by, wanted=wanted, now=now, reason=order.reason)
    return order.move("make", made=made)


def _settled(order: ReturnOrder) -> None:
    try:
        if order.attempts < MOST_ATTEMPTS:
            order.move("lose")
        else:
            order.move("fail", obstacle="unexpected")
    except StaleRecord:
        # Its worker came to an end of it meanwhile.
        return
