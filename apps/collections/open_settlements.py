"""The settlements that are open: those that wait for a second person, and those being kept."""

from typing import Any

from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.collections import settlement_page, settling, wording
from apps.collections.models import Settlement
from apps.core import keyset
from apps.core.keyset import Page
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent

_ORDER = ("proposed_at", "id")
_MONEY = DecimalField(max_digits=18, decimal_places=2)


def waiting_for(actor: User) -> QuerySet[Settlement]:
    """Return the settlements that wait for a person's answer: proposed by another one."""
    return of(actor).filter(status="proposed").exclude(proposed_by=actor)


def of(actor: User) -> QuerySet[Settlement]:
    """Return the settlements a person may see that are proposed or agreed and not over."""
    rows: QuerySet[Settlement] = Settlement.objects.visible_to(actor)
    return rows.filter(status__in=settling.OPEN)


def page(actor: User, *, only_mine: bool, after: str, before: str) -> Page[Settlement]:
    """Return one page of open settlements with what came towards each, the oldest first."""
    rows = waiting_for(actor) if only_mine else of(actor)
    people = rows.select_related("loan__customer", "loan__branch", "proposed_by")
    shown = people.defer("reason", "answer_note", "withdrawn_reason").annotate(came=_came())
    return keyset.page(shown, by=_ORDER, after=after, before=before)


def row(actor: User, one: Any) -> dict[str, Any]:
    """Return how an open settlement is listed.

    `is_stuck`: all of it came, yet the rest was not given up. The hourly run tries it again.
    """
    is_agreed = one.status == "approved"
    return {
        "one": one,
        "look": wording.SETTLEMENTS[one.status],
        "came": one.came if is_agreed else None,
        "is_stuck": is_agreed and one.came >= one.amount,
        "may_answer": settlement_page.may_answer(actor, one),
    }


def _came() -> Coalesce:
    """Return the sum of what `selectors.came_towards` lists, for each row."""
    money = AccountEvent.objects.filter(
        loan=OuterRef("loan"),
        status="live",
        kind__in=[one.value for one in MONEY_IN],
        day__gte=OuterRef("proposed_on"),
        made_at__gt=OuterRef("proposed_at"),
    )
    sums = money.order_by().values("loan").annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(sums), Value(0), output_field=_MONEY)
