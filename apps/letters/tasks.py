"""Rendering and sending of letters by the worker."""

from celery import shared_task
from django.utils import timezone

from apps.letters import services


@shared_task(name="letters.render")
def render(letter_ids: list[str]) -> None:
    """Render and freeze letters, each by itself; safe to run twice. The sweep takes up the rest."""
    services.render_each(letter_ids=letter_ids, now=timezone.now())


@shared_task(name="letters.deliver")
def deliver(delivery_id: str) -> None:
    """Send one letter by e-mail; a second delivery of the message finds it sent or claimed."""
    services.deliver(delivery_id=delivery_id, now=timezone.now())


@shared_task(name="letters.deliver_waiting")
def deliver_waiting() -> int:
    """Send again what the mail server did not take, and what lost its message (every minute)."""
    return services.deliver_waiting(now=timezone.now())


@shared_task(name="letters.sweep")
def sweep() -> int:
    """Render the letters whose message was lost (every minute)."""
    return services.render_waiting(now=timezone.now())
