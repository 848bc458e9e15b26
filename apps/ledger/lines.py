"""The lines of an entry, and what makes them acceptable. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.core.money import MINOR_UNITS, money
from apps.ledger.chart import Account, Side

# The column holds 18 digits, two of them behind the point.
LARGEST = Decimal("9999999999999999.99")
MOST_LINES = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """An amount on one side of an account; the currency is that of the entry."""

    account: Account
    side: Side
    amount: Decimal

    @property
    def signed(self) -> Decimal:
        """The amount, negative where it is a credit."""
        return self.amount if self.side is Side.DEBIT else -self.amount


class Fault(StrEnum):
    """Why lines are no entry."""

    CURRENCY = "currency_unknown"
    TOO_FEW = "too_few_lines"
    TOO_MANY = "too_many_lines"
    ACCOUNT = "account_unknown"
    SIDE = "side_unknown"
    AMOUNT = "amount_refused"
    FRACTION = "fraction_of_unit"
    UNBALANCED = "unbalanced"


@dataclass(frozen=True, slots=True)
class Problem:
    """The first fault of some lines, with what it was found in."""

    fault: Fault
    found: str = ""


def debit(account: Account, amount: Decimal) -> Line:
    """Return a debit of the account."""
    return Line(account, Side.DEBIT, amount)


def credit(account: Account, amount: Decimal) -> Line:
    """Return a credit of the account."""
    return Line(account, Side.CREDIT, amount)


def opposite(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines that take `lines` back: each on its other side, in the same order."""
    return tuple(Line(line.account, line.side.other, line.amount) for line in lines)


def problem(lines: Sequence[Line], currency: str) -> Problem | None:
    """Return why the lines are no entry in this currency, or None where they are one.

    At least two lines, known accounts, positive amounts in whole units of the currency, and as
    much debit as credit.
    """
    if currency not in MINOR_UNITS:
        return Problem(Fault.CURRENCY, str(currency))
    if len(lines) < 2:
        return Problem(Fault.TOO_FEW)
    if len(lines) > MOST_LINES:
        return Problem(Fault.TOO_MANY)
    for line in lines:
        found = _line_problem(line, currency)
        if found:
            return found
    difference = sum((line.signed for line in lines), Decimal(0))
    return Problem(Fault.UNBALANCED, str(difference)) if difference else None


def _line_problem(line: Line, currency: str) -> Problem | None:
    if not isinstance(line.account, Account):
        return Problem(Fault.ACCOUNT, str(line.account))
    if not isinstance(line.side, Side):
        return Problem(Fault.SIDE, str(line.side))
    if not isinstance(line.amount, Decimal) or not line.amount.is_finite():
        return Problem(Fault.AMOUNT, str(line.amount))
    if not 0 < line.amount <= LARGEST:
        return Problem(Fault.AMOUNT, str(line.amount))
    if line.amount != money(line.amount, currency):
        return Problem(Fault.FRACTION, str(line.amount))
    return None
