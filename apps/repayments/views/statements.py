"""Pages of statements: the list, the upload, one as it stands, its lines, its refused rows."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.audit import services as audit
from apps.core import bodies, keyset, problems, spreadsheets
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.repayments import (
    services,
    statement_forms,
    statement_lists,
    statement_samples,
    statement_sentences,
)
from apps.repayments import statement_columns as columns
from apps.repayments import statement_looks as looks
from apps.repayments import statement_policies as policies
from apps.repayments.models import StatementFile, StatementLine
from apps.repayments.services import Statement, holding

_NO_CONTENT = 204
_SHOWN_STATES = ("posted", "suspense", "returned", "ignored", "refused", "waiting")


@requires(policies.SEE)
@require_GET
def statements(request: HttpRequest) -> HttpResponse:
    """List the statements, the newest first."""
    page = keyset.page(
        statement_lists.files(request.user),
        by=("-uploaded_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = statement_lists.counts_of(page.rows)
    lines = [
        {"file": one, "look": looks.FILES[one.status], "counts": counts[one.pk]}
        for one in page.rows
    ]
    context = {"page": page, "lines": lines, "may_upload": policies.may_upload(request.user)}
    return render(request, "repayments/statements.html", context)


@bodies.limits_itself
# The size is looked at before the body, and the token stands in the body: `_upload` checks it.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires(policies.UPLOAD)
def upload(request: HttpRequest) -> HttpResponse:
    """Take a statement in; one that is far too large is refused before it is read."""
    services.refuse_announced(bodies.announced_size(request))
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponse:
    form = statement_forms.StatementForm(
        request.POST or None, request.FILES or None, actor=request.user
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _received(request, form)
        except NotPermitted:
            raise
        except DomainError as error:
            problems.add_to(form, error)
    context = {
        "form": form,
        "crumbs": crumbs(None, _("Upload a statement")),
        "most_rows": settings.BULK_MAX_ROWS,
        "has_told": any(field.data or field.errors for field in form.told_fields),
    }
    return render(
        request, "repayments/statement_upload.html", context, status=422 if form.errors else 200
    )


def _received(request: HttpRequest, form: statement_forms.StatementForm) -> HttpResponse:
    file = form.cleaned_data["file"]
    found, is_new = services.receive_statement(
        actor=request.user,
        branch=form.cleaned_data["branch"],
        statement=Statement(
            layout=form.cleaned_data["layout"],
            filename=file.name,
            stream=file.file,
            form=form.format(),
            told=form.told(),
        ),
        now=timezone.now(),
    )
    if is_new:
        messages.success(request, _("The statement is being checked; nothing is posted yet."))
    else:
        messages.info(request, _("This very file was uploaded before; this is what came of it."))
    return redirect("repayments:statement", pk=found.pk)


@requires(policies.UPLOAD)
@require_GET
def sample(request: HttpRequest, layout: str) -> StreamingHttpResponse:
    """Send a sample of a layout as CSV; its rows are passed over, uploaded as they are."""
    if layout not in columns.LAYOUTS:
        raise NotVisible("not_found", _("There is no such sample."))
    table = statement_samples.sample(layout, holding.today_of(request.user.branch, timezone.now()))
    response = StreamingHttpResponse(
        spreadsheets.csv_lines(table), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="statement-{layout}.csv"'
    return response


@requires(policies.SEE)
@require_GET
def statement(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a statement as it stands: what is to be done next, and what its lines came to."""
    file = visible(request.user, pk)
    context: dict[str, Any] = {
        **_progress(file),
        "look": looks.FILES[file.status],
        "crumbs": crumbs(None, str(file)),
        "may_work": policies.may_work_on(request.user, file),
        "audit_subject": audit.reference(file),
        "told": [
            (file.header[place], looks.ROLES[role])
            for role, place in sorted(file.roles.items(), key=lambda one: one[1])
        ],
    }
    return render(request, "repayments/statement.html", context)


