"""How a letter stands with its reader, in words and tones: sent, on its way, due, late."""

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.letters.models import Delivery, Letter

STAGE_WORDS: dict[str, Promise] = {
    "due": _("Not sent yet"),
    "soon_late": _("Soon late"),
    "late": _("Late"),
    "overdue": _("Past its last day"),
}
_TONES = {
    "due": ("neutral", "clock"),
    "soon_late": ("warning", "clock"),
    "late": ("danger", "triangle-alert"),
    "overdue": ("danger", "octagon-alert"),
}
_SENT_WORDS: dict[str, Promise] = {
    "email": _("Sent by e-mail"),
    "hand": _("Handed over"),
    "post": _("Sent by post"),
}


@dataclass(frozen=True)
class Standing:
    """One letter's state: `stage` is `sent` or one of a deadline, `note` what stands in its way."""

    stage: str
    label: object
    tone: str
    icon: str
    note: str = ""
    sent: Delivery | None = None
    waiting: Delivery | None = None


def of_letter(letter: Letter, *, today: date) -> Standing:
    """Return how a letter stands; its deliveries should have been fetched with it."""
    deliveries = sorted(letter.deliveries.all(), key=lambda one: one.created_at)
    sent = next((one for one in deliveries if one.status == "sent"), None)
    if sent is not None:
        return Standing("sent", _SENT_WORDS[sent.channel], "success", "circle-check", sent=sent)
    waiting = next((one for one in deliveries if one.status in ("queued", "sending")), None)
    deadline = letter.deadline
    stage = deadline.stage(today) if deadline is not None else "due"
    tone, icon = _TONES[stage]
    return Standing(
        stage, STAGE_WORDS[stage], tone, icon, note=_note(letter, waiting), waiting=waiting
    )


def _note(letter: Letter, waiting: Delivery | None) -> str:
    if letter.rendered_at is None or waiting is None:
        return str(_("It is still being prepared."))
    if waiting.channel == Delivery.Channel.EMAIL:
        return waiting.get_obstacle_display() or str(_("It goes out by e-mail in a moment."))
    why = waiting.get_obstacle_display()
    return f"{why} {_('To be handed over or posted.')}" if why else str(_("To be handed over."))
