"""Tell an applicant in writing what is missing."""

import uuid
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.decisions.notice_forms import MissingForm
from apps.decisions.services import lettering, missing
from apps.decisions.services.notices import MISSING
from apps.decisions.views import case
from apps.letters.services import DELIVER

_USUAL_WAIT = timedelta(days=14)


@requires(DELIVER)
@require_http_methods(["GET", "POST"])
def incomplete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask what is missing and until when, and issue the notice."""
    application = case.application_of(request, pk)
    form = MissingForm(request.POST or None, initial=_initial(application))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _issued(request, application, form):
            return redirect("applications:detail", pk=pk)
    context = {"form": form, "application": application}
    return render(request, "decisions/incomplete.html", context, status=status)


def _issued(request: HttpRequest, application: Application, form: MissingForm) -> bool:
    try:
        missing.tell_missing(
            actor=request.user,
            application=application,
            missing=form.missing(),
            now=timezone.now(),
        )
    except DomainError as refusal:
        form.refuse(refusal.fields or {"codes": refusal.sentence})
        return False
    messages.success(request, _("The notice is issued; the applicant gets it in writing."))
    return True


def _initial(application: Application) -> dict[str, object]:
    """Return what the record lacks today, and the usual time to wait."""
    today = lettering.local_date(application.branch.entity, timezone.now())
    known = applications.standing(application.customer, on=today, besides=application.apart)
    lacking = [one.code for one in applications.lacks(application, known)]
    codes = [code for code in lacking if code in MISSING]
    return {"codes": codes, "until": today + _USUAL_WAIT}
