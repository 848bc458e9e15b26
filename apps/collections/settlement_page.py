"""How settlements are shown on the page of an overdue loan."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import Entity, User
from apps.collections import policies, selectors, settlement_loss, settling, wording
from apps.collections.models import Rule, Settlement
from apps.collections.rules import NUMBERS, Code
from apps.core import dates
from apps.loans.models import Loan


def of_loan(actor: User, loan: Loan) -> dict[str, Any]:
    """Return what the page of a loan shows of its settlements, and what may be done."""
    found = selectors.settlements(loan)
    is_open = any(one.status in settling.OPEN for one in found)
    return {
        "settlements": [_row(actor, one) for one in found],
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
    """Say whether the person may withdraw a settlement: the own one, or any as who approves."""
    is_own = settlement.proposed_by_id == actor.pk
    may_own = is_own and actor.has_perm(policies.PROPOSE_SETTLEMENT)
    return settlement.may("withdraw") and (may_own or actor.has_perm(policies.APPROVE_SETTLEMENT))


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


def _row(actor: User, one: Settlement) -> dict[str, Any]:
    came = selectors.came_towards(one) if one.status == "approved" else []
    return {
        "one": one,
        "look": wording.SETTLEMENTS[one.status],
        "parts": list(one.parts.all()),
        "came": sum((amount for _day, amount in came), Decimal(0)) if one.answered_at else None,
        "is_agreed": one.status == "approved",
        "may_answer": may_answer(actor, one),
        "may_withdraw": may_withdraw(actor, one),
    }
