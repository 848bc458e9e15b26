"""The applicant's own pages. A link is all they need: no sign-in, no session, no script."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from apps.appeals import presentation
from apps.appeals import selectors as appeals
from apps.appeals import services as asking
from apps.appeals.models import Appeal
from apps.core import bodies, dates
from apps.core.access import PUBLIC, requires
from apps.core.errors import DomainError
from apps.decisions import selectors as decisions
from apps.letters import services as letter_services
from apps.loans import borrower
from apps.offers import selectors as offers
from apps.portal import forms, selectors, services, throttle, tokens
from apps.portal.selectors import Visit
from apps.portal.views import guard


@require_GET
@requires(PUBLIC)
@guard.by_link(tokens.STATUS)
def status(request: HttpRequest, token: str, visit: Visit) -> HttpResponse:
    """Show how the application stands, and what the link lets one see beside it."""
    services.note_opened(visit, page="status")
    application = visit.application
    state, sentence = selectors.what_now(application.status)
    context = {**guard.frame(visit, token), "state": state, "sentence": sentence}
    if visit.link.may(tokens.LETTER):
        decision = selectors.outcome(application)
        context |= {
            "letters": selectors.letters(application),
            "explanation": decision and selectors.explanation(application, decision),
            "loan": borrower.loan_of(application),
        }
    if visit.link.may(tokens.APPEAL):
        context |= _appeal_context(visit)
    if visit.link.may(tokens.OFFER):
        context["offer"] = offers.latest(application)
    return render(request, "portal/status.html", context)


@require_GET
@requires(PUBLIC)
@guard.by_link(tokens.LETTER)
def letter(request: HttpRequest, token: str, visit: Visit, pk: uuid.UUID) -> HttpResponse:
    """Show a letter as it was frozen."""
    found = selectors.letter(visit.application, pk)
    if found is None or not letter_services.is_whole(found):
        return render(request, "portal/not_valid.html", status=404)
    services.note_letter(visit, found, form="page")
    # Escaped when it was rendered, sealed since, and just compared with its hash.
    html = mark_safe(bytes(found.html or b"").decode())  # noqa: S308
    return render(
        request, "portal/letter.html", {**guard.frame(visit, token), "letter": found, "html": html}
    )


@require_GET
@requires(PUBLIC)
@guard.by_link(tokens.LETTER)
def letter_pdf(request: HttpRequest, _token: str, visit: Visit, pk: uuid.UUID) -> HttpResponse:
    """Hand over the PDF of a letter as a file."""
    found = selectors.letter(visit.application, pk)
    if found is None or not letter_services.is_whole(found):
        return render(request, "portal/not_valid.html", status=404)
    services.note_letter(visit, found, form="pdf")
    response = HttpResponse(found.pdf, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="letter.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


# The token lies in the body: CSRF is checked in `_appeal`, after the size, before anything else.
@bodies.limits_itself
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires(PUBLIC)
@guard.by_link(tokens.APPEAL)
def appeal(request: HttpRequest, token: str, visit: Visit) -> HttpResponse:
    """Take in an appeal, or show how the one that was sent stands."""
    largest = len(forms.FILES) * settings.DOCUMENT_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if bodies.announced_size(request) > largest:
        raise bodies.BodyTooLarge(
            "file_too_large", translation.gettext("The files are far too large.")
        )
    if request.method == "POST":
        throttle.refuse_flood(request)
    return _appeal(request, token, visit)


@csrf_protect
def _appeal(request: HttpRequest, token: str, visit: Visit) -> HttpResponse:
    application = visit.application
    context = {**guard.frame(visit, token), **_appeal_context(visit)}
    if context["appeal"] is not None or not context["may_appeal"]:
        return render(request, "portal/appeal.html", context)
    kept: dict[str, Any] = {"facts": appeals.facts(application), "currency": application.currency}
    if request.method != "POST":
        services.note_opened(visit, page="appeal")
        return render(request, "portal/appeal.html", {**context, "form": forms.AppealForm(**kept)})
    form = forms.AppealForm(request.POST, request.FILES, **kept)
    if form.is_valid():
        try:
            asking.ask(actor=None, application=application, asked=form.asked(), now=timezone.now())
            return redirect("portal:appeal", token=token)
        except DomainError as refusal:
            form.refuse(refusal)
    return render(request, "portal/appeal.html", {**context, "form": form}, status=422)


def _appeal_context(visit: Visit) -> dict[str, Any]:
    """Return the appeal against the latest decision, or whether one is possible and until when."""
    application = visit.application
    zone = application.branch.entity.time_zone
    today = dates.local_date(timezone.now(), zone)
    found = appeals.standing(application) or appeals.of_application(application).first()
    decision = decisions.latest(application)
    if found is not None and decision is not None and found.status in ("withdrawn", "overtaken"):
        # That one ended without an answer; another one may follow.
        found = None if appeals.is_against(application, decision) else found
    if found is not None:
        whole = Appeal.objects.select_related("decision").get(pk=found.pk)
        return {"appeal": whole, "looks": presentation.STATES[whole.status], "may_appeal": False}
    against = appeals.is_against(application, decision)
    if decision is None or not against:
        return {"appeal": None, "may_appeal": False, "last_day": None}
    decision.application = application
    last = appeals.last_day(decision)
    return {"appeal": None, "may_appeal": today <= last, "last_day": last}
