"""The account of a loan from its whole history. Pure.

`replay` walks what happened by day and, within a day, by position, and gives the entries that
should stand, what each went to, and the schedules that were in force. The same history gives the
same account, in whatever order it became known.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from apps.core.formatting import format_money
from apps.repayments import accruing, alterations, capping, rescheduling, walking
from apps.repayments.account import (
    BESIDE,
    UPFRONT,
    ZERO,
    Claim,
    Contract,
    Generation,
    Happened,
    RowKey,
    row_at_once,
    row_claim,
)
from apps.repayments.allocation import Standing
from apps.repayments.capping import Ceiling
from apps.repayments.facts import (
    Bucket,
    Change,
    Charge,
    Fact,
    PartPrepayment,
    Payoff,
    WriteOff,
)
from apps.repayments.rescheduling import Alteration, Rescheduled
from apps.repayments.walking import Position
from apps.schedules.refusals import gettext_noop, refused
from apps.schedules.terms import Row

# A change of class, `to` one of `allocation.Standing`: payments are taken in the order of that.
CLASSIFIED = "classified"
# What counts as interest below a cap (decision 0022).
_LATE = (Bucket.INTEREST, Bucket.PENAL)


@dataclass(kw_only=True)
class Account:
    """An account after its history: how it stands, and the schedules it had, the last in force.

    `ceiling` is the cap that the law puts on its interest, while it lasts.
    """

    contract: Contract
    position: Position
    generations: list[Generation] = field(default_factory=list)
    ceiling: Ceiling | None = None

    @property
    def in_force(self) -> Generation:
        """The schedule in force."""
        return self.generations[-1]

    def standing(self, day: date) -> rescheduling.Standing:
        """Return the schedule in force on a day to whose end the account was brought."""
        last, position = self.in_force, self.position
        return rescheduling.Standing(
            day=day,
            terms=last.terms,
            rows=last.numbered,
            earned=position.earning(day) if position.earning else position.unbilled,
        )

    def agreed(self, day: date) -> rescheduling.Standing:
        """Return the schedule on such a day as a change of it begins: as if there were no cap."""
        standing = self.standing(day)
        return capping.agreed(standing, self.ceiling) if self.ceiling else standing

    def changed(self, day: date, change: Alteration) -> tuple[Rescheduled, Ceiling | None]:
        """Return the schedule after a change on such a day, below the cap while that lasts.

        Raises TermsRefused.
        """
        after = rescheduling.reschedule(self.agreed(day), change)
        if self.ceiling is None:
            return after, None
        return capping.under(
            after,
            self.ceiling.left(self.standing(day)),
            day=day,
            number=len(self.generations),
            since=self.ceiling.since,
        )


def replay(
    contract: Contract,
    events: Iterable[Happened],
    *,
    upto: date,
    points: Iterable[date] = (),
    new: str = "",
) -> Account:
    """Return the account after what happened up to the end of a day.

    `points` are the days on which interest was booked besides due dates: what stands there follows
    the history, but no day is added. `new` is the key of an event that is not entered yet: it is
    refused where it does not fit. Raises TermsRefused for that, and where something that happened
    is no longer possible.
    """
    walk = _Walk(contract)
    days = sorted(set(points))
    for one in sorted(events, key=lambda event: event.order):
        if one.fact.day > upto:
            break
        walk.position.bring(one.fact.day, points=days)
        walk.enter(one, is_new=one.key == new)
    walk.position.bring(upto, points=days)
    return walk.account


def walk(
    contract: Contract,
    events: Iterable[Happened],
    *,
    nights: Collection[date],
    meets: Callable[[Account, Happened], bool],
    ends: Callable[[Account, date], Iterable[Happened]],
) -> None:
    """Go through a history up to the last of some nights, asking on the way what happens.

    `meets` says of each event, before it happens, whether it does; `ends` what happens besides at
    the end of each night. Both are given the account as it stands then. Raises TermsRefused where
    something that happened is no longer possible.
    """
    going = _Walk(contract)
    waiting = deque(sorted(events, key=lambda event: event.order))
    for night in sorted(nights):
        while waiting and waiting[0].fact.day <= night:
            one = waiting.popleft()
            going.position.bring(one.fact.day)
            if meets(going.account, one):
                going.enter(one, is_new=False)
        going.position.bring(night)
        for one in ends(going.account, night):
            going.enter(one, is_new=False)


def begun(contract: Contract) -> Account:
    """Return the account as the loan was paid out, before anything happened."""
    return _Walk(contract).account


class _Walk:
    """An account on its way through its history."""

    def __init__(self, contract: Contract) -> None:
        if any(row.capitalised for row in contract.rows):
            # Interest that joins the principal is not booked: such a contract is not lent here.
            raise ValueError("A loan whose interest joins its principal has no account yet.")
        first = Generation(
            number=0,
            event="",
            starts_on=contract.paid_out_on,
            terms=contract.terms,
            rows=contract.rows,
            spans=accruing.spans(contract.terms, contract.rows),
        )
        position = Position(
            through=contract.paid_out_on,
            currency=contract.currency,
            orders=contract.orders,
            ahead=[row_claim(0, row, contract.terms) for row in contract.rows],
            due=_upfront(contract),
            earning=first.unbilled,
        )
        self.account = Account(contract=contract, position=position, generations=[first])
        self.position = position

    def enter(self, one: Happened, *, is_new: bool) -> None:
        """Let one thing happen on the day that the account was brought to."""
        fact = one.fact
        if is_new:
            walking.check(self.position, fact)
        match fact:
            case PartPrepayment() | Payoff() | WriteOff() | Change():
                self._change(one, fact, is_new=is_new)
            case _:
                self.position.enter(one)
                self._count(fact)
        self.position.moved_on = max(self.position.moved_on or fact.day, fact.day)

    def _count(self, fact: Fact) -> None:
        """Let what was charged beside the schedule for being late leave less room below a cap."""
        ceiling = self.account.ceiling
        if ceiling and isinstance(fact, Charge) and fact.bucket in _LATE:
            self.account.ceiling = ceiling.after(fact.day, fact.amount)

    def _change(self, one: Happened, fact: Fact, *, is_new: bool) -> None:
        """Let happen what makes another schedule of what is ahead."""
        match fact:
            case PartPrepayment():
                self._prepay(one, fact, is_new=is_new)
            case Payoff():
                self._pay_off(one, fact, is_new=is_new)
            case WriteOff():
                self._collapse(one)
                self.position.apply(fact.day, f"due:{one.key}")
                self.position.write_off(one)
            case Change() if fact.change == CLASSIFIED:
                self.position.standing = _class(fact)
            case Change(change=capping.CAPPED):
                self.position.earn(fact.day)
                self._cap(one, fact)
            case Change(change=capping.LIFTED):
                self.position.earn(fact.day)
                self._lift(one)
            case Change():
                self.position.earn(fact.day)
                self._reschedule(one, alterations.of_change(fact.change, fact.parameters))

    def _prepay(self, one: Happened, fact: PartPrepayment, *, is_new: bool) -> None:
        if self.position.standing == Standing.WRITTEN_OFF:
            self.position.recover(one, fact.amount)
            return
        due = sum(self.position.owed().values(), ZERO)
        prepaid = fact.amount - due
        ahead = self.account.standing(fact.day).principal_ahead
        if is_new and prepaid <= 0:
            pattern = gettext_noop("%(due)s is due: nothing is left to be paid before its time.")
            said = format_money(due, self.position.currency)
            raise refused("amount", "nothing_before_time", pattern, due=said)
        if prepaid <= 0 or (prepaid >= ahead and not is_new):
            # What happened since left nothing to pay before its time, or everything.
            self.position.receive_amount(one, fact.amount, self.position.due_pieces())
            return
        self.position.earn(fact.day)
        self._reschedule(one, alterations.of_prepayment(prepaid, fact.option))
        self.position.receive_amount(one, fact.amount, self.position.due_pieces())

    def _pay_off(self, one: Happened, fact: Payoff, *, is_new: bool) -> None:
        if self.position.standing == Standing.WRITTEN_OFF:
            # It was written off before, as became known since.
            self.position.recover(one, fact.amount)
            return
        self._collapse(one)
        self.position.apply(fact.day, f"due:{one.key}")
        owed = sum(self.position.owed().values(), ZERO)
        if is_new and fact.amount < owed:
            pattern = gettext_noop("Paying this loan off on that day takes %(amount)s.")
            said = format_money(owed, self.position.currency)
            raise refused("amount", "less_than_payoff", pattern, amount=said)
        self.position.receive_amount(one, fact.amount, self.position.due_pieces())

    # --- schedules ----------------------------------------------------------------------------
    def _cap(self, one: Happened, fact: Change) -> None:
        """Let interest stop at what there is room for from the day on."""
        day, room = fact.day, Decimal(str(fact.parameters["room"]))
        if not capping.is_as_agreed(fact):
            self._follow(one, capping.capped(self.account.standing(day), room))
            return
        after, self.account.ceiling = capping.under(
            capping.whole(self.account.agreed(day)),
            room,
            day=day,
            number=len(self.account.generations),
            since=day,
        )
        self._follow(one, after)

    def _lift(self, one: Happened) -> None:
        """Let interest run again by the schedule as agreed, for what is not due yet."""
        day = one.fact.day
        ahead = len(self.account.standing(day).ahead)
        if self.account.ceiling is None and ahead:
            # The cap was one of before: nothing went on below it.
            self._reschedule(one, Alteration(instalments=ahead))
            return
        after = capping.whole(self.account.agreed(day))
        self.account.ceiling = None
        self._follow(one, after)

    def _reschedule(self, one: Happened, change: Alteration) -> None:
        """Put another schedule in force from the day on."""
        day = one.fact.day
        after, self.account.ceiling = self.account.changed(day, change)
        prepaid = []
        if change.prepaid:
            opening = sum((row.principal for row in after.new), ZERO) + change.prepaid
            prepaid = [row_at_once(BESIDE, day, opening=opening, principal=change.prepaid)]
        self._follow(one, after, prepaid)

    def _follow(self, one: Happened, after: Rescheduled, prepaid: Sequence[Row] = ()) -> None:
        """Put a schedule in force from the day on, with what is prepaid under it."""
        day = one.fact.day
        self._put_in_force(
            Generation(
                number=len(self.account.generations),
                event=one.key,
                starts_on=day,
                terms=after.terms,
                rows=(*after.kept, *prepaid, *after.new),
                spans=after.spans,
                unpaid=self._unpaid(),
                begun=after.carried,
            ),
            [*prepaid, *after.new],
        )

    def _collapse(self, one: Happened) -> None:
        """Make all that is not due yet due on the day, with the interest earned by it."""
        day = one.fact.day
        self.position.earn(day)
        standing = self.account.standing(day)
        self.account.ceiling = None
        principal = sum((row.principal for row in standing.ahead), ZERO)
        new = []
        if principal or self.position.unbilled:
            number = max((row.number for row in standing.kept), default=0) + 1
            earned = self.position.unbilled
            new = [
                row_at_once(number, day, opening=principal, principal=principal, interest=earned)
            ]
        self._put_in_force(
            Generation(
                number=len(self.account.generations),
                event=one.key,
                starts_on=day,
                terms=standing.terms,
                rows=(*standing.kept, *new),
                spans=(),
                unpaid=self._unpaid(),
            ),
            new,
        )
        for claim in [claim for claim in self.position.ahead if not claim.is_row]:
            claim.due_on = day
            self.position.due.append(claim)
        self.position.ahead = []

    def _unpaid(self) -> dict[int, dict[Bucket, Decimal]]:
        return {
            claim.key.number: {bucket: left for bucket, left in claim.left.items() if left}
            for claim in self.position.due
            if isinstance(claim.key, RowKey)
        }

    def _put_in_force(self, made: Generation, new: Sequence[Row]) -> None:
        """Go on by another schedule: what is unpaid of rows that fell due is carried into it."""
        position = self.position
        # Rows that fall due at once are owed under it like those that are carried.
        at_once = {
            row.number: {Bucket.PRINCIPAL: row.principal, Bucket.INTEREST: row.interest}
            for row in new
            if row.due_on <= made.starts_on
        }
        made = replace(made, unpaid={**made.unpaid, **at_once})
        self.account.generations.append(made)
        for claim in position.due:
            if isinstance(claim.key, RowKey):
                claim.key = RowKey(made.number, claim.key.number)
        claims = [row_claim(made.number, row, made.terms) for row in new]
        position.ahead = [
            *(claim for claim in claims if claim.due_on > made.starts_on),
            *(claim for claim in position.ahead if not claim.is_row),
        ]
        falling = [claim for claim in claims if claim.due_on <= made.starts_on]
        billed = sum((claim.left[Bucket.INTEREST] for claim in falling), ZERO)
        position.unbilled -= billed
        position.due += falling
        position.earning = made.unbilled


def _upfront(contract: Contract) -> list[Claim]:
    owed = {bucket: amount for bucket, amount in contract.upfront.items() if amount}
    return [Claim(UPFRONT, contract.paid_out_on, owed)] if owed else []


def _class(fact: Change) -> Standing:
    """Return the class a loan came into. Raises TermsRefused for one there is not."""
    to = str(fact.parameters.get("to", ""))
    if to not in list(Standing):
        raise refused("to", "unknown_class", gettext_noop("There is no such class of loans."))
    return Standing(to)
