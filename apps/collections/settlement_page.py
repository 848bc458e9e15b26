"""How settlements are shown on the page of an overdue loan."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.collections import policies, selectors, settlement_loss, settling, wording
from apps.collections.models import Rule, Settlement
from apps.collections.rules import NUMBERS, Code
from apps.core import dates
from apps.core.formatting import format_money
from apps.loans.models import Loan


def of_loan(actor: User, loan: Loan, day: date) -> dict[str, Any]:
    """Return what the page of a loan shows of its settlements, and what may be done."""
    found = selectors.settlements(loan)
    is_open = any(one.status in settling.OPEN for one in found)
    return {
        "settlements": [_row(actor, one, day) for one in found],
        "may_propose_settlement": loan.status == "active"
        and not is_open
        and actor.has_perm(policies.PROPOSE_SETTLEMENT),
    }


def loss(loan: Loan, day: date, amount: Decimal) -> dict[str, Any]:
    """Return what a settlement gives up, bucket by bucket with its name, and the sums."""
    found = settlement_loss.of_offer(loan, day, amount)
    return {
        "found": found,
        "amount": amount,
        "lines": [(wording.BUCKETS[one.bucket], one) for one in found.lines],
    }


def may_answer(actor: User, settlement: Settlement) -> bool:
    """Say whether the person may approve or refuse a settlement: another one proposed it."""
    return (
        settlement.may("approve")
        and actor.has_perm(policies.APPROVE_SETTLEMENT)
        and settlement.proposed_by_id != actor.pk
    )


def may_withdraw(actor: User, settlement: Settlement) -> bool:
    """Say whether the person may withdraw a settlement.

    A proposal: the own one, or any as who approves. What two agreed: as who approves and is not
    the one who proposed it.
    """
    is_own, approves = (
        settlement.proposed_by_id == actor.pk,
        actor.has_perm(policies.APPROVE_SETTLEMENT),
    )
    if settlement.status == "approved":
        return approves and not is_own
    may_own = is_own and actor.has_perm(policies.PROPOSE_SETTLEMENT)
    return settlement.may("withdraw") and (may_own or approves)


def approval(settlement: Settlement, day: date) -> dict[str, Any]:
    """Return what the second person looks at before agreeing."""
    offered = selectors.parts_of(settlement)
    last = settling.last_day(offered, grace=settlement.grace_days)
    given_up = loss(settlement.loan, day, settlement.amount)
    return {
        "settlement": settlement,
        "loan": settlement.loan,
        "parts": offered,
        "loss": given_up,
        "seen": str(given_up["found"].waived),
        "last": last,
        "most": settlement_loss.at_most(settlement.loan, max(last, day), settlement.amount),
        "paid_since": selectors.paid_since(settlement),
    }


def rules(lenders: Iterable[Entity], now: datetime) -> list[dict[str, Any]]:
    """Return for each lender the numbers that stand today, with their names and the house's."""
    found = []
    for lender in lenders:
        day = dates.local_date(now, lender.time_zone)
        rows = [
            {
                "word": wording.RULES[code],
                "value": selectors.number(lender.pk, code, day),
                "house": number.house,
            }
            for code, number in NUMBERS.items()
        ]
        found.append({"lender": lender, "rows": rows})
    return found


def named(rows: Iterable[Rule]) -> list[tuple[Any, Rule]]:
    """Return numbers that were set, each with its name."""
    return [(wording.RULES[Code(one.code)], one) for one in rows]


def _row(actor: User, one: Settlement, day: date) -> dict[str, Any]:
    came = selectors.came_towards(one) if one.status == "approved" else []
    return {
        "one": one,
        "look": wording.SETTLEMENTS[one.status],
        "parts": list(one.parts.all()),
        "came": sum((amount for _day, amount in came), Decimal(0)) if one.answered_at else None,
        "waits": _waits(one, day),
        "is_agreed": one.status == "approved",
        "may_answer": may_answer(actor, one),
        "may_withdraw": may_withdraw(actor, one),
    }


def _waits(one: Settlement, day: date) -> str:
    """Return why an agreed settlement is not kept yet though all parts came; empty where not."""
    if one.status != "approved" or selectors.stands(one, day) != "kept":
        return ""
    waiting = _("All parts came; the rest is given up within the hour, or once nothing waits.")
    if one.loan.status != "active":
        return waiting
    given_up, most = selectors.given_up(one, day), selectors.most_given_up(one)
    if given_up <= most:
        return waiting
    return _(
        "All parts came, but %(given_up)s would be given up, and two people agreed to at most"
        " %(most)s: propose a write-off, which somebody approves whose limit covers it."
    ) % {
        "given_up": format_money(given_up, one.currency),
        "most": format_money(most, one.currency),
    }
