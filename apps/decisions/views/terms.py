"""Change a decided request, and ask for, authorise or refuse an exception to a decline."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.applications import policies as applications
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import policies, services, terms_forms
from apps.decisions.models import Override
from apps.decisions.views import case


@requires(applications.TAKE)
@require_POST
def change_request(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change amount and term: recorded within the decision, decided anew beyond it."""
    application = case.application_of(request, pk)
    form = terms_forms.ChangeForm(request.POST)
    if not form.is_valid():
        return case.panel_of(request, application, bound=form, status=422)
    given = form.cleaned_data
    try:
        changed = services.change_request(
            actor=request.user, application=application, now=timezone.now(), **given
        )
    except DomainError as refusal:
        return _refused(request, application, form, refusal)
    if changed.status == "approved":
        messages.success(request, _("The request is changed; its decision goes on to bind."))
    else:
        messages.success(request, _("The changed request is being assessed anew."))
    return case.to_case(request, pk)


@requires(policies.REQUEST_OVERRIDE)
@require_POST
def ask_override(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask that a declined application be approved in spite of the decline."""
    application = case.application_of(request, pk)
    form = terms_forms.OverrideForm(request.POST)
    if not form.is_valid():
        return case.panel_of(request, application, bound=form, status=422)
    try:
        services.ask_override(
            actor=request.user, application=application, entry=form.entry(), now=timezone.now()
        )
    except DomainError as refusal:
        return _refused(request, application, form, refusal)
    messages.success(request, _("Asked for. Another person with authority answers."))
    return case.to_case(request, pk)


@requires(policies.AUTHORISE_OVERRIDE)
@require_POST
def authorise_override(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Authorise an exception: it then binds like a decision, for a time."""
    found = get_visible(Override.objects.all(), request.user, pk=pk)
    try:
        services.authorise_override(actor=request.user, override=found, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Authorised; the letter of approval is being prepared."))
    return case.to_case(request, found.application_id)


@requires(policies.AUTHORISE_OVERRIDE)
@require_POST
def refuse_override(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse an exception and say why."""
    found = get_visible(Override.objects.all(), request.user, pk=pk)
    form = terms_forms.OverrideRefusalForm(request.POST)
    if not form.is_valid():
        application = case.application_of(request, found.application_id)
        return case.panel_of(request, application, bound=form, status=422)
    try:
        services.refuse_override(
            actor=request.user,
            override=found,
            note=form.cleaned_data["note"],
            now=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Refused; the decline stands."))
    return case.to_case(request, found.application_id)


def _refused(
    request: HttpRequest,
    application: Any,
    form: terms_forms.RefusableForm,
    refusal: DomainError,
) -> HttpResponse:
    """Show what a service refuses beside its field, or as a message where it belongs to none."""
    if refusal.fields:
        form.refuse(refusal.fields)
        return case.panel_of(request, application, bound=form, status=422)
    messages.error(request, str(refusal))
    return case.to_case(request, application.pk)
