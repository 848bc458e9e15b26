"""The applicant's own page of an offer: the statement first, then the answer."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import dates
from apps.core.access import PUBLIC, requires
from apps.core.errors import DomainError
from apps.decisions import papers
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.offers import policies, presentation
from apps.offers import selectors as offers
from apps.offers import services as offering
from apps.offers.errors import OtherStatement
from apps.offers.models import Offer
from apps.portal import forms, services, throttle, tokens, told
from apps.portal.selectors import Visit
from apps.portal.views import guard


@require_http_methods(["GET", "POST"])
@requires(PUBLIC)
@guard.by_link(tokens.OFFER)
def show(request: HttpRequest, token: str, visit: Visit) -> HttpResponse:
    """Show the newest offer with its statement, and take in that it is accepted."""
    offer = offers.latest(visit.application)
    if offer is None:
        return render(request, "portal/offer.html", {**guard.frame(visit, token), "offer": None})
    if request.method != "POST":
        services.note_opened(visit, page="offer")
        return _page(request, token, visit, offer)
    throttle.refuse_flood(request)
    form = forms.AgreeForm(request.POST)
    if not form.is_valid():
        return _page(request, token, visit, offer, agree=form, status=422)
    try:
        offering.accept_by_applicant(
            offer=offer,
            acknowledged=form.cleaned_data["acknowledged"],
            statement_hash=form.cleaned_data["statement_hash"],
            now=timezone.now(),
        )
    except DomainError as refusal:
        if "acknowledged" not in refusal.fields:
            raise
        form.add_error("acknowledged", str(refusal.fields["acknowledged"]))
        return _page(request, token, visit, offer, agree=form, status=422)
    return redirect("portal:offer", token=token)


@require_POST
@requires(PUBLIC)
@guard.by_link(tokens.OFFER)
def decline(request: HttpRequest, token: str, visit: Visit) -> HttpResponse:
    """Take in that the applicant does not want the offer."""
    throttle.refuse_flood(request)
    offer = offers.latest(visit.application)
    form = forms.SureForm(request.POST, prefix="decline")
    if offer is None:
        return redirect("portal:offer", token=token)
    if not form.is_valid():
        return _page(request, token, visit, offer, decline=form, status=422)
    _require_shown(offer, form)
    offering.decline(actor=None, offer=offer, now=timezone.now())
    return redirect("portal:offer", token=token)


@require_POST
@requires(PUBLIC)
@guard.by_link(tokens.OFFER)
def step_back(request: HttpRequest, token: str, visit: Visit) -> HttpResponse:
    """Take in that the borrower steps back, or asked to within the cooling-off time."""
    throttle.refuse_flood(request)
    offer = offers.latest(visit.application)
    form = forms.SureForm(request.POST, prefix="exit")
    if offer is None:
        return redirect("portal:offer", token=token)
    if not form.is_valid():
        return _page(request, token, visit, offer, step_back=form, status=422)
    _require_shown(offer, form)
    offering.step_back_by_link(offer=offer, now=timezone.now())
    return redirect("portal:offer", token=token)


@require_GET
@requires(PUBLIC)
@guard.by_link(tokens.OFFER)
def pdf(request: HttpRequest, _token: str, visit: Visit) -> HttpResponse:
    """Hand over the statement as a file."""
    offer = offers.latest(visit.application)
    letter = None if offer is None else _whole(offer)
    if letter is None:
        return render(request, "portal/not_valid.html", status=404)
    services.note_letter(visit, letter, form="pdf")
    response = HttpResponse(letter.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="offer-{visit.application.number}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _page(
    request: HttpRequest,
    token: str,
    visit: Visit,
    offer: Offer,
    *,
    status: int = 200,
    **bound: Any,
) -> HttpResponse:
    """Show the offer; `bound` are forms with errors, by what they are for."""
    letter = _whole(offer)
    if letter is None:
        return render(request, "portal/not_valid.html", status=404)
    today = _today(visit)
    shown = {"statement_hash": offer.statement_hash}
    may_answer = offer.is_open and today <= offer.valid_until
    may_exit = offer.may("exit") and policies.is_in_time(offer, today)
    context = {
        **guard.frame(visit, token),
        "offer": offer,
        "state": presentation.state(offer, today),
        "left": presentation.left(offer, today),
        "sentence": told.about_offer(offer, today),
        "apr": presentation.apr(offer),
        "exit_until": presentation.exit_until(offer, visit.application.branch.entity.time_zone),
        **presentation.repaid(offer),
        # Escaped when it was rendered, sealed since, and just compared with its hash.
        "html": mark_safe(bytes(letter.html or b"").decode()),  # noqa: S308
    }
    lacking = papers.lacking(visit.application, on=today) if may_answer else []
    context["papers"] = [papers.LABELS[one.code] for one in lacking]
    if may_answer and not lacking:
        context["agree"] = bound.get("agree") or forms.AgreeForm(initial=shown)
    if may_answer:
        context["decline"] = bound.get("decline") or forms.SureForm(prefix="decline", initial=shown)
    if may_exit:
        context["step_back"] = bound.get("step_back") or forms.SureForm(
            prefix="exit", initial=shown
        )
        if offer.paid_out_date is not None:
            context["quote"] = quote = offering.exit_quote(offer, on=today)
            context["quote_rest"] = offer.principal - quote.principal
    return render(request, "portal/offer.html", context, status=status)


def _require_shown(offer: Offer, form: forms.SureForm) -> None:
    """Raise OtherStatement where another offer took the place of the one that was shown."""
    if form.cleaned_data["statement_hash"] != offer.statement_hash:
        raise OtherStatement


def _whole(offer: Offer) -> Letter | None:
    """Return the statement that was handed over; None where it does not match its hash."""
    letter = Letter.objects.get(pk=offer.letter_id)
    is_same = letter.pdf_sha256 == offer.statement_hash and letters.is_whole(letter)
    return letter if is_same else None


def _today(visit: Visit) -> date:
    return dates.local_date(timezone.now(), visit.application.branch.entity.time_zone)
