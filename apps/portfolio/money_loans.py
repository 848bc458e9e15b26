"""What stands behind figures of money: the entries of the ledger, each with its loan."""

from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse

from apps.accounts.models import User
from apps.core import keyset
from apps.ledger.models import Entry, Line
from apps.loans.models import Loan
from apps.portfolio.figures import MONEY, Movement
from apps.portfolio.loan_rows import Listed, Row, within
from apps.portfolio.summary_rows import Chosen, first_day


def listed(actor: User, chosen: Chosen, *, name: str, position: dict[str, str]) -> Listed:
    """Return one page of the entries that a sum of money is made of, the last first.

    Their amounts come to the sum: what was taken back stands there with its sign.
    """
    page: Any = keyset.page(
        entries(actor, chosen, MONEY[name]),
        by=("-day", "-id"),
        after=position["after"],
        before=position["before"],
    )
    loans = Loan.objects.select_related("customer").in_bulk([one.loan_id for one in page.rows])
    rows = [_row(one, loans[one.loan_id]) for one in page.rows]
    return Listed(rows=rows, before=page.before, after=page.after)


def entries(actor: User, chosen: Chosen, movement: Movement) -> QuerySet[Entry]:
    """Return the entries since the first of the month, each with its `moved`."""
    lines = Line.objects.filter(entry_id=OuterRef("pk"), account__in=movement.accounts)
    moved = F("debit") - F("credit") if movement.is_debit else F("credit") - F("debit")
    loans = Loan.objects.filter(**within(chosen, "product"))
    rows = Entry.objects.visible_to(actor).filter(
        day__gte=first_day(chosen.entity, chosen.day),
        day__lte=chosen.day,
        currency=chosen.currency,
        branch__entity=chosen.entity,
        loan_id__in=loans.values("pk"),
    )
    if chosen.branch:
        rows = rows.filter(branch=chosen.branch)
    if movement.event is not None:
        rows = rows.filter(Q(event=movement.event) | Q(reverses__event=movement.event))
    summed = lines.order_by().values("entry_id").annotate(all=Sum(moved)).values("all")
    # An entry whose lines come to nothing moved nothing.
    return (
        rows.annotate(moved=Subquery(summed))
        .filter(moved__isnull=False)
        .exclude(moved=0)
        .select_related("branch")
    )


def _row(one: Any, loan: Loan) -> Row:
    return Row(
        url=reverse("loans:detail", args=[loan.pk]),
        number=loan.number,
        customer=loan.customer.number,
        branch=one.branch.name,
        day=one.day,
        amount=one.moved,
        currency=one.currency,
    )
