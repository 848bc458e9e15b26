"""The journal for an accounting system, and the proofs of the ledger."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.core import jobs
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.ledger import forms, journal, policies, presentation, selectors, services
from apps.ledger.models import ProofRun

_RUNS_SHOWN = 30


@requires(policies.EXPORT)
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Ask which part of the journal is exported, or hand it over line by line."""
    asked = request.GET if "from_date" in request.GET else None
    form = forms.JournalForm(asked, branches=list(selectors.branches(request.user)))
    if asked is None or not form.is_valid():
        status = 200 if asked is None else 400
        context = {"form": form, "columns": journal.COLUMNS}
        return render(request, "ledger/journal.html", context, status=status)
    start, end = form.cleaned_data["from_date"], form.cleaned_data["to_date"]
    lines = services.export_journal(
        actor=request.user, branches=form.branches(), start=start, end=end
    )
    response = StreamingHttpResponse(
        csv_lines(journal.table(lines)), content_type="text/csv; charset=utf-8"
    )
    name = journal.file_name(start, end)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@requires(policies.VIEW)
@require_GET
def proof_list(request: HttpRequest) -> HttpResponse:
    """Show what the last proof found, and the runs before it."""
    runs = list(ProofRun.objects.order_by("-started_at", "-pk")[:_RUNS_SHOWN])
    context = {
        "last": presentation.proof(runs[0]) if runs else None,
        "runs": [presentation.proof(run) for run in runs],
        "may_prove": request.user.has_perm(policies.PROVE),
    }
    return render(request, "ledger/proofs.html", context)


@requires(policies.PROVE)
@require_POST
def prove(request: HttpRequest) -> HttpResponse:
    """Have the ledger proved by the worker; a long book takes longer than a page may."""
    jobs.enqueue("ledger.prove", actor=request.user.audit_reference)
    messages.info(request, _("The ledger is being proved; the result appears on this page."))
    return redirect("ledger:proofs")


@requires(policies.VIEW)
@require_GET
def proof_badge(_request: HttpRequest) -> HttpResponse:
    """Return a mark for the navigation while the last proof failed; nothing otherwise."""
    last = selectors.last_proof()
    return HttpResponse("!" if last and not last.holds else "")
