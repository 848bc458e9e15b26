"""Accrue a day for a lender: interest, what falls due, charges for being late. Loan by loan, once.

Each loan says itself up to which day its interest is booked, so that whatever was interrupted goes
on where it stopped, and doing a day twice adds nothing.
"""

import traceback
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError
from apps.ledger.models import Entry
from apps.ledger.refusals import DayClosed
from apps.loans import services as lending
from apps.loans.models import Loan
from apps.repayments import reading, replaying, running, writing
from apps.repayments.errors import AccruingNow, refused_field
from apps.repayments.models import AccrualRun, LoanAccount
from apps.repayments.services import (
    accruing_sets,
    assessing,
    capping,
    holding,
    late_sets,
    owing,
    replayed,
)
from apps.repayments.writing import Added

logger = structlog.get_logger(__name__)
# Loans of one transaction: a payment waits for no more than these, a tenth of a second. Those that
# are plain take a fraction of the time.
BATCH = 500
CHUNK = 25
# Keys that are looked up at once.
_KEYS = 20_000
# Of the two numbers of the lock that keeps accruals of one lender apart ("ACCR").
_LOCK = 0x41434352
_MOST_PROBLEMS = 200
# The code of what nobody foresaw.
FAULT = "fault"
_MOST_DAYS = 31
Standing = dict[uuid.UUID, LoanAccount]


@dataclass
class _Done:
    """What was done of a day: loans, charges, and what could not be done."""

    loans: int = 0
    charges: int = 0
    problems: list[dict[str, str]] = field(default_factory=list)
    # Something that nobody foresaw went wrong: the day is not finished.
    is_broken: bool = False


def accrue_day(*, actor: Any, entity: Entity, day: date, now: datetime) -> AccrualRun:
    """Accrue a lender's loans up to the end of a day, and return what is known of the day.

    Interest that was earned since each loan's last accrued day, instalments that fell due, money
    paid ahead that was waiting for them, charges for being late. Before, what was to be paid out
    and was not is taken to follow later, so that no interest runs on money never lent. The caller
    has no transaction open: some hundred loans are one, and an interruption loses none. A loan that
    cannot be accrued is named among the problems and stops no other; where that was nobody's
    refusal but a fault, the day is not finished. Raises FactRefused for a day to come, AccruingNow
    while somebody else accrues the lender, DayClosed where a day to post in is closed.
    """
    require_over_or_today(entity, day, now=now)
    with _alone(entity):
        run, _made = AccrualRun.objects.get_or_create(
            entity=entity, day=day, defaults={"started_at": now}
        )
        done = _Done()
        _follow_late_rests(done, actor=actor, entity=entity, day=day, now=now)
        for keys in _behind(entity, day):
            plain = _plain(keys, done, late_sets.Work(actor=actor, entity=entity, day=day, now=now))
            rest = [key for key in keys if key not in plain]
            for start in range(0, len(rest), CHUNK):
                _chunk(rest[start : start + CHUNK], done, actor=actor, day=day, now=now)
        return _finished(run, done, actor=actor, now=now)


def require_over_or_today(entity: Entity, day: date, *, now: datetime) -> None:
    """Raise FactRefused for a day that lies ahead in the lender's calendar."""
    if day > dates.local_date(now, entity.time_zone):
        raise refused_field("day_refused", "day", _("This day is still to come."))


def accrue_missing(*, actor: Any, entity: Entity, now: datetime) -> list[AccrualRun]:
    """Accrue every day of a lender that is over and was not accrued yet, in their order.

    From the day after the last one that was finished, as far back as a month; the first time, the
    last day alone. Nothing where nothing is left. Raises as `accrue_day`.
    """
    yesterday = dates.local_date(now, entity.time_zone) - timedelta(days=1)
    finished = AccrualRun.objects.filter(entity=entity, finished_at__isnull=False)
    last = finished.filter(day__lte=yesterday).order_by("-day").first()
    if last is not None and last.day == yesterday and not unaccrued(entity, yesterday).exists():
        return []
    start = yesterday if last is None else min(last.day + timedelta(days=1), yesterday)
    start = max(start, yesterday - timedelta(days=_MOST_DAYS - 1))
    days = [start + timedelta(days=one) for one in range((yesterday - start).days + 1)]
    return [accrue_day(actor=actor, entity=entity, day=day, now=now) for day in days]


