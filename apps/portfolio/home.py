"""The portfolio on the start page: its size, growth, quality and what it earns, as kept."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from apps.accounts.models import User
from apps.core.home import Context, Panel, register
from apps.npa import policies
from apps.portfolio import earning, summary_page, summary_rows, summary_wording
from apps.portfolio.figures import Figure
from apps.portfolio.summary_rows import Chosen

# How large it is, how fast it grows, how good it is, what it earns.
SHOWN = (
    *(Figure.OUTSTANDING, Figure.DISBURSED, Figure.NPA_RATIO, Figure.PAR30),
    *(Figure.COLLECTION, Figure.YIELD),
)


def health(actor: User, _now: datetime) -> Context:
    """Return the figures of the last day that was added up, of the branches the person sees."""
    entity = actor.branch.entity
    day = summary_rows.last_day(entity, None)
    if day is None:
        return {"chosen": None}
    chosen = Chosen(entity=entity, currency=entity.currency, day=day)
    found = summary_rows.summary(actor, chosen)

    def query(**more: Any) -> str:
        values = {"lender": entity.code, "day": day.isoformat(), "currency": entity.currency}
        return urlencode({**values, **more})

    return {
        "chosen": chosen,
        "query": query(),
        "stats": summary_page.stats(found, entity.currency, query, SHOWN),
        "earned": earning.earned(actor, chosen, found),
        "earned_is": summary_wording.EARNED,
        "is_everywhere": actor.works_everywhere,
    }


register(
    Panel(
        name="portfolio.health",
        template="portfolio/_home_health.html",
        order=70,
        rights=(policies.VIEW,),
        gather=health,
    )
)
