"""What a loan's account is made of: claims, entries, schedules that were in force. Pure.

A claim is what is owed for one thing: a row of the schedule in force, a charge, or what was not
kept back when the loan was paid out. Its key says which: `Row`, `Asked` or `UPFRONT`.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from apps.ledger.chart import Account as Chart
from apps.ledger.chart import Event
from apps.ledger.lines import Line, credit, debit
from apps.loans.payout import TAXES
from apps.repayments import accruing
from apps.repayments.accruing import Span
from apps.repayments.allocation import Order, Part, Piece, Standing
from apps.repayments.facts import Bucket, Fact
from apps.schedules.terms import FeeTiming, Row, Terms

ZERO = Decimal(0)


class RowKey(NamedTuple):
    """A row of one of the schedules: how many schedules were before, and the row's number there."""

    generation: int
    number: int


class Asked(NamedTuple):
    """A charge, by the event that asked for it."""

    event: str


UPFRONT = "upfront"
# Of the row for a part pre-payment: it stands beside the numbered instalments.
BESIDE = 0
RECEIVABLE = {
    Bucket.PRINCIPAL: Chart.PRINCIPAL,
    Bucket.INTEREST: Chart.INTEREST_RECEIVABLE,
    Bucket.FEE: Chart.FEES_RECEIVABLE,
    Bucket.PENAL: Chart.PENAL_RECEIVABLE,
    Bucket.TAX: Chart.TAX_RECEIVABLE,
}


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What an account begins with: the terms, the first schedule, and how payments are allocated.

    `upfront` is what was owed beside the principal since the loan was paid out on `paid_out_on`.
    Classes without an order of their own have that of the standard.
    """

    terms: Terms
    rows: tuple[Row, ...]
    paid_out_on: date
    upfront: Mapping[Bucket, Decimal] = field(default_factory=dict)
    orders: Mapping[Standing, Order] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """The currency of the loan."""
        return self.terms.currency


@dataclass(frozen=True, slots=True)
class Happened:
    """One live event of the history: its key, its place within its day, and the fact."""

    key: str
    position: int
    fact: Fact

    @property
    def order(self) -> tuple[date, int]:
        """Where it comes in the history."""
        return (self.fact.day, self.position)


@dataclass(slots=True)
class Claim:
    """What is left to be paid for one thing; `is_row` where interest is earned towards it."""

    key: Hashable
    due_on: date
    left: dict[Bucket, Decimal]
    is_row: bool = False
    # How the fee of a row is earned when it falls due.
    fee_lines: tuple[Line, ...] = ()

    def pieces(self) -> list[Piece]:
        """Return what is left, bucket by bucket."""
        return [
            Piece(self.key, self.due_on, bucket, amount)
            for bucket, amount in self.left.items()
            if amount
        ]

    @property
    def total(self) -> Decimal:
        """All that is left."""
        return sum(self.left.values(), ZERO)


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry that should stand, whose it is, and what its amounts went to.

    `key` is one of a kind within the account and day; `event` is the key of what it is for, empty
    for what comes with time alone: interest, fees of the schedule, advances that are applied.
    """

    key: str
    kind: Event
    day: date
    lines: tuple[Line, ...]
    parts: tuple[Part, ...] = ()
    event: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """A schedule that was in force: its rows as they fall due, and how interest is earned.

    `rows` are whole; of those that were due when it came into force only what was `unpaid` is owed
    under it: number -> bucket -> amount. `begun` is the interest that was earned before and falls
    due with these rows. `event` is the key of the change it came from, empty for the first.
    """

    number: int
    event: str
    starts_on: date
    terms: Terms
    rows: tuple[Row, ...]
    spans: tuple[Span, ...]
    unpaid: Mapping[int, Mapping[Bucket, Decimal]] = field(default_factory=dict)
    begun: Decimal = ZERO

    @property
    def numbered(self) -> tuple[Row, ...]:
        """The rows that are instalments, what was prepaid left out."""
        return tuple(row for row in self.rows if row.number != BESIDE)

    def owed(self) -> tuple[Row, ...]:
        """Return the rows with what is owed of them under this schedule, those of nothing left."""
        if not self.number:
            return self.rows
        found = []
        for row in self.rows:
            if row.due_on > self.starts_on or row.number in self.unpaid:
                left = self.unpaid.get(row.number)
                found.append(row if left is None else _remainder(row, left))
        return tuple(found)

    def unbilled(self, day: date) -> Decimal:
        """Return the interest that is earned by the end of a day and falls due later."""
        terms = self.terms
        earned = accruing.earned_by(
            self.spans, day, day_count=terms.day_count, currency=terms.currency
        )
        own = [row for row in self.rows if not self.number or row.due_on > self.starts_on]
        billed = sum((row.interest for row in own if row.due_on <= day), ZERO)
        return self.begun + earned - billed


