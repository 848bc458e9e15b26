"""The portfolio on the start page: its size, growth, quality and what it earns, as kept."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import dates
from apps.core.home import Context, Panel, Waiting, register
from apps.npa import alert_page, watch_rows
from apps.portfolio import (
    earning,
    overview,
    policies,
    summary_page,
    summary_rows,
    summary_wording,
)
from apps.portfolio.figures import Figure

# How large it is, how fast it grows, how good it is, what it earns.
SHOWN = (
    *(Figure.OUTSTANDING, Figure.DISBURSED, Figure.NPA_RATIO, Figure.PAR30),
    *(Figure.COLLECTION, Figure.YIELD),
)
ALERTS = 8


def health(actor: User, _now: datetime) -> Context | None:
    """Return the figures of the last day that was added up, of the branches the person sees.

    Who has the overview has them there.
    """
    if actor.has_perm(policies.OVERVIEW):
        return None
    chosen = overview.chosen_by(actor)
    if chosen is None:
        return {"chosen": None}
    found = summary_rows.summary(actor, chosen)
    query = overview.query(chosen)
    return {
        "chosen": chosen,
        "query": query(),
        "stats": summary_page.stats(found, chosen.currency, query, SHOWN),
        "earned": earning.earned(actor, chosen, found),
        "earned_is": summary_wording.EARNED,
        "is_everywhere": actor.works_everywhere,
    }


def worse(actor: User, _now: datetime) -> int:
    """Return how many figures became clearly worse in a month."""
    chosen = overview.chosen_by(actor)
    return len(overview.worse(actor, chosen)) if chosen else 0


def attention(actor: User, _now: datetime) -> Context:
    """Return what to ask about now: alerts with who answers for them, and what became worse."""
    chosen = overview.chosen_by(actor)
    alerts = watch_rows.alerts(actor, state="standing").prefetch_related("deliveries")
    shown = list(alerts.order_by("-raised_at", "-pk")[:ALERTS])
    return {
        "chosen": chosen,
        "alerts": [alert_page.row(actor, one) for one in shown],
        "left": watch_rows.standing_count(actor) - len(shown) if len(shown) == ALERTS else 0,
        "worse": overview.worse(actor, chosen) if chosen else [],
    }


def at_a_glance(actor: User, now: datetime) -> Context:
    """Return how the person's lender does, as it was added up last."""
    chosen = overview.chosen_by(actor)
    if chosen is None:
        return {"chosen": None}
    found = summary_rows.summary(actor, chosen)
    yesterday = dates.local_date(now, chosen.entity.time_zone) - timedelta(days=1)
    return {
        "chosen": chosen,
        "query": overview.query(chosen)(),
        "groups": overview.groups(actor, chosen, found),
        "is_behind": chosen.day < yesterday,
    }


register(
    Waiting(
        name="portfolio.alerts",
        label=_("Alerts that still hold"),
        icon="triangle-alert",
        order=30,
        rights=(policies.OVERVIEW,),
        count=lambda actor, _now: watch_rows.standing_count(actor),
        anchor="home-attention",
        pressing=True,
    ),
    Waiting(
        name="portfolio.worse",
        label=_("Figures clearly worse than a month ago"),
        icon="trending-down",
        order=32,
        rights=(policies.OVERVIEW,),
        count=worse,
        anchor="home-attention",
    ),
)
register(
    Panel(
        name="portfolio.attention",
        template="portfolio/_home_attention.html",
        order=5,
        rights=(policies.OVERVIEW,),
        gather=attention,
    ),
    Panel(
        name="portfolio.overview",
        template="portfolio/_home_overview.html",
        order=69,
        rights=(policies.OVERVIEW,),
        gather=at_a_glance,
    ),
    Panel(
        name="portfolio.health",
        template="portfolio/_home_health.html",
        order=70,
        rights=(policies.VIEW,),
        gather=health,
    ),
)