def accrue_asked(*, actor: Any, entity: Entity, day: date | None, now: datetime) -> None:
    """Accrue a day, or all that are missing; nothing while somebody else accrues the lender.

    For work that runs by itself: whoever holds the lender does the same. Raises DayClosed.
    """
    try:
        if day is None:
            accrue_missing(actor=actor, entity=entity, now=now)
        else:
            accrue_day(actor=actor, entity=entity, day=day, now=now)
    except AccruingNow:
        logger.info("accrued_by_another", entity=entity.code)


def require_accrued(entity: Entity, day: date, since: int | None = None) -> None:
    """Raise Conflict while a running loan of a lender is not accrued up to a day.

    With the key of an entry only loans are asked for which anything was posted above it: none comes
    to run, or to run again, without an entry of its own.
    """
    rows = unaccrued(entity, day)
    if since is not None:
        later = Entry.objects.filter(pk__gt=since, loan_id__isnull=False)
        rows = rows.filter(pk__in=later.values("loan_id"))
    loan = rows.order_by("number").first()
    if loan is None:
        return
    sentence = _(
        "Interest up to %(day)s is not accrued yet, first for loan %(number)s. Accrue the day, then"
        " close it."
    )
    values = {"day": date_format(day, "DATE_FORMAT"), "number": loan.number}
    raise Conflict("not_accrued", sentence % values, fields={"day": sentence % values})


def unaccrued(entity: Entity, day: date) -> QuerySet[Loan]:
    """Return the running loans of a lender whose interest is not booked up to a day.

    A loan the borrower stepped back from earns none: what is owed is what the exit says.
    """
    running_ = Loan.objects.filter(branch__entity=entity, status="active", disbursed_date__lte=day)
    return running_.exclude(offer__status="exited").filter(
        Q(account=None) | Q(account__accrued_on=None) | Q(account__accrued_on__lt=day)
    )


@contextmanager
def _alone(entity: Entity) -> Iterator[None]:
    """Hold a lender's accrual until the block ends. Raises AccruingNow while another does."""
    key = (_LOCK, str(entity.pk))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", key)
        if not cursor.fetchone()[0]:
            raise AccruingNow
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)


def _follow_late_rests(
    done: _Done, *, actor: Any, entity: Entity, day: date, now: datetime
) -> None:
    """Let the schedules follow of loans whose rest did not follow by a day, each for itself."""
    for key in lending.late_rests(entity, day):
        try:
            lending.follow_late_rest(actor=actor, key=key, day=day, now=now)
        except (DayClosed, InterfaceError, OperationalError):
            raise
        except Exception as fault:  # noqa: BLE001 - one loan's fault stops no other
            _name(key, fault, done)


def _behind(entity: Entity, day: date) -> Iterator[list[uuid.UUID]]:
    """Yield the keys of the loans that are to be accrued, some hundred at a time, each once."""
    last: uuid.UUID | None = None
    while True:
        rows = unaccrued(entity, day)
        if last is not None:
            rows = rows.filter(pk__gt=last)
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:_KEYS])
        if not keys:
            return
        for start in range(0, len(keys), BATCH):
            yield keys[start : start + BATCH]
        last = keys[-1]


def _plain(keys: Sequence[uuid.UUID], done: _Done, work: late_sets.Work) -> set[uuid.UUID]:
    """Accrue those of some loans at once on which nothing else happens; return which."""
    try:
        with transaction.atomic():
            plain, charges = accruing_sets.accrue(keys, work)
    except (DayClosed, InterfaceError, OperationalError):
        raise
    except Exception as fault:  # noqa: BLE001 - the long way finds out which loan it is
        _log("accrual_at_once_failed", fault, entity=work.entity.code)
        return set()
    done.loans += len(plain)
    done.charges += charges
    return plain


def _log(event: str, fault: Exception, **facts: str) -> None:
    """Log where something broke; what the database says of a row may be about a person."""
    where = "".join(traceback.format_tb(fault.__traceback__))
    logger.error(event, error=type(fault).__name__, where=where, **facts)


