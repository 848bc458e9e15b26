"""What people do about the delivery of a letter: hand it over, post it, send it again."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.letters import hooks
from apps.letters.models import Delivery, Letter, LetterQuerySet
from apps.letters.services import queueing

DELIVER = "letters.deliver_letter"
BY_PERSON = (Delivery.Channel.HAND, Delivery.Channel.POST)


@transaction.atomic
def record_delivery(*, actor: User, letter: Letter, channel: str, now: datetime) -> Delivery:
    """Record that a person handed a letter over or posted it; it then counts as sent.

    The same said again returns what is recorded. Raises NotPermitted, NotVisible, DomainError for
    another channel, Conflict for a letter that is not frozen yet or was sent already.
    """
    _require(actor)
    seen = _locked(actor, letter)
    return hand_over(actor=actor, letter=seen, channel=channel, now=now)


@transaction.atomic
def hand_over(
    *, actor: User, letter: Letter, channel: str, now: datetime, came_back: bool = False
) -> Delivery:
    """Do as `record_delivery` for an app that permits it, and shows the letter, by its own rules.

    One that `came_back` goes out once more: what was sent before then counts as returned.
    """
    found = _rows().get(pk=letter.pk)
    if channel not in BY_PERSON:
        sentence = _("Say whether it was handed over or posted.")
        raise DomainError("unknown_channel", sentence, fields={"channel": sentence})
    sent = found.deliveries.filter(status="sent").first()
    if sent is not None and came_back:
        sent.move("bounce")
    elif sent is not None:
        if sent.channel == channel and sent.recorded_by_id == actor.pk:
            return sent
        raise Conflict("letter_sent", _("This letter has been sent already."))
    if found.rendered_at is None:
        raise Conflict("letter_not_rendered", _("The letter is still being prepared."))
    waiting = _open(found)
    if waiting is not None and waiting.channel == Delivery.Channel.EMAIL:
        waiting.move("cancel", next_try_at=None)
        waiting = None
    if waiting is None:
        waiting = queueing.wait_for_person(found, obstacle="")
    waiting.move("record", channel=channel, sent_at=now, recorded_by=actor)
    audit.record(actor, "letters.handed_over", found, case=found.case, channel=channel)
    return waiting


def leave_to_person(letter: Letter) -> None:
    """Let no e-mail of a letter go out, in the transaction that issues it: a person brings it."""
    waiting = _open(letter)
    if waiting is None or waiting.channel != Delivery.Channel.EMAIL:
        return
    waiting.move("cancel", next_try_at=None, obstacle=Delivery.Obstacle.NOT_NOW)
    queueing.wait_for_person(letter, obstacle=str(Delivery.Obstacle.NOT_NOW))


@transaction.atomic
def send_again(*, actor: User, letter: Letter, now: datetime) -> Delivery:
    """Queue a letter for e-mail once more, because a person asks for it.

    Raises NotPermitted, NotVisible, Conflict for a letter that was sent, waits already or cannot
    go by e-mail, with the reason.
    """
    _require(actor)
    found = _locked(actor, letter)
    if found.rendered_at is None:
        raise Conflict("letter_not_rendered", _("The letter is still being prepared."))
    if found.deliveries.filter(status="sent").exists():
        raise Conflict("letter_sent", _("This letter has been sent already."))
    waiting = _open(found)
    if waiting is not None and waiting.channel == Delivery.Channel.EMAIL:
        raise Conflict("letter_waits", _("This letter waits to be sent already."))
    obstacle = queueing.obstacle_to_mail(found)
    if not obstacle and not hooks.may_mail(found, now):
        obstacle = Delivery.Obstacle.NOT_NOW
    if obstacle:
        raise Conflict("no_email", str(Delivery.Obstacle(obstacle).label))
    if waiting is not None:
        waiting.move("cancel")
    queued = queueing.queue(found, now=now)
    audit.record(actor, "letters.queued_again", found, case=found.case)
    return queued


@transaction.atomic
def record_bounce(*, actor: User, letter: Letter, now: datetime) -> Delivery:
    """Record that an e-mail came back: the letter counts as not sent, and waits for a person.

    Raises NotPermitted, NotVisible, Conflict where no e-mail of it was sent.
    """
    _require(actor)
    found = _locked(actor, letter)
    sent = found.deliveries.filter(status="sent", channel=Delivery.Channel.EMAIL).first()
    if sent is None:
        raise Conflict("nothing_sent", _("No e-mail of this letter was sent."))
    sent.move("bounce", obstacle=Delivery.Obstacle.REFUSED)
    queueing.wait_for_person(found, obstacle=str(Delivery.Obstacle.REFUSED))
    audit.record(actor, "letters.bounced", found, case=found.case, at=now.isoformat())
    return sent


def _require(actor: User) -> None:
    if not actor.has_perm(DELIVER):
        raise NotPermitted("not_permitted", _("Your role does not deliver letters."))


def _locked(actor: User, letter: Letter) -> Letter:
    """Return the letter, locked against another person's step."""
    return get_visible(_rows(), actor, pk=letter.pk)


def _rows() -> "LetterQuerySet":
    rows: LetterQuerySet = Letter.objects.select_for_update(of=("self",), no_key=True)
    return rows.defer("facts", "html", "pdf")


def _open(letter: Letter) -> Delivery | None:
    return letter.deliveries.filter(status__in=("queued", "sending")).first()
