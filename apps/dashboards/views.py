"""The start page of everybody, and the numbers on it and in the navigation."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_GET

from apps.core import brief
from apps.core import home as registry
from apps.core.access import SIGNED_IN, requires
from apps.dashboards import parts


@requires(SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the signed-in person before what there is."""
    now = timezone.now()
    # What stands on this page is counted as it is made, and so are the badges beside it: it asks
    # for numbers only when they may have changed.
    found = parts.numbers(request, brief.HOME, anew=True)
    waiting = parts.waiting_of(request.user, found)
    request.counted = found  # type: ignore[attr-defined]  # the navigation shows it
    context = {
        "beginnings": registry.beginnings(request.user),
        "waiting": waiting,
        "is_idle": not any(one.number for one in waiting),
        "panels": parts.panels(request.user, now),
    }
    return render(request, "dashboards/home.html", context)


@require_GET
@requires(SIGNED_IN)
@conditional_page
def counts(request: HttpRequest) -> HttpResponse:
    """Return every number of a page at once, as text by name; 304 while none of them changed.

    The badges of the navigation; with `of=home` also what waits on the start page.
    """
    part = brief.HOME if request.GET.get("of") == brief.HOME else ""
    return JsonResponse({"counts": parts.numbers(request, part)})
