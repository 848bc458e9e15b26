"""What a list of loans behind a figure shows, and how a choice narrows it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.keyset import Page
from apps.loans.models import Loan
from apps.npa.models import LoanDay
from apps.portfolio.summary_rows import Chosen

Words = str | Promise
DAY, AMOUNT = _("Day"), _("Amount")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the list: a loan or a request, and what of it stands behind the figure."""

    url: str
    number: str
    customer: str
    branch: str
    day: Any
    amount: Any
    currency: str
    # None where a loan's lateness is not what the list is about.
    days_late: int | None = None


def of_snapshot(one: LoanDay) -> Row:
    """Return how a loan stood at the end of a day as a line of a list."""
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


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One page of the list, and where to ask for more."""

    rows: list[Row]
    before: str
    after: str
    # What day and what amount of each the list shows.
    of_day: Words = DAY
    of_amount: Words = AMOUNT


def listed(page: Page[LoanDay]) -> Listed:
    """Return a page of snapshots as a list."""
    rows = [of_snapshot(one) for one in page.rows]
    return Listed(rows=rows, before=page.before, after=page.after)


def listed_loans(page: Page[Loan]) -> Listed:
    """Return a page of loans as a list: when each was paid out, and its principal."""
    rows = [
        Row(
            url=reverse("loans:detail", args=[one.pk]),
            number=one.number,
            customer=one.customer.number,
            branch=one.branch.name,
            day=one.disbursed_date,
            amount=one.principal,
            currency=one.currency,
        )
        for one in page.rows
    ]
    return Listed(
        rows=rows,
        before=page.before,
        after=page.after,
        of_day=_("Disbursed"),
        of_amount=_("Principal"),
    )


def within(chosen: Chosen, to_product: str, to_branch: str = "") -> dict[str, Any]:
    """Return the filter of product, segment and branch, by where they are found."""
    given = {
        to_product: chosen.product,
        f"{to_product}__scoring_segment": chosen.segment or None,
        **({to_branch: chosen.branch} if to_branch else {}),
    }
    return {name: value for name, value in given.items() if value is not None}
