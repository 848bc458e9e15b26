"""Charge loans for instalments that are late: what the history comes to, less what was charged.

A payment that becomes known late, or one that bounced, changes what was to be charged. What was
charged too much is taken back, the last charge first; what is missing is charged.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import BooleanField, Exists, F, Max, OuterRef, Q
from django.db.models.expressions import RawSQL

from apps.loans.models import Instalment, Loan
from apps.repayments import lateness, own_reasons, reading, recharging, replaying, writing
from apps.repayments.account import ZERO
from apps.repayments.facts import Bucket, Charge
from apps.repayments.lateness import Agreed
from apps.repayments.models import AccountEvent, LateLoan
from apps.repayments.replaying import Account
from apps.repayments.services import entering, going_on, owing, taking_back
from apps.repayments.writing import Added

# Something was reported about a loan since it was accrued last that may change what it owes for
# being late. A payment does not while nothing was ever late: no charge stands, and nothing was paid
# after it fell due. Of a loan that was never accrued all is news.
_NEWS = """(EXISTS (
    SELECT 1 FROM repayments_accountevent e
    WHERE e.loan_id = {loan} AND ({accrued_at} IS NULL
        OR e.made_at > {accrued_at} - interval '{wait} seconds'
        OR e.reversed_at > {accrued_at} - interval '{wait} seconds')
) AND (EXISTS (
    SELECT 1 FROM repayments_accountevent e WHERE e.loan_id = {loan}
        AND (e.kind <> 'receipt' OR e.status <> 'live')
) OR EXISTS (
    SELECT 1 FROM loans_instalment i JOIN loans_allocation x ON x.instalment_id = i.id
    JOIN ledger_entry n ON n.id = x.entry_id
    WHERE i.loan_id = {loan} AND n.day > i.due_date
)))"""
# What was reported before an accrual may have waited for it, and is news for the next one.
_ON_THE_WAY = timedelta(minutes=10)
_ACTOR = "system:repayments"


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """What a loan is to be charged beyond what was, by its history."""

    account: Account
    missing: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a loan is still to be charged under a code."""

    loan: Loan
    code: str
    amount: Decimal
    basis: Mapping[str, str]


def assess(*, actor: str, loans: Collection[Loan], day: date, now: datetime) -> int:
    """Charge what is owed for being late by the end of a day; return how many charges were made.

    The caller holds the loans, and has brought their accounts to that day. Raises DayClosed where
    the day is closed; a charge of an earlier closed day that proves too high is taken back as any
    other.
    """
    found = concerned(loans, day)
    if not found:
        return 0
    agreed = owing.agreed_of(found)
    charged = _charged(found)
    found = [loan for loan in found if agreed[loan.pk].asks_something or loan.pk in charged]
    wanted: list[_Wanted] = []
    known = []
    LateLoan.objects.filter(pk__in=[loan.pk for loan in found]).delete()
    for loan in found:
        said = agreed[loan.pk]
        reckoned = _reckoned(loan, said, charged.get(loan.pk, []), day)
        if any(amount < 0 for amount in reckoned.missing.values()):
            _take_back(actor, charged[loan.pk], reckoned.missing, now)
            reckoned = _reckoned(loan, said, _charged([loan]).get(loan.pk, []), day)
        basis = {"through": day.isoformat(), "rate": str(said.penal_rate)}
        wanted += [
            _Wanted(loan, code, amount, basis)
            for code, amount in reckoned.missing.items()
            if amount > 0
        ]
        if min(reckoned.missing.values()) >= 0 and not owing.is_capped(loan.branch.entity):
            known.append((loan, said, reckoned.account))
    _charge(actor, wanted, day, now)
    going_on.keep(known, day=day, now=now)
    return len(wanted)


def charge_late(*, loan: Loan, day: date, now: datetime) -> int:
    """Charge what a running loan owes for being late by the end of a day, before it is paid off.

    The caller holds the loan. Returns how many charges were made. Raises DayClosed.
    """
    return assess(actor=_ACTOR, loans=[loan], day=day, now=now)


def uncharged(loan: Loan, accounts: Mapping[date, Account]) -> dict[date, dict[Bucket, Decimal]]:
    """Return what a loan owes for being late by the end of each day and was not charged by then.

    `accounts` are how it stands on each of the days. Nothing of a loan that does not run.
    """
    [agreed] = owing.agreed_of([loan]).values()
    charged = _charged([loan]).get(loan.pk, [])
    if loan.status != "active" or not (agreed.asks_something or charged):
        return {day: {} for day in accounts}
    history = reading.happened(loan)
    found, began = {}, owing.Began()
    for day, account in accounts.items():
        owed = owing.owed(loan, account, history, agreed, day=day, began=began)
        missing = _missing(owed, [one for one in charged if one.day <= day])
        found[day] = {
            recharging.BUCKETS[code]: amount for code, amount in missing.items() if amount > 0
        }
    return found


