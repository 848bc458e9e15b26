"""Pages of validation reports: asked for, read, and printed."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.access import requires
from apps.core.errors import Conflict, NotVisible
from apps.governance import policies, report_paper, report_sections, selectors, services
from apps.governance.models import ValidationReport
from apps.governance.views.trainings import crumb_of_trainings, found_run


@requires(policies.SEE)
@require_POST
def request_report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Have the model of a training measured by a worker."""
    run = found_run(pk)
    try:
        services.request_report(actor=request.user, model=run.model, now=timezone.now())
        messages.success(request, _("The report is queued; you may leave this page."))
    except Conflict as error:
        messages.warning(request, str(error.sentence))
    return redirect("governance:training_run", pk=pk)


@requires(policies.SEE)
def report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one validation report."""
    found = _report(pk)
    run = found.model.training_run
    crumbs = [
        crumb_of_trainings(),
        {"label": str(found.model), "url": reverse("governance:training_run", args=[run.pk])},
        {"label": _("Validation report"), "url": ""},
    ]
    context = {
        "report": found,
        "run": run,
        "sections": report_sections.sections(found.facts),
        "crumbs": crumbs,
    }
    return render(request, "governance/report.html", context)


@requires(policies.SEE)
def report_pdf(_request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return one validation report on paper."""
    found = _report(pk)
    response = HttpResponse(report_paper.pdf(found), content_type="application/pdf")
    name = f"validation-{found.model.segment}-v{found.model.number}-{found.sha256[:8]}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _report(pk: uuid.UUID) -> ValidationReport:
    found = selectors.all_reports().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such report."))
    return found
