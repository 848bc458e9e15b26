"""What stands behind figures of payment: the instalments of the month that miss something."""

from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import keyset
from apps.loans import selectors as loans
from apps.loans.models import Allocation, Instalment
from apps.npa.models import LoanDay
from apps.portfolio import months
from apps.portfolio.figures import Figure
from apps.portfolio.loan_rows import Listed, Row, within
from apps.portfolio.summary_rows import Chosen

# What is counted by the end of the due date, and what by the day of the summary.
FIGURES = (Figure.COLLECTION, Figure.ON_TIME, Figure.INSTALMENT_RATE)
_DUE = F("principal") + F("interest") + F("fee")
_AMOUNT: Any = DecimalField(max_digits=18, decimal_places=2)


def listed(actor: User, chosen: Chosen, *, figure: Figure, position: dict[str, str]) -> Listed:
    """Return one page of the instalments of which something was not paid, and how much of each."""
    page: Any = keyset.page(
        short(actor, chosen, figure),
        by=("loan_id", "number", "id"),
        after=position["after"],
        before=position["before"],
    )
    rows = [_row(one) for one in page.rows]
    return Listed(
        rows=rows,
        before=page.before,
        after=page.after,
        of_day=_("Due date"),
        of_amount=_("Not paid by then") if figure != Figure.COLLECTION else _("Not paid"),
    )


def short(actor: User, chosen: Chosen, figure: Figure) -> QuerySet[Instalment]:
    """Return the instalments since the first of the month that miss something: `missing`.

    They count with the snapshot of their day, as in the figure: with its branch, and not at all
    where there is none.
    """
    event = Q(entry__event="repayment") | Q(entry__reverses__event="repayment")
    paid = Allocation.objects.filter(event, _towards(chosen, figure))
    summed = paid.order_by().values("instalment").annotate(all=Sum("amount")).values("all")
    stood = LoanDay.objects.visible_to(actor).filter(
        day=OuterRef("due_date"),
        day__gte=months.first_of(chosen.day),
        day__lte=chosen.day,
        loan_id=OuterRef("loan_id"),
        entity=chosen.entity,
        currency=chosen.currency,
        **within(chosen, "loan__product", "branch"),
    )
    rows = Instalment.objects.filter(
        loans.stood_when_due(),
        due_date__gte=months.first_of(chosen.day),
        due_date__lte=chosen.day,
    )
    return (
        rows.annotate(
            stood_in=Subquery(stood.values("branch__name")[:1]),
            missing=_DUE - Coalesce(Subquery(summed), Value(Decimal(0)), output_field=_AMOUNT),
        )
        .filter(stood_in__isnull=False, missing__gt=0)
        .select_related("loan__customer")
    )


def _towards(chosen: Chosen, figure: Figure) -> Q:
    """Return the filter of what was paid of an instalment by its day; for collection also since.

    What is paid since goes to the same instalment of the schedule that is in force by then.
    """
    by_its_day = Q(instalment=OuterRef("pk"), entry__day__lte=OuterRef("due_date"))
    if figure != Figure.COLLECTION:
        return by_its_day
    same = Q(
        instalment__loan=OuterRef("loan_id"),
        instalment__number=OuterRef("number"),
        instalment__due_date=OuterRef("due_date"),
    )
    since = Q(entry__day__gt=OuterRef("due_date"), entry__day__lte=chosen.day)
    return same & (by_its_day | since)


def _row(one: Any) -> Row:
    return Row(
        url=reverse("loans:detail", args=[one.loan_id]),
        number=one.loan.number,
        customer=one.loan.customer.number,
        branch=one.stood_in,
        day=one.due_date,
        amount=one.missing,
        currency=one.loan.currency,
    )
