"""What can be asked about the desk: the queue in its order, its counts, and one case's diary."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import User
from apps.core import keyset
from apps.decisions import independence, sentences
from apps.decisions import policies as decisions_policies
from apps.decisions import selectors as decisions
from apps.decisions.models import PolicyVersion, Rank, ReviewCase
from apps.desk.models import (
    CaseAttachment,
    CaseNote,
    Escalation,
    InformationRequest,
    SavedView,
    ServiceLevel,
)

DEFAULT_SORT = "priority"
# What the address calls an order -> its columns; each ends in the key.
SORTS: Mapping[str, tuple[str, ...]] = {
    "priority": ("rank", "due_at", "id"),
    "-priority": ("-rank", "-due_at", "-id"),
    "opened": ("opened_at", "id"),
    "-opened": ("-opened_at", "-id"),
    "due": ("due_at", "id"),
    "-due": ("-due_at", "-id"),
    "amount": ("application__amount", "id"),
    "-amount": ("-application__amount", "-id"),
    "number": ("application__number", "id"),
    "-number": ("-application__number", "-id"),
}
SHOWN = (
    "unclaimed",
    "mine",
    "others",
    "overdue",
    "escalated",
    "to_me",
    "information",
    "awaiting_second",
)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What of the queue to show; empty means everything that waits."""

    show: str = ""
    cause: str = ""
    product: str = ""
    branch: str = ""
    text: str = ""
    least: Decimal | None = None
    most: Decimal | None = None
    waiting_hours: int | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which page of the queue: sorted how, after or before which row."""

    sort: str = DEFAULT_SORT
    after: str = ""
    before: str = ""
    size: int = keyset.SIZE


def page(actor: User, filters: Filters, place: Place, *, now: datetime) -> keyset.Page[ReviewCase]:
    """Return one page of the waiting cases a person may see, with all a line shows of them.

    Along an index of waiting cases, so that its time does not depend on how many were ever closed.
    Raises DomainError for a position that is none.
    """
    rows = waiting(actor, filters, now=now).select_related(
        "application__product",
        "application__branch__entity",
        "application__customer",
        "referral",
        "claimed_by",
        "verdict_by",
    )
    open_request = InformationRequest.objects.filter(case=OuterRef("pk"), status="open")
    open_escalation = Escalation.objects.filter(case=OuterRef("pk"), status="open")
    rows = rows.annotate(
        waits_until=Subquery(open_request.order_by("-lapses_at").values("by_date")[:1]),
        escalated_to=Subquery(open_escalation.values("to__name")[:1]),
    )
    by = SORTS.get(place.sort, SORTS[DEFAULT_SORT])
    return keyset.page(rows, by=by, after=place.after, before=place.before, size=place.size)


def waiting(actor: User, filters: Filters, *, now: datetime) -> QuerySet[ReviewCase]:
    """Return the waiting cases a person may see, filtered."""
    exact = {
        "causes__contains": [filters.cause] if filters.cause else None,
        "application__product__code": filters.product or None,
        "application__branch__code": filters.branch or None,
        "application__number__iexact": filters.text or None,
        "application__amount__gte": filters.least,
        "application__amount__lte": filters.most,
    }
    given = {name: value for name, value in exact.items() if value is not None}
    rows = decisions.waiting(actor).filter(**given)
    if filters.waiting_hours is not None:
        rows = rows.filter(opened_at__lte=now - timedelta(hours=filters.waiting_hours))
    if filters.show in SHOWN:
        rows = rows.filter(_shown(actor, now)[filters.show])
    return rows


def counts(actor: User, filters: Filters, *, now: datetime) -> dict[str, int]:
    """Return how many cases each way of looking shows, beside the other filters: one query."""
    ways = {name: Count("pk", filter=q) for name, q in _shown(actor, now).items()}
    rows = waiting(actor, replace(filters, show=""), now=now).order_by()
    return rows.aggregate(all=Count("pk"), **ways)


def _shown(actor: User, now: datetime) -> dict[str, Q]:
    """Return the condition of each way of looking. A claim that has run out holds nothing."""
    held = Q(status="claimed", claim_until__gt=now)
    raised = Escalation.objects.filter(case=OuterRef("pk"), status="open")
    return {
        "unclaimed": Q(status="open") | Q(status="claimed", claim_until__lte=now),
        "mine": held & Q(claimed_by=actor),
        "others": held & ~Q(claimed_by=actor),
        "overdue": Q(due_at__lt=now, paused_at__isnull=True) & ~Q(service={}),
        "escalated": Q(Exists(raised)),
        "to_me": Q(Exists(raised.filter(to=actor))),
        "information": Q(rank=Rank.WAITING),
        "awaiting_second": Q(status="awaiting_second"),
    }


def next_case(actor: User, *, now: datetime, after: uuid.UUID | None = None) -> ReviewCase | None:
    """Return the case to take up next: own claims first, then the first that nobody holds.

    Never one that waits for information, or that the person may not decide.
    """
    others = decisions.waiting(actor).exclude(
        Q(application__submitted_by=actor)
        | Q(application__taken_by=actor)
        | Q(application__in=independence.connected_applications(actor).values("pk"))
    )
    if after is not None:
        others = others.exclude(pk=after)
    ways, by = _shown(actor, now), SORTS[DEFAULT_SORT]
    return (
        others.filter(ways["mine"]).order_by(*by).first()
        or others.filter(ways["unclaimed"])
        .exclude(rank=Rank.WAITING)
        .exclude(referral__decided_by=actor)
        .order_by(*by)
        .first()
    )


def reviewers(case: ReviewCase) -> list[User]:
    """Return the people who may hold a case, by name: role, branch, no submission, no conflict."""
    return [
        one
        for one in _in_house(case, decisions_policies.REVIEW)
        if not decisions_policies.why_not_holder(one, case)
    ]


def managers(case: ReviewCase, *, besides: User) -> list[User]:
    """Return the people who may take an escalation of a case, by name."""
    return [
        one
        for one in _in_house(case, decisions_policies.ASSIGN)
        if one.pk != besides.pk
        and ReviewCase.objects.visible_to(one).filter(pk=case.pk).exists()
        and not decisions_policies.is_own_submission(one, case.application)
        and not independence.is_connected(one, case.application)
    ]


def _in_house(case: ReviewCase, permission: str) -> list[User]:
    """Return the active people of the case's lender who hold a permission, by name."""
    app, _dot, codename = permission.partition(".")
    by_role = Q(
        groups__permissions__content_type__app_label=app, groups__permissions__codename=codename
    )
    found = User.objects.filter(
        by_role, is_active=True, branch__entity=case.application.branch.entity_id
    )
    return list(found.select_related("branch").distinct().order_by("name", "pk"))


