"""What can be asked about appeals: the list, who may answer, the facts, what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.appeals import correctable, deadlines, policies
from apps.appeals.lifecycle import ENDED_EARLY, OPEN
from apps.appeals.models import Appeal, Reassessment
from apps.applications.models import Application
from apps.core import dates
from apps.decisions import selectors as decisions
from apps.decisions.models import Decision

ORDER = ("due_date", "id")
NEWEST = ("-received_at", "id")
SHOWN = ("waiting", "mine", "late", "answered", "all")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which appeals to list; empty means those that wait."""

    show: str = "waiting"
    branch: str = ""
    product: str = ""


def worklist(actor: User, filters: Filters, *, today: date) -> QuerySet[Appeal]:
    """Return the appeals a person may see, ready to be listed; the caller orders them."""
    rows = Appeal.objects.visible_to(actor).select_related(
        "application__product", "application__branch", "application__customer", "reviewer"
    )
    kept = {
        "waiting": Q(status__in=OPEN),
        "mine": Q(status__in=OPEN, reviewer=actor),
        "late": Q(status__in=OPEN, due_date__lt=today),
        "answered": ~Q(status__in=OPEN),
        "all": Q(),
    }
    rows = rows.filter(kept.get(filters.show, kept["waiting"]))
    if filters.branch:
        rows = rows.filter(application__branch__code=filters.branch)
    if filters.product:
        rows = rows.filter(application__product__code=filters.product)
    return rows.defer("statement", "answer")


def counts(actor: User, *, today: date) -> dict[str, int]:
    """Return how many appeals wait, are late, and are with the person."""
    waiting = Appeal.objects.visible_to(actor).waiting()
    return {
        "waiting": waiting.count(),
        "late": waiting.filter(due_date__lt=today).count(),
        "mine": waiting.filter(reviewer=actor).count(),
    }


def choices(actor: User) -> dict[str, list[tuple[str, str]]]:
    """Return the branches and products among the appeals a person may see."""
    rows = Appeal.objects.visible_to(actor).order_by().distinct()
    branches = rows.values_list("application__branch__code", "application__branch__name")
    products = rows.values_list("application__product__code", "application__product__name")
    return {"branches": sorted(set(branches)), "products": sorted(set(products))}


def detailed() -> QuerySet[Appeal]:
    """Return appeals with everything their page shows."""
    return Appeal.objects.select_related(
        "application__product",
        "application__customer__entity",
        "application__branch__entity",
        "application__employment",
        "application__bureau_report",
        "decision__score_run",
        "decision__policy",
        "outcome__score_run",
        "registered_by",
        "reviewer",
        "second_by",
        "letter",
    ).defer("letter__html", "letter__pdf", "letter__facts")


def of_application(application: Application) -> QuerySet[Appeal]:
    """Return the appeals of an application, the newest first."""
    rows = Appeal.objects.filter(application=application).select_related("reviewer", "decision")
    return rows.defer("statement", "answer").order_by("-sequence")


def standing(application: Application) -> Appeal | None:
    """Return the appeal against the latest decision that counts, open or answered, or None."""
    latest = decisions.latest(application)
    if latest is None:
        return None
    made = Q(decision=latest) | Q(outcome=latest)
    return Appeal.objects.filter(made).exclude(status__in=ENDED_EARLY).order_by("-sequence").first()


def is_against(application: Application, decision: Decision | None) -> bool:
    """Say whether a decision gives less than was asked for, and is an outcome at all."""
    if decision is None:
        return False
    if decision.outcome == "decline":
        return application.status == "declined"
    asked = (application.amount, application.term_months)
    return (
        decision.outcome == "approve"
        and application.status == "approved"
        and (decision.amount, decision.term_months) != asked
    )


def last_day(decision: Decision) -> date:
    """Return the last day to appeal against a decision, in the lender's calendar."""
    entity = decision.application.branch.entity
    decided = dates.local_date(decision.decided_at, entity.time_zone)
    return deadlines.window_ends(decided, review_days=entity.review_days)


def reassessment(appeal: Appeal) -> Reassessment | None:
    """Return what was judged anew last, or None."""
    rows = Reassessment.objects.filter(appeal=appeal).select_related("score_run", "policy")
    return rows.order_by("-made_at").first()


def eligible(appeal: Appeal) -> list[User]:
    """Return who may answer an appeal: with the permission, in reach, and without a part in it."""
    permission = Permission.objects.get(content_type__app_label="appeals", codename="decide_appeal")
    people = User.objects.filter(is_active=True, groups__permissions=permission)
    return [
        one
        for one in people.select_related("branch").distinct().order_by("name", "pk")
        if not policies.why_not(one, appeal)
    ]


def facts(application: Application) -> dict[str, str]:
    """Return the frozen facts that can be corrected, and the bureau's, as texts."""
    employment, report = application.employment, application.bureau_report
    found: Mapping[str, Any] = {
        "net_monthly_income": getattr(employment, "net_monthly_income", None),
        "gross_annual_income": getattr(employment, "gross_annual_income", None),
        "months_employed": getattr(employment, "months_employed", None),
        # What we count of our own loans no applicant can know better.
        "obligations_monthly": application.paid_elsewhere_monthly,
        "own_obligations_monthly": application.own_burden or None,
        "home": application.home,
        "bureau_report": None if report is None else report.pulled_date.isoformat(),
        "bureau_score": getattr(report, "score", None),
    }
    return {name: correctable.written(value) for name, value in found.items()}


def next_due(actor: User, *, rows: int) -> list[Appeal]:
    """Return the waiting appeals a person could answer or holds, the first due at the head."""
    waiting = Appeal.objects.visible_to(actor).waiting()
    # Who registered one has had a part in it.
    others = waiting.exclude(registered_by=actor).filter(Q(reviewer=actor) | Q(reviewer=None))
    shown = others.select_related("application").defer("statement", "answer")
    return list(shown.order_by(*ORDER)[:rows])
