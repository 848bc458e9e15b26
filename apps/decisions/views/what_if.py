"""Try an application with other facts: sliders that answer at once, or a form without scripts.

What is tried is posted, though nothing is stored: an address stays in the browser's history and in
logs, and would hold a person's income and debts.
"""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.applications.models import Application
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import recourse_words, what_if


@requires("applications.view_application")
@require_http_methods(["GET", "POST"])
def what_if_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the sliders and what model and policy say where they stand; nothing is stored."""
    rows = Application.objects.select_related(
        "product", "branch__entity", "customer", "employment", "bureau_report"
    )
    application = get_visible(rows, request.user, pk=pk)
    is_part = bool(getattr(request, "htmx", False))
    template = "decisions/_what_if_answer.html" if is_part else "decisions/what_if.html"
    context: dict[str, Any] = {
        "application": application,
        "crumbs": _crumbs(application),
        "is_part": is_part,
    }
    try:
        decision, trial = what_if.trial_of(application)
        tried = request.POST if request.method == "POST" else None
        form = what_if.form_of(application, trial, tried)
        context |= {"decision": decision, "form": form, "shown": what_if.shown(trial, form)}
        if form.is_bound and not form.is_valid():
            return render(request, template, context, status=422)
        point = form.point() if form.is_bound else {}
        context["answer"] = what_if.answer(decision, trial, point)
    except DomainError as refusal:
        # No model or policy that could be asked: said on the page, beside what is known.
        context["refusal"] = str(refusal)
    context["recourse"] = recourse_words.of_decision(context.get("decision"))
    return render(request, template, context)


def _crumbs(application: Application) -> list[dict[str, str]]:
    return [
        {"label": _("Applications"), "url": reverse("applications:list")},
        {
            "label": application.number,
            "url": reverse("applications:detail", args=[application.pk]),
        },
        {"label": _("Try changes")},
    ]
