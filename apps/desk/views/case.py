"""The parts of the case page that the desk adds, each asked for when the page has loaded."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.core.visibility import get_visible
from apps.customers import selectors as customers
from apps.decisions import selectors as decisions
from apps.decisions.models import ReviewCase
from apps.desk import case_page, memo_page, neighbours, policies, services
from apps.desk.memo_page import Memo

VIEW = "applications.view_application"


@requires(VIEW)
@require_GET
def documents(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show which documents and consents the case needs, and what is missing."""
    application = _application(request, pk)
    found = case_page.papers(
        application, decisions.latest(application), now=timezone.now(), actor=request.user
    )
    context = {
        "application": application,
        "papers": found,
        "lacking": sum(not paper.is_there for paper in found),
        "opens_customer": customers.opens(request.user, application.customer_id),
    }
    return render(request, "desk/_documents.html", context)


@requires(VIEW)
@require_GET
def exposure(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everything else the borrower owes, asks for or answers for."""
    application = _compared(request, pk)
    return render(request, "desk/_exposure.html", case_page.exposed(request.user, application))


@requires(VIEW)
@require_GET
def similar(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the ten past applications most like this one, with their outcomes."""
    application = _compared(request, pk)
    return render(request, "desk/_similar.html", case_page.similar(request.user, application))


@requires(VIEW)
@require_GET
def memo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the credit memo; who holds the case writes into it."""
    application = _application(request, pk)
    return _memo_part(request, application)


@requires(VIEW)
@require_GET
def print_memo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the credit memo alone, to be printed."""
    application = _application(request, pk)
    found = memo_page.of_application(request.user, application, now=timezone.now())
    if found is None:
        raise NotVisible("no_memo", _("This application was never in review."))
    crumbs = [
        {"label": _("Applications"), "url": reverse("applications:list")},
        {
            "label": application.number,
            "url": reverse("applications:detail", args=[application.pk]),
        },
        {"label": _("Credit memo")},
    ]
    context = {"application": application, "memo": found, "crumbs": crumbs}
    return render(request, "desk/memo.html", context)


@requires(policies.REVIEW)
@require_POST
def write_memo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Keep a reviewer's own words below a section."""
    case = get_visible(ReviewCase.objects.all(), request.user, pk=pk)
    refusal = ""
    try:
        services.write_memo(
            actor=request.user,
            case=case,
            section=request.POST.get("section", ""),
            text=request.POST.get("text", ""),
            now=timezone.now(),
            version=request.POST.get("version"),
        )
    except DomainError as refused:
        refusal = str(refused)
    if getattr(request, "htmx", False):
        application = _application(request, case.application_id)
        kept = {"section": request.POST.get("section"), "text": request.POST.get("text")}
        return _memo_part(request, application, refusal=refusal, kept=kept if refusal else None)
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, _("Your words are kept in the memo."))
    return redirect("applications:detail", pk=case.application_id)


@requires(policies.VIEW_QUEUE)
@require_GET
def following(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Go to the case that comes after this one in the queue."""
    return _to_neighbour(request, pk, back=False)


@requires(policies.VIEW_QUEUE)
@require_GET
def preceding(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Go to the case that comes before this one in the queue."""
    return _to_neighbour(request, pk, back=True)


def _to_neighbour(request: HttpRequest, pk: uuid.UUID, *, back: bool) -> HttpResponse:
    case = get_visible(ReviewCase.objects.all(), request.user, pk=pk)
    found = neighbours.of_case(request.user, case, back=back)
    if found is None:
        end = _("This is the first case of the queue.") if back else _("This is the last case.")
        messages.info(request, end)
        return redirect("desk:queue")
    return redirect("applications:detail", pk=found.application_id)


def _memo_part(
    request: HttpRequest, application: Application, *, refusal: str = "", kept: Any = None
) -> HttpResponse:
    found: Memo | None = memo_page.of_application(request.user, application, now=timezone.now())
    context = {"application": application, "memo": found, "refusal": refusal, "kept": kept}
    return render(request, "desk/_memo.html", context, status=422 if refusal else 200)


def _application(request: HttpRequest, pk: uuid.UUID) -> Application:
    rows = applications.case(request.user).prefetch_related("collaterals", "guarantors__customer")
    return get_visible(rows, request.user, pk=pk)


def _compared(request: HttpRequest, pk: uuid.UUID) -> Application:
    """Return an application without what only a page of its own shows of it."""
    rows = Application.objects.select_related("branch", "customer")
    return get_visible(rows, request.user, pk=pk)
