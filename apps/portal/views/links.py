"""The officer's panel on the case page: make a link for the applicant, or revoke all of them."""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.applications.models import Application
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.portal import forms, services


@requires(services.ISSUE)
@require_GET
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form that makes a link; a part of the case page, not a page."""
    application = _application(request, pk)
    if not getattr(request, "htmx", False):
        return redirect("applications:detail", pk=pk)
    return _panel(request, application)


@requires(services.ISSUE)
@require_POST
def issue(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a link and show it once, to be copied or opened."""
    application = _application(request, pk)
    form = forms.LinkForm(request.POST)
    if not form.is_valid():
        return _panel(request, application, form=form, status=422)
    try:
        path = services.issue_link(
            actor=request.user,
            application=application,
            purpose=form.cleaned_data["purpose"],
            now=timezone.now(),
        )
    except DomainError as refusal:
        if "purpose" not in refusal.fields:
            raise
        form.add_error("purpose", str(refusal.fields["purpose"]))
        return _panel(request, application, form=form, status=422)
    public = (
        services.absolute(path) if settings.PUBLIC_ADDRESS else request.build_absolute_uri(path)
    )
    return _panel(request, application, link=public)


@requires(services.ISSUE)
@require_POST
def revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Revoke every link to the application's own pages."""
    application = _application(request, pk)
    services.revoke_links(actor=request.user, application=application, now=timezone.now())
    return _panel(request, application, revoked=True)


def _application(request: HttpRequest, pk: uuid.UUID) -> Application:
    return get_visible(Application.objects.all(), request.user, pk=pk)


def _panel(
    request: HttpRequest,
    application: Application,
    *,
    form: forms.LinkForm | None = None,
    link: str = "",
    revoked: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "application": application,
        "form": form or forms.LinkForm(),
        "link": link,
        "revoked": revoked,
        "days": services.HOLDS_FOR.days,
    }
    name = "portal/_links.html" if getattr(request, "htmx", False) else "portal/links.html"
    return render(request, name, context, status=status)