@requires(policies.SEE)
@require_GET
def progress(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far a statement has come; nothing where the page shows that already."""
    file = visible(request.user, pk)
    if not getattr(request, "htmx", False):
        return redirect("repayments:statement", pk=pk)
    if not file.is_at_work:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = _progress(file)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=_NO_CONTENT)
    return render(request, "repayments/_statement_progress.html", context)


@requires(policies.SEE)
@require_GET
def lines(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """List the lines of a statement with what became of each."""
    file = visible(request.user, pk)
    form = statement_forms.LinesForm(request.GET)
    page = keyset.page(
        statement_lists.lines_shown(file, request.user, status=form.chosen()),
        by=("number", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "file": file,
        "form": form,
        "page": page,
        "lines": [line_shown(line) for line in page.rows],
        "crumbs": crumbs(file, _("Lines")),
    }
    return render(request, "repayments/statement_lines.html", context)


@requires(policies.UPLOAD)
@require_GET
def refused(request: HttpRequest, pk: uuid.UUID) -> StreamingHttpResponse:
    """Send the refused rows as they were, with their reasons, to be mended and uploaded again."""
    return refused_rows(request, visible(request.user, pk))


def refused_rows(request: Any, file: StatementFile) -> StreamingHttpResponse:
    """Return the refused rows of a statement as CSV; no cell becomes a formula."""
    table = services.download_refused(actor=request.user, file=file)
    response = StreamingHttpResponse(_marked(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{file.pk}.csv"'
    return response


@requires(policies.UPLOAD)
@require_POST
def check(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Look again at what every line would come to."""
    return _done(
        request,
        pk,
        lambda file: services.check_statement_again(actor=request.user, file=file),
        _("The statement is being checked; nothing is posted."),
    )


@requires(policies.UPLOAD)
@require_POST
def start(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Begin to post what a statement says."""
    return _done(
        request,
        pk,
        lambda file: services.start_statement(actor=request.user, file=file, now=timezone.now()),
        _("The statement is being posted; you may leave this page."),
    )


@requires(policies.UPLOAD)
@require_POST
def stop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Stop posting; what was posted stays."""
    return _done(
        request,
        pk,
        lambda file: services.stop_statement(actor=request.user, file=file),
        _("Posting is stopped."),
    )


@requires(policies.UPLOAD)
@require_POST
def discard(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Discard a statement nothing of which is posted."""
    return _done(
        request,
        pk,
        lambda file: services.discard_statement(actor=request.user, file=file),
        _("The statement is discarded."),
        to="repayments:statements",
    )


def visible(actor: Any, pk: uuid.UUID) -> StatementFile:
    """Return the statement if the person may see it; else NotVisible."""
    return get_visible(statement_lists.files_with_lender(), actor, pk=pk)


def crumbs(file: StatementFile | None, here: str) -> list[dict[str, str]]:
    """Return the path to a page: the list, the statement, and the page itself."""
    path = [{"label": _("Statements"), "url": reverse("repayments:statements")}]
    if file is not None:
        url = reverse("repayments:statement", args=[file.pk])
        path.append({"label": str(file), "url": url})
    return [*path, {"label": here, "url": ""}]


def line_shown(line: StatementLine) -> dict[str, Any]:
    """Return a line with its words; its loan only where the person may see that."""
    is_seen = getattr(line, "is_seen", True)
    return {
        "line": line,
        "look": looks.LINES[line.status],
        "loan": line.loan if is_seen else None,
        "because": statement_sentences.because(line.because),
        "faults": statement_sentences.of_row(line.faults),
    }


def _progress(file: StatementFile) -> dict[str, Any]:
    counts = statement_lists.counts(file)
    states = [
        {
            "code": code,
            "look": looks.LINES[code],
            "count": counts.by_status[code],
            "amount": counts.amounts[code],
        }
        for code in _SHOWN_STATES
        if counts.by_status.get(code)
    ]
    return {
        "file": file,
        "counts": counts,
        "states": states,
        "seen": f"{file.status}-{counts.done}-{counts.to_post}-{counts.to_hold}",
        "share": 0 if not counts.total else counts.done / counts.total,
    }


def _marked(table: Iterator[list[str]]) -> Iterator[str]:
    # The mark lets Excel read UTF-8 as UTF-8.
    yield "\ufeff"
    yield from spreadsheets.csv_lines(table)


def _done(
    request: HttpRequest,
    pk: uuid.UUID,
    act: Callable[[StatementFile], Any],
    done: str,
    *,
    to: str = "",
) -> HttpResponse:
    file = visible(request.user, pk)
    try:
        act(file)
    except NotPermitted:
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("repayments:statement", pk=pk)
    messages.success(request, done)
    return redirect(to) if to else redirect("repayments:statement", pk=pk)
