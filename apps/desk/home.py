"""The desk on the start page: the queue and what is next, the team's load, an officer's cases."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.home import Beginning, Context, Panel, Waiting, left, register
from apps.decisions import policies as decisions
from apps.decisions.models import ReviewCase
from apps.desk import blind_rows, officer_cases, policies, selectors
from apps.desk.selectors import Filters

ROWS = 8
TEAM_DAYS = 7
TAKE = "applications.take_application"


def _shown(actor: User, show: str, now: datetime) -> QuerySet[ReviewCase]:
    rows = selectors.waiting(actor, Filters(show=show), now=now)
    shown = rows.select_related("application__product", "claimed_by", "verdict_by")
    return shown.order_by(*selectors.SORTS[selectors.DEFAULT_SORT])


def queue(actor: User, now: datetime) -> Context:
    """Return how the queue stands, the case to take up next, and those the person holds."""
    counts = selectors.counts(actor, Filters(), now=now)
    unclaimed = _shown(actor, "unclaimed", now).order_by()
    oldest = unclaimed.aggregate(oldest=Min("opened_at"))["oldest"]
    following = selectors.next_case(actor, now=now)
    mine = _shown(actor, "mine", now)
    held = list(mine[:ROWS])
    return {
        "counts": counts,
        "oldest": oldest,
        "next": following,
        "is_held": following is not None and decisions.holds(actor, following, now=now),
        "held": held,
        "left": left(held, ROWS, mine.count),
    }


def team(actor: User, now: datetime) -> Context:
    """Return what each reviewer holds, how much of it is overdue, and what they decided lately."""
    since = now - timedelta(days=TEAM_DAYS)
    cases: Any = ReviewCase.objects.visible_to(actor)
    late = Q(due_at__lt=now, paused_at__isnull=True) & ~Q(service={})
    held = cases.filter(status="claimed", claim_until__gt=now).order_by()
    loads = held.values("claimed_by", "claimed_by__name").annotate(
        held=Count("pk"), late=Count("pk", filter=late), oldest=Min("opened_at")
    )
    # By when the verdict was given: a second person may have closed the case later.
    closed = cases.filter(status="closed", verdict_at__gte=since, verdict_by__isnull=False)
    decided = closed.order_by().values("verdict_by", "verdict_by__name").annotate(n=Count("pk"))
    people: dict[Any, dict[str, Any]] = {}
    for one in loads:
        people[one["claimed_by"]] = {**one, "name": one["claimed_by__name"], "decided": 0}
    for one in decided:
        nothing = {"name": one["verdict_by__name"], "held": 0, "late": 0, "oldest": None}
        people.setdefault(one["verdict_by"], nothing)["decided"] = one["n"]
    rows = sorted(people.values(), key=lambda one: (-one["late"], -one["held"], one["name"]))
    late_cases = _shown(actor, "overdue", now)
    overdue = list(late_cases[:ROWS])
    more = left(overdue, ROWS, late_cases.count)
    return {"people": rows, "days": TEAM_DAYS, "overdue": overdue, "left": more}


def cases(actor: User, now: datetime) -> Context:
    """Return the first of an officer's own cases, and how many there are."""
    rows = officer_cases.cases(actor)
    shown = [officer_cases.row(one, now) for one in rows[:ROWS]]
    return {"rows": shown, "left": left(shown, ROWS, rows.count)}


def _count(show: str) -> Any:
    return lambda actor, now: selectors.waiting(actor, Filters(show=show), now=now).count()


register(
    Waiting(
        name="desk.overdue",
        label=_("Cases past their time"),
        icon="alarm-clock",
        order=29,
        rights=(decisions.REVIEW,),
        count=_count("overdue"),
        url_name="desk:queue",
        query="show=overdue",
        pressing=True,
    ),
    Waiting(
        name="desk.to_me",
        label=_("Cases brought before me"),
        icon="flag",
        order=32,
        rights=(decisions.REVIEW,),
        count=_count("to_me"),
        url_name="desk:queue",
        query="show=to_me",
    ),
    Waiting(
        name="desk.mine",
        label=_("Cases I hold"),
        icon="hand",
        order=33,
        rights=(decisions.REVIEW,),
        count=_count("mine"),
        url_name="desk:queue",
        query="show=mine",
    ),
    Waiting(
        name="desk.unclaimed",
        label=_("Cases that nobody holds"),
        icon="inbox",
        order=34,
        rights=(decisions.REVIEW,),
        count=_count("unclaimed"),
        url_name="desk:queue",
        query="show=unclaimed",
    ),
    Waiting(
        name="desk.blind",
        label=_("Blind second opinions"),
        icon="eye-off",
        order=35,
        rights=(policies.REVIEW_BLIND, policies.FOLLOW_BLIND),
        count=lambda actor, _now: blind_rows.waiting_count(actor),
        url_name="desk:blind",
    ),
)
register(
    Beginning(
        name="desk.next",
        label=_("Next case"),
        url_name="desk:next",
        icon="arrow-right",
        order=1,
        rights=(decisions.REVIEW,),
        key="n",
    ),
    Panel(
        name="desk.queue",
        template="desk/_home_queue.html",
        order=20,
        rights=(decisions.REVIEW,),
        gather=queue,
    ),
    Panel(
        name="desk.cases",
        template="desk/_home_cases.html",
        order=21,
        rights=(TAKE,),
        gather=cases,
    ),
    Panel(
        name="desk.team",
        template="desk/_home_team.html",
        order=40,
        rights=(decisions.ASSIGN,),
        gather=team,
    ),
)
