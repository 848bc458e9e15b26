"""The appeals on the start page of who may answer them."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.appeals import presentation, selectors
from apps.core import dates
from apps.core.home import HALF, Context, Panel, Waiting, register

ROWS = 8
_DECIDE = "appeals.decide_appeal"


def _late(actor: User, now: datetime) -> int:
    today = dates.local_date(now, actor.branch.entity.time_zone)
    return selectors.counts(actor, today=today)["late"]


def gather(actor: User, now: datetime) -> Context | None:
    """Return the appeals that are with the actor or with nobody; None where none waits."""
    today = dates.local_date(now, actor.branch.entity.time_zone)
    rows = selectors.next_due(actor, rows=ROWS)
    counts = selectors.counts(actor, today=today)
    if not rows and not counts["waiting"]:
        return None
    return {"counts": counts, "rows": [presentation.row(one, today) for one in rows]}


register(
    Waiting(
        name="appeals.late",
        label=_("Appeals past their day"),
        icon="scale",
        order=30,
        rights=(_DECIDE,),
        count=_late,
        url_name="appeals:list",
        query="show=late",
        pressing=True,
    ),
    Panel(
        name="appeals.next",
        template="appeals/_home.html",
        order=23,
        rights=(_DECIDE,),
        gather=gather,
        width=HALF,
    ),
)
