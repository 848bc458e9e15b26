"""Classes set by people: the list, the loan's panel, one form for each step, the report."""

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
from apps.npa import grading, override_forms, override_page, override_rows, policies, services
from apps.npa.models import Override
from apps.npa.views import steps
from apps.servicing import policies as servicing

_BY = ("-proposed_at", "-id")


@require_GET
@requires(policies.VIEW)
def overrides(request: HttpRequest) -> HttpResponse:
    """List overrides, those proposed last first."""
    states = [(code, look.word) for code, look in override_page.LOOKS.items()]
    form = override_forms.StateForm(request.GET, states=states)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = keyset.page(
        override_rows.overrides(request.user, state=state),
        by=_BY,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    context = {
        "form": form,
        "page": page,
        "rows": [override_page.row(request.user, one) for one in page.rows],
        "start": (today - timedelta(days=90)).isoformat(),
        "end": today.isoformat(),
    }
    return render(request, "npa/overrides.html", context)


@require_GET
@requires(policies.VIEW)
def count(request: HttpRequest) -> HttpResponse:
    """Say how many overrides wait for the person; nothing to one who may not approve any."""
    if not request.user.has_perm(policies.APPROVE_OVERRIDE):
        return HttpResponse("")
    return HttpResponse(override_rows.waiting_count(request.user) or "")


@require_GET
@requires(policies.VIEW)
def report(request: HttpRequest) -> HttpResponse:
    """Return the report for the audit committee as CSV, with reasons in clear."""
    form = override_forms.SpanForm(request.GET)
    if not form.is_valid():
        about = {
            "subtitle": _(
                "Classes set by people that were proposed, or in force, between two days"
            ),
            "back": reverse("npa:overrides"),
        }
        return render(request, "npa/report.html", {"form": form, **about}, status=400)
    start, end = form.cleaned_data["start"], form.cleaned_data["end"]
    rows = services.report_overrides(actor=request.user, start=start, end=end)
    content = "".join(csv_lines(override_rows.table(rows)))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="overrides-{start}-{end}.csv"'
    return response


@require_GET
@requires(servicing.VIEW)
def loan_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the overrides of a loan, and the way to propose one; a part of the loan's page."""
    loan = get_visible(Loan.objects.select_related("branch__entity"), request.user, pk=pk)
    if not getattr(request, "htmx", False):
        return redirect("loans:detail", pk=pk)
    rows = override_rows.of_loan(request.user, loan)
    context = {
        "loan": loan,
        "rows": [override_page.row(request.user, one) for one in rows],
        "may_propose": loan.status == "active"
        and request.user.has_perm(policies.PROPOSE_OVERRIDE)
        and not any(one.status == "proposed" for one in rows),
    }
    return render(request, "npa/_override_panel.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE_OVERRIDE)
def propose(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose another class for a loan."""
    rows = Loan.objects.select_related("branch__entity", "product")
    loan = get_visible(rows, request.user, pk=pk)
    today = dates.local_date(timezone.now(), loan.branch.entity.time_zone)
    form = override_forms.OverrideForm(
        request.POST or None,
        codes=grading.codes(loan, on=today),
        initial={"from_date": today},
    )
    return steps.one_form(
        request,
        loan,
        form,
        {
            "title": _("Propose another class"),
            "label": _("Propose"),
            "text": _(
                "The night keeps to the rules until another person approves this. It holds for the"
                " days you name, is kept for good and is reported to the audit committee."
            ),
        },
        act=lambda: services.propose_override(
            actor=request.user, loan=loan, asked=form.asked(), now=timezone.now()
        ),
        said=_("The proposal waits for another person."),
    )


@require_POST
@requires(policies.APPROVE_OVERRIDE)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve another class."""
    return _taken(request, pk, services.approve_override, said=_("The night respects it now."))


@require_POST
@requires(policies.PROPOSE_OVERRIDE)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back one's own proposal."""
    return _taken(request, pk, services.withdraw_override, said=_("The proposal is taken back."))


@require_POST
@requires(policies.APPROVE_OVERRIDE)
def end(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Agree that an override ends."""
    return _taken(request, pk, services.end_override, said=_("From today on the rules class it."))


@require_POST
@requires(policies.APPROVE_OVERRIDE)
def keep(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse to end an override."""
    found = get_visible(Override.objects.all(), request.user, pk=pk)
    return steps.stepped(
        request,
        found.loan_id,
        lambda: services.keep_override(actor=request.user, override=found),
        said=_("It goes on to its last day."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE_OVERRIDE)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse another class, with a reason."""
    found = _seen(request, pk)
    form = override_forms.NoteForm(request.POST or None)
    return steps.one_form(
        request,
        found.loan,
        form,
        {"title": _("Refuse another class"), "label": _("Refuse"), "is_grave": True},
        act=lambda: services.refuse_override(
            actor=request.user, override=found, now=timezone.now(), **form.cleaned_data
        ),
        said=_("The proposal is refused."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.VIEW)
def propose_end(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask that an override ends before its time."""
    found = _seen(request, pk)
    form = override_forms.EndForm(request.POST or None)
    return steps.one_form(
        request,
        found.loan,
        form,
        {"title": _("End before its time"), "label": _("Ask for its end")},
        act=lambda: services.propose_override_end(
            actor=request.user, override=found, now=timezone.now(), **form.cleaned_data
        ),
        said=_("Another person must agree; until then it holds."),
    )


def _seen(request: HttpRequest, pk: uuid.UUID) -> Override:
    rows = Override.objects.select_related("loan__branch__entity")
    return get_visible(rows, request.user, pk=pk)


def _taken(
    request: HttpRequest, pk: uuid.UUID, act: Callable[..., Override], *, said: str
) -> HttpResponse:
    found = get_visible(Override.objects.all(), request.user, pk=pk)
    return steps.stepped(
        request,
        found.loan_id,
        lambda: act(actor=request.user, override=found, now=timezone.now()),
        said=said,
    )
