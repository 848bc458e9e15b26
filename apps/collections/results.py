"""What came of the work of collectors in a month: contacts, promises, money.

Money that came on a loan counts for whoever had the last contact about it on the day or in the
WITHIN_DAYS before it, once, in the month in which it came. Promises count in the month in which
they were made, as they stand now.
"""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DateField, ExpressionWrapper, F, OuterRef, Q, Subquery, Sum

from apps.accounts.models import Entity, User
from apps.collections import policies
from apps.collections.contacting import TALKED
from apps.collections.models import Contact
from apps.portfolio import months
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent

WITHIN_DAYS = 14


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whose results, in which currency, of the month in which `day` lies; one branch or all."""

    entity: Entity
    currency: str
    day: date
    branch: uuid.UUID | None = None

    @property
    def first(self) -> date:
        """The first day of the month."""
        return months.first_of(self.day)

    @property
    def last(self) -> date:
        """The last day of the month."""
        return months.last_of(self.day)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one collector's work in a month."""

    collector: User
    contacts: int = 0
    talked: int = 0
    promises: int = 0
    kept: int = 0
    broken: int = 0
    collected: Decimal = Decimal(0)

    @property
    def kept_share(self) -> Decimal | None:
        """Of the promises whose day is over the share that was kept; None before one is."""
        judged = self.kept + self.broken
        return Decimal(self.kept) / judged if judged else None


def of_month(actor: User, asked: Asked) -> list[Result]:
    """Return the results of a month by the collectors' names.

    Who works on loans and gives none away sees the own ones only.
    """
    counted = {row.pop("made_by"): row for row in _contacts(actor, asked)}
    collected = dict(_collected(actor, asked))
    people = User.objects.filter(pk__in={*counted, *collected})
    if actor.has_perm(policies.WORK) and not actor.has_perm(policies.ASSIGN):
        people = people.filter(pk=actor.pk)
    return [
        Result(
            collector=one,
            collected=collected.get(one.pk, Decimal(0)),
            **counted.get(one.pk, {}),
        )
        for one in people.order_by("name", "pk")
    ]


def _contacts(actor: User, asked: Asked) -> Any:
    made = Contact.objects.visible_to(actor).filter(
        loan__branch__entity=asked.entity,
        loan__currency=asked.currency,
        made_on__range=(asked.first, asked.last),
        **_of_branch(asked),
    )
    return (
        made.order_by()
        .values("made_by")
        .annotate(
            contacts=Count("pk", filter=Q(is_inbound=False)),
            talked=Count("pk", filter=Q(is_inbound=False) & _talked()),
            promises=Count("promise"),
            kept=Count("promise", filter=Q(promise__status="kept")),
            broken=Count("promise", filter=Q(promise__status="broken")),
        )
    )


def _talked() -> Q:
    return Q(outcome__in=[one.value for one in TALKED])


def _collected(actor: User, asked: Asked) -> Any:
    """Return the money of the month by who had the last contact before it."""
    since: Any = ExpressionWrapper(
        OuterRef("day") - timedelta(days=WITHIN_DAYS), output_field=DateField()
    )
    last = Contact.objects.filter(
        loan=OuterRef("loan_id"), made_on__lte=OuterRef("day"), made_on__gte=since
    ).order_by("-made_at", "-id")
    money = AccountEvent.objects.visible_to(actor).filter(
        loan__branch__entity=asked.entity,
        loan__currency=asked.currency,
        loan__in=Contact.objects.order_by().values("loan"),
        status="live",
        kind__in=[one.value for one in MONEY_IN],
        day__range=(asked.first, asked.last),
        **_of_branch(asked),
    )
    by: Any = money.annotate(by=Subquery(last.values("made_by")[:1])).filter(by__isnull=False)
    return by.order_by().values_list("by").annotate(sum=Sum(F("amount")))


def _of_branch(asked: Asked) -> dict[str, Any]:
    return {"loan__branch": asked.branch} if asked.branch else {}