def _chunk(keys: Sequence[uuid.UUID], done: _Done, *, actor: Any, day: date, now: datetime) -> None:
    """Accrue some loans, all at once; where one of them is refused or breaks, each for itself."""
    try:
        loans, charges = _accrue(keys, actor=actor, day=day, now=now)
    except (DayClosed, InterfaceError, OperationalError):
        raise
    except Exception as fault:  # noqa: BLE001 - one loan's fault stops no other
        if len(keys) == 1:
            _name(keys[0], fault, done)
            return
        for key in keys:
            _chunk([key], done, actor=actor, day=day, now=now)
        return
    done.loans += loans
    done.charges += charges


def _name(key: uuid.UUID, fault: Exception, done: _Done) -> None:
    """Name a loan among the problems of a day; after a fault of ours the day is not finished."""
    number = Loan.objects.values_list("number", flat=True).get(pk=key)
    if isinstance(fault, DomainError):
        done.problems.append({"loan": number, "code": fault.code})
        return
    _log("accrual_failed", fault, loan=number)
    done.problems.append({"loan": number, "code": FAULT})
    done.is_broken = True


@transaction.atomic
def _accrue(keys: Sequence[uuid.UUID], *, actor: Any, day: date, now: datetime) -> tuple[int, int]:
    """Accrue some loans in one transaction; return how many, and how many charges were made."""
    held = [loan for loan in holding.hold_all(keys) if loan.status == "active"]
    standing = reading.accounts(held)
    loans = [loan for loan in held if _is_behind(standing[loan.pk], day)]
    if not loans:
        return 0, 0
    _bring(loans, standing, actor=actor, day=day, now=now)
    charges = assessing.assess(actor=actor, loans=loans, day=day, now=now)
    if owing.is_capped(loans[0].branch.entity):
        late = assessing.concerned(loans, day)
        capping.cap(actor=actor, loans=late, day=day, now=now)
    kept = LoanAccount.objects.filter(pk__in=[loan.pk for loan in loans])
    kept.update(accrued_on=day, accrued_at=now)
    return len(loans), charges


def _is_behind(account: LoanAccount, day: date) -> bool:
    return account.accrued_on is None or account.accrued_on < day


def _bring(
    loans: Sequence[Loan], standing: Standing, *, actor: Any, day: date, now: datetime
) -> None:
    """Bring accounts to the end of a day, and book the interest that was earned by it."""
    ahead = [loan for loan in loans if standing[loan.pk].through > day]
    for loan in ahead:
        _book_between(loan, standing[loan.pk], actor=actor, day=day, now=now)
    behind = [loan for loan in loans if standing[loan.pk].through <= day]
    positions = reading.positions(behind, standing, upto=day)
    earnings = running.earnings(behind, day)
    added = []
    for loan in behind:
        position = positions[loan.pk]
        position.bring(day)
        position.earning = earnings[loan.pk]
        position.earn(day)
        added.append(
            Added(
                loan=loan,
                account=standing[loan.pk],
                position=position,
                reference=_reference(loan, day, now),
                booked=position.booked,
            )
        )
    if added:
        writing.write(actor, added, now=now)


def _book_between(loan: Loan, row: LoanAccount, *, actor: Any, day: date, now: datetime) -> None:
    """Book what was earned by a day on an account that something later happened to already."""
    account = replaying.replay(
        reading.contract(loan),
        reading.happened(loan),
        upto=row.through,
        points=[*reading.points(loan.pk), day],
    )
    reason = replayed.Reason(
        actor=actor,
        since=day,
        said=f"accrual of {day}",
        reference=_reference(loan, day, now),
        now=now,
    )
    replayed.make_so(loan, row, account, reason)


def _reference(loan: Loan, day: date, now: datetime) -> str:
    # A day whose entries were taken back, because history changed, may be accrued anew.
    return f"accrued:{loan.pk}:{day}:{now:%Y%m%dT%H%M%S%f}"


def _finished(run: AccrualRun, done: _Done, *, actor: Any, now: datetime) -> AccrualRun:
    """Keep what was done, added to what an earlier attempt did."""
    with transaction.atomic():
        run.loans += done.loans
        run.charges += done.charges
        run.problems = done.problems[:_MOST_PROBLEMS]
        run.finished_at = None if done.is_broken else max(now, run.started_at)
        run.save(update_fields=["loans", "charges", "problems", "finished_at"])
        audit.record(
            actor,
            "repayments.accrued",
            run,
            entity=run.entity.code,
            day=run.day.isoformat(),
            loans=done.loans,
            charges=done.charges,
            problems=len(done.problems),
        )
    return run
