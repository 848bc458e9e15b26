"""The parts of decisions on the start page: second signatures, exceptions, policies, restarts."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts import authority
from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.applications.lifecycle import UNDER_WAY
from apps.applications.models import Application
from apps.core.home import HALF, Backlog, Context, Panel, Waiting, Work, left, register
from apps.decisions import automation, independence, policies
from apps.decisions.models import (
    Decision,
    ListedReason,
    Outcome,
    Override,
    PolicyVersion,
    ReviewCase,
)

ROWS = 8
OVERRIDES_DAYS = 30
_APPROVE_POLICY = "decisions.approve_policy"
_APPROVE_REASON = "decisions.approve_reason_code"
_RESTART = "decisions.restart_automation"


def signatures(actor: User) -> list[ReviewCase]:
    """Return the verdicts that wait for a second signature which this person may give.

    What `policies.may_countersign` says of each, asked of all together.
    """
    rows = ReviewCase.objects.visible_to(actor).filter(status="awaiting_second")
    others = rows.exclude(Q(verdict_by=actor) | Q(referral__decided_by=actor)).exclude(
        Q(application__submitted_by=actor) | Q(application__taken_by=actor)
    )
    open_to = others.exclude(application__in=_connected(actor)).select_related(
        "application__product", "claimed_by", "verdict_by"
    )
    limits = accounts.approval_limits(actor)
    return [
        one
        for one in open_to.order_by("verdict_at", "pk")
        if _within(limits, one.application, one.verdict_amount)
    ]


def exceptions(actor: User) -> list[Override]:
    """Return the exceptions to a decline that others ask for and this person may answer."""
    asked = Override.objects.visible_to(actor).filter(status="asked").exclude(requested_by=actor)
    others = asked.exclude(Q(application__submitted_by=actor) | Q(application__taken_by=actor))
    open_to = others.exclude(application__in=_connected(actor)).select_related(
        "application__product", "requested_by"
    )
    limits = accounts.approval_limits(actor)
    return [
        one
        for one in open_to.order_by("requested_at", "pk")
        if _within(limits, one.application, one.amount)
    ]


def proposals(actor: User) -> QuerySet[PolicyVersion]:
    """Return the policies that others propose, the one that begins first at the head."""
    waiting = PolicyVersion.objects.visible_to(actor).filter(status="proposed")
    # The author or proposer may be nobody: a command loaded it from a file.
    own = Q(author=actor) | Q(proposed_by=actor)
    found = waiting.exclude(pk__in=PolicyVersion.objects.filter(own).values("pk"))
    return found.select_related("entity", "proposed_by").order_by("effective_from", "number")


def reasons(actor: User) -> QuerySet[ListedReason]:
    """Return the reasons that others propose to list, or to end."""
    rows = ListedReason.objects.visible_to(actor)
    proposed = Q(status="proposed") & ~Q(proposed_by=actor)
    return rows.filter(proposed | (Q(status="ending") & ~Q(end_asked_by=actor)))


def _connected(actor: User) -> QuerySet[Any, Any]:
    return independence.connected_applications(actor).values("pk")


def _within(limits: list[authority.Limit], application: Any, amount: Decimal | None) -> bool:
    alone = authority.approval_limit(
        limits, currency=application.currency, product_code=application.product.code
    )
    return (application.amount if amount is None else amount) <= alone


def _signatures(actor: User, _now: datetime) -> Context:
    found = signatures(actor)
    return {"cases": found[:ROWS], "left": max(len(found) - ROWS, 0)}


def _exceptions(actor: User, _now: datetime) -> Context | None:
    found = exceptions(actor)
    left_out = max(len(found) - ROWS, 0)
    return {"exceptions": found[:ROWS], "left": left_out} if found else None


def _proposals(actor: User, _now: datetime) -> Context | None:
    rows = proposals(actor)
    found = list(rows[:ROWS])
    return {"policies": found, "left": left(found, ROWS, rows.count)} if found else None


def _overrides(actor: User, now: datetime) -> Context:
    """Return the latest exceptions to a decline, and how the last days answered them."""
    rows = Override.objects.visible_to(actor)
    since = now - timedelta(days=OVERRIDES_DAYS)
    counts = rows.filter(requested_at__gte=since).aggregate(
        asked=Count("pk"),
        authorised=Count("pk", filter=Q(status="authorised")),
        refused=Count("pk", filter=Q(status="refused")),
    )
    latest = rows.select_related("application", "requested_by", "answered_by")
    return {
        "counts": counts,
        "days": OVERRIDES_DAYS,
        "latest": latest.order_by("-requested_at", "pk")[:ROWS],
    }


def _undecided() -> Backlog:
    waiting = Application.objects.filter(status__in=UNDER_WAY).order_by()
    found = waiting.aggregate(number=Count("pk"), oldest=Min("submitted_at"))
    return Backlog(found["number"], found["oldest"])


def decided_today(actor: User, now: datetime) -> QuerySet[Decision]:
    """Return final decisions of the branch's present day on what the actor submitted."""
    zone = ZoneInfo(actor.branch.entity.time_zone)
    began = datetime.combine(now.astimezone(zone).date(), time.min, tzinfo=zone)
    final = Decision.objects.visible_to(actor).filter(
        submitted_by=actor, decided_at__gte=began, decided_at__lt=began + timedelta(days=1)
    )
    rows = final.exclude(outcome=Outcome.REFER).select_related("application__product")
    return rows.order_by("-decided_at")