def _remainder(row: Row, left: Mapping[Bucket, Decimal]) -> Row:
    principal = left.get(Bucket.PRINCIPAL, ZERO)
    interest = left.get(Bucket.INTEREST, ZERO)
    fee = left.get(Bucket.FEE, ZERO)
    return Row(
        number=row.number,
        due_on=row.due_on,
        opening=row.closing + principal,
        principal=principal,
        interest=interest,
        fee=fee,
        instalment=principal + interest + fee,
        closing=row.closing,
        capitalised=ZERO,
        starts_on=row.starts_on,
        fraction=row.fraction,
    )


def row_claim(generation: int, row: Row, terms: Terms) -> Claim:
    """Return the claim for a row of a schedule."""
    return Claim(
        key=RowKey(generation, row.number),
        due_on=row.due_on,
        left={
            Bucket.FEE: row.fee,
            Bucket.INTEREST: row.interest,
            Bucket.PRINCIPAL: row.principal,
        },
        is_row=True,
        fee_lines=fee_lines(terms, row.number, row.fee),
    )


def fee_lines(terms: Terms, number: int, fee: Decimal) -> tuple[Line, ...]:
    """Return how the fee of a row is earned: by the lender, a third party, or the state.

    Where a changed schedule asks for another amount than the terms, all of it is the lender's.
    """
    if not fee:
        return ()
    shares: dict[Chart, Decimal] = {}
    for one in terms.fees:
        is_each = one.timing == FeeTiming.EACH_INSTALMENT
        if is_each or (one.timing == FeeTiming.FIRST_INSTALMENT and number == 1):
            account = _whose(one.code, is_third_party=one.is_third_party)
            shares[account] = shares.get(account, ZERO) + one.amount
    if sum(shares.values(), ZERO) != fee:
        shares = {Chart.FEE_INCOME: fee}
    earned = [credit(account, amount) for account, amount in sorted(shares.items())]
    return (debit(Chart.FEES_RECEIVABLE, fee), *earned)


def _whose(code: str, *, is_third_party: bool) -> Chart:
    if code in TAXES:
        return Chart.TAX_PAYABLE
    return Chart.THIRD_PARTY_PAYABLE if is_third_party else Chart.FEE_INCOME


def sums(parts: Iterable[Part]) -> dict[Bucket, Decimal]:
    """Return what went to each bucket, in the order of the buckets."""
    found: dict[Bucket, Decimal] = {}
    for part in parts:
        found[part.bucket] = found.get(part.bucket, ZERO) + part.amount
    return {bucket: found[bucket] for bucket in Bucket if bucket in found}


def settling(parts: Sequence[Part]) -> list[Line]:
    """Return the credits by which claims are settled, an account each."""
    return [credit(RECEIVABLE[bucket], amount) for bucket, amount in sums(parts).items()]


def row_at_once(
    number: int, day: date, *, opening: Decimal, principal: Decimal, interest: Decimal = ZERO
) -> Row:
    """Return a row for what falls due on the day it was made."""
    return Row(
        number=number,
        due_on=day,
        opening=opening,
        principal=principal,
        interest=interest,
        fee=ZERO,
        instalment=principal + interest,
        closing=opening - principal,
        capitalised=ZERO,
        starts_on=day,
        fraction=Fraction(0),
    )
