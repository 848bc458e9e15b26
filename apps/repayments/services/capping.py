"""Stop the interest of loans in Kenya that do not perform where the law does (rule book 2.2)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from apps.accounts.models import Entity
from apps.letters import regimes
from apps.loans.models import Loan
from apps.repayments import capping, in_duplum, lateness, reading, replaying
from apps.repayments.account import Happened
from apps.repayments.allocation import Standing as Class
from apps.repayments.facts import Bucket, Change
from apps.repayments.lateness import Agreed
from apps.repayments.models import AccountEvent
from apps.repayments.replaying import BESIDE, Account
from apps.repayments.rescheduling import Standing
from apps.repayments.services import entering, taking_back

_WHY = "Interest stopped at the principal owed when the loan ceased to perform"
_AGAIN = "The loan performs again"
_NEVER = "The loan did not cease to perform after all"


@dataclass(frozen=True, slots=True)
class _Work:
    """Who caps up to which day, and when."""

    actor: str
    day: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Capped:
    """A loan that does not perform: since when, the principal then, the interest owed then."""

    since: date
    principal: Decimal
    interest: Decimal

    @property
    def room(self) -> Decimal:
        """How much interest may be charged from that day on."""
        return in_duplum.chargeable(self.principal, accrued=self.interest, principal=self.principal)


def is_capped(entity: Entity) -> bool:
    """Say whether the law that a lender is under caps interest so."""
    return regimes.regime_of(entity.country) == regimes.KENYA


def cap(*, actor: str, loans: Collection[Loan], day: date, now: datetime) -> int:
    """Cap the schedules of loans that ceased to perform by a day; return how many were changed.

    And let interest run again where a loan performs again. The caller holds the loans, all of one
    lender, and has brought their accounts to the day. Raises DayClosed.
    """
    work = _Work(actor, day, now)
    return sum(_cap(loan, work) for loan in loans)


def standing_of(loan: Loan, history: list[Happened], account: Account, day: date) -> Capped | None:
    """Return since when a loan does not perform, and what was owed then; None where it does."""
    after = in_duplum.BANK_DAYS
    if loan.branch.entity.kind == Entity.Kind.SACCO:
        after = in_duplum.SACCO_DAYS
    since = in_duplum.non_performing_since(lateness.instalments(account, day), day, after=after)
    if since is None:
        return None
    then = replaying.replay(account.contract, history, upto=since).position
    unbilled = then.earning(since) if then.earning else then.unbilled
    return Capped(since, then.principal(), then.owed()[Bucket.INTEREST] + unbilled)


def overdue_interest(loan: Loan, account: Account, day: date, agreed: Agreed) -> Decimal:
    """Return the interest on unpaid instalments that may be charged by the end of a day.

    What the schedule still earns comes first: of what the cap leaves, that is set apart.
    """
    owed = lateness.owed(account, day, agreed).interest
    if not owed or not is_capped(loan.branch.entity):
        return owed
    history = reading.happened(loan)
    found = standing_of(loan, history, account, day)
    if found is None:
        return owed
    before = lateness.owed(account, found.since, agreed).interest
    then = replaying.replay(account.contract, history, upto=found.since)
    planned = capping.future(ahead(then, found.since))
    return before + in_duplum.chargeable(
        owed - before, accrued=found.interest + planned, principal=found.principal
    )


def ahead(account: Account, day: date) -> Standing:
    """Return the schedule in force on a day to whose end the account was brought."""
    last, position = account.in_force, account.position
    return Standing(
        day=day,
        terms=last.terms,
        rows=tuple(row for row in last.rows if row.number != BESIDE),
        earned=position.earning(day) if position.earning else position.unbilled,
    )


def _cap(loan: Loan, work: _Work) -> bool:
    history = reading.happened(loan)
    account = replaying.replay(reading.contract(loan), history, upto=work.day)
    if account.position.standing == Class.WRITTEN_OFF:
        return False
    found = standing_of(loan, history, account, work.day)
    last = _last(loan)
    cap_on = last if last is not None and last.parameters["change"] == capping.CAPPED else None
    if found is None:
        return cap_on is not None and _end(loan, cap_on, account, work)
    if cap_on is not None and cap_on.day >= found.since:
        return False
    if cap_on is not None:
        # It was made for a time that history knows no more.
        _undo(cap_on, work)
        history = reading.happened(loan)
    then = replaying.replay(account.contract, history, upto=found.since)
    standing = ahead(then, found.since)
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
    if not ahead(account, work.day).ahead:
        return False
    _enter(loan, capping.LIFTED, {}, work)
    return True


def _undo(event: AccountEvent, work: _Work) -> None:
    taking_back.take_back(actor=work.actor, event=event, reason=_NEVER, now=work.now)


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
    )
