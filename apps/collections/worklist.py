"""Which loans are overdue, in the order of what acting on them is worth, and what is known of each.

What is overdue and for how many days is of the last day that was ended; what was paid since is
shown beside it. A page asks as many questions whatever it shows: never one for each row.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Round

from apps.accounts.models import Entity, User
from apps.collections import legal, selectors, signal_rows, worth
from apps.collections.legal import Stage
from apps.collections.models import Assignment, Contact, EarlySignal, LegalStep, Notice
from apps.collections.worth import Chances
from apps.core import dates, keyset
from apps.core.keyset import Page
from apps.npa.grading import GONE
from apps.npa.models import LoanDay
from apps.npa.portfolio_rows import Chosen
from apps.portfolio import bands, months, rolling, vintages
from apps.portfolio.bands import Band
from apps.portfolio.models import Roll, RolledDay
from apps.portfolio.rolling import Cell
from apps.repayments import services as repayments
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent, Promise

CHUNK = 2_000
_OVERDUE: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=22, decimal_places=2)
_BY_WORTH = ("-worth", "-overdue", "loan__id")
_BY_OVERDUE = ("-overdue", "-dpd_ifrs", "loan__id")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which overdue loans are listed; empty values leave nothing out.

    `whose` is mine, nobody or others; `promise` is due (its day has come), open, broken or none;
    `legal` is a stage, or under_way; `signal` an early signal that stands; `silent_since` is a day
    since which nobody contacted the borrower about the loan.
    """

    band: str = ""
    whose: str = ""
    promise: str = ""
    legal: str = ""
    signal: str = ""
    silent_since: date | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a loan on the list beside its snapshot."""

    collector: User | None = None
    promise: Promise | None = None
    paid_since: Decimal = Decimal(0)
    contact: Contact | None = None
    legal: LegalStep | None = None
    notice: Notice | None = None
    signals: Sequence[EarlySignal] = ()


def chances(entity: Entity, currency: str, day: date) -> Mapping[Band, Chances]:
    """Return the chances of each late band out of the lender's last months; nothing without any.

    Of the whole lender, whoever asks: one loan is worth the same to everybody.
    """
    since = dates.add_months(day, -worth.MONTHS)
    months_known = RolledDay.objects.whole().filter(entity=entity, day__gt=since, day__lte=day)
    ends = [one.pk for one in months_known if one.day == months.last_of(one.day)]
    rows: Any = (
        Roll.objects.filter(rolled__in=ends, currency=currency)
        .values("before", "after")
        .annotate(of_loans=Sum("loans"), of_principal=Sum("principal"))
    )
    return worth.chances(
        rolling.matrix(
            Cell(
                Band(row["before"]),
                Band(row["after"]),
                vintages.Sum(row["of_loans"], row["of_principal"]),
            )
            for row in rows
        )
    )


def loans(
    actor: User,
    chosen: Chosen,
    filters: Filters,
    *,
    known: Mapping[Band, Chances],
    today: date,
) -> QuerySet[LoanDay]:
    """Return the overdue loans that are chosen with `overdue` and `worth`, in no order yet."""
    rows: QuerySet[LoanDay] = LoanDay.objects.visible_to(actor).filter(
        day=chosen.day, entity=chosen.entity, currency=chosen.currency, dpd_ifrs__gt=0
    )
    rows = rows.exclude(asset_class__in=GONE)
    if chosen.branch:
        rows = rows.filter(branch=chosen.branch)
    if filters.band:
        rows = rows.filter(**_days(Band(filters.band)))
    rows = _promised(_whose(rows, filters.whose, actor), filters.promise, today)
    rows = signal_rows.having(_at_law(rows, filters.legal), filters.signal)
    if filters.silent_since:
        contacts = Contact.objects.filter(loan=OuterRef("loan_id"), is_inbound=False)
        rows = rows.exclude(Exists(contacts.filter(made_on__gte=filters.silent_since)))
    overdue = ExpressionWrapper(
        F("principal_due") + F("interest_due") + F("charges_due"), output_field=_OVERDUE
    )
    found = rows.annotate(overdue=overdue)
    if known:
        arms = (When(**_days(band), then=Value(one.factor)) for band, one in known.items())
        factor = Case(*arms, default=Value(Decimal(0)), output_field=DecimalField())
        exact = ExpressionWrapper(F("overdue") * factor, output_field=DecimalField())
        rounded = ExpressionWrapper(Round(exact, precision=2), output_field=_OVERDUE)
        return found.annotate(worth=rounded)
    return found.annotate(worth=F("overdue"))


def order(known: Mapping[Band, Chances]) -> tuple[str, ...]:
    """Return the order of the list: by worth, or by what is overdue and since when."""
    return _BY_WORTH if known else _BY_OVERDUE


def page(
    rows: QuerySet[LoanDay], known: Mapping[Band, Chances], *, after: str, before: str
) -> Page[LoanDay]:
    """Return one page of the list."""
    found = rows.select_related("loan", "customer", "branch")
    return keyset.page(found, by=order(known), after=after, before=before)


def sums(rows: QuerySet[LoanDay]) -> dict[str, Any]:
    """Return how many loans are listed, what is overdue and what is outstanding on all of them."""
    found = rows.order_by().aggregate(
        loans=Count("loan_id"), of_overdue=Sum("overdue"), of_principal=Sum("principal")
    )
    return {name: value or Decimal(0) for name, value in found.items()}


def about(rows: Sequence[LoanDay]) -> dict[uuid.UUID, Known]:
    """Return what is known of some listed loans, by their keys."""
    keys = [one.loan_id for one in rows]
    standing = Assignment.objects.filter(loan__in=keys, ended_at=None).select_related("collector")
    collectors = {one.loan_id: one.collector for one in standing}
    promises = _last_promises(keys)
    made = Contact.objects.filter(loan__in=keys).defer("note", "place")
    contacts = {
        one.loan_id: one for one in made.order_by("loan_id", "-made_at").distinct("loan_id")
    }
    steps = LegalStep.objects.filter(loan__in=keys).order_by("loan_id", "-number")
    suits = {one.loan_id: one for one in steps.distinct("loan_id")}
    signals = signal_rows.standing(keys)
    notices = selectors.last_notices(keys)
    paid = _paid_since(keys, rows[0].day) if rows else {}
    return {
        key: Known(
            collector=collectors.get(key),
            promise=promises.get(key),
            paid_since=paid.get(key, Decimal(0)),
            contact=contacts.get(key),
            legal=suits.get(key),
            notice=notices.get(key),
            signals=signals.get(key, ()),
        )
        for key in keys
    }


def _last_promises(keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, Promise]:
    told = Promise.objects.filter(loan__in=list(keys)).exclude(status="withdrawn")
    last = told.order_by("loan_id", "-taken_at").distinct("loan_id")
    return {one.loan_id: one for one in repayments.with_paid(last)}


def _paid_since(keys: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, Decimal]:
    """Return what came on loans after a day."""
    money: Any = AccountEvent.objects.filter(
        loan__in=list(keys), status="live", day__gt=day, kind__in=[one.value for one in MONEY_IN]
    )
    return dict(money.order_by().values_list("loan_id").annotate(sum=Sum("amount")))


def _days(band: Band) -> dict[str, int]:
    bounds = bands.LATE[band]
    last = {} if bounds.last is None else {"dpd_ifrs__lte": bounds.last}
    return {"dpd_ifrs__gte": bounds.first, **last}


def _whose(rows: QuerySet[LoanDay], whose: str, actor: User) -> QuerySet[LoanDay]:
    standing = Assignment.objects.filter(loan=OuterRef("loan_id"), ended_at=None)
    if whose == "mine":
        return rows.filter(Exists(standing.filter(collector=actor)))
    if whose == "others":
        return rows.filter(Exists(standing.exclude(collector=actor)))
    return rows.exclude(Exists(standing)) if whose == "nobody" else rows


def _promised(rows: QuerySet[LoanDay], promise: str, today: date) -> QuerySet[LoanDay]:
    told = Promise.objects.filter(loan=OuterRef("loan_id"))
    if promise == "due":
        return rows.filter(Exists(told.filter(status="open", promised_date__lte=today)))
    if promise == "none":
        return rows.exclude(Exists(told.filter(status="open")))
    return rows.filter(Exists(told.filter(status=promise))) if promise else rows


def _at_law(rows: QuerySet[LoanDay], stage: str) -> QuerySet[LoanDay]:
    steps = LegalStep.objects.filter(loan=OuterRef("loan_id"))
    if stage == Stage.NONE:
        return rows.exclude(Exists(steps))
    if not stage:
        return rows
    wanted = legal.UNDER_WAY if stage == "under_way" else (Stage(stage),)
    last = Subquery(steps.order_by("-number").values("stage")[:1])
    return rows.alias(legal_stage=last).filter(legal_stage__in=[one.value for one in wanted])
