"""What a loan owes for being late, by its contract, its history and the law: nothing is written."""

import functools
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.accounts.models import Entity
from apps.letters import regimes
from apps.loans.models import Loan
from apps.repayments import capping, in_duplum, lateness, reading, replaying
from apps.repayments.account import ZERO, Happened
from apps.repayments.facts import Bucket
from apps.repayments.in_duplum import Cap, Stretch
from apps.repayments.lateness import Agreed
from apps.repayments.models import LoanAccount
from apps.repayments.replaying import Account
from apps.repayments.rescheduling import Standing


@dataclass(frozen=True, slots=True)
class Capped:
    """A loan that ceased to perform: since when, the principal and the interest owed then.

    Penal charges that were owed count as interest.

    `planned` is the interest that its schedule was still to earn from that day on, `earned` what of
    its rows ahead was earned by then.
    """

    since: date
    principal: Decimal
    interest: Decimal
    earned: Decimal
    planned: Decimal

    @property
    def room(self) -> Decimal:
        """How much interest may be charged from that day on."""
        return in_duplum.chargeable(self.principal, accrued=self.interest, principal=self.principal)


# How a loan stood on the days on which it ceased to perform, as far as one history was asked. What
# happened up to a day stays as it was told while a history is read on: each is worked out once.
Began = dict[date, Capped]


def agreed_of(loans: Collection[Loan]) -> dict[uuid.UUID, Agreed]:
    """Return what the contract of each loan asks for being late; nothing where it says nothing.

    The penal rate is the one that the borrower was told with the offer; whether the contract's
    interest runs on is what the product said when the account began.
    """
    offered = Loan.objects.filter(pk__in=[loan.pk for loan in loans], offer__isnull=False)
    told = dict(
        offered.values_list("pk", "offer__key_facts__contingent__penal_charge_rate").order_by()
    )
    kept = dict(
        LoanAccount.objects.filter(
            pk__in=[loan.pk for loan in loans], overdue_interest__isnull=False
        ).values_list("pk", "overdue_interest")
    )
    found = {}
    for loan in loans:
        conditions = getattr(loan.product, "conditions", None)
        rate = told.get(loan.pk, conditions.penal_charge_rate if conditions else ZERO)
        found[loan.pk] = Agreed(
            penal_rate=Decimal(rate),
            interest_runs_on=bool(kept.get(loan.pk, reading.runs_on(loan.product))),
        )
    return found


def is_capped(entity: Entity) -> bool:
    """Say whether the law that a lender is under caps interest so."""
    return regimes.regime_of(entity.country) == regimes.KENYA


def owed(
    loan: Loan,
    account: Account,
    history: Sequence[Happened],
    agreed: Agreed,
    *,
    day: date,
    began: Began,
) -> dict[str, Decimal]:
    """Return what is to be charged under each code for being late by the end of a day.

    `account` is what a history comes to by that day. Whoever asks for several days of one history,
    in their order, gives the same `began`.
    """
    found = lateness.owed(account, day, agreed)
    penal, interest = found.penal, found.interest
    if (penal or interest) and is_capped(loan.branch.entity):
        times = _times(loan, account, history, began, day=day)
        caps = [
            Cap(
                time,
                principal=one.principal,
                accrued=one.interest + _planned(account, history, time, one),
            )
            for time, one in times
        ]
        interest, penal = _within(account, agreed, caps, day=day)
    return {lateness.PENAL: penal, lateness.INTEREST: interest}


def _within(account: Account, agreed: Agreed, caps: Sequence[Cap], *, day: date) -> list[Decimal]:
    """Return interest and penal charges that the law lets be charged by the end of a day.

    What the schedule still earns comes first: of what the cap leaves, that is set apart.
    """

    @functools.cache
    def ran(by: date) -> tuple[Decimal, Decimal]:
        found = lateness.owed(account, by, agreed)
        return found.interest, found.penal

    return in_duplum.claimable(ran, day, caps)


def _planned(
    account: Account, history: Sequence[Happened], time: Stretch, began_: Capped
) -> Decimal:
    """Return the most interest that schedules were to earn from the first day of a stretch on.

    One that is agreed meanwhile may earn more than the one before; where it earns less, what was
    set apart for the one before stays so.
    """
    last = time.cleared_on or date.max
    runs_again = {one.key for one in history if capping.is_lifted(one.fact)}
    plans = [
        capping.future(
            Standing(day=time.since, terms=one.terms, rows=one.numbered, earned=began_.earned)
        )
        for one in account.generations
        if time.since < one.starts_on <= last and one.event not in runs_again
    ]
    return max([began_.planned, *plans])


def _times(
    loan: Loan, account: Account, history: Sequence[Happened], known: Began, *, day: date
) -> list[tuple[Stretch, Capped]]:
    """Return the times in which a loan did not perform before a day, and how it stood then.

    On its first day such a time withholds nothing yet.
    """
    found = [one for one in stretches(loan, account, day) if one.since < day]
    for one in found:
        if one.since not in known:
            known[one.since] = began(account, history, one.since)
    return [(one, known[one.since]) for one in found]


def stretches(loan: Loan, account: Account, day: date) -> tuple[Stretch, ...]:
    """Return the times in which a loan did not perform by a day, as its lender's kind counts."""
    after = in_duplum.BANK_DAYS
    if loan.branch.entity.kind == Entity.Kind.SACCO:
        after = in_duplum.SACCO_DAYS
    return in_duplum.stretches(lateness.instalments(account, day), day, after=after)


def began(account: Account, history: Sequence[Happened], since: date) -> Capped:
    """Return how a loan stood at the end of the day on which it ceased to perform."""
    then = replaying.replay(account.contract, history, upto=since)
    standing, owed_ = then.standing(since), then.position.owed()
    return Capped(
        since=since,
        principal=then.position.principal(),
        interest=owed_[Bucket.INTEREST] + owed_[Bucket.PENAL] + standing.earned,
        earned=standing.earned,
        planned=capping.future(standing),
    )
