"""Decide how a frozen letter goes out: by e-mail where that is possible, else by a person."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from apps.core import jobs, rows
from apps.letters import hooks
from apps.letters.models import Delivery, Letter


def queue(letter: Letter, *, now: datetime) -> Delivery:
    """Put a letter down for delivery, in the caller's transaction; a worker sends an e-mail.

    One that waits already is left as it is.
    """
    [wanted] = queue_all([letter], now=now)
    return wanted


def queue_all(letters: Sequence[Letter], *, now: datetime) -> list[Delivery]:
    """Put different letters down for delivery as `queue` does one, with one statement."""
    obstacles = _obstacles([letter.case for letter in letters])
    wanted = [_wanted(letter, obstacles[letter.case], now=now) for letter in letters]
    written = rows.insert_all(wanted, if_new=True)
    for one in wanted:
        if one.pk in written and one.channel == Delivery.Channel.EMAIL:
            jobs.enqueue("letters.deliver", delivery_id=str(one.pk))
    return wanted


def wait_for_person(letter: Letter, *, obstacle: str) -> Delivery:
    """Leave a letter to be handed over or posted, and say why; in the caller's transaction."""
    wanted = _by_hand(letter, obstacle)
    rows.insert(wanted, if_new=True)
    return wanted


def obstacle_to_mail(letter: Letter) -> str:
    """Return why a letter cannot go by e-mail now; empty when it can."""
    return _obstacles([letter.case])[letter.case]


def _obstacles(cases: Sequence[str]) -> dict[str, str]:
    if not settings.LETTERS_BY_EMAIL:
        return dict.fromkeys(cases, str(Delivery.Obstacle.NOT_CONFIGURED))
    return {case: reached.obstacle for case, reached in hooks.recipients(cases).items()}


def _wanted(letter: Letter, obstacle: str, *, now: datetime) -> Delivery:
    if obstacle:
        return _by_hand(letter, obstacle)
    return Delivery(letter=letter, channel=Delivery.Channel.EMAIL, next_try_at=now)


def _by_hand(letter: Letter, obstacle: str) -> Delivery:
    return Delivery(letter=letter, channel=Delivery.Channel.HAND, obstacle=obstacle)
