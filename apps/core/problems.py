"""Pages that say what went wrong, and forms that say it beside the field."""

from django.core.exceptions import RequestDataTooBig
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import defaults

from apps.core.errors import DomainError, NotPermitted


def page(request: HttpRequest, error: DomainError, *, back: str = "") -> HttpResponse:
    """Return the page, the fragment (HTMX) or the JSON body for an anticipated error.

    `back` is the address of the page to go back to, where one is known.
    """
    if is_api(request):
        fields = {name: [str(text)] for name, text in error.fields.items()}
        return _body(error.code, str(error.sentence), error.status, fields)
    template = "components/problem.html" if getattr(request, "htmx", False) else "problem.html"
    return render(request, template, {"error": error, "back": back}, status=error.status)


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


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request Django itself refused, such as one for a foreign host."""
    if is_api(request) and isinstance(exception, RequestDataTooBig):
        return _body("too_large", _("The request is too large."), 413)
    if is_api(request):
        return _body("bad_request", _("The request is malformed."), 400)
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer PermissionDenied."""
    if is_api(request):
        return _body("permission_denied", _("You may not do this."), 403)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address nobody has."""
    if is_api(request):
        return _body("not_found", _("There is nothing at this address."), 404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer where we have a bug; the log has the rest."""
    if is_api(request):
        return _body("server_error", _("Something is wrong on our side; it has been noted."), 500)
    return defaults.server_error(request)


def is_api(request: HttpRequest) -> bool:
    """Say whether the caller is a program that expects JSON."""
    return request.path.startswith("/api/")


def _body(
    code: str, sentence: str, status: int, fields: dict[str, list[str]] | None = None
) -> JsonResponse:
    body = {"code": code, "sentence": sentence, "fields": fields or {}}
    return JsonResponse(body, status=status)
