"""The loans behind a figure of the summary: snapshots of the day, payments, decisions, turns."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from apps.accounts.models import User
from apps.core import dates, keyset
from apps.decisions.models import Decision
from apps.loans.models import Loan
from apps.npa.grading import GONE
from apps.npa.models import LoanDay
from apps.portfolio import bands, months, outcome_loans
from apps.portfolio.bands import Band
from apps.portfolio.figures import DEFINITIONS, Figure, Period
from apps.portfolio.loan_rows import Listed, Row, within
from apps.portfolio.summary_rows import Chosen
from apps.repayments.models import AccountEvent

# Of the figures of money, which facts on the accounts they are made of.
_FACTS = {
    Figure.REPAID: ("receipt", "part_prepayment", "payoff"),
    Figure.WRITTEN_OFF: ("write_off",),
    Figure.RECOVERED: ("recovery",),
}
_NPA = {"npa_date__isnull": False}
_STOCKS: dict[Figure, dict[str, Any]] = {
    **dict.fromkeys((Figure.NPA_GROSS, Figure.NPA_NET, Figure.NPA_RATIO), _NPA),
    **dict.fromkeys((Figure.NPA_NET_RATIO, Figure.COVERAGE), _NPA),
    Figure.PAR30: {"dpd_ifrs__gt": 30},
    Figure.PAR60: {"dpd_ifrs__gt": 60},
    Figure.PAR90: {"dpd_ifrs__gt": 90},
}
# What is missing of these: something that fell due in the month and is not paid.
_UNPAID = (Figure.COLLECTION, Figure.ON_TIME, Figure.INSTALMENT_RATE)


def listed(
    actor: User, chosen: Chosen, *, figure: Figure, band: Band | None, position: dict[str, str]
) -> Listed:
    """Return one page of what stands behind a figure, or in a band of days past due."""
    if band is None and DEFINITIONS[figure].period == Period.WINDOW:
        return outcome_loans.listed(actor, chosen, figure=figure, position=position)
    if band is None and figure in _FACTS:
        return _paged(_facts(actor, chosen, figure), ("-made_at", "-id"), _of_fact, position)
    if band is None and figure == Figure.DISBURSED:
        return _paged(_disbursed(actor, chosen), ("-disbursed_date", "id"), _of_loan, position)
    if band is None and figure == Figure.APPROVAL:
        return _paged(_decided(actor, chosen), ("-decided_at", "id"), _of_decision, position)
    rows = _snapshots(actor, chosen, figure, band)
    return _paged(rows, ("loan__id",), _of_snapshot, position)


def _paged(rows: Any, by: tuple[str, ...], shown: Any, position: dict[str, str]) -> Listed:
    page: Any = keyset.page(rows, by=by, after=position["after"], before=position["before"])
    return Listed(rows=[shown(one) for one in page.rows], before=page.before, after=page.after)


def _snapshots(actor: User, chosen: Chosen, figure: Figure, band: Band | None) -> QuerySet[LoanDay]:
    rows = LoanDay.objects.visible_to(actor).filter(
        day=chosen.day,
        entity=chosen.entity,
        currency=chosen.currency,
        **within(chosen, "branch", "loan__product"),
    )
    rows = rows.exclude(asset_class__in=GONE).select_related("loan", "customer", "branch")
    if band is not None:
        bounds = bands.LATE[band]
        last = {} if bounds.last is None else {"dpd_ifrs__lte": bounds.last}
        return rows.filter(dpd_ifrs__gte=bounds.first, **last)
    if figure in _UNPAID:
        return rows.filter(oldest_due__isnull=False)
    return rows.filter(**_STOCKS.get(figure, {}))


def _facts(actor: User, chosen: Chosen, figure: Figure) -> QuerySet[AccountEvent]:
    rows = AccountEvent.objects.visible_to(actor).filter(
        kind__in=_FACTS[figure],
        status="live",
        day__gte=months.first_of(chosen.day),
        day__lte=chosen.day,
        currency=chosen.currency,
        loan__branch__entity=chosen.entity,
        **within(chosen, "loan__branch", "loan__product"),
    )
    return rows.select_related("loan", "loan__customer", "loan__branch")


def _disbursed(actor: User, chosen: Chosen) -> QuerySet[Loan]:
    rows = Loan.objects.visible_to(actor).filter(
        disbursed_date__gte=months.first_of(chosen.day),
        disbursed_date__lte=chosen.day,
        currency=chosen.currency,
        branch__entity=chosen.entity,
        **within(chosen, "branch", "product"),
    )
    return rows.select_related("customer", "branch")


def _decided(actor: User, chosen: Chosen) -> QuerySet[Decision]:
    zone = chosen.entity.time_zone
    eve = months.first_of(chosen.day) - timedelta(days=1)
    rows = Decision.objects.visible_to(actor).filter(
        outcome__in=["approve", "decline"],
        decided_at__gt=dates.last_moment(eve, zone),
        decided_at__lte=dates.last_moment(chosen.day, zone),
        application__currency=chosen.currency,
        application__branch__entity=chosen.entity,
        **within(chosen, "application__branch", "application__product"),
    )
    return rows.select_related("application__customer", "application__branch__entity")


def _of_snapshot(one: LoanDay) -> Row:
    return Row(
        url=reverse("loans:detail", args=[one.loan_id]),
        number=one.loan.number,
        customer=one.customer.number,
        branch=one.branch.name,
        day=one.oldest_due,
        amount=one.principal,
        currency=one.currency,
        days_late=one.dpd_ifrs,
    )


def _of_fact(one: AccountEvent) -> Row:
    return Row(
        url=reverse("loans:detail", args=[one.loan_id]),
        number=one.loan.number,
        customer=one.loan.customer.number,
        branch=one.loan.branch.name,
        day=one.day,
        amount=one.amount,
        currency=one.currency,
    )


def _of_loan(one: Loan) -> Row:
    return Row(
        url=reverse("loans:detail", args=[one.pk]),
        number=one.number,
        customer=one.customer.number,
        branch=one.branch.name,
        day=one.disbursed_date,
        amount=one.principal,
        currency=one.currency,
    )


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
