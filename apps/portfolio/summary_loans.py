"""The loans behind a figure of the summary: snapshots of the day, payments, decisions, turns."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import dates, keyset
from apps.decisions.models import Decision
from apps.loans import policies as loans
from apps.npa.grading import GONE
from apps.npa.models import LoanDay
from apps.portfolio import bands, due_loans, money_loans, outcome_loans
from apps.portfolio.bands import Band
from apps.portfolio.figures import DEFINITIONS, Figure, Period
from apps.portfolio.loan_rows import Listed, Row, of_snapshot, within
from apps.portfolio.summary_rows import Chosen, first_day
from apps.repayments import policies as repayments

# What a person needs beside the right to see figures: the loans, payments or requests themselves.
LOANS, PAYMENTS, REQUESTS = loans.VIEW, repayments.VIEW, "applications.view_application"
_NEEDS = {
    Figure.REPAID: PAYMENTS,
    Figure.WRITTEN_OFF: PAYMENTS,
    Figure.RECOVERED: PAYMENTS,
    Figure.APPROVAL: REQUESTS,
}
# Figures that are a sum of money alone.
_MONEY = (Figure.DISBURSED, Figure.REPAID, Figure.WRITTEN_OFF, Figure.RECOVERED)
_NPA = {"npa_date__isnull": False}
_STOCKS: dict[Figure, dict[str, Any]] = {
    **dict.fromkeys((Figure.NPA_GROSS, Figure.NPA_NET, Figure.NPA_RATIO), _NPA),
    **dict.fromkeys((Figure.NPA_NET_RATIO, Figure.COVERAGE), _NPA),
    Figure.PAR30: {"dpd_ifrs__gt": 30},
    Figure.PAR60: {"dpd_ifrs__gt": 60},
    Figure.PAR90: {"dpd_ifrs__gt": 90},
}


def right(figure: Figure, band: Band | None = None) -> str:
    """Return the right that the list behind a figure, or behind a band, needs."""
    return LOANS if band is not None else _NEEDS.get(figure, LOANS)


def listed(
    actor: User, chosen: Chosen, *, figure: Figure, band: Band | None, position: dict[str, str]
) -> Listed:
    """Return one page of what stands behind a figure, or in a band of days past due."""
    if band is None and DEFINITIONS[figure].period == Period.WINDOW:
        return outcome_loans.listed(actor, chosen, figure=figure, position=position)
    if band is None and figure in _MONEY:
        return money_loans.listed(actor, chosen, name=figure.value, position=position)
    if band is None and figure in due_loans.FIGURES:
        return due_loans.listed(actor, chosen, figure=figure, position=position)
    if band is None and figure == Figure.APPROVAL:
        return _paged(_decided(actor, chosen), ("-decided_at", "id"), _of_decision, position)
    rows = _snapshots(actor, chosen, figure, band)
    return _paged(rows, ("loan__id",), of_snapshot, position)


def _paged(rows: Any, by: tuple[str, ...], shown: Any, position: dict[str, str]) -> Listed:
    page: Any = keyset.page(rows, by=by, after=position["after"], before=position["before"])
    return Listed(rows=[shown(one) for one in page.rows], before=page.before, after=page.after)


def _snapshots(actor: User, chosen: Chosen, figure: Figure, band: Band | None) -> QuerySet[LoanDay]:
    rows = LoanDay.objects.visible_to(actor).filter(
        day=chosen.day,
        entity=chosen.entity,
        currency=chosen.currency,
        **within(chosen, "loan__product", "branch"),
    )
    rows = rows.exclude(asset_class__in=GONE).select_related("loan", "customer", "branch")
    if band is not None:
        bounds = bands.LATE[band]
        last = {} if bounds.last is None else {"dpd_ifrs__lte": bounds.last}
        return rows.filter(dpd_ifrs__gte=bounds.first, **last)
    return rows.filter(**_STOCKS.get(figure, {}))


def _decided(actor: User, chosen: Chosen) -> QuerySet[Decision]:
    zone = chosen.entity.time_zone
    eve = first_day(chosen.entity, chosen.day) - timedelta(days=1)
    rows = Decision.objects.visible_to(actor).filter(
        outcome__in=["approve", "decline"],
        decided_at__gt=dates.last_moment(eve, zone),
        decided_at__lte=dates.last_moment(chosen.day, zone),
        application__currency=chosen.currency,
        application__branch__entity=chosen.entity,
        **within(chosen, "application__product", "application__branch"),
    )
    # The figure is of branches: a request that was granted singly stands in no sum of the person.
    rows = rows.filter(accounts.in_reach(actor, branch_field="application__branch_id"))
    return rows.select_related("application__customer", "application__branch__entity")


def _of_decision(one: Decision) -> Row:
    request = one.application
    return Row(
        url=reverse("applications:detail", args=[request.pk]),
        number=request.number,
        customer=request.customer.number,
        branch=request.branch.name,
        day=dates.local_date(one.decided_at, request.branch.entity.time_zone),
        amount=one.amount,
        currency=request.currency,
    )
