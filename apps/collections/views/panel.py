"""What the collections desk knows of a loan, for the loan's own page."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.collections import case_page, policies
from apps.core.access import requires
from apps.servicing.asked import seen


@require_GET
@requires(policies.VIEW)
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show who works on a loan, the last contact, and how far the law was gone to."""
    context = case_page.in_short(seen(request, pk))
    return render(request, "collections/_panel.html", context)
