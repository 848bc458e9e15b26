"""What was found about loans: the list, the loan's panel, one form for each step."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.npa import (
    finding_forms,
    finding_page,
    finding_report,
    finding_rows,
    override_forms,
    policies,
    services,
)
from apps.npa.models import Finding
from apps.npa.views import steps

_BY = ("-proposed_at", "-id")


@require_GET
@requires(policies.VIEW)
def findings(request: HttpRequest) -> HttpResponse:
    """List what was found, what was proposed last first."""
    states = [(code, look.word) for code, look in finding_page.LOOKS.items()]
    form = override_forms.StateForm(request.GET, states=states)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = keyset.page(
        finding_rows.findings(request.user, state=state),
        by=_BY,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    rows = finding_page.rows(request.user, page.rows, today)
    context = {
        "form": form,
        "page": page,
        "rows": rows,
        "start": (today - timedelta(days=90)).isoformat(),
        "end": today.isoformat(),
    }
    return render(request, "npa/findings.html", context)


@require_GET
@requires(policies.VIEW)
def report(request: HttpRequest) -> HttpResponse:
    """Return the report for the audit committee as CSV, with reasons in clear."""
    form = override_forms.SpanForm(request.GET)
    if not form.is_valid():
        about = {
            "subtitle": _(
                "What was found about loans: recorded, answered, in force or lifted between two"
                " days"
            ),
            "back": reverse("npa:findings"),
        }
        return render(request, "npa/report.html", {"form": form, **about}, status=400)
    start, end = form.cleaned_data["start"], form.cleaned_data["end"]
    made = services.report_findings(actor=request.user, start=start, end=end)
    content = "".join(csv_lines(finding_report.table(made)))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="findings-{start}-{end}.csv"'
    return response


@require_GET
@requires(policies.VIEW)
def loan_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what was found about a loan, and the way to propose more; a part of the loan's page."""
    loan = get_visible(Loan.objects.select_related("branch__entity"), request.user, pk=pk)
    if not getattr(request, "htmx", False):
        return redirect("loans:detail", pk=pk)
    today = dates.local_date(timezone.now(), loan.branch.entity.time_zone)
    rows = finding_rows.of_loan(request.user, loan)
    context = {
        "loan": loan,
        "rows": finding_page.rows(request.user, rows, today),
        "may_propose": loan.status == "active" and request.user.has_perm(policies.PROPOSE_FINDING),
    }
    return render(request, "npa/_finding_panel.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE_FINDING)
def propose(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose what was found about a loan."""
    rows = Loan.objects.select_related("branch__entity", "product")
    loan = get_visible(rows, request.user, pk=pk)
    today = dates.local_date(timezone.now(), loan.branch.entity.time_zone)
    form = finding_forms.FindingForm(
        request.POST or None,
        choices=finding_page.choices(loan, today),
        initial={"from_date": today},
    )
    text = _(
        "The rules act on this from the day on which another person approves it. It is kept for"
        " good."
    )
    return steps.one_form(
        request,
        loan,
        form,
        {"title": _("What was found"), "label": _("Propose"), "text": text},
        act=lambda: services.propose_finding(
            actor=request.user, loan=loan, found=form.found(), now=timezone.now()
        ),
        said=_("The proposal waits for another person."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE_FINDING)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse what another person found, with a reason."""
    found = _seen(request, pk)
    form = override_forms.NoteForm(request.POST or None)
    return steps.one_form(
        request,
        found.loan,
        form,
        {"title": _("Refuse what was found"), "label": _("Refuse"), "is_grave": True},
        act=lambda: services.refuse_finding(
            actor=request.user, finding=found, now=timezone.now(), **form.cleaned_data
        ),
        said=_("The proposal is refused."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE_FINDING)
def propose_end(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask that what was found counts no longer."""
    found = _seen(request, pk)
    form = override_forms.EndForm(request.POST or None)
    return steps.one_form(
        request,
        found.loan,
        form,
        {"title": _("It is so no longer"), "label": _("Ask for its end")},
        act=lambda: services.propose_finding_end(
            actor=request.user, finding=found, now=timezone.now(), **form.cleaned_data
        ),
        said=_("Another person must agree; until then it holds."),
    )


@require_POST
@requires(policies.APPROVE_FINDING)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve what another person found."""
    return _taken(request, pk, services.approve_finding, said=_("The night respects it now."))


@require_POST
@requires(policies.PROPOSE_FINDING)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back one's own proposal."""
    return _taken(request, pk, services.withdraw_finding, said=_("The proposal is taken back."))


@require_POST
@requires(policies.APPROVE_FINDING)
def end(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Agree that what was found counts no longer."""
    return _taken(request, pk, services.end_finding, said=_("It counts no longer."))


@require_POST
@requires(policies.APPROVE_FINDING)
def keep(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse to end what was found."""
    return _taken(request, pk, services.keep_finding, said=_("It goes on."))


def _seen(request: HttpRequest, pk: uuid.UUID) -> Finding:
    rows = Finding.objects.select_related("loan__branch__entity")
    return get_visible(rows, request.user, pk=pk)


def _taken(
    request: HttpRequest, pk: uuid.UUID, act: Callable[..., Finding], *, said: str
) -> HttpResponse:
    found = get_visible(Finding.objects.all(), request.user, pk=pk)
    return steps.stepped(
        request,
        found.loan_id,
        lambda: act(actor=request.user, finding=found, now=timezone.now()),
        said=said,
    )
