"""The review queue as a page, its count, and the next case."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.decisions import automation, forms, policies, selectors, sentences, stopped
from apps.decisions.models import ReviewCase

PAGE_ROWS = 25


@requires("decisions.view_queue")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Show the cases that wait; filter, sort and page stand in the address."""
    form = forms.QueueForm(request.GET, **selectors.queue_choices(request.user))
    filters = form.filters(sort=request.GET.get("sort", ""))
    cases = selectors.queue(request.user, filters)
    page = Paginator(cases, PAGE_ROWS).get_page(request.GET.get("page"))
    now = timezone.now()
    why_stopped = automation.reasons_of(case.referral.reasons for case in page)
    context = {
        "form": form,
        "page": page,
        "rows": [_row(case, why_stopped) for case in page],
        "default_sort": selectors.DEFAULT_SORT,
        "now": now,
        "may_review": request.user.has_perm(policies.REVIEW),
        "sees_customers": request.user.has_perm("customers.view_customer"),
    }
    return render(request, "decisions/queue.html", context)


@requires("decisions.view_queue")
@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """Return how many cases wait, for the navigation."""
    return HttpResponse(selectors.waiting(request.user).count() or "")


@requires(policies.REVIEW)
@require_GET
def next_case(request: HttpRequest) -> HttpResponse:
    """Go to the case to take up next, or back to the queue when none is left."""
    case = selectors.next_case(request.user, now=timezone.now())
    if case is None:
        return redirect("decisions:queue")
    return redirect("applications:detail", pk=case.application_id)


def _row(case: ReviewCase, why_stopped: dict[str, str]) -> dict[str, object]:
    currency = case.application.currency
    causes = sentences.reasons(case.referral.reasons, currency=currency)
    return {
        "case": case,
        "cause": causes[0] if causes else _("Not stated"),
        "more": causes[1:],
        "why_stopped": why_stopped.get(stopped.stop_id(case.referral.reasons), ""),
    }
