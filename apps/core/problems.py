"""Pages that say what went wrong, and forms that say it beside the field."""

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.core.errors import DomainError, NotPermitted


def page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Return the page, the fragment (HTMX) or the JSON body for an anticipated error."""
    if request.path.startswith("/api/"):
        body = {"code": error.code, "sentence": str(error.sentence), "fields": error.fields}
        return JsonResponse(body, status=error.status)
    template = "components/problem.html" if getattr(request, "htmx", False) else "problem.html"
    return render(request, template, {"error": error}, status=error.status)


def add_to(form: BaseForm, error: DomainError) -> None:
    """Put a refusal into a form: beside the fields it names, else above the form."""
    beside = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in beside.items():
        form.add_error(name, str(text))
    if not beside:
        form.add_error(None, str(error.sentence))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  (Django passes it by name)
    """Answer a form whose protection token is missing or old."""
    sentence = _("This page is too old or was opened in another sign-in. Reload it and try again.")
    return page(request, NotPermitted("csrf_failed", sentence))
