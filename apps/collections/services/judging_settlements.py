"""Judge settlements by what was paid: give up the rest of those kept, end those broken."""

import uuid
from datetime import date, datetime

import structlog
from django.db import transaction

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.collections import selectors, settling
from apps.collections.models import Settlement
from apps.collections.services import _ground
from apps.collections.settling import Part
from apps.core import dates
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.servicing import services as servicing

logger = structlog.get_logger(__name__)


def judge_settlements(*, now: datetime) -> int:
    """Judge the settlements that are agreed; return how many are over now.

    Each in a transaction of its own, and safe to run twice: what is given up has one reference of
    the settlement's own. One whose rest cannot be given up today is tried again by the next run.
    """
    return sum(_judge_for(entity, now) for entity in Entity.objects.order_by("code"))


def _judge_for(entity: Entity, now: datetime) -> int:
    agreed = Settlement.objects.filter(status="approved", loan__branch__entity=entity)
    day, count = dates.local_date(now, entity.time_zone), 0
    for key in list(agreed.order_by("pk").values_list("pk", "loan")):
        try:
            count += _judge(*key, day=day, now=now)
        except DomainError as refusal:
            # The next run tries it again; the others go on.
            logger.warning("settlement_waits", settlement=str(key[0]), code=refusal.code)
    return count


@transaction.atomic
def _judge(key: uuid.UUID, loan: uuid.UUID, *, day: date, now: datetime) -> int:
    _ground.hold(Loan(pk=loan))
    rows = Settlement.objects.select_for_update(of=("self",), no_key=True)
    people = ("loan", "proposed_by", "answered_by")
    found = rows.select_related(*people).filter(pk=key, status="approved").first()
    if found is None:
        return 0
    parts = [Part(one.due_date, one.amount) for one in found.parts.all()]
    stands = settling.verdict(parts, selectors.came_towards(found), grace=found.grace_days, day=day)
    if stands == "open":
        return 0
    if stands == "kept":
        _give_up(found, now)
    found.move(settling.ACTIONS[stands], ended_at=now, relief=found.relief)
    audit.record(
        audit.system("worker"),
        "collections.settlement_judged",
        found.loan,
        case=_ground.case_of(found.loan),
        settlement=str(found.pk),
        stands=stands,
    )
    return 1


def _give_up(settlement: Settlement, now: datetime) -> None:
    """Write off what is left, for the two who agreed to it; nothing where nothing is left."""
    if settlement.loan.status != "active" or settlement.answered_by is None:
        return
    settlement.relief = servicing.give_up_rest(
        proposed_by=settlement.proposed_by,
        approved_by=settlement.answered_by,
        loan=settlement.loan,
        reason=settlement.reason,
        reference=f"settlement:{settlement.pk}",
        now=now,
    )
