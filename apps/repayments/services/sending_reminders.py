"""Send the reminders that wait; each is claimed before anything is sent, as letters are."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from apps.audit import services as audit
from apps.core.errors import StaleRecord
from apps.core.keyring import keyring
from apps.letters import hooks as letters
from apps.letters import mailing
from apps.loans import arrears
from apps.loans.models import Instalment
from apps.repayments import hooks, reminder_mail, stop_links
from apps.repayments.models import Reminder
from apps.repayments.services import reminding

logger = structlog.get_logger(__name__)
SENT_AT_ONCE = 300
MOST_ATTEMPTS = 6
FIRST_PAUSE = timedelta(minutes=5)
# So long the address of the borrower's own page holds.
LINK_HOLDS = timedelta(days=30)
# Longer than a mail server may take; a claim older than this lost its worker.
CLAIM = timedelta(minutes=10)


def send_reminders(*, now: datetime, limit: int = SENT_AT_ONCE) -> int:
    """Send what waits where it is an hour to contact borrowers; return how many moved.

    What lost its worker is settled as unknown: no machine sends a reminder twice knowingly.
    """
    lost = Reminder.objects.filter(status="sending", claimed_at__lt=now - CLAIM)
    count = sum(_settle(one, now) for one in lost)
    for today in reminding.open_days(now):
        due = Reminder.objects.filter(
            status="queued", next_try_at__lte=now, loan__branch__entity=today.entity
        )
        for key in due.order_by("next_try_at", "id").values_list("pk", flat=True)[:limit]:
            try:
                count += _send(key, today).status != "queued"
            except Exception:
                # One reminder that cannot be sent must not hold up the others.
                logger.exception("reminder_not_sent", reminder=str(key))
    return count


def _send(key: uuid.UUID, today: reminding.Today) -> Reminder:
    rows = Reminder.objects.select_related("loan__customer", "loan__branch__entity")
    found = rows.get(pk=key)
    if found.status != "queued":
        return found
    obstacle = _silence(found, today.day)
    reached = letters.recipient(_case(found))
    obstacle = obstacle or _no_way(reached.obstacle)
    if obstacle:
        return _drop(found, obstacle)
    if not _claim(found, today.now):
        return found
    message = reminder_mail.message(
        _said(found, today.day),
        lender=found.loan.branch.entity,
        language=found.loan.customer.language,
        to=reached.email,
        message_id=found.message_id,
    )
    result = mailing.hand_over(message, failure="reminder_not_sent", reminder=str(found.pk))
    return _record(found, result, today.now)


def _silence(reminder: Reminder, day: date) -> str:
    """Return why nobody is to be reminded any more; empty where it still holds."""
    if day > reminder.last_date:
        return Reminder.Obstacle.TOO_LATE
    rows = Instalment.objects.filter(
        loan=reminder.loan_id, due_date=reminder.due_date, loan__status="active"
    )
    still = reminding.owed(rows)
    if not still.exists():
        return Reminder.Obstacle.PAID
    if reminding.not_silenced(still, day).exists():
        return ""
    if reminder.loan.customer.reminder_stops.filter(resumed_at=None).exists():
        return Reminder.Obstacle.STOPPED
    promised = reminder.loan.promises.filter(status="open", promised_date__gte=day).exists()
    return Reminder.Obstacle.PROMISED if promised else Reminder.Obstacle.LEFT_ALONE


def _no_way(obstacle: str) -> str:
    return obstacle if settings.LETTERS_BY_EMAIL else Reminder.Obstacle.NOT_CONFIGURED


def _said(reminder: Reminder, day: date) -> reminder_mail.Said:
    loan = reminder.loan
    rows = loan.instalments.filter(in_force=True, due_date__gt=day)
    following = arrears.next_due(list(rows), day) if reminder.due_date < day else None
    return reminder_mail.Said(
        due_date=reminder.due_date,
        today=day,
        next_due=following.due_date if following else None,
        own_link=hooks.own_link(loan.application_id, day + LINK_HOLDS),
        stop_link=hooks.stop_link(stop_links.write(loan.customer_id, keyring())),
    )


def _claim(reminder: Reminder, now: datetime) -> bool:
    """Take a reminder; say whether nobody was faster. Committed before it is sent."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    try:
        reminder.move(
            "claim",
            claimed_at=now,
            attempts=reminder.attempts + 1,
            message_id=f"<{uuid.uuid4()}@{host}>",
        )
    except StaleRecord:
        return False
    return True


def _settle(reminder: Reminder, now: datetime) -> int:
    try:
        _record(reminder, "unknown", now)
    except StaleRecord:
        return 0
    return 1


@transaction.atomic
def _record(reminder: Reminder, result: mailing.Result, now: datetime) -> Reminder:
    if result == "sent":
        reminder.move("send", sent_at=now, next_try_at=None, obstacle="")
        audit.record(
            audit.system("worker"),
            "repayments.reminded",
            reminder.loan,
            case=_case(reminder),
            **_about(reminder),
        )
        return reminder
    if result == "later" and reminder.attempts < MOST_ATTEMPTS:
        return reminder.move(
            "postpone",
            next_try_at=now + FIRST_PAUSE * 2 ** (reminder.attempts - 1),
            obstacle=Reminder.Obstacle.SERVER_DOWN,
        )
    action, obstacle = {
        "refused": ("fail", Reminder.Obstacle.REFUSED),
        "unknown": ("lose", Reminder.Obstacle.UNKNOWN),
    }.get(result, ("fail", Reminder.Obstacle.GAVE_UP))
    return reminder.move(action, next_try_at=None, obstacle=obstacle)


def _drop(reminder: Reminder, obstacle: str) -> Reminder:
    try:
        return reminder.move("drop", next_try_at=None, obstacle=obstacle)
    except StaleRecord:
        # Another worker has it.
        return reminder


def _case(reminder: Reminder) -> str:
    return f"applications.application:{reminder.loan.application_id}"


def _about(reminder: Reminder) -> dict[str, Any]:
    return {
        "reminder": str(reminder.pk),
        "due": reminder.due_date.isoformat(),
        "step": reminder.step,
    }
