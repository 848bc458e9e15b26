"""One appeal: its page, and what is done about it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.appeals import case_page, forms, policies, presentation, selectors, services
from apps.appeals.models import Appeal, Correction, Evidence
from apps.applications.models import Application
from apps.core import bodies, dates
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import selectors as decisions


@requires(policies.VIEW)
@require_GET
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an appeal with everything it rests on, and what the person may do."""
    return _page(request, _appeal(request, pk))


@requires(policies.VIEW)
@require_GET
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the appeals of an application; a part of the case page, not a page."""
    application = get_visible(
        Application.objects.select_related("branch__entity"), request.user, pk=pk
    )
    if not getattr(request, "htmx", False):
        return redirect("applications:detail", pk=pk)
    decision = decisions.latest(application)
    today = dates.local_date(timezone.now(), application.branch.entity.time_zone)
    found = list(selectors.of_application(application))
    open_one = any(one.is_open for one in found)
    last = None
    if decision is not None and selectors.is_against(application, decision):
        decision.application = application
        last = selectors.last_day(decision)
    context = {
        "application": application,
        "rows": [presentation.row(one, today) for one in found],
        "last_day": last,
        "may_register": request.user.has_perm(policies.REGISTER)
        and last is not None
        and today <= last
        and not open_one
        and selectors.standing(application) is None,
    }
    return render(request, "appeals/_panel.html", context)


@requires(policies.REGISTER)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Register an appeal that came to the branch."""
    rows = Application.objects.select_related("employment", "bureau_report")
    application = get_visible(rows, request.user, pk=pk)
    kept: dict[str, Any] = {"facts": selectors.facts(application), "currency": application.currency}
    form = forms.RegisterForm(request.POST or None, **kept)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.ask(
                actor=request.user,
                application=application,
                asked=form.asked(),
                now=timezone.now(),
            )
            messages.success(request, _("Registered. Tell the applicant by when it is answered."))
            return redirect("appeals:detail", pk=made.pk)
        except DomainError as refusal:
            form.refuse(refusal)
    context = {"form": form, "application": application}
    status = 422 if request.method == "POST" else 200
    return render(request, "appeals/register.html", context, status=status)


