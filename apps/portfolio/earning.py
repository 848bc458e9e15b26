"""What a month cost in credit, as the ledger booked it by branch."""

import hashlib
from decimal import Decimal

from django.db.models import Sum

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import brief
from apps.ledger.chart import Account
from apps.ledger.models import Line
from apps.portfolio.summary_rows import Chosen, Summary, first_day

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

    Expenses stay in the branch that had them, and a stock of provisions moves with its loan: so
    this is not what provisions grew by.
    """
    key = f"portfolio-cost:{chosen.entity.pk}:{chosen.currency}:{chosen.day}:{_reach(actor)}"
    return Decimal(brief.kept(key, _KEPT_SECONDS, lambda: str(_booked(actor, chosen))))


def _reach(actor: User) -> str:
    """Return a name of the branches a person works in."""
    if actor.works_everywhere:
        return "all"
    names = ",".join(sorted(str(key) for key in accounts.branch_ids(actor)))
    return hashlib.sha256(names.encode()).hexdigest()


def _booked(actor: User, chosen: Chosen) -> Decimal:
    rows = Line.objects.filter(
        accounts.in_reach(actor),
        account__in=[one.value for one in COST],
        day__gte=first_day(chosen.entity, chosen.day),
        day__lte=chosen.day,
        branch__entity=chosen.entity,
        currency=chosen.currency,
        loan_id__isnull=False,
    )
    sums = rows.aggregate(debits=Sum("debit", default=ZERO), credits=Sum("credit", default=ZERO))
    return Decimal(sums["debits"] - sums["credits"])
