"""Judge settlements by what was paid: give up the rest of those kept, end those broken."""

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.collections import selectors, settlement_loss, settling
from apps.collections.models import Settlement
from apps.collections.services import _ground
from apps.core import dates
from apps.core.errors import Conflict, DomainError
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.facts import MONEY_IN, Kind
from apps.repayments.models import AccountEvent
from apps.servicing import services as servicing
from apps.servicing.models import Proposal

logger = structlog.get_logger(__name__)
WORKER = audit.system("worker")
# What a settlement counts, or what makes less owed: without it, it would not be kept, or a
# write-off of all that is owed would be of more.
_COUNTED = (*(one.value for one in MONEY_IN), Kind.WAIVER.value)


def judge_settlements(*, now: datetime) -> int:
    """Judge the settlements that are agreed, and again those of late; return how many changed.

    Each in a transaction of its own, and safe to run twice: what is given up has one reference of
    the settlement's own. One whose rest cannot be given up today is tried again by the next run.
    """
    return sum(_judge_for(entity, now) for entity in Entity.objects.order_by("code"))


def make_way(*, actor: Any, loan: Loan, event: AccountEvent, reason: str, now: datetime) -> bool:
    """Take back what a kept settlement gave up before money is that it counted; say whether.

    Else the write-off would be of more than two people agreed to. The system takes both back, as
    the payer has the money again: the settlement is broken, or goes on until its days are over.
    Raises Conflict for a person: another one takes the write-off back first. Where the rest was
    given up by others before that money came, or nothing was left to give up, the settlement alone
    stands otherwise.
    """
    if event.kind not in _COUNTED:
        return False
    found = _kept_of(loan)
    if found is None:
        return False
    given_up = found.relief.event if found.relief else None
    # Where it was no part of the settlement, that is judged anew by what is given up now.
    stands = selectors.stands(found, _ground.today(found.loan, now), but=event)
    anew = "open" if stands == "kept" else stands
    if given_up is None:
        _move(found, anew, now=now, given_up=Decimal(0))
        return False
    if _is_after(event, given_up):
        if stands != "kept":
            _move(found, stands, now=now, given_up=Decimal(0))
        return False
    if isinstance(actor, User):
        raise Conflict(
            "settlement_kept",
            _(
                "A settlement was kept with this, and the rest given up. First somebody other than"
                " the two who agreed to it takes the write-off back."
            ),
        )
    repayments.take_back(actor=actor, event=given_up, reason=reason, now=now)
    _move(found, anew, now=now, given_up=Decimal(0))
    return True


def _kept_of(loan: Loan) -> Settlement | None:
    """Return the settlement of a loan that was kept and still is, held for a change."""
    rows = Settlement.objects.select_for_update(of=("self",), no_key=True)
    kept = rows.filter(selectors.STILL_KEPT, loan=loan.pk, status="kept")
    return kept.select_related("loan__branch__entity", "relief__event").first()


def _judge_for(entity: Entity, now: datetime) -> int:
    day, count = dates.local_date(now, entity.time_zone), 0
    found = _to_judge(Q(loan__branch__entity=entity), now).order_by("pk")
    for key in list(found.values_list("pk", "loan")):
        try:
            count += _judge(*key, day=day, now=now)
        except DomainError as refusal:
            # The next run tries it again; the others go on.
            logger.warning("settlement_waits", settlement=str(key[0]), code=refusal.code)
        except Exception:
            # One settlement that cannot be judged must not hold up the others.
            logger.exception("settlement_not_judged", settlement=str(key[0]))
    return count


def _to_judge(which: Q, now: datetime) -> "QuerySet[Settlement]":
    """Return what money may move: agreed ones, and those of late that are the only one."""
    since = now - timedelta(days=settling.JUDGED_AGAIN_DAYS)
    others = Settlement.objects.filter(loan=OuterRef("loan"), status__in=[*settling.OPEN, "kept"])
    undone = Q(status="kept", relief__event__status="reversed")
    again = Q(~Exists(others.exclude(pk=OuterRef("pk"))), ended_at__gte=since)
    rows: QuerySet[Settlement] = Settlement.objects.filter(which)
    return rows.filter(Q(status="approved") | again & (Q(status="broken") | undone))


@transaction.atomic
def _judge(key: uuid.UUID, loan: uuid.UUID, *, day: date, now: datetime) -> int:
    _ground.hold(Loan(pk=loan))
    # Asked once more: somebody may have withdrawn it meanwhile, or proposed another one.
    rows = _to_judge(Q(pk=key), now).select_for_update(of=("self",), no_key=True)
    people = ("loan__branch__entity", "loan__product", "proposed_by", "answered_by")
    found = rows.select_related(*people).first()
    if found is None:
        return 0
    stands = selectors.stands(found, day)
    if found.status == settling.STATES[stands]:
        return 0
    given_up = _give_up(found, day, now) if stands == "kept" else Decimal(0)
    _move(found, stands, now=now, given_up=given_up)
    return 1


def _move(settlement: Settlement, stands: str, *, now: datetime, given_up: Decimal) -> None:
    """Let a settlement stand as the money says, and say so."""
    settlement.move(
        settling.ACTIONS[stands],
        ended_at=None if stands == "open" else now,
        relief=settlement.relief if stands == "kept" else None,
    )
    audit.record(
        WORKER,
        "collections.settlement_judged",
        settlement.loan,
        case=_ground.case_of(settlement.loan),
        settlement=str(settlement.pk),
        stands=settlement.status,
        given_up=str(given_up),
        currency=settlement.currency,
    )


def _give_up(settlement: Settlement, day: date, now: datetime) -> Decimal:
    """Write off what is left, for the two who agreed to it; return how much, zero for nothing.

    What other two people wrote off before stands for it. Raises Conflict where it is more than
    was agreed to.
    """
    if settlement.loan.status != "active" or settlement.answered_by is None:
        settlement.relief = _written_off(settlement.loan)
        return Decimal(0)
    if selectors.given_up(settlement, day) > selectors.most_given_up(settlement):
        raise Conflict("more_than_agreed", _("More would be given up than two people agreed to."))
    left = settlement_loss.of_offer(settlement.loan, day).owed
    settlement.relief = servicing.give_up_rest(
        proposed_by=settlement.proposed_by,
        approved_by=settlement.answered_by,
        loan=settlement.loan,
        reason=settlement.reason,
        reference=_reference(settlement),
        now=now,
    )
    return left


def _written_off(loan: Loan) -> Proposal | None:
    """Return the write-off of a loan that stands; None without one."""
    rows = Proposal.objects.filter(loan=loan, kind=Proposal.Kind.WRITE_OFF)
    return rows.filter(event__status="live").first()


def _reference(settlement: Settlement) -> str:
    """Return under which reference the rest is given up: another one where that was taken back."""
    first = f"settlement:{settlement.pk}"
    before = Proposal.objects.filter(reference__startswith=first).count()
    return f"{first}:{before + 1}" if before else first


def _is_after(event: AccountEvent, other: AccountEvent) -> bool:
    return (event.day, event.position) > (other.day, other.position)
