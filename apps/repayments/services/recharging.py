"""Charge the nights anew that a loan turns out to have been late on, as corrections of those days.

An event that is taken back was never there: what follows of it for being late, night by night, is
what those nights would have charged. Charges keep their days, closed ones too; what is booked of
those is booked on the first open day like everything else that is corrected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Q

from apps.audit import services as audit
from apps.loans.models import Loan
from apps.repayments import own_reasons, reading, recharging
from apps.repayments.account import Happened
from apps.repayments.models import AccountEvent, AccrualRun, LateLoan, LoanAccount
from apps.repayments.recharging import Recharged
from apps.repayments.replaying import Account
from apps.repayments.services import entering, owing, replayed


@dataclass(frozen=True, slots=True)
class Anew:
    """A history with the charges that follow from it, those of them not kept yet, and the others.

    Where nothing differs, `made` and `dropped` are empty.
    """

    history: list[Happened]
    made: list[AccountEvent]
    dropped: list[str]


def foresee(
    loan: Loan, row: LoanAccount, history: list[Happened], *, since: date, now: datetime
) -> Anew:
    """Return a history with what nights after a day charge by it; nothing is written.

    The caller holds the loan. Raises TermsRefused where something that happened is no longer
    possible.
    """
    same = Anew(history, [], [])
    [agreed] = owing.agreed_of([loan]).values()
    is_charged = any(recharging.code_of(one) for one in history)
    if not (agreed.asks_something or is_charged) or _is_exited(loan):
        return same

    began = owing.Began()

    def owed(account: Account, entered: Sequence[Happened], day: date) -> dict[str, Any]:
        return owing.owed(loan, account, entered, agreed, day=day, began=began)

    found = recharging.recharge(
        reading.contract(loan),
        history,
        since=since,
        nights=_nights(loan, row, since),
        owing=owed,
    )
    if not (found.made or found.dropped):
        return same
    made = _events(loan, found, rate=str(agreed.penal_rate), now=now)
    gone = set(found.dropped)
    kept = [one for one in history if one.key not in gone]
    return Anew([*kept, *map(reading.of_event, made)], made, list(gone))


def renew(*, actor: Any, loan: Loan, since: date, now: datetime) -> None:
    """Charge anew the nights after a day on which something is known to have happened since.

    The caller holds the loan. Nothing where the charges that stand are right.
    """
    row = reading.accounts([loan])[loan.pk]
    anew = foresee(loan, row, reading.happened(loan), since=since, now=now)
    if not (anew.made or anew.dropped):
        return
    account = entering.replay(loan, row, anew.history)
    keep(loan, anew)
    why = replayed.Reason(
        actor=actor,
        since=since,
        said=f"charges for being late after {since}",
        reference=f"charged:{loan.pk}:{since}:{now:%Y%m%dT%H%M%S%f}",
        now=now,
        corrects_closed=True,
    )
    replayed.make_so(loan, row, account, why)
    drop(anew, now=now)
    audit.record(
        actor,
        "repayments.recharged",
        loan,
        case=f"applications.application:{loan.application_id}",
        since=since.isoformat(),
        charged=len(anew.made),
        taken_back=len(anew.dropped),
    )


def keep(loan: Loan, anew: Anew) -> None:
    """Keep what is charged anew, before the books are made what the history says."""
    if anew.made or anew.dropped:
        LateLoan.objects.filter(pk=loan.pk).delete()
        AccountEvent.objects.bulk_create(anew.made)


def drop(anew: Anew, *, now: datetime) -> None:
    """Take back what no longer stands, after the books were made what the history says."""
    for event in AccountEvent.objects.filter(pk__in=anew.dropped):
        event.move(
            "take_back",
            reversed_by=None,
            reversed_at=now,
            reversed_reason=own_reasons.kept(own_reasons.CHARGED_ANEW),
        )


def _nights(loan: Loan, row: LoanAccount, since: date) -> list[date]:
    """Return the days after one that charged the lender's loans for being late."""
    done = Q(finished_at__isnull=False)
    if row.accrued_on is not None:
        done |= Q(day__lte=row.accrued_on)
    runs = AccrualRun.objects.filter(done, entity=loan.branch.entity_id, day__gt=since)
    return list(runs.values_list("day", flat=True))


def _is_exited(loan: Loan) -> bool:
    """Say whether the borrower stepped back: then nothing is owed but what the exit says."""
    return loan.offer is not None and loan.offer.status == "exited"


def _events(loan: Loan, found: Recharged, *, rate: str, now: datetime) -> list[AccountEvent]:
    """Return the events of what is to be charged, each after all others of its day."""
    taken = AccountEvent.objects.filter(loan=loan, day__in={one.day for one in found.made})
    places = dict(taken.order_by().values_list("day").annotate(last=Max("position")))
    events = []
    for one in found.made:
        places[one.day] = places.get(one.day, 0) + 1
        basis = {"through": one.day.isoformat(), "rate": rate}
        event = entering.new_event(
            loan,
            recharging.charge(one.code, one.amount, one.day, basis=basis),
            actor=None,
            reference=f"{one.code}:{loan.pk}:{one.day}:{places[one.day]}",
            now=now,
        )
        event.position = places[one.day]
        events.append(event)
    return events
