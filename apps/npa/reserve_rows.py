"""What pages and the API ask of reserves that need leave: what is free, what was released."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet, Sum

from apps.accounts.models import Branch, Entity, User
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.npa.models import DayEnd, ProvisionMovement, ReserveRelease
from apps.npa.reserve_lifecycle import KEPT

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Free:
    """What of a lender's reserve no loan asks for, by the last day that was ended.

    `amount` is less what was released since. `branch` has it in its books.
    """

    entity: Entity
    currency: str
    day: date
    branch: Branch
    amount: Decimal


def free(entity: Entity) -> list[Free]:
    """Return what could be released from the reserve of a lender, by currency."""
    last = DayEnd.objects.filter(entity=entity, finished_at__isnull=False).order_by("-day").first()
    if last is None:
        return []
    kept = ProvisionMovement.objects.filter(
        day_end=last, account=Account.LOSS_RESERVE.value, asset_class=KEPT, closing__gt=0
    )
    since = ReserveRelease.objects.filter(entity=entity, day__gt=last.day)
    taken = dict(since.values_list("currency").annotate(Sum("amount")))
    found = [
        Free(
            entity, row.currency, last.day, row.branch, row.closing - taken.get(row.currency, ZERO)
        )
        for row in kept.select_related("branch").order_by("currency")
    ]
    return [one for one in found if one.amount > 0]


def free_of(actor: User) -> list[Free]:
    """Return what could be released from the reserves, to whoever sees whole lenders."""
    return [one for entity in ledger.entities(actor) for one in free_to(actor, entity)]


def free_to(actor: User, entity: Entity) -> list[Free]:
    """Return what could be released from the reserve of a lender; nothing to who sees branches."""
    return free(entity) if actor.works_everywhere else []


def releases(actor: User) -> QuerySet[ReserveRelease]:
    """Return the releases a person may see."""
    rows = ReserveRelease.objects.visible_to(actor)
    return rows.select_related("entity", "proposed_by", "answered_by")


def waiting_count(actor: User) -> int:
    """Return how many releases wait for this person: proposed by another."""
    rows = ReserveRelease.objects.visible_to(actor)
    return int(rows.filter(status="proposed").exclude(proposed_by=actor).count())
