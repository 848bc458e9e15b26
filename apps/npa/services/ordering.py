"""Have a long return made by a worker: what was asked for is a row, and nothing of it is lost."""

from collections.abc import Callable
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
CLAIM = timedelta(minutes=30)


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
    if not _moved(found, "claim", claimed_at=now, attempts=found.attempts + 1):
        return found
    obstacle = _tried(found, now)
    if obstacle:
        _moved(found, "fail", obstacle=obstacle)
    return found


def make_waiting_returns(*, clock: Callable[[], datetime]) -> int:
    """Make what lost its message or its worker; return how many orders were looked at.

    Each is claimed at the time that `clock` tells when its turn comes: those before it may have
    taken long.
    """
    for one in ReturnOrder.objects.filter(status="making", claimed_at__lt=clock() - CLAIM):
        _settled(one)
    waiting = ReturnOrder.objects.filter(status="asked").order_by("asked_at")
    keys = list(waiting.values_list("pk", flat=True))
    for key in keys:
        try:
            make_ordered(order_id=key, now=clock())
        except Exception:
            # One return that cannot be made must not hold up the others.
            logger.exception("return_not_made", order=str(key))
    return len(keys)


def _tried(order: ReturnOrder, now: datetime) -> str:
    """Make the return of a claimed order; return what was against it, "" where nothing was."""
    try:
        _made(order, now)
    except StaleRecord:
        # It took so long that another worker was asked to make it.
        order.refresh_from_db()
    except DomainError as refusal:
        return refusal.code
    except Exception:
        logger.exception("return_not_made", order=str(order.pk))
        return "unexpected"
    return ""


@transaction.atomic
def _made(order: ReturnOrder, now: datetime) -> None:
    """Make the return. Raises StaleRecord, and keeps none, where another has the order by now."""
    wanted = Wanted(kind=order.kind, entity=order.entity, day=order.day)
    made = returning.make_return(actor=order.asked_by, wanted=wanted, now=now, reason=order.reason)
    if not _moved(order, "make", made=made):
        raise StaleRecord("stale_record", _("This return is being made already."))


def _settled(order: ReturnOrder) -> None:
    # Where it does not move, its worker came to an end of it meanwhile.
    if order.attempts < MOST_ATTEMPTS:
        _moved(order, "lose")
    else:
        _moved(order, "fail", obstacle="unexpected")


def _moved(order: ReturnOrder, action: str, **changes: Any) -> bool:
    """Move an order that nobody claimed since it was read; say whether it moved.

    The state alone does not tell: it may be another worker that is making it now. The instance
    then holds what is stored.
    """
    unclaimed = ReturnOrder.objects.filter(pk=order.pk, attempts=order.attempts)
    has_moved = ReturnOrder.move_all(unclaimed, action, **changes) == 1
    order.refresh_from_db()
    return has_moved
