"""The movement of provisions between two days, and what the ledger says of the same."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.core.errors import DomainError
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.models import Line as LedgerLine
from apps.npa.models import DayEnd, ProvisionMovement
from apps.npa.movement import Line, Night, Reconciled
from apps.npa.portfolio_rows import Chosen

ZERO = Decimal(0)
# A year, a leap one as well: each day between the two is looked at one by one.
MOST_DAYS = 366


# What is set aside, by the account that holds it, and the entries that move it.
_MOVED_BY = {
    Account.PROVISIONS: (Event.PROVISION,),
    Account.LOSS_RESERVE: (Event.RESERVE, Event.RESERVE_RELEASE),
}


def nights(
    actor: User, chosen: Chosen, since: date, account: Account = Account.PROVISIONS
) -> list[Night]:
    """Return what each night after `since` until the chosen day wrote down, by class.

    Raises DomainError where more than MOST_DAYS lie between them.
    """
    _limit(chosen, since)
    rows = _movements(actor, chosen).filter(
        account=account.value, day_end__day__gt=since, day_end__day__lte=chosen.day
    )
    names = ("opening", "additions", "releases", "written_off", "closing")
    added: Any = rows.values(day=F("day_end__day"), class_code=F("asset_class")).annotate(
        **{f"all_{name}": Sum(name) for name in names}
    )
    return [
        Night(row["day"], row["class_code"], *(row[f"all_{name}"] for name in names))
        for row in added.order_by("day", "class_code")
    ]


def missing_days(chosen: Chosen, since: date) -> list[date]:
    """Return the days after `since` until the chosen one that were not ended.

    Raises DomainError where more than MOST_DAYS lie between them.
    """
    _limit(chosen, since)
    ended = set(
        DayEnd.objects.filter(
            entity=chosen.entity, day__gt=since, day__lte=chosen.day, finished_at__isnull=False
        ).values_list("day", flat=True)
    )
    span = (chosen.day - since).days
    days = (since + timedelta(days=number) for number in range(1, span + 1))
    return [day for day in days if day not in ended]


def _limit(chosen: Chosen, since: date) -> None:
    if (chosen.day - since).days > MOST_DAYS:
        sentence = _("Between the two days at most %(days)s days may lie.") % {"days": MOST_DAYS}
        raise DomainError("too_many_days", sentence, fields={"since": sentence})


def branches(actor: User, chosen: Chosen) -> list[Branch]:
    """Return the branches whose books are compared."""
    rows = ledger.branches(actor).filter(entity=chosen.entity)
    return list(rows.filter(pk=chosen.branch) if chosen.branch else rows)


def held(actor: User, chosen: Chosen, account: Account) -> Decimal:
    """Return what an account of the chosen books holds at the end of the day, on its own side."""
    found = ledger.trial_balance(branches(actor, chosen), chosen.day)
    for part in found.parts():
        if part.currency != chosen.currency:
            continue
        for one in part.accounts:
            if one.account == account:
                net = one.debits - one.credits
                return net if account.normal == "debit" else -net
    return ZERO


def reconciled(
    actor: User,
    chosen: Chosen,
    since: date,
    *,
    whole: Line,
    account: Account = Account.PROVISIONS,
) -> list[Reconciled]:
    """Return opening, change and closing of the table beside the ledger's account of the same.

    The change in the ledger is what entries of the nights put there; what else moved the account
    in the span leaves opening and closing apart.
    """
    rows = LedgerLine.objects.filter(
        account=account.value,
        currency=chosen.currency,
        branch__in=branches(actor, chosen),
        day__gt=since,
        day__lte=chosen.day,
    )
    ours = Q(entry__event__in=[event.value for event in _MOVED_BY[account]])
    found = rows.aggregate(
        posted=Sum(F("credit") - F("debit"), filter=ours),
        other=Sum(F("credit") - F("debit"), filter=~ours),
    )
    posted, other = found["posted"] or ZERO, found["other"] or ZERO
    changes = {
        Account.PROVISIONS: _("Change, as posted for provisions"),
        Account.LOSS_RESERVE: _("Change, as posted for the reserve"),
    }
    end = held(actor, chosen, account)
    return [
        Reconciled(_("Opening"), whole.opening, end - posted - other),
        Reconciled(changes[account], whole.closing - whole.opening, posted),
        Reconciled(_("Closing"), whole.closing, end),
    ]


def _movements(actor: User, chosen: Chosen) -> QuerySet[ProvisionMovement]:
    return ProvisionMovement.objects.filter(
        day_end__entity=chosen.entity,
        currency=chosen.currency,
        branch__in=branches(actor, chosen),
    )
