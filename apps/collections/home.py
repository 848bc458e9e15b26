"""A collector's day on the start page: whom to call, and what is most worth acting on."""

from datetime import date, datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.collections import open_settlements, policies, worklist, worklist_page
from apps.collections.models import Assignment, Contact
from apps.collections.worklist import Filters
from apps.core import dates
from apps.core.home import Context, Panel, Waiting, register
from apps.npa import portfolio_rows
from apps.npa.portfolio_rows import Chosen

ROWS = 8


def _today(actor: User, now: datetime) -> date:
    return dates.local_date(now, actor.branch.entity.time_zone)


def actions_due(actor: User, now: datetime) -> QuerySet[Contact]:
    """Return the contacts after which something was to be done by now, and nothing was since.

    Of running loans that the person works on: those given to them, or where they wrote the last
    word. Of a loan that is over nothing can be written down any more.
    """
    later = Contact.objects.filter(loan=OuterRef("loan"), made_at__gt=OuterRef("made_at"))
    mine = Assignment.objects.filter(loan=OuterRef("loan"), collector=actor, ended_at=None)
    others = Assignment.objects.filter(loan=OuterRef("loan"), ended_at=None).exclude(
        collector=actor
    )
    due = Contact.objects.visible_to(actor).filter(
        next_date__lte=_today(actor, now), loan__status="active"
    )
    own = due.filter(Exists(mine)) | due.filter(~Exists(others), made_by=actor)
    rows = own.exclude(Exists(later)).defer("note", "place").select_related("loan")
    return rows.order_by("next_date", "made_at", "pk")


def broken(actor: User, now: datetime) -> int:
    """Return how many overdue loans given to the person have a promise that was broken."""
    chosen = _chosen(actor)
    if chosen is None:
        return 0
    filters = Filters(whose="mine", promise="broken")
    return worklist.loans(actor, chosen, filters, known={}, today=_today(actor, now)).count()


def _chosen(actor: User) -> Chosen | None:
    entity = actor.branch.entity
    day = portfolio_rows.last_day(actor, entity)
    if day is None:
        return None
    return Chosen(entity=entity, currency=entity.currency, day=day)


def today(actor: User, now: datetime) -> Context:
    """Return the loans most worth acting on today: the person's own, else those of nobody."""
    due = list(actions_due(actor, now)[:ROWS])
    chosen = _chosen(actor)
    if chosen is None:
        return {"due": due, "chosen": None}
    known = worklist.chances(chosen.entity, chosen.currency, chosen.day)
    found = {}
    for whose in ("mine", "nobody"):
        rows = worklist.loans(
            actor, chosen, Filters(whose=whose), known=known, today=_today(actor, now)
        )
        shown = rows.select_related("loan", "customer", "branch")
        found[whose] = worklist_page.rows(list(shown.order_by(*worklist.order(known))[:ROWS]))
    whose = "mine" if found["mine"] else "nobody"
    return {"due": due, "chosen": chosen, "whose": whose, "rows": found[whose]}


register(
    Waiting(
        name="collections.actions",
        label=_("Calls, visits and letters due"),
        icon="phone",
        order=45,
        rights=(policies.WORK,),
        count=lambda actor, now: actions_due(actor, now).count(),
        anchor="home-collections-due",
    ),
    Waiting(
        name="collections.broken",
        label=_("Broken promises on my loans"),
        icon="circle-alert",
        order=48,
        rights=(policies.WORK,),
        count=broken,
        url_name="collections:worklist",
        query="whose=mine&promise=broken",
        pressing=True,
    ),
    Waiting(
        name="collections.settlements",
        label=_("Settlements to answer"),
        icon="hand-coins",
        order=18,
        rights=(policies.APPROVE_SETTLEMENT,),
        count=lambda actor, _now: open_settlements.waiting_for(actor).count(),
        url_name="collections:settlements",
        query="show=waiting",
    ),
)
register(
    Panel(
        name="collections.today",
        template="collections/_home_today.html",
        order=22,
        rights=(policies.WORK,),
        gather=today,
    )
)