def concerned(loans: Collection[Loan], day: date) -> list[Loan]:
    """Return the loans with an instalment overdue on a day, or with news since the last accrual."""
    overdue = Instalment.objects.filter(
        Q(paid_principal__lt=F("principal"))
        | Q(paid_interest__lt=F("interest"))
        | Q(paid_fee__lt=F("fee")),
        loan=OuterRef("pk"),
        in_force=True,
        due_date__lt=day,
    )
    known = "(SELECT k.accrued_at FROM repayments_loanaccount k WHERE k.loan_id = loans_loan.id)"
    asked = has_news(loan="loans_loan.id", accrued_at=known)
    news = RawSQL(asked, [], BooleanField())  # noqa: S611 - own names
    keys = Loan.objects.filter(Exists(overdue) | Q(news), pk__in=[one.pk for one in loans])
    wanted = set(keys.values_list("pk", flat=True))
    return [loan for loan in loans if loan.pk in wanted]


def has_news(*, loan: str, accrued_at: str) -> str:
    """Return the SQL condition that something reported may change what a loan owes for being late.

    `loan` is the expression of its key, `accrued_at` of the moment its account was accrued last.
    """
    wait = int(_ON_THE_WAY.total_seconds())
    return _NEWS.format(loan=loan, accrued_at=accrued_at, wait=wait)


def _charged(loans: Iterable[Loan]) -> dict[uuid.UUID, list[AccountEvent]]:
    """Return the charges of loans for being late that stand, in their order."""
    rows = AccountEvent.objects.filter(
        loan__in=[loan.pk for loan in loans],
        kind="charge",
        status="live",
        parameters__code__in=lateness.CODES,
    )
    found: dict[uuid.UUID, list[AccountEvent]] = {}
    for row in rows.select_related("loan").order_by("day", "position"):
        found.setdefault(row.loan_id, []).append(row)
    return found


def _reckoned(loan: Loan, agreed: Agreed, charged: Iterable[AccountEvent], day: date) -> _Reckoned:
    """Return what is owed under each code by the day's end beyond what was charged."""
    history = reading.happened(loan)
    account = replaying.replay(reading.contract(loan), history, upto=day)
    owed = owing.owed(loan, account, history, agreed, day=day, began={})
    return _Reckoned(account, _missing(owed, charged))


def _missing(owed: Mapping[str, Decimal], charged: Iterable[AccountEvent]) -> dict[str, Decimal]:
    """Return what is owed under each code beyond what was charged; below zero for too much."""
    missing = dict(owed)
    for one in charged:
        missing[one.parameters["code"]] -= one.amount or ZERO
    return missing


def _take_back(
    actor: str, charged: Iterable[AccountEvent], missing: Mapping[str, Decimal], now: datetime
) -> None:
    """Take charges back, the last first, until no more stands than is owed."""
    over = {code: -amount for code, amount in missing.items()}
    for event in reversed(list(charged)):
        code = event.parameters["code"]
        if over[code] <= 0:
            continue
        taking_back.take_back(
            actor=actor, event=event, reason=own_reasons.kept(own_reasons.CHARGED_ANEW), now=now
        )
        over[code] -= event.amount or ZERO


def _charge(actor: str, wanted: list[_Wanted], day: date, now: datetime) -> None:
    """Enter charges of a day, those that only add to their account all at once."""
    loans = list({one.loan.pk: one.loan for one in wanted}.values())
    if not loans:
        return
    accounts = reading.accounts(loans)
    positions = reading.positions(loans, accounts, upto=day)
    places = _places(loans, day)
    added: list[Added] = []
    for one in wanted:
        key = one.loan.pk
        places[key] = places.get(key, 0) + 1
        reference = f"{one.code}:{key}:{day}:{places[key]}"
        fact = _fact(one, day)
        if not entering.goes_on(accounts[key], fact):
            # Something happened on a later day already.
            entering.enter(actor=actor, loan=one.loan, fact=fact, reference=reference, now=now)
            continue
        event = entering.new_event(one.loan, fact, actor=actor, reference=reference, now=now)
        event.position = places[key]
        added.append(entering.append(accounts[key], positions[key], event, fact))
    if added:
        writing.write(actor, added, now=now)


def _fact(one: _Wanted, day: date) -> Charge:
    return recharging.charge(one.code, one.amount, day, basis=one.basis)


def _places(loans: Iterable[Loan], day: date) -> dict[uuid.UUID, int]:
    """Return the last position within a day that was taken on each loan."""
    rows = AccountEvent.objects.filter(loan__in=[loan.pk for loan in loans], day=day)
    taken = rows.order_by().values_list("loan").annotate(last=Max("position"))
    return dict(taken)
