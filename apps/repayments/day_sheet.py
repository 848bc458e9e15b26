"""The sheet of a day: what was taken and given, how it came, and what was taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Sum, UUIDField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat

from apps.accounts.models import Branch, User
from apps.core import dates
from apps.ledger.models import Entry
from apps.repayments import suspense_entries
from apps.repayments.models import AccountEvent, StatementFile, StatementLine
from apps.repayments.selectors import NEWEST, PAYMENTS
from apps.repayments.statement_lifecycle import TAKEN

# Lines of a sheet; beyond, its totals still count all.
SHOWN = 200
_AT_DESK = Q(file__layout=StatementFile.Layout.DESK, status__in=TAKEN)
# Sums by channel and currency, of one kind of rows and of another.
_Sums = Sequence[Sequence[dict[str, Any]]]


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
    # How much of what the totals count is on no loan yet, or was not when it came.
    unplaced: int

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

    Money over the counter whose loan was not known counts on the day it came, and no more on the
    day it was placed on one. It goes out on the day it is returned, or its payment taken back; from
    a wrong loan into suspense again it stays. Seven queries, however many payments there are.
    """
    begins, ends = _bounds(day, time_zone)
    seen = AccountEvent.objects.visible_to(actor).filter(kind__in=PAYMENTS)
    if branch is not None:
        seen = seen.filter(loan__branch=branch)
    reported = seen.filter(made_at__gte=begins, made_at__lt=ends)
    undone = seen.filter(reversed_at__gte=begins, reversed_at__lt=ends)
    held = StatementLine.objects.visible_to(actor).filter(_AT_DESK)
    if branch is not None:
        held = held.filter(file__branch=branch)
    came = held.filter(file__uploaded_at__gte=begins, file__uploaded_at__lt=ends)
    went = held.filter(returned_at__gte=begins, returned_at__lt=ends)
    totals = _totals(
        [_by_channel(_first_counted(reported)), _by_told_channel(came)],
        [_by_channel(_not_into_suspense(undone)), _by_told_channel(went)],
    )
    return Sheet(
        totals=totals,
        payments=_rows(reported.order_by(*NEWEST)),
        reversals=_rows(undone.order_by("-reversed_at", "-id")),
        number=reported.count(),
        unplaced=came.count(),
    )


def own(actor: User, day: date, *, time_zone: str, most: int) -> list[AccountEvent]:
    """Return the last payments that a person reported on a day."""
    begins, ends = _bounds(day, time_zone)
    rows = AccountEvent.objects.visible_to(actor).filter(
        kind__in=PAYMENTS, made_by=actor, made_at__gte=begins, made_at__lt=ends
    )
    return _rows(rows.order_by(*NEWEST), most=most)


def _first_counted(rows: QuerySet[AccountEvent]) -> QuerySet[AccountEvent]:
    """Leave out what came over the counter before its loan was known: that counted then."""
    placed = StatementLine.objects.filter(_AT_DESK, event=OuterRef("pk"))
    return _not_into_suspense(rows).exclude(Exists(placed))


def _not_into_suspense(rows: QuerySet[AccountEvent]) -> QuerySet[AccountEvent]:
    """Leave out what went into suspense again, from where it had come: it stays in the till."""
    at_desk = StatementLine.objects.filter(
        _AT_DESK, pk=Cast(KeyTextTransform("statement_line", OuterRef("facts")), UUIDField())
    )
    told = Concat(Value(suspense_entries.AGAIN), Cast(OuterRef("pk"), CharField()))
    return rows.exclude(Exists(Entry.objects.filter(Exists(at_desk), reference=told)))


def _totals(reported: _Sums, undone: _Sums) -> list[Total]:
    """Return the totals by channel: what was taken back on the day went out again."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for sums, into, out in ((reported, "taken", "given"), (undone, "given", "taken")):
        for one in chain.from_iterable(sums):
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


def _by_told_channel(rows: QuerySet[StatementLine]) -> list[dict[str, Any]]:
    """Return the sums of money over the counter by how it was told to have come."""
    return [
        {
            "channel": one.details["channel"],
            "currency": one.file.currency,
            "number": 1,
            "came": one.amount,
            "went": None,
        }
        for one in rows.select_related("file")
    ]


def _rows(rows: QuerySet[AccountEvent], *, most: int = SHOWN) -> list[AccountEvent]:
    named = rows.select_related("loan__branch", "made_by", "reversed_by", "paper")
    return list(named.defer("paper__pdf", "paper__facts")[:most])


def _bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    before = dates.last_moment(day - timedelta(days=1), time_zone)
    just_after = timedelta(microseconds=1)
    return before + just_after, dates.last_moment(day, time_zone) + just_after
