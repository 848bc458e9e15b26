"""The loans behind what became of loans: that stopped performing, came back, stopped again."""

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import keyset, withheld
from apps.loans.models import Loan
from apps.npa.grading import GONE
from apps.npa.models import LoanDay
from apps.portfolio import months
from apps.portfolio.figures import Figure
from apps.portfolio.loan_rows import Listed, Row, within
from apps.portfolio.models import RolledDay, Turn
from apps.portfolio.summary_rows import Chosen
from apps.portfolio.turns import CURES, DEFAULTS, Turned

_WINDOWS = {Figure.DEFAULT_6: 6, Figure.DEFAULT_12: 12, Figure.CURE: 12, Figure.REDEFAULT: 12}


def listed(actor: User, chosen: Chosen, *, figure: Figure, position: dict[str, str]) -> Listed:
    """Return one page of the loans behind an outcome; none where a month of its window is missing.

    Each stands with the end of the month at which it turned, and what was outstanding then.
    """
    ends = months.window(chosen.day, _WINDOWS[figure])
    turns = Turn.objects.filter(entity=chosen.entity, day__gt=ends[0], day__lte=ends[-1])
    rolled = RolledDay.objects.whole().filter(entity=chosen.entity, day__in=ends[1:])
    if rolled.count() < len(ends) - 1:
        turns = turns.none()
    if figure == Figure.REDEFAULT:
        return _again(actor, chosen, turns, position)
    return _since(actor, chosen, ends[0], turns, is_cure=figure == Figure.CURE, position=position)


def _since(
    actor: User,
    chosen: Chosen,
    first: date,
    turns: QuerySet[Turn],
    *,
    is_cure: bool,
    position: dict[str, str],
) -> Listed:
    """Return the loans, by where they stood when the window began, that turned within it."""
    turns = turns.filter(kind__in=CURES if is_cure else DEFAULTS)
    own = turns.filter(loan_id=OuterRef("loan_id")).order_by("day")
    rows = LoanDay.objects.visible_to(actor).filter(
        day=first,
        entity=chosen.entity,
        currency=chosen.currency,
        npa_date__isnull=not is_cure,
        loan_id__in=turns.values("loan_id"),
        **within(chosen, "loan__product", "branch"),
    )
    rows = rows.exclude(asset_class__in=GONE).annotate(
        turned_on=Subquery(own.values("day")[:1]),
        turned_with=Subquery(own.values("principal")[:1]),
    )
    page: Any = keyset.page(
        rows.select_related("loan__customer", "loan__branch"),
        by=("loan__id",),
        after=position["after"],
        before=position["before"],
    )
    shown = [_row(one.loan, one.turned_on, one.turned_with) for one in page.rows]
    return Listed(rows=shown, before=page.before, after=page.after)


def _again(actor: User, chosen: Chosen, turns: QuerySet[Turn], position: dict[str, str]) -> Listed:
    """Return the loans that came to perform again within the window, and stopped once more."""
    # A turn is of the branch the loan was in then, and of the sums of that branch.
    open_ = withheld.without(Loan.objects.all(), actor, field="application_id")
    same = turns.filter(loan_id=OuterRef("loan_id"))
    stopped = same.filter(day__gt=OuterRef("day"), kind__in=DEFAULTS).order_by("day")
    earlier = same.filter(day__lt=OuterRef("day"), kind=Turned.CURED)
    rows = (
        turns.filter(kind=Turned.CURED, currency=chosen.currency)
        .filter(accounts.in_reach(actor), loan_id__in=open_.values("pk"))
        .filter(~Exists(earlier), **within(chosen, "product", "branch"))
        .annotate(
            turned_on=Subquery(stopped.values("day")[:1]),
            turned_with=Subquery(stopped.values("principal")[:1]),
        )
        .filter(turned_on__isnull=False)
    )
    page: Any = keyset.page(
        rows, by=("loan_id",), after=position["after"], before=position["before"]
    )
    loans = Loan.objects.select_related("customer", "branch").in_bulk(
        [one.loan_id for one in page.rows]
    )
    shown = [_row(loans[one.loan_id], one.turned_on, one.turned_with) for one in page.rows]
    return Listed(rows=shown, before=page.before, after=page.after)


def _row(loan: Loan, day: date, principal: Any) -> Row:
    return Row(
        url=reverse("loans:detail", args=[loan.pk]),
        number=loan.number,
        customer=loan.customer.number,
        branch=loan.branch.name,
        day=day,
        amount=principal,
        currency=loan.currency,
    )
