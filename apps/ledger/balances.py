"""What the accounts of a loan hold. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from apps.ledger.chart import OWED, Account, Side

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Balances:
    """The balance of each account on its normal side.

    Principal of 700 is a debit of 700, advances of 50 a credit of 50. An account that nothing was
    posted to holds zero.
    """

    amounts: Mapping[Account, Decimal] = field(default_factory=dict)

    def __getitem__(self, account: Account) -> Decimal:
        """Return the balance of an account; negative where it stands on its other side.

        Raises KeyError for what is no account: templates look there first for any name.
        """
        if not isinstance(account, Account):
            raise KeyError(account)
        return self.amounts.get(account, ZERO)

    @property
    def owed(self) -> Decimal:
        """What the borrower owes in all, less what they paid ahead."""
        return sum((self[account] for account in OWED), ZERO) - self[Account.ADVANCES]


def of_sums(sums: Iterable[tuple[str, Decimal, Decimal]]) -> Balances:
    """Return the balances of accounts given as (account, debits, credits)."""
    return Balances({Account(code): balance(code, debit, credit) for code, debit, credit in sums})


def balance(account: str, debit: Decimal, credit: Decimal) -> Decimal:
    """Return what an account holds on its normal side."""
    is_debit = Account(account).normal is Side.DEBIT
    return debit - credit if is_debit else credit - debit
