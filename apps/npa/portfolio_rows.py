"""What the pages of the portfolio's quality ask the database, day by day."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum

from apps.accounts.models import Entity, User
from apps.core import keyset
from apps.core.keyset import Page
from apps.ledger import selectors as ledger
from apps.npa import grading, measures, wording
from apps.npa.measures import Measure, Totals
from apps.npa.models import DayEnd, DayFigures, LoanDay, PortfolioDay

ZERO = Decimal(0)
# So far back the trend shows.
TREND_DAYS = 180
_ADDED = (
    *("loans", "principal", "interest", "charges", "suspended", "secured", "unsecured"),
    *("provision", "reserve", "npa_loans", "npa_principal", "npa_provision", "over_30"),
)
# The snapshots of one day in the order of their primary key: no page of the list is slow.
_BY = ("loan__id",)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whose portfolio is shown, in which currency, at the end of which day; "" is all of it."""

    entity: Entity
    currency: str
    day: date
    branch: uuid.UUID | None = None

    def query(self, **more: Any) -> str:
        """Return the choice as the end of an address, with more that narrows it."""
        values = {
            "lender": self.entity.code,
            "day": self.day.isoformat(),
            "currency": self.currency,
            **({"branch": str(self.branch)} if self.branch else {}),
            **{name: value for name, value in more.items() if value},
        }
        return urlencode(values)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which snapshots of a day are listed; empty values leave nothing out."""

    asset_class: str = ""
    bucket: str = ""
    # "yes" or "no"; empty for both.
    restructured: str = ""
    overridden: bool = False
    npa: bool = False
    par30: bool = False


@dataclass(frozen=True, slots=True)
class Sums:
    """What the loans of one class or one bucket, or all of them, come to."""

    code: str
    loans: int = 0
    principal: Decimal = ZERO
    interest: Decimal = ZERO
    charges: Decimal = ZERO
    suspended: Decimal = ZERO
    secured: Decimal = ZERO
    unsecured: Decimal = ZERO
    provision: Decimal = ZERO
    reserve: Decimal = ZERO
    npa_loans: int = 0
    npa_principal: Decimal = ZERO
    npa_provision: Decimal = ZERO
    over_30: Decimal = ZERO

    @property
    def rate(self) -> Decimal | None:
        """Provisions over principal; None without principal."""
        return measures.share(self.provision, self.principal)


def entities(actor: User) -> list[Entity]:
    """Return the lenders a person works for, by name."""
    return list(ledger.entities(actor))


def last_day(actor: User, entity: Entity) -> date | None:
    """Return the last day of a lender that was ended, also where nothing is left of it to see."""
    # One that is ended once more shows what it came to before until that is done.
    rows = DayEnd.objects.visible_to(actor).filter(entity=entity).exclude(run=1, status="running")
    return rows.order_by("-day").values_list("day", flat=True).first()


def currencies(actor: User, entity: Entity, day: date) -> list[str]:
    """Return the currencies of a day's portfolio, the lender's own first."""
    rows = PortfolioDay.objects.visible_to(actor).filter(entity=entity, day=day)
    found = set(rows.values_list("currency", flat=True).distinct())
    return sorted(found, key=lambda one: (one != entity.currency, one))


def sums(actor: User, chosen: Chosen) -> list[PortfolioDay]:
    """Return the sums of a day that are chosen, by branch, class and bucket."""
    return list(_chosen(actor, chosen).filter(day=chosen.day))


def _chosen(actor: User, chosen: Chosen) -> QuerySet[PortfolioDay]:
    rows = PortfolioDay.objects.visible_to(actor).filter(
        entity=chosen.entity, currency=chosen.currency
    )
    return rows.filter(branch=chosen.branch) if chosen.branch else rows


def grouped(rows: Iterable[PortfolioDay], by: str) -> list[Sums]:
    """Return the sums by a column, in the order of the classes; a row without a bucket last."""
    found: dict[str, Sums] = {}
    for row in rows:
        code = getattr(row, by)
        before = found.get(code, Sums(code))
        found[code] = replace(
            before, **{name: getattr(before, name) + getattr(row, name) for name in _ADDED}
        )
    return sorted(found.values(), key=lambda one: wording.place(one.code))


def total(rows: Iterable[Sums]) -> Sums:
    """Return the sum of all rows."""
    found = Sums("")
    for row in rows:
        found = replace(
            found, **{name: getattr(found, name) + getattr(row, name) for name in _ADDED}
        )
    return found


def ratios(whole: Sums) -> dict[Measure, Decimal]:
    """Return NPA ratio, default rate, PAR30 and coverage of some sums."""
    return measures.ratios(
        Totals(
            loans=whole.loans,
            principal=whole.principal,
            npa_loans=whole.npa_loans,
            npa_principal=whole.npa_principal,
            npa_provision=whole.npa_provision,
            over_30=whole.over_30,
        )
    )


def trend(actor: User, chosen: Chosen) -> list[tuple[date, Totals]]:
    """Return the totals of the days until the chosen one, the earliest first."""
    since = chosen.day - timedelta(days=TREND_DAYS)
    rows = _chosen(actor, chosen).filter(day__gt=since, day__lte=chosen.day)
    names = ("loans", "principal", "npa_loans", "npa_principal", "npa_provision", "over_30")
    added: Any = rows.values("day").annotate(**{f"all_{name}": Sum(name) for name in names})
    return [
        (row["day"], Totals(**{name: row[f"all_{name}"] for name in names}))
        for row in added.order_by("day")
    ]


def figures(actor: User, chosen: Chosen) -> DayFigures | None:
    """Return what was measured of the whole lender that day, to whoever sees all its branches."""
    if not actor.works_everywhere or chosen.branch:
        return None
    return DayFigures.objects.filter(
        entity=chosen.entity, day=chosen.day, currency=chosen.currency
    ).first()


def loans(actor: User, chosen: Chosen, filters: Filters) -> QuerySet[LoanDay]:
    """Return the snapshots of a day that are chosen, as the person may see them."""
    rows = LoanDay.objects.visible_to(actor).filter(
        day=chosen.day, entity=chosen.entity, currency=chosen.currency
    )
    rows = rows.exclude(asset_class__in=grading.GONE)
    if chosen.branch:
        rows = rows.filter(branch=chosen.branch)
    if filters.restructured == "no":
        rows = rows.exclude(flags__contains=grading.RESTRUCTURED)
    return rows.filter(**_narrowed(filters)).select_related("loan", "customer", "branch")


def _narrowed(filters: Filters) -> dict[str, Any]:
    """Return what the filters ask of a snapshot's columns."""
    asked: dict[str, tuple[str, Any]] = {
        "asset_class": ("asset_class", filters.asset_class),
        "bucket": ("bucket", filters.bucket),
        "restructured": ("flags__contains", grading.RESTRUCTURED),
        "overridden": ("override_id__isnull", False),
        "npa": ("npa_date__isnull", False),
        "par30": ("dpd_ifrs__gt", measures.PAR_DAYS),
    }
    given = {name for name in asked if getattr(filters, name)}
    if filters.restructured != "yes":
        given.discard("restructured")
    return dict(asked[name] for name in given)


def worklist(rows: QuerySet[LoanDay], *, after: str, before: str) -> Page[LoanDay]:
    """Return one page of snapshots, in the order of their key."""
    return keyset.page(rows, by=_BY, after=after, before=before)


def listed(actor: User, chosen: Chosen, filters: Filters) -> Sums:
    """Return what all the listed loans come to, not only those of one page.

    Out of the sums of the day where they can say it: a million loans are not added up for a page.
    """
    if filters.overridden or filters.par30:
        found: dict[str, Any] = (
            loans(actor, chosen, filters)
            .order_by()
            .aggregate(
                loans=Count("loan_id"),
                **{name: Sum(name) for name in ("principal", "secured", "unsecured", "provision")},
            )
        )
        known = {name: value for name, value in found.items() if value is not None}
        return Sums("", **known)
    rows = _chosen(actor, chosen).filter(day=chosen.day)
    if filters.asset_class:
        rows = rows.filter(asset_class=filters.asset_class)
    if filters.bucket:
        rows = rows.filter(bucket=filters.bucket)
    if filters.npa:
        rows = rows.filter(npa_loans__gt=0)
    if filters.restructured:
        rows = rows.filter(is_restructured=filters.restructured == "yes")
    return total(grouped(rows, "asset_class"))
