"""The decision on the case page, and what people do about it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.applications import lifecycle
from apps.applications.models import Application
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import forms, panel, policies, services
from apps.decisions.errors import VerdictRefused
from apps.decisions.models import Decision, ReviewCase


@requires("applications.view_application")
@require_GET
def application_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show outcome, score, reasons and what one may do, beside the case or as a page.

    `?waiting=1` asks for an assessment that was under way. Once it has ended the case page is
    loaded anew: its state, working and letters have changed with the decision.
    """
    application = application_of(request, pk)
    asks_again = getattr(request, "htmx", False) and "waiting" in request.GET
    if asks_again and application.status not in lifecycle.UNDER_WAY:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return panel_of(request, application)


@requires("applications.view_application")
@require_GET
def working_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how the outcome came about: attributions and every rule of the policy."""
    application = application_of(request, pk)
    return render(request, "decisions/_working.html", panel.working(application))


@requires(policies.REVIEW)
@require_POST
def claim(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take up a case."""
    return _act(request, pk, services.claim, _("You hold this case for 30 minutes."))


@requires(policies.REVIEW)
@require_POST
def release(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put a case back."""
    return _act(request, pk, services.release, _("The case is back in the queue."))


@requires(policies.REVIEW)
@require_POST
def decide(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a verdict; one that lacks something comes back with the sentences and its values."""
    case = get_visible(_cases(), request.user, pk=pk)
    now = timezone.now()
    outcome = request.POST.get("outcome", "")
    if outcome not in ("approve", "decline"):
        messages.error(request, _("Approve or decline."))
        return redirect("applications:detail", pk=case.application_id)
    basis = services.basis_of(case, now=now)
    form = forms.VerdictForm(
        request.POST,
        outcome=outcome,
        listed=panel.listed_for(case.application, now=now),
        must_justify=services.must_justify(outcome, basis),
        is_override=services.is_override(outcome, basis),
    )
    if policies.holds(request.user, case, now=now) and not form.is_valid():
        # Before the service is asked: it would not see a note that the form has refused.
        return panel_of(
            request, application_of(request, case.application_id), bound=form, status=422
        )
    try:
        decided = services.decide(actor=request.user, case=case, verdict=form.verdict(), now=now)
    except VerdictRefused as refusal:
        form.refuse(refusal.fields)
        return panel_of(
            request, application_of(request, case.application_id), bound=form, status=422
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return to_case(request, case.application_id)
    if decided.status == "awaiting_second":
        messages.success(request, _("Your verdict waits for a second signature."))
    else:
        messages.success(request, _("The decision stands and its letter is being prepared."))
    return to_case(request, case.application_id)


@requires(policies.COUNTERSIGN)
@require_POST
def countersign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Sign another person's verdict."""
    done = _("You have signed; the decision stands and its letter is being prepared.")
    return _act(request, pk, services.countersign, done, version=request.POST.get("version", ""))


@requires(policies.COUNTERSIGN)
@require_POST
def send_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Disagree with another person's verdict."""
    form = forms.SendBackForm(request.POST)

    def refuse(**known: Any) -> ReviewCase:
        if not form.is_valid():
            raise VerdictRefused("note_refused", form.errors["note"][0])
        return services.send_back(note=form.cleaned_data["note"], **known)

    done = _("The case is back in the queue.")
    return _act(request, pk, refuse, done, version=request.POST.get("version", ""))


@requires(policies.REPLAY)
@require_POST
def replay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Derive a decision again and show whether it comes out the same."""
    decision = get_visible(Decision.objects.select_related("application"), request.user, pk=pk)
    result = services.replay(actor=request.user, decision=decision, now=timezone.now())
    template = "decisions/_replayed.html" if _asks_for_part(request) else "decisions/replayed.html"
    context = {"result": result, "application": decision.application}
    return render(request, template, context)


def _act(
    request: HttpRequest,
    pk: uuid.UUID,
    service: Callable[..., ReviewCase],
    done: str,
    **carried: str,
) -> HttpResponse:
    case = get_visible(_cases(), request.user, pk=pk)
    try:
        service(actor=request.user, case=case, now=timezone.now(), **carried)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return to_case(request, case.application_id)


def _cases() -> Any:
    return ReviewCase.objects.select_related("referral", "application__branch__entity")


def application_of(request: HttpRequest, pk: uuid.UUID) -> Application:
    """Return an application the person may see, with what the panel shows of it."""
    rows = Application.objects.select_related("product", "branch__entity", "customer")
    return get_visible(rows, request.user, pk=pk)


def panel_of(
    request: HttpRequest, application: Application, *, bound: Any = None, status: int = 200
) -> HttpResponse:
    """Show the decision panel, as a part or as a page; `bound` is a form with errors."""
    context = panel.of_application(request.user, application, now=timezone.now(), bound=bound)
    if _asks_for_part(request):
        return render(request, "decisions/_application_panel.html", context, status=status)
    context["crumbs"] = [
        {"label": _("Applications"), "url": reverse("applications:list")},
        {
            "label": application.number,
            "url": reverse("applications:detail", args=[application.pk]),
        },
        {"label": _("Decision"), "url": ""},
    ]
    return render(request, "decisions/case.html", context, status=status)


def _asks_for_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def to_case(request: HttpRequest, application_id: uuid.UUID) -> HttpResponse:
    """Lead to the case page, whole."""
    address = reverse("applications:detail", args=[application_id])
    if _asks_for_part(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
