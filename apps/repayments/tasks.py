"""Work on payments that runs by itself."""

from celery import shared_task
from django.utils import timezone

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
