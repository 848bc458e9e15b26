"""The sheet of a day: what was taken and given, how it came, and what was taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform

from apps.accounts.models import Branch, User
from apps.core import dates
from apps.repayments.models import AccountEvent
from apps.repayments.selectors import NEWEST, PAYMENTS

# Lines of a sheet; beyond, its totals still count all.
SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Total:
    """What one channel brought in a currency, and what went out by it."""

    channel: str
    currency: str
    payments: int
    taken: Decimal
    given: Decimal

    @property
    def net(self) -> Decimal:
        """What stays of it."""
        return self.taken - self.given


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A day of some branches: payments reported on it, their totals, and what was taken back.

    A payment that was taken back on a later day stands on the sheet of the day it was reported
    on, and again among the reversals of the later day.
    """

    totals: Sequence[Total]
    payments: Sequence[AccountEvent]
    reversals: Sequence[AccountEvent]
    number: int

    @property
    def cash(self) -> list[tuple[str, Decimal]]:
        """What should be in the till of this day's money, by currency."""
        return [(one.currency, one.net) for one in self.totals if one.channel == "cash"]

    @property
    def sums(self) -> list[Total]:
        """All channels together, by currency."""
        by_currency: dict[str, list[Total]] = {}
        for one in self.totals:
            by_currency.setdefault(one.currency, []).append(one)
        return [
            Total(
                channel="",
                currency=currency,
                payments=sum(one.payments for one in those),
                taken=sum((one.taken for one in those), Decimal(0)),
                given=sum((one.given for one in those), Decimal(0)),
            )
            for currency, those in sorted(by_currency.items())
        ]

    @property
    def is_cut(self) -> bool:
        """Whether there are more payments than lines."""
        return self.number > len(self.payments)


def sheet(actor: User, day: date, *, branch: Branch | None, time_zone: str) -> Sheet:
    """Return the sheet of a day in a lender's calendar, as far as a person may see it.

    Five queries, however many payments there are.
    """
    begins, ends = _bounds(day, time_zone)
    seen = AccountEvent.objects.visible_to(actor).filter(kind__in=PAYMENTS)
    if branch is not None:
        seen = seen.filter(loan__branch=branch)
    reported = seen.filter(made_at__gte=begins, made_at__lt=ends)
    undone = seen.filter(reversed_at__gte=begins, reversed_at__lt=ends)
    totals = _totals(reported, undone)
    return Sheet(
        totals=totals,
        payments=_rows(reported.order_by(*NEWEST)),
        reversals=_rows(undone.order_by("-reversed_at", "-id")),
        number=reported.count(),
    )


def own(actor: User, day: date, *, time_zone: str, most: int) -> list[AccountEvent]:
    """Return the last payments that a person reported on a day."""
    begins, ends = _bounds(day, time_zone)
    rows = AccountEvent.objects.visible_to(actor).filter(
        kind__in=PAYMENTS, made_by=actor, made_at__gte=begins, made_at__lt=ends
    )
    return _rows(rows.order_by(*NEWEST), most=most)


def _totals(reported: QuerySet[AccountEvent], undone: QuerySet[AccountEvent]) -> list[Total]:
    """Return the totals by channel: what was taken back on the day went out again."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for rows, into, out in ((reported, "taken", "given"), (undone, "given", "taken")):
        for one in _by_channel(rows):
            place = found.setdefault(
                (one["channel"] or "other", one["currency"]),
                {"payments": 0, "taken": Decimal(0), "given": Decimal(0)},
            )
            place[into] += one["came"] or 0
            place[out] += one["went"] or 0
            place["payments"] += one["number"] if into == "taken" else 0
    return [
        Total(channel=channel, currency=currency, **place)
        for (channel, currency), place in sorted(found.items())
    ]


def _by_channel(rows: QuerySet[AccountEvent]) -> list[dict[str, Any]]:
    is_out = Q(kind="refund")
    found: Any = (
        rows.order_by()
        .annotate(channel=KeyTextTransform("channel", "parameters"))
        .values("channel", "currency")
        .annotate(
            number=Count("pk"),
            came=Sum("amount", filter=~is_out),
            went=Sum("amount", filter=is_out),
        )
    )
    return list(found)


def _rows(rows: QuerySet[AccountEvent], *, most: int = SHOWN) -> list[AccountEvent]:
    named = rows.select_related("loan__branch", "made_by", "reversed_by", "paper")
    return list(named.defer("paper__pdf", "paper__facts")[:most])


def _bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    before = dates.last_moment(day - timedelta(days=1), time_zone)
    just_after = timedelta(microseconds=1)
    return before + just_after, dates.last_moment(day, time_zone) + just_after
