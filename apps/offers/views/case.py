"""One offer: its page, its statement, and what is done about it; and making one."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.applications.models import Application
from apps.core.access import requires
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.letters import covering
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.offers import forms, offer_page, policies, quoted, selectors, services
from apps.offers.models import Offer
from apps.schedules.policies import MAKE as QUOTE


@requires(policies.VIEW)
@require_GET
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an offer: where it stands, what it costs, and what the person may do."""
    return _page(request, _offer(request, pk))


@requires(policies.VIEW)
@require_GET
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the offers of an application; a part of the case page, not a page."""
    application = _application(request, pk)
    if not getattr(request, "htmx", False):
        return redirect("applications:detail", pk=pk)
    context = offer_page.panel(request.user, application, now=timezone.now())
    return render(request, "offers/_panel.html", context)


@requires(policies.MAKE)
@require_http_methods(["GET", "POST"])
def make(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Make an offer: as decided by one button, or with terms that were changed in the form."""
    application = _application(request, pk)
    as_decided = request.POST.get("as_decided") == "1"
    form = offer_page.make_form(application, now=timezone.now())
    given: dict[str, Any] = {}
    if request.method == "POST" and not as_decided:
        form = forms.MakeForm(request.POST)
        if not form.is_valid():
            return _make_page(request, application, form, status=422)
        given = form.cleaned_data
    if request.method != "POST":
        return _make_page(request, application, form)
    try:
        made = services.make(
            actor=request.user, application=application, now=timezone.now(), **given
        )
    except DomainError as refusal:
        if not form.is_bound:
            messages.error(request, str(refusal))
            return redirect("applications:detail", pk=pk)
        form.refuse(refusal)
        return _make_page(request, application, form, status=422)
    messages.success(request, _("The offer is made and its statement is on the way."))
    return redirect("offers:detail", pk=made.pk)


@requires(QUOTE)
@require_GET
def quote(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Go to a quote of an application's loan: as offered, as decided, or as asked for."""
    query = quoted.query_of(_application(request, pk), now=timezone.now())
    return redirect(f"{reverse('schedules:quote')}?{query}")


@requires(policies.VIEW)
@require_GET
def statement(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the statement as it was frozen; as a part where a page asks for it."""
    offer = _offer(request, pk)
    letter = _whole(request, offer, "page")
    # Escaped when it was rendered, sealed since, and just compared with its hash.
    html = mark_safe(covering.for_staff(letter))  # noqa: S308
    part = getattr(request, "htmx", False)
    name = "offers/_statement.html" if part else "offers/statement.html"
    return render(request, name, {"offer": offer, "html": html})


@requires(policies.VIEW)
@require_GET
def pdf(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand over the PDF of the statement as a file."""
    offer = _offer(request, pk)
    letter = _whole(request, offer, "pdf")
    response = HttpResponse(letter.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="offer-{offer.number}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response


@requires(policies.ANSWER)
@require_POST
def accept(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the applicant accepted, and how."""
    offer = _offer(request, pk)
    form = forms.AcceptForm(request.POST)
    if not form.is_valid():
        return _page(request, offer, bound=form, status=422)
    return _formed(
        request,
        offer,
        form,
        act=lambda: services.accept_by_officer(
            actor=request.user,
            offer=offer,
            consent=form.consent(),
            now=timezone.now(),
            version=form.cleaned_data["version"],
        ),
        said=_("Accepted. The loan can be opened."),
    )


@requires(policies.ANSWER)
@require_POST
def decline(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the applicant does not want the offer."""
    offer = _offer(request, pk)
    return _done(
        request,
        offer,
        lambda: services.decline(
            actor=request.user,
            offer=offer,
            now=timezone.now(),
            version=request.POST.get("version", ""),
        ),
        _("Recorded that the applicant declined."),
    )


@requires(policies.MAKE)
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an offer back."""
    offer = _offer(request, pk)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, offer, bound=form, status=422)
    return _formed(
        request,
        offer,
        form,
        act=lambda: services.withdraw(
            actor=request.user,
            offer=offer,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            version=form.cleaned_data["version"],
        ),
        said=_("Withdrawn. Another offer can be made."),
    )


@requires(policies.ANSWER)
@require_POST
def exit_asked(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that the borrower asked to step back, on which day and how."""
    offer = _offer(request, pk)
    form = forms.AskedForm(request.POST)
    if not form.is_valid():
        return _page(request, offer, bound=form, status=422)
    return _formed(
        request,
        offer,
        form,
        act=lambda: services.note_exit_asked(
            actor=request.user,
            offer=offer,
            asked=form.asked(),
            now=timezone.now(),
            version=form.cleaned_data["version"],
        ),
        said=_("Noted: the day that the borrower asked counts, and nothing more is paid out."),
    )


@requires(policies.ANSWER)
@require_POST
def step_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the borrower steps back within the cooling-off time."""
    offer = _offer(request, pk)
    return _done(
        request,
        offer,
        lambda: services.exit(
            actor=request.user,
            offer=offer,
            now=timezone.now(),
            version=request.POST.get("version", ""),
        ),
        _("Recorded that the borrower steps back."),
    )


def _offer(request: HttpRequest, pk: uuid.UUID) -> Offer:
    return get_visible(selectors.detailed(), request.user, pk=pk)


def _application(request: HttpRequest, pk: uuid.UUID) -> Application:
    rows = Application.objects.select_related(
        "product__entity", "product__conditions", "branch__entity", "customer"
    )
    return get_visible(rows, request.user, pk=pk)


def _whole(request: HttpRequest, offer: Offer, form: str) -> Letter:
    """Return the statement after comparing it with its hash, and note that it was opened."""
    letter = Letter.objects.get(pk=offer.letter_id)
    if letter.pdf_sha256 != offer.statement_hash or not letters.is_whole(letter):
        raise Conflict("letter_damaged", _("The stored statement does not match its hash."))
    with transaction.atomic():
        letters.record_opening(actor=request.user, letter=letter, form=form)
    return letter


def _page(
    request: HttpRequest, offer: Offer, *, bound: Any = None, status: int = 200
) -> HttpResponse:
    context = offer_page.context(request.user, offer, now=timezone.now(), bound=bound)
    return render(request, "offers/detail.html", context, status=status)


def _make_page(
    request: HttpRequest, application: Application, form: forms.MakeForm, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "application": application}
    return render(request, "offers/make.html", context, status=status)


def _done(request: HttpRequest, offer: Offer, act: Callable[[], object], said: str) -> HttpResponse:
    """Do something and go back to the page, with what was done or why it was refused."""
    try:
        act()
        messages.success(request, said)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("offers:detail", pk=offer.pk)


def _formed(
    request: HttpRequest,
    offer: Offer,
    form: forms.Refusable,
    *,
    act: Callable[[], object],
    said: str,
) -> HttpResponse:
    """Do what a form asks; a refusal beside its fields shows the form again."""
    try:
        act()
    except DomainError as refusal:
        if not refusal.fields:
            messages.error(request, str(refusal))
            return redirect("offers:detail", pk=offer.pk)
        form.refuse(refusal)
        return _page(request, offer, bound=form, status=422)
    messages.success(request, said)
    return redirect("offers:detail", pk=offer.pk)
