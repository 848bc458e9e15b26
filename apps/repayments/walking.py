"""An account going on from day to day: what falls due, what is earned, what is paid. Pure.

The same steps serve a whole history from the first day (`replaying`) and the next fact of an
account that stands (`services.entering`). What is not due yet is never paid: money ahead of its
time stands in advances, and is applied when something falls due, before anything else of that day.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from apps.core.formatting import format_money
from apps.ledger.chart import Account as Chart
from apps.ledger.chart import Event
from apps.ledger.lines import Line, credit, debit
from apps.repayments import allocation
from apps.repayments.account import (
    RECEIVABLE,
    ZERO,
    Asked,
    Booked,
    Claim,
    Happened,
    settling,
)
from apps.repayments.allocation import Order, Part, Piece, Standing
from apps.repayments.facts import Bucket, Charge, Receipt, Recovery, Refund, Waiver
from apps.schedules.refusals import gettext_noop, refused

_INCOME = {
    Bucket.PENAL: (Event.PENAL_CHARGE, Chart.PENAL_INCOME),
    Bucket.FEE: (Event.FEE, Chart.FEE_INCOME),
    Bucket.TAX: (Event.TAX, Chart.TAX_PAYABLE),
    # The contract's interest on an instalment that was not paid in time.
    Bucket.INTEREST: (Event.INTEREST_ACCRUAL, Chart.INTEREST_INCOME),
}
# Interest earned by the end of a day that falls due later.
Earning = Callable[[date], Decimal]


@dataclass(kw_only=True)
class Position:
    """How an account stands at a moment, and the entries that were made on the way here.

    `ahead` are claims that are not due yet, `due` those that are; both lose what is settled.
    `moved_on` is the last day on which something happened or fell due: a fact on it or later adds
    to the account and changes nothing of it. `earning` is needed only for interest between due
    dates.
    """

    through: date
    currency: str
    orders: Mapping[Standing, Order] = field(default_factory=dict)
    ahead: list[Claim] = field(default_factory=list)
    due: list[Claim] = field(default_factory=list)
    advances: Decimal = ZERO
    unbilled: Decimal = ZERO
    standing: Standing = Standing.STANDARD
    written_off: Decimal = ZERO
    recovered: Decimal = ZERO
    moved_on: date | None = None
    earning: Earning | None = None
    booked: list[Booked] = field(default_factory=list)

    @property
    def order(self) -> Order:
        """The order of allocation of the class the loan is in."""
        standard = self.orders.get(Standing.STANDARD, Order())
        return self.orders.get(self.standing, standard)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is owed any more, now or later."""
        return not self.due and not self.ahead and not self.unbilled

    def due_pieces(self) -> list[Piece]:
        """Return what is due and unpaid."""
        return [piece for claim in self.due for piece in claim.pieces()]

    def owed(self) -> dict[Bucket, Decimal]:
        """Return what is due and unpaid of each bucket."""
        found = dict.fromkeys(Bucket, ZERO)
        for piece in self.due_pieces():
            found[piece.bucket] += piece.amount
        return found

    def principal(self) -> Decimal:
        """Return the principal that is owed, due or not."""
        claims = [*self.due, *self.ahead]
        return sum((claim.left.get(Bucket.PRINCIPAL, ZERO) for claim in claims), ZERO)

    # --- time ---------------------------------------------------------------------------------
    def bring(self, day: date, *, points: Iterable[date] = ()) -> None:
        """Go on to the end of a day, before anything that happens on it.

        What falls due is earned, billed and paid from advances. `points` are days on which the
        interest earned so far is booked as well.
        """
        earned_on = {one for one in points if self.through < one <= day}
        days = {claim.due_on for claim in self.ahead if claim.due_on <= day} | earned_on
        for one in sorted(days):
            self._tick(one, is_point=one in earned_on)
        self.through = max(self.through, day)

    def earn(self, day: date) -> None:
        """Book the interest that was earned by the end of a day. Raises ValueError without spans.

        The day's own instalment was billed before.
        """
        if self.earning is None:
            raise ValueError("Interest between due dates needs the schedule it is earned by.")
        self._accrue(day, unbilled=self.earning(day), billed=ZERO)

    def _tick(self, day: date, *, is_point: bool) -> None:
        falling = [claim for claim in self.ahead if claim.due_on <= day]
        if falling:
            self.ahead = [claim for claim in self.ahead if claim.due_on > day]
            self.due += falling
            self.moved_on = max(self.moved_on or day, day)
        billed = sum(
            (claim.left.get(Bucket.INTEREST, ZERO) for claim in falling if claim.is_row), ZERO
        )
        if billed:
            # Whoever asks for interest asks for all that was earned.
            self._accrue(day, unbilled=ZERO, billed=billed)
        elif self.earning is not None and is_point:
            # What falls due without interest - a fee, an instalment of a grace - books none.
            self._accrue(day, unbilled=self.earning(day), billed=ZERO)
        self._bill_fees(day, falling)
        self.due = [claim for claim in self.due if claim.total]
        self.apply(day, f"due:{day}")

    def _accrue(self, day: date, *, unbilled: Decimal, billed: Decimal) -> None:
        added = billed + unbilled - self.unbilled
        self.unbilled = unbilled
        if not added:
            return
        lines = (debit(Chart.INTEREST_RECEIVABLE, added), credit(Chart.INTEREST_INCOME, added))
        if added < 0:
            lines = (
                debit(Chart.INTEREST_INCOME, -added),
                credit(Chart.INTEREST_RECEIVABLE, -added),
            )
        self.book(f"earned:{day}", Event.INTEREST_ACCRUAL, day, lines)

    def _bill_fees(self, day: date, falling: Iterable[Claim]) -> None:
        for claim in falling:
            if claim.fee_lines:
                self.book(f"fee:{claim.due_on}", Event.FEE, day, claim.fee_lines)

    def apply(self, day: date, key: str) -> None:
        """Pay what is due from advances, as far as they go."""
        if not self.advances:
            return
        parts = self._taken(self.advances, self.due_pieces())
        paid = allocation.total(parts)
        if paid:
            self.advances -= paid
            lines = (debit(Chart.ADVANCES, paid), *settling(parts))
            self.book(key, Event.REPAYMENT, day, lines, parts=parts)

    # --- money --------------------------------------------------------------------------------
    def enter(self, one: Happened) -> None:
        """Let happen what leaves the schedule as it is, on the day the account was brought to.

        Raises TermsRefused for more than can be given back, ValueError for what needs a schedule.
        """
        match one.fact:
            case Receipt() | Recovery():
                self.receive(one, one.fact)
            case Charge():
                self.charge(one, one.fact)
            case Waiver():
                self.waive(one, one.fact)
            case Refund():
                self.refund(one, one.fact)
            case _:
                raise ValueError(f"{one.fact.kind} makes another schedule.")
        day = one.fact.day
        self.moved_on = max(self.moved_on or day, day)

    def receive(self, one: Happened, fact: Receipt | Recovery) -> None:
        """Take money for what is due; the rest is an advance.

        On a loan that was written off it is a recovery, up to what was written off.
        """
        if self.standing == Standing.WRITTEN_OFF:
            self.recover(one, fact.amount)
            return
        self.receive_amount(one, fact.amount, self.due_pieces())

    def receive_amount(self, one: Happened, amount: Decimal, pieces: Iterable[Piece]) -> Decimal:
        """Take an amount for some pieces; return what was left over, which is an advance."""
        parts = self._taken(amount, pieces)
        rest = amount - allocation.total(parts)
        self.advances += rest
        lines = [debit(Chart.CASH, amount), *settling(parts)]
        if rest:
            lines.append(credit(Chart.ADVANCES, rest))
        self.book_for(one, Event.REPAYMENT, tuple(lines), parts)
        return rest

    def recover(self, one: Happened, amount: Decimal) -> None:
        """Take money on a loan that was written off; what it owes since - a charge - comes first.

        Up to what was written off the rest is a recovery, and beyond that an advance.
        """
        parts = self._taken(amount, self.due_pieces())
        left = amount - allocation.total(parts)
        income = min(left, self.written_off - self.recovered)
        rest = left - income
        self.recovered += income
        self.advances += rest
        lines = [debit(Chart.CASH, amount), *settling(parts)]
        if income:
            lines.append(credit(Chart.RECOVERY_INCOME, income))
        if rest:
            lines.append(credit(Chart.ADVANCES, rest))
        self.book_for(one, Event.RECOVERY, tuple(lines), parts)

    def refund(self, one: Happened, fact: Refund) -> None:
        """Give back what was paid ahead. Raises TermsRefused for more than there is."""
        if fact.amount > self.advances:
            pattern = gettext_noop("Only %(amount)s was paid beyond what is owed.")
            raise refused(
                "amount",
                "more_than_advances",
                pattern,
                amount=format_money(self.advances, self.currency),
            )
        self.advances -= fact.amount
        lines = (debit(Chart.ADVANCES, fact.amount), credit(Chart.CASH, fact.amount))
        self.book_for(one, Event.REFUND, lines, ())

    # --- claims -------------------------------------------------------------------------------
    def charge(self, one: Happened, fact: Charge) -> None:
        """Ask for an amount beside the schedule; advances pay it as soon as it is due."""
        kind, income = _INCOME[fact.bucket]
        claim = Claim(Asked(one.key), fact.due_on, {fact.bucket: fact.amount})
        lines = (debit(RECEIVABLE[fact.bucket], fact.amount), credit(income, fact.amount))
        self.book_for(one, kind, lines, ())
        if fact.due_on > fact.day:
            self.ahead.append(claim)
            return
        self.due.append(claim)
        self.apply(fact.day, f"due:{one.key}")

    def waive(self, one: Happened, fact: Waiver) -> None:
        """Give up what is owed of a bucket, the oldest first; never more than that."""
        pieces = [piece for piece in self.due_pieces() if piece.bucket == fact.bucket]
        parts = self._taken(fact.amount, pieces)
        given_up = allocation.total(parts)
        if given_up:
            lines = (debit(Chart.WAIVER_EXPENSE, given_up), *settling(parts))
            self.book_for(one, Event.WAIVER, lines, parts)

    def write_off(self, one: Happened) -> None:
        """Take all that is owed off the books; whoever calls has made all of it due."""
        parts = self._taken(sum((piece.amount for piece in self.due_pieces()), ZERO))
        lost = allocation.total(parts)
        if lost:
            lines = (debit(Chart.WRITE_OFF_EXPENSE, lost), *settling(parts))
            self.book_for(one, Event.WRITE_OFF, lines, parts)
        self.written_off += lost
        self.standing = Standing.WRITTEN_OFF

    # --- entries ------------------------------------------------------------------------------
    def book_for(
        self, one: Happened, kind: Event, lines: tuple[Line, ...], parts: tuple[Part, ...]
    ) -> None:
        """Make the entry of something that happened."""
        made = Booked(one.key, kind, one.fact.day, lines, parts, event=one.key)
        self.booked.append(made)
        self.moved_on = max(self.moved_on or made.day, made.day)

    def book(
        self,
        key: str,
        kind: Event,
        day: date,
        lines: tuple[Line, ...],
        *,
        parts: tuple[Part, ...] = (),
    ) -> None:
        """Make an entry that comes with time."""
        self.booked.append(Booked(key, kind, day, lines, parts))

    def _taken(self, amount: Decimal, pieces: Iterable[Piece] | None = None) -> tuple[Part, ...]:
        """Settle claims by an amount, in the order of the loan's class; return what went where."""
        owed = self.due_pieces() if pieces is None else pieces
        parts = allocation.allocate(amount, owed, self.order)
        if not parts:
            return parts
        claims = {claim.key: claim for claim in self.due}
        for part in parts:
            claims[part.key].left[part.bucket] -= part.amount
        self.due = [claim for claim in self.due if claim.total]
        return parts