@requires(policies.DECIDE)
@require_POST
def take(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an appeal up oneself."""
    appeal = _appeal(request, pk)
    return _done(
        request,
        appeal,
        lambda: services.assign(
            actor=request.user, appeal=appeal, person=request.user, now=timezone.now()
        ),
        _("The appeal is with you."),
    )


@requires(policies.DECIDE)
@require_POST
def assign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give an appeal to another person who took no part."""
    appeal = _appeal(request, pk)
    people = services.eligible(actor=request.user, appeal=appeal)
    form = forms.AssignForm(request.POST, people=people)
    if not form.is_valid():
        return _page(request, appeal, bound=form, status=422)
    given = form.cleaned_data
    return _formed(
        request,
        appeal,
        form,
        act=lambda: services.assign(
            actor=request.user,
            appeal=appeal,
            person=given["person"],
            now=timezone.now(),
            version=given["version"],
        ),
        said=_("The appeal is with another person."),
    )


@requires(policies.REGISTER)
@require_POST
def acknowledge(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that the applicant was told that the appeal came."""
    appeal = _appeal(request, pk)
    return _done(
        request,
        appeal,
        lambda: services.acknowledge(actor=request.user, appeal=appeal, now=timezone.now()),
        _("Noted: the applicant knows until when it is answered."),
    )


@requires(policies.REGISTER)
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End an appeal because the applicant does not want it any more."""
    appeal = _appeal(request, pk)
    return _done(
        request,
        appeal,
        lambda: services.withdraw(actor=request.user, appeal=appeal, now=timezone.now()),
        _("Withdrawn; the decision stands."),
    )


@requires(policies.DECIDE)
@require_POST
def end_overtaken(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End an appeal whose decision is the latest no more."""
    appeal = _appeal(request, pk)
    return _done(
        request,
        appeal,
        lambda: services.end_overtaken(actor=request.user, appeal=appeal, now=timezone.now()),
        _("Ended, because the application was decided again."),
    )


@requires(policies.DECIDE)
@require_POST
def correct(request: HttpRequest, pk: uuid.UUID, correction_pk: uuid.UUID) -> HttpResponse:
    """Accept or refuse a value that is said to be right."""
    appeal = _appeal(request, pk)
    correction = get_visible(
        Correction.objects.filter(appeal=appeal), request.user, pk=correction_pk
    )
    return _done(
        request,
        appeal,
        lambda: services.answer_correction(
            actor=request.user,
            correction=correction,
            accept="accept" in request.POST,
            source=request.POST.get("source", ""),
            now=timezone.now(),
        ),
        _("Noted."),
    )


@requires(policies.DECIDE)
@require_POST
def judge(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Judge the case anew on corrected facts."""
    appeal = _appeal(request, pk)
    return _done(
        request,
        appeal,
        lambda: services.judge_anew(actor=request.user, appeal=appeal, now=timezone.now()),
        _("Judged anew; the answer rests on it."),
    )


@requires(policies.DECIDE)
@require_POST
def answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer an appeal."""
    appeal = _appeal(request, pk)
    form = forms.AnswerForm(request.POST, codes=case_page.codes(appeal, now=timezone.now()))
    if not form.is_valid():
        return _page(request, appeal, bound=form, status=422)
    return _formed(
        request,
        appeal,
        form,
        act=lambda: services.answer(
            actor=request.user,
            appeal=appeal,
            given=form.answer(),
            now=timezone.now(),
            version=form.cleaned_data["version"],
        ),
        said=_("Answered; the letter is being prepared where no second signature is needed."),
    )


@requires(policies.DECIDE)
@require_POST
def countersign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Sign another person's answer."""
    appeal = _appeal(request, pk)
    return _done(
        request,
        appeal,
        lambda: services.countersign(
            actor=request.user,
            appeal=appeal,
            now=timezone.now(),
            version=request.POST.get("version", ""),
        ),
        _("Signed; the letter is being prepared."),
    )


@requires(policies.DECIDE)
@require_POST
def send_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Disagree with another person's answer."""
    appeal = _appeal(request, pk)
    form = forms.SendBackForm(request.POST)
    if not form.is_valid():
        return _page(request, appeal, bound=form, status=422)
    return _formed(
        request,
        appeal,
        form,
        act=lambda: services.send_back(
            actor=request.user,
            appeal=appeal,
            note=form.cleaned_data["note"],
            now=timezone.now(),
            version=request.POST.get("version", ""),
        ),
        said=_("Sent back with your note."),
    )


# The token lies in the body: CSRF is checked in `_add_file`, after the size.
@bodies.limits_itself
@csrf_exempt
@require_POST
@requires(policies.REGISTER)
def add_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Keep a paper that the applicant handed over."""
    most = settings.DOCUMENT_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if bodies.announced_size(request) > most:
        raise bodies.BodyTooLarge("file_too_large", _("The file is far too large."))
    return _add_file(request, pk)


@csrf_protect
def _add_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    appeal = _appeal(request, pk)
    form = forms.FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, appeal, bound=form, status=422)
    file = form.cleaned_data["file"]
    return _formed(
        request,
        appeal,
        form,
        act=lambda: services.add_file(
            actor=request.user, appeal=appeal, given=services.File(file.name, file.read())
        ),
        said=_("The file is stored, encrypted."),
    )


@requires(policies.VIEW)
@require_GET
def file(request: HttpRequest, pk: uuid.UUID, file_pk: uuid.UUID) -> HttpResponse:
    """Hand a file out as an attachment that no browser runs in our origin."""
    appeal = _appeal(request, pk)
    found = get_visible(Evidence.objects.filter(appeal=appeal), request.user, pk=file_pk)
    content = services.read_file(actor=request.user, evidence=found)
    return HttpResponse(
        content,
        content_type=found.content_type,
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=found.filename
            ),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store, private",
        },
    )


def _appeal(request: HttpRequest, pk: uuid.UUID) -> Appeal:
    return get_visible(selectors.detailed(), request.user, pk=pk)


def _page(
    request: HttpRequest, appeal: Appeal, *, bound: Any = None, status: int = 200
) -> HttpResponse:
    actor: User = request.user
    context = case_page.context(actor, appeal, now=timezone.now(), bound=bound)
    return render(request, "appeals/detail.html", context, status=status)


def _done(
    request: HttpRequest, appeal: Appeal, act: Callable[[], object], said: str
) -> HttpResponse:
    """Do something and go back to the page, with what was done or why it was refused."""
    try:
        act()
        messages.success(request, said)
    except DomainError as refusal:
        texts = [str(refusal), *(str(text) for text in refusal.fields.values())]
        messages.error(request, " ".join(dict.fromkeys(texts)))
    return redirect("appeals:detail", pk=appeal.pk)


def _formed(
    request: HttpRequest,
    appeal: Appeal,
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
            return redirect("appeals:detail", pk=appeal.pk)
        form.refuse(refusal)
        return _page(request, appeal, bound=form, status=422)
    messages.success(request, said)
    return redirect("appeals:detail", pk=appeal.pk)
