"""What each role's home shows. Reads every app, owns nothing; rows only as far as a person sees.

Every section takes the actor and the time, whether it needs them or not.
"""
# ruff: noqa: ARG001 - the sections share one signature

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Min, Q, QuerySet

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.appeals import presentation as appeal_presentation
from apps.appeals import selectors as appeal_selectors
from apps.applications.lifecycle import OPEN
from apps.applications.models import Application
from apps.audit import names, verbs
from apps.audit import selectors as audit
from apps.audit.models import Event
from apps.core import dates
from apps.decisions.models import Decision, Outcome, Override, PolicyVersion, ReviewCase
from apps.governance.models import Promotion, TrainingRun
from apps.letters import selectors as letters
from apps.loans.models import Loan
from apps.scoring import selectors as scoring

ROWS = 8
Context = dict[str, Any]


def officer(actor: User, now: datetime) -> Context:
    """Return the actor's drafts, what waits for a decision, and what was decided today."""
    own = Application.objects.visible_to(actor).select_related("product")
    drafts = own.filter(taken_by=actor, status="draft").order_by("-created_at")
    waiting = own.filter(submitted_by=actor, status__in=OPEN).order_by("submitted_at")
    return {
        "drafts": drafts[:ROWS],
        "waiting": waiting[:ROWS],
        "decided": decided_today(actor, now)[:ROWS],
        "letters": unsent_letters(actor, now),
    }


def unsent_letters(actor: User, now: datetime) -> letters.Counts | None:
    """Return how many letters wait to be sent; None for who does not deliver letters."""
    if not actor.has_perm("letters.deliver_letter"):
        return None
    today = dates.local_date(now, actor.branch.entity.time_zone)
    return letters.counts(actor, today=today)


def decided_today(actor: User, now: datetime) -> QuerySet[Decision]:
    """Return final decisions of the branch's present day on what the actor submitted."""
    zone = ZoneInfo(actor.branch.entity.time_zone)
    began = datetime.combine(now.astimezone(zone).date(), time.min, tzinfo=zone)
    final = Decision.objects.filter(
        submitted_by=actor, decided_at__gte=began, decided_at__lt=began + timedelta(days=1)
    ).exclude(outcome=Outcome.REFER)
    return final.select_related("application__product").order_by("-decided_at")


def reviewer(actor: User, now: datetime) -> Context:
    """Return how much waits in the queue, since when, and the cases the actor holds."""
    cases = ReviewCase.objects.visible_to(actor)
    counts = cases.aggregate(
        open=Count("pk", filter=Q(status="open")),
        claimed=Count("pk", filter=Q(status="claimed")),
        awaiting=Count("pk", filter=Q(status="awaiting_second")),
        oldest=Min("opened_at", filter=Q(status="open")),
    )
    held = cases.filter(status="claimed", claimed_by=actor).order_by("claim_until")
    return {"counts": counts, "held": _with_application(held)[:ROWS]}


def manager(actor: User, now: datetime) -> Context:
    """Return what waits for another signature than the actor's own, and the oldest cases.

    Verdicts above a reviewer's limit, exceptions to a decline, and policies.
    """
    cases = _with_application(ReviewCase.objects.visible_to(actor))
    awaiting = cases.filter(status="awaiting_second").exclude(verdict_by=actor)
    oldest = cases.filter(status__in=["open", "claimed"]).order_by("opened_at")
    return {
        "awaiting": awaiting.order_by("verdict_at")[:ROWS],
        "exceptions": exceptions(actor)[:ROWS],
        "policies": proposals(actor)[:ROWS],
        "oldest": oldest[:ROWS],
        "letters": unsent_letters(actor, now),
    }


def appeals(actor: User, now: datetime) -> Context:
    """Return the appeals that are with the actor or with nobody, and how many wait and are late."""
    today = now.astimezone(ZoneInfo(actor.branch.entity.time_zone)).date()
    rows = appeal_selectors.next_due(actor, rows=ROWS)
    return {
        "counts": appeal_selectors.counts(actor, today=today),
        "rows": [appeal_presentation.row(one, today) for one in rows],
    }


def exceptions(actor: User) -> QuerySet[Override]:
    """Return the exceptions to a decline that others have asked for, the oldest first."""
    waiting = Override.objects.visible_to(actor).filter(status="asked").exclude(requested_by=actor)
    return waiting.select_related("application", "requested_by").order_by("requested_at")


def proposals(actor: User) -> QuerySet[PolicyVersion]:
    """Return the policies that others propose, the one that begins first at the head."""
    waiting = PolicyVersion.objects.visible_to(actor).filter(status="proposed")
    # The author or proposer may be nobody: a command loaded it from a file.
    own = Q(author=actor) | Q(proposed_by=actor)
    found = waiting.exclude(pk__in=PolicyVersion.objects.filter(own).values("pk"))
    return found.select_related("entity", "proposed_by").order_by("effective_from", "number")


def analyst(actor: User, now: datetime) -> Context:
    """Return the champions, the newest trainings, and how many promotions are asked for."""
    runs = TrainingRun.objects.select_related("model", "started_by").defer(
        "model__body", "model__manifest"
    )
    return {
        "champions": scoring.champions(),
        "runs": runs.order_by("-trained_at")[:ROWS],
        "proposed": Promotion.objects.filter(status="proposed").count(),
    }


def approver(actor: User, now: datetime) -> Context:
    """Return the promotions and policies that wait for the actor: asked for by others."""
    waiting = Promotion.objects.filter(status="proposed").exclude(proposed_by=actor)
    rows = waiting.select_related("model", "proposed_by").defer("model__body", "model__manifest")
    return {
        "promotions": rows.order_by("proposed_at")[:ROWS],
        "policies": proposals(actor)[:ROWS],
        "champions": scoring.champions(),
    }


def auditor(actor: User, now: datetime) -> Context:
    """Return the state of the chain, the last proof of it, and the newest events."""
    newest = list(Event.objects.order_by("-pk")[:ROWS])
    actors = names.of_actors(event.actor for event in newest)
    events = [
        {
            "what": verbs.sentence(event.verb),
            "who": actors[event.actor],
            "when": event.occurred_at,
            "note": names.short(event.subject),
        }
        for event in newest
    ]
    proofs = audit.verifications(limit=1)
    return {
        "sealed": audit.sealed_count(),
        "proof": proofs[0] if proofs else None,
        "events": events,
    }


def administrator(actor: User, now: datetime) -> Context:
    """Return how many people there are, who never set a password, and who came last."""
    people = accounts.people()
    counts = User.objects.aggregate(
        active=Count("pk", filter=Q(is_active=True)),
        withdrawn=Count("pk", filter=Q(is_active=False)),
        unset=Count("pk", filter=Q(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX)),
    )
    return {"counts": counts, "newest": people.order_by("-joined_at")[:ROWS]}


def collector(actor: User, now: datetime) -> Context:
    """Return the loans disbursed last."""
    loans = Loan.objects.visible_to(actor).filter(disbursed_date__isnull=False)
    return {"loans": loans.select_related("product").order_by("-disbursed_date", "pk")[:ROWS]}


def _with_application(cases: QuerySet[ReviewCase]) -> QuerySet[ReviewCase]:
    return cases.select_related("application__product", "claimed_by", "verdict_by")
