"""What being late costs, night by night, once what happened turns out otherwise. Pure.

A payment that bounced leaves its instalment late all along: each night since asks for what was owed
by then, as if the payment had never been. So the charges of those nights are reckoned anew, in the
order of the days, for what was paid after a charge goes to that charge first where the loan's order
says so. A charge bears nothing itself (rule book 6.8): it joins no base of another.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from apps.repayments import lateness, replaying
from apps.repayments.account import ZERO, Contract, Happened
from apps.repayments.allocation import Standing
from apps.repayments.facts import Bucket, Charge
from apps.repayments.replaying import Account

BUCKETS = {lateness.PENAL: Bucket.PENAL, lateness.INTEREST: Bucket.INTEREST}
# What is to be charged under each code by the end of a day, by an account and its history so far.
Owing = Callable[[Account, Sequence[Happened], date], Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Made:
    """What a night is to charge that it did not."""

    day: date
    code: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Recharged:
    """Which charges no longer stand, by their keys, and which are missing."""

    dropped: tuple[str, ...]
    made: tuple[Made, ...]


def recharge(
    contract: Contract,
    history: Collection[Happened],
    *,
    since: date,
    nights: Iterable[date],
    owing: Owing,
) -> Recharged:
    """Return how the charges for being late after a day differ from what a history asks for.

    A charge that is right stays. `nights` are the days whose end charged the loan. Raises
    TermsRefused where something that happened is no longer possible.
    """
    charged = {one.fact.day for one in history if code_of(one)}
    days = {night for night in {*nights, *charged} if night > since}
    found = _Recharging(since, owing)
    replaying.walk(contract, history, nights=days, meets=found.meets, ends=found.ends)
    return Recharged(tuple(found.dropped), tuple(found.made))


def code_of(one: Happened) -> str:
    """Return the code of a charge for being late; empty for anything else."""
    fact = one.fact
    return fact.code if isinstance(fact, Charge) and fact.code in lateness.CODES else ""


def charge(code: str, amount: Decimal, day: date, *, basis: Mapping[str, str]) -> Charge:
    """Return the charge that the end of a day asks for."""
    return Charge(day=day, amount=amount, bucket=BUCKETS[code], code=code, due_on=day, basis=basis)


@dataclass
class _Recharging:
    """A history on the way: what was charged of it, and what of a day is still to be."""

    since: date
    owing: Owing
    charged: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(BUCKETS, ZERO))
    entered: list[Happened] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    day: date = date.min
    missing: dict[str, Decimal] = field(default_factory=dict)

    def meets(self, account: Account, one: Happened) -> bool:
        """Let happen what is no charge for being late, and those that are still right."""
        code = code_of(one)
        if code and isinstance(one.fact, Charge):
            amount, day = one.fact.amount, one.fact.day
            if day > self.since:
                missing = self._missing(account, day)
                if missing[code] < amount:
                    self.dropped.append(one.key)
                    return False
                missing[code] -= amount
            self.charged[code] += amount
        self.entered.append(one)
        return True

    def ends(self, account: Account, day: date) -> list[Happened]:
        """Return what the end of a night asks for; nothing of a loan that is over or lost."""
        position = account.position
        if position.is_settled or position.standing == Standing.WRITTEN_OFF:
            return []
        found = []
        for code, amount in self._missing(account, day).items():
            if amount > 0:
                self.made.append(Made(day, code, amount))
                self.charged[code] += amount
                place = len(self.entered) + 1
                fact = charge(code, amount, day, basis={})
                found.append(Happened(f"{code}:{day}", place, fact))
        self.entered += found
        return found

    def _missing(self, account: Account, day: date) -> dict[str, Decimal]:
        """Return what a day is still to charge. What is paid on it counts from its end only."""
        if self.day != day:
            self.day = day
            owed = self.owing(account, self.entered, day)
            self.missing = {code: owed[code] - self.charged[code] for code in BUCKETS}
        return self.missing
