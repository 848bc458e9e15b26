"""Stop the interest of loans in Kenya that do not perform where the law does (rule book 2.2)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from apps.loans.models import Loan
from apps.repayments import capping, lateness, reading, replaying
from apps.repayments.allocation import Standing
from apps.repayments.facts import Change
from apps.repayments.models import AccountEvent
from apps.repayments.replaying import Account
from apps.repayments.services import entering, owing, recharging, taking_back

_WHY = "Interest stopped at the principal owed when the loan ceased to perform"
_AGAIN = "The loan performs again"
_NEVER = "The loan did not cease to perform after all"


@dataclass(frozen=True, slots=True)
class _Work:
    """Who caps up to which day, and when."""

    actor: str
    day: date
    now: datetime


def cap(*, actor: str, loans: Collection[Loan], day: date, now: datetime) -> int:
    """Cap the schedules of loans that ceased to perform by a day; return how many were changed.

    And let interest run again where a loan performs again. The caller holds the loans, all of one
    lender, and has brought their accounts to the day. A loan may turn out to have ceased on a day
    that was closed since, because a payment bounced: its interest stops on that day all the same,
    and what was earned too much is corrected on the first open one.
    """
    work = _Work(actor, day, now)
    return sum(_cap(loan, work) for loan in loans)


def _cap(loan: Loan, work: _Work) -> bool:
    history = reading.happened(loan)
    account = replaying.replay(reading.contract(loan), history, upto=work.day)
    if account.position.standing == Standing.WRITTEN_OFF:
        return False
    found = owing.standing_of(loan, history, account, work.day)
    last = _last(loan)
    cap_on = last if last is not None and last.parameters["change"] == capping.CAPPED else None
    if found is None:
        return cap_on is not None and _end(loan, cap_on, account, work)
    if cap_on is not None and cap_on.day == found.since and _room(cap_on) == found.room:
        return False
    if last is not None and (cap_on is not None or last.day > found.since):
        # It was made for a time, or for interest owed then, that history knows no more; or ended
        # by a payment that bounced. Without it the room is another.
        _undo(last, work)
        _cap(loan, work)
        return True
    then = replaying.replay(account.contract, history, upto=found.since)
    standing = owing.ahead(then, found.since)
    if capping.future(standing) <= found.room:
        return False
    _enter(loan, capping.CAPPED, {"room": str(found.room)}, replace(work, day=found.since))
    return True


def _end(loan: Loan, cap_on: AccountEvent, account: Account, work: _Work) -> bool:
    """End a cap: interest runs again, or never stopped where the loan had performed all along."""
    late = [one for one in lateness.instalments(account, work.day) if one.due_on < cap_on.day]
    if all(one.settled_on is not None and one.settled_on < cap_on.day for one in late):
        _undo(cap_on, work)
        return True
    if not owing.ahead(account, work.day).ahead:
        return False
    _enter(loan, capping.LIFTED, {}, work)
    return True


def _undo(event: AccountEvent, work: _Work) -> None:
    taking_back.take_back(actor=work.actor, event=event, reason=_NEVER, now=work.now)


def _room(cap_on: AccountEvent) -> Decimal:
    return Decimal(cap_on.parameters["parameters"]["room"])


def _last(loan: Loan) -> AccountEvent | None:
    rows = AccountEvent.objects.filter(
        loan=loan,
        kind="change",
        status="live",
        parameters__change__in=(capping.CAPPED, capping.LIFTED),
    )
    return rows.select_related("loan").order_by("-day", "-position").first()


def _enter(loan: Loan, change: str, parameters: dict[str, str], work: _Work) -> None:
    number = AccountEvent.objects.filter(loan=loan, kind="change").count() + 1
    fact = Change(
        day=work.day,
        change=change,
        parameters=parameters,
        reason=_WHY if change == capping.CAPPED else _AGAIN,
    )
    entering.enter(
        actor=work.actor,
        loan=loan,
        fact=fact,
        reference=f"{change}:{loan.pk}:{work.day}:{number}",
        now=work.now,
        corrects_closed=True,
    )
    recharging.renew(actor=work.actor, loan=loan, since=work.day, now=work.now)
