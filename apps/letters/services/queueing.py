"""Decide how a frozen letter goes out: by e-mail where that is possible, else by a person."""

from datetime import datetime

from django.conf import settings

from apps.core import jobs, rows
from apps.letters import hooks
from apps.letters.models import Delivery, Letter


def queue(letter: Letter, *, now: datetime) -> Delivery:
    """Put a letter down for delivery, in the caller's transaction; a worker sends an e-mail.

    One that waits already is left as it is.
    """
    obstacle = obstacle_to_mail(letter)
    if obstacle:
        return wait_for_person(letter, obstacle=obstacle)
    wanted = Delivery(letter=letter, channel=Delivery.Channel.EMAIL, next_try_at=now)
    if rows.insert(wanted, if_new=True):
        jobs.enqueue("letters.deliver", delivery_id=str(wanted.pk))
    return wanted


def wait_for_person(letter: Letter, *, obstacle: str) -> Delivery:
    """Leave a letter to be handed over or posted, and say why; in the caller's transaction."""
    wanted = Delivery(letter=letter, channel=Delivery.Channel.HAND, obstacle=obstacle)
    rows.insert(wanted, if_new=True)
    return wanted


def obstacle_to_mail(letter: Letter) -> str:
    """Return why a letter cannot go by e-mail now; empty when it can."""
    if not settings.LETTERS_BY_EMAIL:
        return str(Delivery.Obstacle.NOT_CONFIGURED)
    return hooks.recipient(letter.case).obstacle