def notes(case: ReviewCase) -> QuerySet[CaseNote]:
    """Return what was said about a case, newest first."""
    return (
        CaseNote.objects.filter(case=case)
        .select_related("written_by")
        .order_by("-written_at", "-pk")
    )


def information(case: ReviewCase) -> QuerySet[InformationRequest]:
    """Return what was asked about a case: what is open first, then newest first."""
    rows = InformationRequest.objects.filter(case=case).select_related("asked_by", "ended_by")
    return rows.order_by(F("ended_at").desc(nulls_first=True), "-asked_at")


def escalations(case: ReviewCase) -> QuerySet[Escalation]:
    """Return the escalations of a case, newest first."""
    rows = Escalation.objects.filter(case=case).select_related("to", "raised_by", "ended_by")
    return rows.order_by("-raised_at")


def attachments(case: ReviewCase) -> QuerySet[CaseAttachment]:
    """Return the files beside a case without their bytes, newest first."""
    rows = CaseAttachment.objects.filter(case=case).select_related("uploaded_by")
    return rows.defer("content").order_by("-uploaded_at")


def views(actor: User) -> QuerySet[SavedView]:
    """Return the views a person may open, own ones first."""
    rows = SavedView.objects.visible_to(actor).select_related("person", "shared_with")
    return rows.order_by("name", "pk")


def default_view(actor: User) -> SavedView | None:
    """Return the view a person wants the queue to open with, or None."""
    return SavedView.objects.filter(person=actor, is_default=True).first()


def referral_causes(actor: User) -> list[tuple[str, str]]:
    """Return every reason that sends a case here, in words: of the house, and of the policies.

    Of a lender's policies every approved version counts, so that no row loses its words.
    """
    found = sentences.causes()
    versions = PolicyVersion.objects.visible_to(actor).approved().order_by("number")
    for document in versions.values_list("document", flat=True):
        found |= {
            rule["code"]: rule["sentence"]
            for rule in document["rules"]
            if rule["outcome"] == "refer"
        }
    return sorted(found.items(), key=lambda one: one[1])


def service_levels(actor: User, *, ended: bool = False) -> QuerySet[ServiceLevel]:
    """Return the rows of the person's lenders, in the order in which they go before one another."""
    rows = ServiceLevel.objects.visible_to(actor).filter(ended_at__isnull=not ended)
    rows = rows.select_related("entity", "product", "entered_by", "ended_by")
    if ended:
        return rows.order_by("-ended_at", "pk")
    return rows.order_by(
        "entity__name", "-cause", F("product__name").asc(nulls_last=True), "-from_amount"
    )
