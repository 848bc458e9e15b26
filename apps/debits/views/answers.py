"""What the bank answered: the list, taking a file in, one as it stands, and its refused rows."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import bodies, keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.debits import layouts, looks, policies, selectors, sentences, services
from apps.debits.forms import AnswersForm, DayForm, LinesForm, NoteForm
from apps.debits.lifecycle import UNPAID
from apps.debits.models import AnswerFile, AnswerLine, Debit
from apps.debits.services import Upload
from apps.repayments.services import holding, refuse_announced
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words

_NO_CONTENT = 204


@require_GET
@requires(policies.SEE)
def answers(request: HttpRequest) -> HttpResponse:
    """List what the bank answered, the newest first."""
    page = keyset.page(
        selectors.answers(request.user),
        by=selectors.NEWEST_ANSWERS,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = selectors.counts_of(page.rows)
    context = {
        "page": page,
        "rows": [(one, looks.ANSWERS[one.status], counts[one.pk]) for one in page.rows],
        "may_answer": policies.may(request.user, policies.ANSWER),
        "crumbs": crumbs(None, _("The bank's answers")),
    }
    return render(request, "debits/answers.html", context)


@bodies.limits_itself
# The size is looked at before the body, and the token stands in the body: `_upload` checks it.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires(policies.ANSWER)
def upload(request: HttpRequest) -> HttpResponse:
    """Take in what the bank answered; what is far too large is refused before it is read."""
    refuse_announced(bodies.announced_size(request))
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponse:
    form = AnswersForm(request.POST or None, request.FILES or None, actor=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return _received(request, form)
        except NotPermitted:
            raise
        except DomainError as error:
            form.refuse(error)
    context = {
        "form": form,
        "layout": layouts.ANSWERS,
        "most_rows": settings.BULK_MAX_ROWS,
        "crumbs": crumbs(None, _("Take answers in")),
    }
    return render(
        request, "debits/answers_upload.html", context, status=422 if form.errors else 200
    )


def _received(request: HttpRequest, form: AnswersForm) -> HttpResponse:
    sent = form.cleaned_data["file"]
    found, is_new = services.receive_answers(
        actor=request.user,
        branch=form.cleaned_data["branch"],
        upload=Upload(filename=sent.name, stream=sent.file),
        now=timezone.now(),
    )
    if is_new:
        messages.success(request, _("The file agrees with its totals; its rows are being posted."))
    else:
        messages.info(request, _("This very file was uploaded before; this is what came of it."))
    return redirect("debits:answer", pk=found.pk)


@require_GET
@requires(policies.SEE)
def answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one file of answers: its totals, and what each of its rows came to."""
    found = visible(request.user, pk)
    form = LinesForm(request.GET)
    page = keyset.page(
        selectors.lines_of(found, request.user, status=form.chosen()),
        by=("number", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        **_progress(found),
        "look": looks.ANSWERS[found.status],
        "form": form,
        "page": page,
        "rows": [line_shown(one) for one in page.rows],
        "may_answer": policies.may_work_on(request.user, found),
        "crumbs": crumbs(None, str(found)),
    }
    return render(request, "debits/answer.html", context)


@require_GET
@requires(policies.SEE)
def progress(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far a file has come; nothing where the page shows that already."""
    found = visible(request.user, pk)
    if not getattr(request, "htmx", False):
        return redirect("debits:answer", pk=pk)
    if not found.is_at_work:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = _progress(found)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=_NO_CONTENT)
    return render(request, "debits/_progress.html", context)


@require_POST
@requires(policies.ANSWER)
def go_on(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let a halted file go on."""
    found = visible(request.user, pk)
    try:
        services.go_on(actor=request.user, file=found)
        messages.success(request, _("The rows are being posted; you may leave this page."))
    except NotPermitted:
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("debits:answer", pk=pk)


@require_http_methods(["GET", "POST"])
@requires(policies.ANSWER)
def post_row(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Post collected money on a day of choice."""
    line = _line(request, pk)
    today = holding.today_of(line.file.branch, timezone.now())
    form = DayForm(request.POST or None, initial={"day": today})
    return contact_page.page(
        request,
        form,
        lambda: services.post_on_day(
            actor=request.user, line=line, now=timezone.now(), **form.cleaned_data
        ),
        words=Words(
            title=_("Post the row"),
            button=_("Post"),
            done=_("The money is on the loan."),
            place=str(line.file),
            back=reverse("debits:answer", args=[line.file_id]),
            text=_("The value date, unless the books of that day are closed: then a later day."),
        ),
    )


@require_POST
@requires(policies.ANSWER)
def run_row(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Run a row of a returned debit again, now that the bank said it had collected it."""
    line = _line(request, pk)
    try:
        services.run_again(actor=request.user, line=line, now=timezone.now())
        messages.success(request, _("The money is taken back from the loan."))
    except (NotPermitted, NotVisible):
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("debits:answer", pk=line.file_id)


@require_http_methods(["GET", "POST"])
@requires(policies.ANSWER)
def close_row(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say what became of a refused row."""
    line = _line(request, pk)
    form = NoteForm(request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.close_answer(
            actor=request.user, line=line, now=timezone.now(), **form.cleaned_data
        ),
        words=Words(
            title=_("Settle the row otherwise"),
            button=_("Record"),
            done=_("The row is done with."),
            place=str(line.file),
            back=reverse("debits:answer", args=[line.file_id]),
            text=_(
                "No loan is touched; money that is not in the books yet waits as unidentified. Say"
                " what was done."
            ),
        ),
    )


def visible(actor: Any, pk: uuid.UUID) -> AnswerFile:
    """Return the file if the person may see it; else NotVisible."""
    found: AnswerFile = get_visible(selectors.answers_with_lender(), actor, pk=pk)
    return found


def crumbs(file: AnswerFile | None, here: str) -> list[dict[str, str]]:
    """Return the path to a page: the list of files, the answers, and the page itself."""
    path = [
        {"label": _("Direct debits"), "url": reverse("debits:files")},
        {"label": _("The bank's answers"), "url": reverse("debits:answers")},
    ]
    if file is not None:
        path.append({"label": str(file), "url": reverse("debits:answer", args=[file.pk])})
    if here == path[-1]["label"]:
        path.pop()
    return [*path, {"label": here, "url": ""}]


def line_shown(line: AnswerLine) -> dict[str, Any]:
    """Return a row with its words; its loan only where the person may see that."""
    debit = line.debit if getattr(line, "is_seen", True) else None
    is_money = line.status == "refused" and line.outcome == "collected"
    return {
        "line": line,
        "look": looks.LINES[line.status],
        "debit": debit,
        "because": sentences.because(line.because),
        "reason": sentences.reason(line.reason_code),
        "faults": sentences.of_row(line.faults),
        "may_post": is_money and debit is not None and _is_for(line, debit),
        "may_run": line.status == "refused"
        and line.outcome == "returned"
        and debit is not None
        and debit.status == "collected",
        "may_close": line.status == "refused",
    }


def _is_for(line: AnswerLine, debit: Debit) -> bool:
    """Say whether money can be posted for a debit: more than was asked for only waits."""
    return debit.status in UNPAID and line.money <= debit.amount


def _line(request: HttpRequest, pk: uuid.UUID) -> AnswerLine:
    rows = AnswerLine.objects.select_related("file__branch__entity", "debit")
    return get_visible(rows, request.user, pk=pk)


def _progress(file: AnswerFile) -> dict[str, Any]:
    counts = selectors.counts_of([file])[file.pk]
    done = file.total_rows - counts["waiting"]
    return {
        "file": file,
        "counts": counts,
        "states": [
            {"code": code, "look": look, "count": counts[code]}
            for code, look in looks.LINES.items()
            if counts[code]
        ],
        "done": done,
        "seen": f"{file.status}-{done}",
        "share": done / file.total_rows if file.total_rows else 0,
    }
