"""What of the portfolio's quality waits for a person on the start page."""

from datetime import datetime

from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.home import HALF, Backlog, Context, Panel, Waiting, Work, register
from apps.npa import alert_page, override_rows, policies, reserve_rows, watch_rows
from apps.npa.models import DayEnd, Finding

ROWS = 5


def findings(actor: User, _now: datetime) -> int:
    """Return how many findings wait for this person: proposed, or to be ended, by another."""
    proposed = Q(status="proposed") & ~Q(proposed_by=actor)
    ending = Q(status="ending") & ~Q(end_proposed_by=actor)
    return Finding.objects.visible_to(actor).filter(proposed | ending).count()


def alerts(actor: User, _now: datetime) -> Context:
    """Return the alerts that are not over, those raised last first."""
    found = watch_rows.alerts(actor, state="standing").prefetch_related("deliveries")
    shown = found.order_by("-raised_at", "-pk")[:ROWS]
    return {"alerts": [alert_page.row(actor, one) for one in shown]}


def _running() -> Backlog:
    rows = DayEnd.objects.filter(status="running").order_by()
    found = rows.aggregate(number=Count("pk"), oldest=Min("started_at"))
    return Backlog(found["number"], found["oldest"])


register(
    Work(name="npa.day_ends", label=_("Ends of days"), order=60, backlog=_running, patience=60),
)
register(
    Waiting(
        name="npa.overrides",
        label=_("Classes set by people"),
        icon="hand",
        order=21,
        rights=(policies.APPROVE_OVERRIDE,),
        count=lambda actor, _now: override_rows.waiting_count(actor),
        url_name="npa:overrides",
        query="state=waiting",
    ),
    Waiting(
        name="npa.findings",
        label=_("What was found about loans"),
        icon="search",
        order=22,
        rights=(policies.APPROVE_FINDING,),
        count=findings,
        url_name="npa:findings",
        query="state=waiting",
    ),
    Waiting(
        name="npa.releases",
        label=_("Releases from the reserve"),
        icon="lock-open",
        order=23,
        rights=(policies.APPROVE_RELEASE,),
        count=lambda actor, _now: reserve_rows.waiting_count(actor),
        url_name="npa:releases",
    ),
    Waiting(
        name="npa.alerts",
        label=_("Alerts that nobody acknowledged"),
        icon="triangle-alert",
        order=31,
        rights=(policies.ACKNOWLEDGE,),
        count=lambda actor, _now: watch_rows.open_count(actor),
        url_name="npa:alerts",
        pressing=True,
    ),
)
register(
    Panel(
        name="npa.alerts",
        template="npa/_home_alerts.html",
        order=71,
        rights=(policies.VIEW,),
        gather=alerts,
        width=HALF,
    )
)
