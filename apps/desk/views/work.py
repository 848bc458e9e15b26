"""What people say, ask and lay beside a case: the panel, and one address for each act."""

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from apps.applications.models import Application
from apps.core import bodies
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import policies as decisions_policies
from apps.decisions import selectors as decisions
from apps.decisions import services as cases
from apps.decisions.models import ReviewCase
from apps.desk import forms, panel, policies, selectors, services
from apps.desk.models import CaseAttachment, Escalation, InformationRequest
from apps.desk.services import attaching

# A body this many times the limit is not read at all; below it the form says it is too large.
_HOPELESS = 4


@requires(policies.VIEW_QUEUE)
@require_GET
def work(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the panel of a case, as a part or as a page."""
    return _panel(request, case_of(request, pk))


@requires(policies.VIEW_QUEUE)
@require_GET
def application_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the panel of the case an application waits in, or how its decision is taken up anew."""
    rows = Application.objects.select_related("branch__entity", "product")
    application = get_visible(rows, request.user, pk=pk)
    waiting = decisions.waiting_case(application)
    if waiting is not None:
        return _panel(request, case_of(request, waiting.pk))
    context = {
        "application": application,
        "may_reopen": decisions_policies.may_reopen(request.user, application),
        "reopen_form": forms.WhyForm(auto_id="id_reopen_%s"),
    }
    template = "desk/_decided.html" if _asks_for_part(request) else "desk/decided.html"
    return render(request, template, context)


@requires(policies.REVIEW)
@require_POST
def note(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a note."""
    case = case_of(request, pk)
    form = forms.NoteForm(request.POST, auto_id="id_note_%s")
    return _act(
        request,
        case,
        form,
        lambda: services.note(
            actor=request.user, case=case, text=form.cleaned_data["text"], now=timezone.now()
        ),
        name="note_form",
        done=_("The note is written."),
    )


@requires(policies.REVIEW)
@require_POST
def ask(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for information."""
    case = case_of(request, pk)
    form = forms.InformationForm(request.POST, auto_id="id_ask_%s")
    return _act(
        request,
        case,
        form,
        lambda: services.ask_information(
            actor=request.user, case=case, entry=form.entry(), now=timezone.now()
        ),
        name="ask_form",
        done=_("The request stands, and the clock stands still until it ends."),
    )


@requires(policies.REVIEW)
@require_POST
def end_information(request: HttpRequest, pk: uuid.UUID, way: str) -> HttpResponse:
    """Write down that information has come, or wait for it no more."""
    asked = get_visible(InformationRequest.objects.all(), request.user, pk=pk)
    case = case_of(request, asked.case_id)
    form = forms.AnswerForm(request.POST, auto_id="id_answer_%s")

    def act() -> None:
        now, said = timezone.now(), form.cleaned_data["answer"]
        if way == "receive":
            services.receive_information(actor=request.user, asked=asked, answer=said, now=now)
        else:
            services.withdraw_information(actor=request.user, asked=asked, why=said, now=now)

    return _act(request, case, form, act, name="answer_form", done=_("The clock runs on."))


@requires(policies.REVIEW)
@require_POST
def escalate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask a manager to look at a case."""
    case = case_of(request, pk)
    people = selectors.managers(case, besides=request.user)
    form = forms.ToPersonForm(request.POST, people=people, auto_id="id_escalate_%s")
    return _act(
        request,
        case,
        form,
        lambda: services.escalate(
            actor=request.user,
            case=case,
            to=form.cleaned_data["person"],
            why=form.cleaned_data["why"],
            now=timezone.now(),
        ),
        name="escalate_form",
        done=_("The case is escalated and stands at the top of the queue."),
    )


@requires(policies.ASSIGN)
@require_POST
def answer_escalation(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer an escalation."""
    raised = get_visible(Escalation.objects.all(), request.user, pk=pk)
    case = case_of(request, raised.case_id)
    form = forms.AnswerForm(request.POST, auto_id="id_answer_%s")
    return _act(
        request,
        case,
        form,
        lambda: services.answer_escalation(
            actor=request.user,
            escalation=raised,
            answer=form.cleaned_data["answer"],
            now=timezone.now(),
        ),
        name="answer_form",
        done=_("The escalation is answered."),
    )


@requires(policies.ASSIGN)
@require_POST
def assign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give a case to a person."""
    case = case_of(request, pk)
    people = selectors.reviewers(case)
    form = forms.ToPersonForm(request.POST, people=people, auto_id="id_assign_%s")
    return _act(
        request,
        case,
        form,
        lambda: services.assign(
            actor=request.user,
            case=case,
            person=form.cleaned_data["person"],
            why=form.cleaned_data["why"],
            now=timezone.now(),
            version=request.POST.get("version", ""),
        ),
        name="assign_form",
        done=_("The case is given to somebody, who holds it for a working day."),
    )


# The token lies in the body: CSRF is checked in `_attach`, after the size, before anything else.
@bodies.limits_itself
@csrf_exempt
@require_POST
@requires(policies.REVIEW)
def attach(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Lay a file beside a case."""
    if bodies.announced_size(request) > _HOPELESS * settings.DOCUMENT_MAX_BYTES:
        raise bodies.BodyTooLarge("file_too_large", _("The file is far too large."))
    return _attach(request, pk)


@csrf_protect
def _attach(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    case = case_of(request, pk)
    form = forms.AttachmentForm(request.POST, request.FILES, auto_id="id_attach_%s")

    def act() -> None:
        file = form.cleaned_data["file"]
        services.attach(
            actor=request.user,
            case=case,
            filename=file.name,
            content=file.read(),
            now=timezone.now(),
        )

    done = _("The file lies beside the case, encrypted.")
    return _act(request, case, form, act, name="attach_form", done=done)


@requires(attaching.DOWNLOAD)
@require_GET
def download(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand a file out as an attachment that no browser runs in our origin."""
    rows = CaseAttachment.objects.defer("content")
    attachment = get_visible(rows, request.user, pk=pk)
    content = services.read_attachment(actor=request.user, attachment=attachment)
    return HttpResponse(
        content,
        content_type=attachment.content_type,
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=attachment.filename
            ),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store, private",
        },
    )


@requires(policies.REVIEW)
@require_POST
def keep(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hold a case longer, because its holder works on it. Nothing to show (204)."""
    case = get_visible(ReviewCase.objects.all(), request.user, pk=pk)
    cases.extend(actor=request.user, case=case, now=timezone.now())
    return HttpResponse(status=204)


@requires(policies.REVIEW)
@require_POST
def take_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take one's own verdict back before it is signed."""
    case = case_of(request, pk)
    form = forms.WhyForm(request.POST, auto_id="id_take_back_%s")
    return _act(
        request,
        case,
        form,
        lambda: cases.take_back(
            actor=request.user,
            case=case,
            note=form.cleaned_data["note"],
            now=timezone.now(),
            version=request.POST.get("version", ""),
        ),
        name="take_back_form",
        done=_("The verdict is taken back, and you hold the case again."),
    )


@requires(decisions_policies.REOPEN)
@require_POST
def reopen(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a mistaken decision up anew."""
    application = get_visible(Application.objects.all(), request.user, pk=pk)
    form = forms.WhyForm(request.POST)
    is_said = form.is_valid()
    if not is_said and request.POST.get("note", "").strip():
        # Of words that are too long it is not said that there are none.
        for sentence in form.errors["note"]:
            messages.error(request, str(sentence))
        return redirect("applications:detail", pk=application.pk)
    try:
        cases.reopen(
            actor=request.user,
            application=application,
            note=form.cleaned_data["note"] if is_said else "",
            now=timezone.now(),
            version=request.POST.get("version", ""),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The case is back in the queue; another person decides it."))
    return redirect("applications:detail", pk=application.pk)


def case_of(request: HttpRequest, pk: uuid.UUID) -> ReviewCase:
    """Return a case the person may see, with what the panel shows of it."""
    rows = ReviewCase.objects.select_related(
        "application__branch__entity", "application__product", "referral", "claimed_by"
    )
    return get_visible(rows, request.user, pk=pk)


def _act(
    request: HttpRequest,
    case: ReviewCase,
    form: forms.RefusedForm,
    act: Callable[[], Any],
    *,
    name: str,
    done: str,
) -> HttpResponse:
    """Do what a form asks; one with errors comes back with what was written into it."""
    if form.is_valid():
        try:
            act()
        except DomainError as refusal:
            form.refuse(refusal)
    if form.errors:
        return _panel(request, case_of(request, case.pk), bound={name: form}, status=422)
    messages.success(request, done)
    address = reverse("applications:detail", args=[case.application_id])
    if _asks_for_part(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _panel(
    request: HttpRequest,
    case: ReviewCase,
    *,
    bound: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = panel.of_case(request.user, case, now=timezone.now(), bound=bound)
    if _asks_for_part(request):
        return render(request, "desk/_work.html", context, status=status)
    context["crumbs"] = [
        {"label": _("Review queue"), "url": reverse("desk:queue")},
        {
            "label": case.application.number,
            "url": reverse("applications:detail", args=[case.application_id]),
        },
        {"label": _("At the desk"), "url": ""},
    ]
    return render(request, "desk/work.html", context, status=status)


def _asks_for_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))
