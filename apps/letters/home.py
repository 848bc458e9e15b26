"""What of letters waits for a person on the start page."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import dates
from apps.core.home import Backlog, Waiting, Work, register
from apps.letters import selectors, services


def _counts(actor: User, now: datetime) -> selectors.Counts:
    today = dates.local_date(now, actor.branch.entity.time_zone)
    return selectors.counts(actor, today=today)


def _unwritten() -> Backlog:
    return Backlog(*selectors.unrendered())


register(
    Waiting(
        name="letters.late",
        label=_("Letters that are late"),
        icon="mail",
        order=40,
        rights=(services.DELIVER,),
        count=lambda actor, now: _counts(actor, now).alarming,
        url_name="letters:list",
        pressing=True,
    ),
    Waiting(
        name="letters.soon_late",
        label=_("Letters that are soon late"),
        icon="mail",
        order=41,
        rights=(services.DELIVER,),
        count=lambda actor, now: _counts(actor, now).soon_late,
        url_name="letters:list",
    ),
)
register(
    Work(name="letters.render", label=_("Letters to write"), order=20, backlog=_unwritten),
)
