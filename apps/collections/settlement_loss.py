"""What a settlement gives up, bucket by bucket, if all of it were paid today."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.ledger.chart import Event
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.account import ZERO, sums
from apps.repayments.facts import Bucket, Fact, Receipt, WriteOff
from apps.servicing import selectors as servicing


@dataclass(frozen=True, kw_only=True)
class Line:
    """Of one bucket: what is owed, and what of it is given up."""

    bucket: Bucket
    owed: Decimal
    waived: Decimal

    @property
    def paid(self) -> Decimal:
        """What the settlement pays of it."""
        return self.owed - self.waived


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What is owed of all buckets on a day, and what of it is given up."""

    lines: tuple[Line, ...]

    @property
    def owed(self) -> Decimal:
        """All that is owed, after what was paid ahead."""
        return sum((one.owed for one in self.lines), ZERO)

    @property
    def waived(self) -> Decimal:
        """All that is given up."""
        return sum((one.waived for one in self.lines), ZERO)


def of_offer(loan: Loan, day: date, amount: Decimal = ZERO) -> Loss:
    """Return what taking an amount for all that is owed on a day gives up.

    Both are what the account itself makes of it: all becomes due, what was paid ahead is applied,
    the amount is taken in the order in which money is, and the rest is written off.
    """
    owed = _written_off(loan, day)
    waived = _written_off(loan, day, amount) if amount else owed
    return Loss(
        lines=tuple(
            Line(bucket=bucket, owed=owed[bucket], waived=waived.get(bucket, ZERO))
            for bucket in Bucket
            if owed.get(bucket)
        )
    )


def at_most(loan: Loan, day: date, amount: Decimal) -> Decimal:
    """Return what is given up if an amount comes on a day to come and nothing before.

    With what the loan is charged for being late until then. Parts that come earlier make it less.
    """
    late = repayments.uncharged(loan, {day: servicing.account(loan, day)})[day]
    return of_offer(loan, day, amount).waived + sum(late.values(), ZERO)


def _written_off(loan: Loan, day: date, amount: Decimal = ZERO) -> Mapping[Bucket, Decimal]:
    money: list[Fact] = []
    if amount:
        money = [Receipt(day=day, amount=amount, channel="other", external_reference="settlement")]
    account = servicing.account(loan, day, *money, WriteOff(day=day, reason="settlement"))
    made = [one for one in account.position.booked if one.kind == Event.WRITE_OFF]
    return sums(made[-1].parts) if made else {}
