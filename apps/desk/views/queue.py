"""The review queue: its page, its counts, and the next case."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import automation, sentences, stopped
from apps.decisions import selectors as decisions
from apps.decisions.models import ReviewCase
from apps.desk import forms, policies, presentation, selectors, services
from apps.desk.models import SavedView
from apps.desk.selectors import Filters

_PLACE = ("after", "before", "seen")


@requires(policies.VIEW_QUEUE)
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Show the cases that wait; filter, order and place stand in the address.

    Without anything in the address one's own first view opens, where one keeps one.
    """
    if not request.GET:
        first = selectors.default_view(request.user)
        if first is not None and first.query:
            return redirect(f"{reverse('desk:queue')}?{first.query}")
    now = timezone.now()
    form = forms.QueueForm(request.GET, **decisions.queue_choices(request.user))
    filters = form.filters()
    page = selectors.page(request.user, filters, _place(request), now=now)
    why_stopped = automation.reasons_of(case.referral.reasons for case in page.rows)
    context = {
        "form": form,
        "page": page,
        "rows": [_row(case, why_stopped, now=now) for case in page.rows],
        "default_sort": selectors.DEFAULT_SORT,
        "now": now,
        "views": _views(request),
        "view_form": _view_form(request),
        "may_review": request.user.has_perm(policies.REVIEW),
        "sees_customers": request.user.has_perm("customers.view_customer"),
        **_counted(request, filters, now=now),
    }
    return render(request, "desk/queue.html", context)


@requires(policies.VIEW_QUEUE)
@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """Return how many cases each way of looking shows; nothing (204) while they are as `seen`."""
    form = forms.QueueForm(request.GET, **decisions.queue_choices(request.user))
    context = _counted(request, form.filters(), now=timezone.now())
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "desk/_counts.html", context)


@requires(policies.VIEW_QUEUE)
@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """Return how many cases wait, for the navigation."""
    return HttpResponse(decisions.waiting(request.user).count() or "")


@requires(policies.REVIEW)
@require_GET
def next_case(request: HttpRequest) -> HttpResponse:
    """Go to the case to take up next, or back to the queue when none is left."""
    case = selectors.next_case(request.user, now=timezone.now())
    if case is None:
        messages.info(request, _("No case is left that you could take up."))
        return redirect("desk:queue")
    return redirect("applications:detail", pk=case.application_id)


@requires(policies.VIEW_QUEUE)
@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep what is shown under a name."""
    form = forms.ViewForm(request.POST, actor=request.user)
    query = forms.kept_query(QueryDict(request.POST.get("query", "")))
    if form.is_valid():
        given = form.cleaned_data
        try:
            services.save_view(
                actor=request.user,
                name=given["name"],
                query=query,
                role=given["role"],
                is_default=given["is_default"],
            )
        except DomainError as refusal:
            form.refuse(refusal)
    if form.errors:
        said = [str(one) for found in form.errors.values() for one in found]
        messages.error(request, " ".join(said))
    else:
        messages.success(request, _("The view is kept."))
    return redirect(f"{reverse('desk:queue')}?{query or 'show='}")


@requires(policies.VIEW_QUEUE)
@require_POST
def delete_view(request: HttpRequest, pk: Any) -> HttpResponse:
    """Throw one's own view away."""
    view = get_visible(SavedView.objects.all(), request.user, pk=pk)
    try:
        services.delete_view(actor=request.user, view=view)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The view is gone."))
    return redirect(f"{reverse('desk:queue')}?show=")


def _place(request: HttpRequest) -> selectors.Place:
    sort = request.GET.get("sort", "")
    return selectors.Place(
        sort=sort if sort in selectors.SORTS else selectors.DEFAULT_SORT,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )


def _row(case: ReviewCase, why_stopped: dict[str, str], *, now: datetime) -> dict[str, object]:
    causes = sentences.reasons(case.referral.reasons, currency=case.application.currency)
    return {
        "case": case,
        "standing": presentation.standing(case, now=now),
        "cause": causes[0] if causes else _("Not stated"),
        "more": causes[1:],
        "why_stopped": why_stopped.get(stopped.stop_id(case.referral.reasons), ""),
        "is_held": case.status != "claimed" or (case.claim_until or now) > now,
    }


def _counted(request: HttpRequest, filters: Filters, *, now: datetime) -> dict[str, Any]:
    """Return the ways of looking with their counts, and a fingerprint of all of it."""
    found = selectors.counts(request.user, filters, now=now)
    labels = {
        "": _("Everything"),
        "unclaimed": _("Unclaimed"),
        "mine": _("Mine"),
        "others": _("Held by others"),
        "overdue": _("Overdue"),
        "escalated": _("Escalated"),
        "to_me": _("Escalated to me"),
        "information": _("Information awaited"),
        "awaiting_second": _("Second signature"),
    }
    if not request.user.has_perm(policies.ASSIGN):
        del labels["to_me"]
    tabs = [
        {
            "label": label,
            "url": f"{reverse('desk:queue')}?{_query(request, show=name)}",
            "current": filters.show == name,
            "count": found[name or "all"],
        }
        for name, label in labels.items()
    ]
    seen = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]
    address = f"{reverse('desk:counts')}?{_query(request, show=filters.show)}&seen={seen}"
    return {"tabs": tabs, "seen": seen, "counts_url": address}


def _query(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name in _PLACE:
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = value
    return query.urlencode()


def _views(request: HttpRequest) -> list[dict[str, Any]]:
    current = forms.kept_query(request.GET)
    return [
        {
            "view": one,
            "url": f"{reverse('desk:queue')}?{one.query or 'show='}",
            "is_own": one.person_id == request.user.pk,
            "current": bool(request.GET) and one.query == current,
        }
        for one in selectors.views(request.user)
    ]


def _view_form(request: HttpRequest) -> forms.ViewForm:
    return forms.ViewForm(actor=request.user, initial={"query": forms.kept_query(request.GET)})
