"""The start page of everybody, and the numbers on it and in the navigation."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_GET

from apps.core import home as registry
from apps.core.access import SIGNED_IN, requires
from apps.dashboards import parts


@requires(SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the signed-in person before what there is."""
    now = timezone.now()
    waiting = parts.waiting(request.user, now)
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
    found = parts.badges(request)
    if request.GET.get("of") == "home":
        for one in parts.waiting(request.user, timezone.now()):
            found[f"waiting:{one.waiting.name}"] = str(one.number or "")
    return JsonResponse({"counts": found})
