"""Work on payments that runs by itself."""

from datetime import date

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Entity
from apps.audit.services import system
from apps.core.jobs import enqueue
from apps.repayments import services


@shared_task(name="repayments.remind_due")
def remind_due() -> int:
    """Put down the reminders whose day has come (every ten minutes, within contact hours)."""
    return services.remind_due(now=timezone.now())


@shared_task(name="repayments.send_reminders")
def send_reminders() -> int:
    """Send the reminders that wait (every minute, within contact hours)."""
    return services.send_reminders(now=timezone.now())


@shared_task(name="repayments.judge_promises")
def judge_promises() -> int:
    """Judge promises to pay by what was paid (every hour: somewhere a day has just ended)."""
    return services.judge_promises(now=timezone.now())


@shared_task(name="repayments.check_statement")
def check_statement(file_id: str) -> None:
    """Look what the lines of a statement would come to; a second delivery finds it done."""
    services.check_statement(file_id=file_id, now=timezone.now())


@shared_task(name="repayments.post_statement")
def post_statement(file_id: str) -> None:
    """Post one chunk of a statement and send the next; other files get their turn in between."""
    if services.advance_statement(file_id=file_id, now=timezone.now()):
        enqueue("repayments.post_statement", file_id=file_id)


@shared_task(name="repayments.sweep_statements")
def sweep_statements() -> int:
    """Send statements again whose message or worker was lost (every minute)."""
    return services.sweep_statements(now=timezone.now())


@shared_task(name="repayments.accrue_missing")
def accrue_missing() -> int:
    """Have every lender's days that are over accrued (every hour: somewhere one has just ended)."""
    lenders = Entity.objects.order_by("code").values_list("pk", flat=True)
    for key in lenders:
        enqueue("repayments.accrue", entity_id=str(key))
    return len(lenders)


@shared_task(name="repayments.accrue")
def accrue(entity_id: str, day: str = "", actor: str = "") -> None:
    """Accrue a lender's day, or all that are over; a second delivery finds them done."""
    services.accrue_asked(
        actor=actor or system("accrual"),
        entity=Entity.objects.get(pk=entity_id),
        day=date.fromisoformat(day) if day else None,
        now=timezone.now(),
    )
