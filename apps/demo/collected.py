"""Work on the demonstration's overdue loans: contacts, notices, a settlement, early signals."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.models import Entity, User
from apps.collections import services, settlement_loss
from apps.collections.models import Contact, Notice
from apps.collections.services import ContactEntry, NoticeEntry, Offer, WordEntry
from apps.collections.settling import Part
from apps.core import dates
from apps.core.money import money
from apps.demo import people
from apps.loans import selectors as loans
from apps.loans.models import Loan

_BRANCH = "pune"
# Of what is owed, so much is taken in two parts.
_TAKEN = Decimal("0.8")
_FIRST, _SECOND = timedelta(days=10), timedelta(days=40)
_PAY_WITHIN = timedelta(days=14)


@transaction.atomic
def write(*, now: datetime) -> list[str]:
    """Work on what is overdue in one branch, and look for early signals everywhere; say what.

    All or nothing, and nothing where a notice was written already.
    """
    if Notice.objects.exists():
        return []
    collector = people.of_role("collections_officer", _BRANCH)
    day = dates.local_date(now, collector.branch.entity.time_zone)
    said = [line for loan in _overdue(collector, day) for line in _worked_on(loan, collector, now)]
    for entity in Entity.objects.order_by("code"):
        night = services.find_signals(entity=entity, now=now)
        if night is not None:
            said.append(f"{night.begun} early signals of {entity.code}")
    return said


def _overdue(collector: User, day: date) -> list[Loan]:
    """Return the overdue loans of the branch, the longest overdue first."""
    running = Loan.objects.visible_to(collector).filter(status="active", source="")
    found = [
        (loans.position(one, day).arrears.days, one)
        for one in running.select_related("branch__entity", "customer").order_by("number")
    ]
    late = [(days, one) for days, one in found if days > 0]
    return [one for _days, one in sorted(late, key=lambda row: -row[0])]


def _worked_on(loan: Loan, collector: User, now: datetime) -> Iterator[str]:
    """Take a loan, call and write; on the one that is overdue longest agree on a settlement."""
    is_first = not Notice.objects.exists()
    services.take(actor=collector, loan=loan, now=now)
    _contact(loan, collector, now)
    made = services.issue_notice(
        actor=collector, loan=loan, entry=_notice("arrears", loan, now), now=now
    )
    yield f"loan {loan} worked on by {collector.name}"
    if not is_first:
        return
    services.write_word(
        actor=collector,
        notice=made,
        entry=WordEntry(word="posted", happened_on=made.issued_on, reference="RP 481 516 IN"),
        now=now,
    )
    services.issue_notice(actor=collector, loan=loan, entry=_notice("demand", loan, now), now=now)
    yield _settled(loan, collector, now)


def _contact(loan: Loan, collector: User, now: datetime) -> Contact:
    """Write down that the borrower called back yesterday before noon."""
    zone = ZoneInfo(loan.branch.entity.time_zone)
    today = now.astimezone(zone).date()
    return services.record_contact(
        actor=collector,
        loan=loan,
        entry=ContactEntry(
            way="call",
            outcome="job_lost",
            made_at=datetime.combine(today - timedelta(days=1), time(11), zone),
            note="The factory closed; looks for work and sells the scooter.",
            next_action="call",
            next_date=today + timedelta(days=3),
        ),
        now=now,
    )


def _notice(kind: str, loan: Loan, now: datetime) -> NoticeEntry:
    today = dates.local_date(now, loan.branch.entity.time_zone)
    return NoticeEntry(kind=kind, pay_by=today + _PAY_WITHIN)


def _settled(loan: Loan, collector: User, now: datetime) -> str:
    """Propose to take less than is owed, and let the manager agree."""
    today = dates.local_date(now, loan.branch.entity.time_zone)
    owed = settlement_loss.of_offer(loan, today).owed
    half = money(owed * _TAKEN / 2, loan.currency)
    given_up = settlement_loss.of_offer(loan, today, half * 2).waived
    parts = (Part(today + _FIRST, half), Part(today + _SECOND, half))
    made = services.propose_settlement(
        actor=collector,
        loan=loan,
        offer=Offer(
            parts=parts,
            reason="Lost the job; the family helps out once.",
            seen=given_up,
        ),
        now=now,
    )
    services.approve_settlement(
        actor=people.of_role("credit_manager"), settlement=made, seen=given_up, now=now
    )
    return f"loan {loan} to be settled in two parts"