def _today(actor: User, now: datetime) -> Context | None:
    rows = decided_today(actor, now)
    found = list(rows[:ROWS])
    return {"decided": found, "left": left(found, ROWS, rows.count)} if found else None


def _restarts(actor: User, _now: datetime) -> int:
    asked = automation.standing(actor).filter(status="restart_asked")
    return asked.exclude(asked_by=actor).count()


register(
    Waiting(
        name="decisions.signatures",
        label=_("Verdicts that wait for my signature"),
        icon="pencil",
        order=10,
        rights=(policies.COUNTERSIGN,),
        count=lambda actor, _now: len(signatures(actor)),
        url_name="desk:queue",
        query="show=awaiting_second",
    ),
    Waiting(
        name="decisions.exceptions",
        label=_("Exceptions to a decline"),
        icon="circle-alert",
        order=11,
        rights=(policies.AUTHORISE_OVERRIDE,),
        count=lambda actor, _now: len(exceptions(actor)),
        anchor="home-exceptions",
    ),
    Waiting(
        name="decisions.restarts",
        label=_("Restarts of automated decisions"),
        icon="power",
        order=12,
        rights=(_RESTART,),
        count=_restarts,
        url_name="decisions:automation",
    ),
    Waiting(
        name="decisions.policies",
        label=_("Policies to approve"),
        icon="scale",
        order=13,
        rights=(_APPROVE_POLICY,),
        count=lambda actor, _now: proposals(actor).count(),
        anchor="home-policies",
    ),
    Waiting(
        name="decisions.reasons",
        label=_("Reason codes to approve"),
        icon="list",
        order=14,
        rights=(_APPROVE_REASON,),
        count=lambda actor, _now: reasons(actor).count(),
        url_name="decisions:reasons",
    ),
)
register(
    Panel(
        name="decisions.signatures",
        template="decisions/_home_signatures.html",
        order=10,
        rights=(policies.COUNTERSIGN,),
        gather=_signatures,
    ),
    Panel(
        name="decisions.exceptions",
        template="decisions/_home_exceptions.html",
        order=11,
        rights=(policies.AUTHORISE_OVERRIDE,),
        gather=_exceptions,
    ),
    Panel(
        name="decisions.policies",
        template="decisions/_home_policies.html",
        order=12,
        rights=(_APPROVE_POLICY,),
        gather=_proposals,
    ),
    Panel(
        name="decisions.today",
        template="decisions/_home_today.html",
        order=25,
        rights=("applications.take_application",),
        gather=_today,
        width=HALF,
    ),
    Panel(
        name="decisions.overrides",
        template="decisions/_home_overrides.html",
        order=60,
        rights=(policies.AUTHORISE_OVERRIDE, "audit.view_audit"),
        gather=_overrides,
        width=HALF,
    ),
)
register(Work(name="decisions.assess", label=_("Decisions"), order=10, backlog=_undecided))