def check(position: Position, fact: object) -> None:
    """Raise TermsRefused for a new fact that does not fit how the account stands on its day."""
    is_lost = position.standing == Standing.WRITTEN_OFF
    if isinstance(fact, Recovery) and not is_lost:
        pattern = gettext_noop("This loan was not written off; post a payment.")
        raise refused("kind", "not_written_off", pattern)
    if is_lost and isinstance(fact, Receipt | Recovery):
        _check_recovery(position, fact)
    if isinstance(fact, Waiver):
        _check_waiver(position, fact)


def recoverable(position: Position) -> Decimal:
    """Return what can be taken on a loan that was written off: the rest of it, and what is due."""
    return position.written_off - position.recovered + sum(position.owed().values(), ZERO)


def _check_recovery(position: Position, fact: Receipt | Recovery) -> None:
    most = recoverable(position)
    if fact.amount > most:
        pattern = gettext_noop(
            "Only %(amount)s is left of what was written off; keep the rest as unidentified."
        )
        raise refused(
            "amount", "more_than_written_off", pattern, amount=format_money(most, position.currency)
        )


def _check_waiver(position: Position, fact: Waiver) -> None:
    owed = position.owed()[fact.bucket]
    if fact.amount > owed:
        pattern = gettext_noop("Only %(amount)s of that is due; no more can be given up.")
        raise refused(
            "amount", "more_than_due", pattern, amount=format_money(owed, position.currency)
        )
