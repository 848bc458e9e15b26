"""The trial balance: what every account holds at the end of a day, branch by branch."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, OuterRef

from apps.accounts.models import Branch
from apps.ledger.balances import ZERO
from apps.ledger.chart import Account
from apps.ledger.models import Closing, ClosingTotal

_SUMS = """
    SELECT branch_id, currency, account, sum(debit), sum(credit) FROM (
        SELECT branch_id, currency, account, debit, credit FROM ledger_closingtotal
        WHERE closing_id = %(closing)s AND branch_id = ANY(%(branches)s)
        UNION ALL
        SELECT branch_id, currency, account, debit, credit FROM ledger_line
        WHERE day > %(after)s AND day <= %(day)s AND branch_id = ANY(%(branches)s)
    ) posted
    GROUP BY branch_id, currency, account
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """What was posted to an account of a branch in a currency, in all."""

    branch_id: uuid.UUID
    currency: str
    account: Account
    debits: Decimal
    credits: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    """What an account holds: on one of the two sides, or nothing."""

    account: Account
    debits: Decimal
    credits: Decimal

    @property
    def debit(self) -> Decimal:
        """The balance, where it is a debit; else zero."""
        return max(self.debits - self.credits, ZERO)

    @property
    def credit(self) -> Decimal:
        """The balance, where it is a credit; else zero."""
        return max(self.credits - self.debits, ZERO)


@dataclass(frozen=True, slots=True)
class Part:
    """The accounts of one currency, in the chart's order, with their totals."""

    currency: str
    accounts: tuple[Held, ...]

    @property
    def debit(self) -> Decimal:
        """The sum of all debit balances."""
        return sum((held.debit for held in self.accounts), ZERO)

    @property
    def credit(self) -> Decimal:
        """The sum of all credit balances."""
        return sum((held.credit for held in self.accounts), ZERO)

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits."""
        return self.debit == self.credit


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """What the accounts of some branches held at the end of a day."""

    as_of: date
    sums: tuple[Sum, ...]

    def parts(self, branch_id: uuid.UUID | None = None) -> list[Part]:
        """Return the accounts by currency: of one branch, or of all together."""
        added: dict[tuple[str, Account], tuple[Decimal, Decimal]] = {}
        for one in self.sums:
            if branch_id in (None, one.branch_id):
                debits, credits_ = added.get((one.currency, one.account), (ZERO, ZERO))
                added[one.currency, one.account] = (debits + one.debits, credits_ + one.credits)
        currencies = sorted({currency for currency, _ in added})
        return [
            Part(
                currency,
                tuple(
                    Held(account, *added[currency, account])
                    for account in Account
                    if (currency, account) in added
                ),
            )
            for currency in currencies
        ]


def trial_balance(branches: Iterable[Branch], as_of: date) -> TrialBalance:
    """Return what the accounts of these branches held at the end of a day.

    It begins at the totals kept when a day was last closed, and adds what was posted since: two
    queries for each entity, however long the book is.
    """
    by_entity: dict[uuid.UUID, list[uuid.UUID]] = {}
    for branch in branches:
        by_entity.setdefault(branch.entity_id, []).append(branch.pk)
    sums = [one for entity in by_entity for one in _sums(entity, by_entity[entity], as_of)]
    return TrialBalance(as_of, tuple(sums))


def _sums(entity: uuid.UUID, branch_ids: list[uuid.UUID], as_of: date) -> list[Sum]:
    kept = ClosingTotal.objects.filter(closing=OuterRef("pk"))
    last = (
        Closing.objects.filter(Exists(kept), entity=entity, day__lte=as_of)
        .order_by("-day")
        .values_list("pk", "day")
        .first()
    )
    closing, after = last or (None, date.min)
    values = {"closing": closing, "after": after, "day": as_of, "branches": branch_ids}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        return [
            Sum(branch, currency, Account(account), debits, credits_)
            for branch, currency, account, debits, credits_ in cursor.fetchall()
        ]
