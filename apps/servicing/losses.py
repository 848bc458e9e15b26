"""What was written off and what came back of it, loan by loan: as rows and as a table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

HEADER = (
    *("loan", "branch", "customer", "currency", "principal", "written_off_on"),
    *("written_off", "recovered", "left", "rate"),
)


@dataclass(frozen=True)
class Recovered:
    """An amount that was written off, and what of it was recovered since."""

    written_off: Decimal
    recovered: Decimal

    @property
    def left(self) -> Decimal:
        """What is not recovered."""
        return self.written_off - self.recovered

    @property
    def rate(self) -> Decimal:
        """The share that was recovered; zero where nothing was lost."""
        return self.recovered / self.written_off if self.written_off else Decimal(0)


@dataclass(frozen=True)
class Loss(Recovered):
    """A loan that was written off on a day."""

    loan: Any
    day: date


@dataclass(frozen=True)
class Total(Recovered):
    """All loans of one currency together."""

    currency: str
    loans: int


def of_loan(loan: Any) -> Loss:
    """Return what was lost of a loan of `selectors.losses`."""
    account = loan.account
    return Loss(account.written_off, account.recovered, loan, loan.lost_on)


def table(loans: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the header, and a row for each loan; amounts and rates as plain figures."""
    yield list(HEADER)
    for loan in loans:
        one = of_loan(loan)
        yield [
            *(loan.number, loan.branch.code, loan.customer.number, loan.currency),
            *(loan.principal, one.day.isoformat() if one.day else ""),
            *(one.written_off, one.recovered, one.left, round(one.rate, 6)),
        ]
