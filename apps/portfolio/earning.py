"""What a month cost in credit, as the ledger booked it by branch."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import brief
from apps.ledger.chart import Account
from apps.ledger.models import Line
from apps.npa.models import LoanDay
from apps.portfolio.summary_rows import Chosen, Summary, first_day
from apps.repayments.models import BranchMove

ZERO = Decimal(0)
# What is lost, and what came back of it: of loans that stay where they are and of those that moved.
COST = (
    Account.PROVISION_EXPENSE,
    Account.WRITE_OFF_EXPENSE,
    Account.WAIVER_EXPENSE,
    Account.RECOVERY_INCOME,
)
# A month of a large book has many lines; a day that was ended seldom gets one more.
_KEPT_SECONDS = 600


def earned(actor: User, chosen: Chosen, found: Summary) -> Decimal:
    """Return the interest of the month less its cost of credit, of the branches the person sees."""
    return found.now.interest_income - cost_of_credit(actor, chosen)


def cost_of_credit(actor: User, chosen: Chosen) -> Decimal:
    """Return what was booked as cost of credit from the first of the month to the end of the day.

    The provision for a loan that went to another branch is released where it was and made anew
    where it is. It is no gain of the one and no loss of the other: what was set aside before the
    move counts where it was set aside.
    """
    key = f"portfolio-cost:{chosen.entity.pk}:{chosen.currency}:{chosen.day}:{_reach(actor)}"
    return Decimal(brief.kept(key, _KEPT_SECONDS, lambda: str(_cost(actor, chosen))))


def _reach(actor: User) -> str:
    """Return a name of the branches a person works in."""
    if actor.works_everywhere:
        return "all"
    names = ",".join(sorted(str(key) for key in accounts.branch_ids(actor)))
    return hashlib.sha256(names.encode()).hexdigest()


def _cost(actor: User, chosen: Chosen) -> Decimal:
    since = first_day(chosen.entity, chosen.day)
    return _booked(actor, chosen, since) + _carried(actor, chosen, since)


def _booked(actor: User, chosen: Chosen, since: date) -> Decimal:
    """Return debits less credits; provisions are booked by branch and class, not by loan."""
    rows = Line.objects.filter(
        accounts.in_reach(actor),
        account__in=[one.value for one in COST],
        day__gte=since,
        day__lte=chosen.day,
        branch__entity=chosen.entity,
        currency=chosen.currency,
    )
    sums = rows.aggregate(debits=Sum("debit", default=ZERO), credits=Sum("credit", default=ZERO))
    return Decimal(sums["debits"] - sums["credits"])


def _carried(actor: User, chosen: Chosen, since: date) -> Decimal:
    """Return provisions that left the branches the person sees with a loan, less those that came.

    As the night tells movements: by the branch at the end of the day and of the day before it. Of
    a loan that was written off as it moved the provision was used up where it was.
    """
    if actor.works_everywhere:
        return ZERO
    mine = accounts.branch_ids(actor)
    found = ZERO
    for was, was_in, is_in, asset_class in _moved(chosen, since):
        if was and is_in and asset_class != "written_off":
            found += was * ((was_in in mine) - (is_in in mine))
    return found


def _moved(chosen: Chosen, since: date) -> QuerySet[Any, Any]:
    """Return of each move: the provision and branch before it, branch and class after it."""
    nights = LoanDay.objects.filter(loan=OuterRef("loan"), currency=chosen.currency)
    before = nights.filter(day=OuterRef("eve"))
    after = nights.filter(day=OuterRef("day"))
    moves = BranchMove.objects.filter(
        from_branch__entity=chosen.entity, day__gte=since, day__lte=chosen.day
    )
    # One that moved twice on a day counts once, from where it was to where it came.
    return (
        moves.annotate(eve=F("day") - timedelta(days=1))
        .annotate(
            was=Subquery(before.values("provision")),
            was_in=Subquery(before.values("branch")),
            is_in=Subquery(after.values("branch")),
            asset_class=Subquery(after.values("asset_class")),
        )
        .order_by("loan", "day")
        .distinct("loan", "day")
        .values_list("was", "was_in", "is_in", "asset_class")
    )
