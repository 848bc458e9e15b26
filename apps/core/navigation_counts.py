"""What stands beside the links of the navigation, in one answer: each page asks once for all."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.views.decorators.http import require_GET

from apps.core import navigation
from apps.core.access import SIGNED_IN, requires


@requires(SIGNED_IN)
@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """Return the badge of every entry that the person sees, each for its own place on the page."""
    entries = [entry for entry in navigation.visible(request) if entry.badge_url_name]
    found = [(entry.count_id, _text(request, entry)) for entry in entries]
    return render(request, "components/counts.html", {"counts": found})


def _text(request: HttpRequest, entry: navigation.Entry) -> str:
    view = resolve(reverse(entry.badge_url_name)).func
    response: HttpResponse = view(request)
    return response.content.decode()
