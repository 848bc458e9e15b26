"""Jobs and services on the start page of who keeps them running."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import brief, home
from apps.core.home import HALF, Context, Panel, register
from apps.dashboards import readiness

_KEEPER = "accounts.manage_people"
# A broker that is away is waited for, and not by every page.
KEPT_SECONDS = 15


def services(_actor: User, _now: datetime) -> Context:
    """Return the parts without which this process cannot do its work, and whether they are up."""
    named = {"database": _("Database"), "broker": _("Message broker")}
    return {
        "parts": [
            {"name": named.get(name) or _model(name), "is_ready": is_ready}
            for name, is_ready in brief.kept("dashboards-services", KEPT_SECONDS, _found)
        ]
    }


def _found() -> list[tuple[str, bool]]:
    return [(part.name, part.is_ready) for part in readiness.parts()]


def _model(name: str) -> str:
    return _("Model of %(segment)s") % {"segment": name.removeprefix("model ")}


def jobs(_actor: User, now: datetime) -> Context:
    """Return what waits for the machine, and what waits for too long."""
    rows = []
    for work in home.works():
        backlog = work.backlog()
        latest = now - timedelta(minutes=work.patience)
        is_late = backlog.oldest is not None and backlog.oldest < latest
        rows.append({"work": work, "backlog": backlog, "is_late": is_late})
    return {"rows": rows, "late": sum(1 for row in rows if row["is_late"])}


register(
    Panel(
        name="dashboards.services",
        template="dashboards/_services.html",
        order=8,
        rights=(_KEEPER,),
        gather=services,
        width=HALF,
    ),
    Panel(
        name="dashboards.jobs",
        template="dashboards/_jobs.html",
        order=9,
        rights=(_KEEPER,),
        gather=jobs,
        width=HALF,
    ),
)
