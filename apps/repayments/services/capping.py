"""Stop the interest of loans in Kenya that do not perform where the law does (rule book 2.2).

What should stand of it follows from the history alone, stretch by stretch in the order of the days:
interest stops on the day the loan ceased to perform and runs again on the day nothing was overdue
any more, whichever night finds that out.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from apps.loans.models import Loan
from apps.repayments import alterations, capping, own_reasons, reading, replaying
from apps.repayments.account import ZERO, Happened
from apps.repayments.allocation import Standing
from apps.repayments.facts import Change
from apps.repayments.in_duplum import Stretch
from apps.repayments.models import AccountEvent
from apps.repayments.replaying import Account
from apps.repayments.services import entering, owing, recharging, taking_back

# Why an event of each change is entered, as a code.
_WHY = {
    capping.CAPPED: own_reasons.CAPPED,
    capping.LIFTED: own_reasons.LIFTED,
}
# Each step mends the first thing that is not as the history has it; so many are never needed.
_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class _Work:
    """Who caps up to which day, and when."""

    actor: Any
    day: date
    now: datetime


@dataclass(frozen=True, slots=True)
class _Mark:
    """That interest stops or runs again: since when, and how much of it there is room for.

    Where people agreed on another schedule meanwhile that earns more than there was room for, a cap
    of before, which let it, is not it (`needs_agreed`).
    """

    change: str
    day: date
    room: Decimal | None = None
    needs_agreed: bool = False

    def is_kept(self, event: AccountEvent) -> bool:
        """Say whether an event says it."""
        said = event.parameters["parameters"]
        kept, room = (event.parameters["change"], event.day), said.get("room")
        return (
            kept == (self.change, self.day)
            and (None if room is None else Decimal(room)) == self.room
            and (not self.needs_agreed or said.get(capping.AS_AGREED) is True)
        )


def cap(*, actor: Any, loans: Collection[Loan], day: date, now: datetime) -> int:
    """Cap the schedules of loans that ceased to perform by a day; return how many were changed.

    And let interest run again where a loan performs again. The caller holds the loans, all of one
    lender, and has brought their accounts to the day. A loan may turn out to have ceased on a day
    that was closed since, because a payment bounced: its interest stops on that day all the same,
    and what was earned too much is corrected on the first open one.
    """
    work = _Work(actor, day, now)
    return sum(_cap(loan, work) for loan in loans)


def _cap(loan: Loan, work: _Work) -> bool:
    for step in range(_MOST_STEPS):
        if not _mend(loan, work):
            return step > 0
    raise RuntimeError(f"The cap of {loan.pk} comes to no end.")


def _mend(loan: Loan, work: _Work) -> bool:
    """Mend the first thing that is not as the history has it; say whether there was one.

    What comes after it was made of what is wrong: it is taken back, the last first, and made anew.
    """
    history = reading.happened(loan)
    account = replaying.replay(reading.contract(loan), history, upto=work.day)
    if account.position.standing == Standing.WRITTEN_OFF:
        return False
    kept = _kept(loan)
    for event, mark in zip_longest(kept, _wanted(loan, account, history, work.day)):
        if event is not None and (mark is None or not mark.is_kept(event)):
            _undo(kept[-1], work)
            return True
        if event is None and mark is not None:
            _enter(loan, mark, work)
            return True
    return False


def _wanted(
    loan: Loan, account: Account, history: Sequence[Happened], day: date
) -> Iterator[_Mark]:
    """Yield what should stand by a day, in its order, each as what came before it has it."""
    for time in owing.stretches(loan, account, day):
        before = _without(history, time.since)
        began = owing.began(account, before, time.since)
        is_changed = _is_changed(history, time)
        if began.planned <= began.room and not is_changed:
            continue
        then = account
        if time.cleared_on is not None:
            before = _without(history, time.cleared_on)
            then = replaying.replay(account.contract, before, upto=time.cleared_on)
        is_more = is_changed and _asked_for(then, time, began) > began.room
        yield _Mark(capping.CAPPED, time.since, began.room, needs_agreed=is_more)
        if time.cleared_on is None:
            continue
        if then.standing(time.cleared_on).ahead:
            yield _Mark(capping.LIFTED, time.cleared_on)


def _without(history: Sequence[Happened], since: date) -> list[Happened]:
    """Return a history without what was made of it from a day on."""
    return [one for one in history if one.fact.day < since or not capping.is_made(one.fact)]


def _is_changed(history: Sequence[Happened], time: Stretch) -> bool:
    """Say whether people agreed on another schedule in a stretch: it may ask for more interest."""
    last = time.cleared_on or date.max
    return any(
        isinstance(one.fact, Change)
        and one.fact.change in list(alterations.Change)
        and time.since < one.fact.day <= last
        for one in history
    )


def _asked_for(then: Account, time: Stretch, began: owing.Capped) -> Decimal:
    """Return the interest of a stretch by the schedule in force: booked by its end, or planned.

    `then` is the account at the end of the stretch; while that goes on, as it stands.
    """
    last = then.in_force
    if time.cleared_on is None:
        rows = [row.interest for row in last.numbered if row.due_on > time.since]
        return sum(rows, ZERO) - began.earned
    booked = then.standing(time.cleared_on)
    rows = [row.interest for row in booked.kept if row.due_on > time.since]
    return sum(rows, ZERO) + booked.earned - began.earned


def _kept(loan: Loan) -> list[AccountEvent]:
    rows = AccountEvent.objects.filter(
        loan=loan,
        kind="change",
        status="live",
        parameters__change__in=(capping.CAPPED, capping.LIFTED),
    )
    return list(rows.select_related("loan").order_by("day", "position"))


def _undo(event: AccountEvent, work: _Work) -> None:
    taking_back.take_back(
        actor=work.actor,
        event=event,
        reason=own_reasons.kept(own_reasons.CAP_OTHERWISE),
        now=work.now,
    )


def _enter(loan: Loan, mark: _Mark, work: _Work) -> None:
    number = AccountEvent.objects.filter(loan=loan, kind="change").count() + 1
    fact = Change(
        day=mark.day,
        change=mark.change,
        parameters=({} if mark.room is None else {"room": str(mark.room), capping.AS_AGREED: True}),
        reason=own_reasons.kept(_WHY[mark.change]),
    )
    entering.enter(
        actor=work.actor,
        loan=loan,
        fact=fact,
        reference=f"{mark.change}:{loan.pk}:{mark.day}:{number}",
        now=work.now,
        corrects_closed=True,
    )
    recharging.renew(actor=work.actor, loan=loan, since=mark.day, now=work.now)
