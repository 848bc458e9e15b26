"""What of direct debits waits for a person on the start page."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.home import Waiting, register
from apps.debits import policies, selectors
from apps.debits.models import DebitFile


def _to_release(actor: User, _now: datetime) -> int:
    """Return how many files others prepared; what the machine prepared is to be taken on first."""
    prepared = DebitFile.objects.visible_to(actor).filter(status="prepared")
    return prepared.exclude(made_by=actor).count()


def _to_take_on(actor: User, _now: datetime) -> int:
    return DebitFile.objects.visible_to(actor).filter(status="draft").count()


def _recalls(actor: User, _now: datetime) -> int:
    return selectors.recalls_asked(actor).exclude(asked_by=actor).count()


register(
    Waiting(
        name="debits.release",
        label=_("Files of debits to release"),
        icon="refresh-cw",
        order=18,
        rights=(policies.RELEASE,),
        count=_to_release,
        url_name="debits:files",
    ),
    Waiting(
        name="debits.recalls",
        label=_("Recalls of debits to confirm"),
        icon="undo-2",
        order=19,
        rights=(policies.RELEASE,),
        count=_recalls,
        url_name="debits:recalls",
    ),
    Waiting(
        name="debits.take_on",
        label=_("Files of debits to take on"),
        icon="refresh-cw",
        order=52,
        rights=(policies.PREPARE,),
        count=_to_take_on,
        url_name="debits:files",
    ),
    Waiting(
        name="debits.follow",
        label=_("Debits that failed, to look at"),
        icon="clipboard-list",
        order=53,
        rights=(policies.FOLLOW,),
        count=lambda actor, _now: selectors.to_follow(actor, "look").count(),
        url_name="debits:following",
    ),
)
