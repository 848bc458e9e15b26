"""Pages of files: the list, one file as it stands, its columns, its progress, its rows."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.bulk import forms, policies, selectors, sentences, services, words
from apps.bulk.models import Upload, UploadRow
from apps.bulk.views import _found
from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted

_NO_CONTENT = 204


@requires(policies.SEE)
@require_GET
def uploads(request: HttpRequest) -> HttpResponse:
    """List the files, the newest first."""
    page = keyset.page(
        selectors.uploads(request.user),
        by=("-uploaded_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = selectors.counts_of(page.rows, request.user)
    lines = [
        {"upload": one, "state": words.state(one.status), "counts": counts[one.pk]}
        for one in page.rows
    ]
    context = {"page": page, "lines": lines, "may_upload": policies.may_upload(request.user)}
    return render(request, "bulk/uploads.html", context)


@requires(policies.SEE)
@require_GET
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a file as it stands: what is to be done next, how far it has come, what came of it."""
    upload = _found.visible(request.user, pk)
    context: dict[str, Any] = {
        **_found.progress(upload, request.user),
        "state": words.state(upload.status),
        "crumbs": _found.crumbs(None, str(upload)),
        "may_work": policies.may_work_on(request.user, upload),
        "may_stop": upload.is_at_work and policies.may_stop(request.user, upload),
        "stopped": sentences.of_file(upload.stopped_because) if upload.stopped_because else "",
        "reasons": _reasons(upload),
        "told": [
            (upload.header[place], words.column(name))
            for name, place in sorted(upload.mapping.items(), key=lambda one: one[1])
        ],
        "is_complete": not services.missing_columns(upload.mapping),
    }
    return render(request, "bulk/detail.html", context)


@requires(policies.UPLOAD)
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Tell which column of the file is what, beside its first rows."""
    upload = _found.visible(request.user, pk)
    form = forms.ColumnsForm(
        request.POST or None, header=upload.header, mapping=dict(upload.mapping)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.tell_columns(actor=request.user, upload=upload, headings=form.headings())
            services.ask_check(actor=request.user, upload=upload)
            messages.success(request, _("The file is being checked; nothing is taken in yet."))
            return redirect("bulk:detail", pk=pk)
        except NotPermitted:
            raise
        except DomainError as error:
            form.show(error.fields or {"": error.sentence})
    samples = selectors.preview(upload)
    lines = [
        {"field": form[f"column_{place}"], "samples": [row[place] for row in samples if row[place]]}
        for place in range(len(upload.header))
    ]
    context = {
        "upload": upload,
        "form": form,
        "lines": lines,
        "crumbs": _found.crumbs(upload, _("Columns")),
    }
    return render(request, "bulk/columns.html", context, status=422 if form.errors else 200)


@requires(policies.SEE)
@require_GET
def progress(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far a file has come; nothing where the page shows that already."""
    upload = _found.visible(request.user, pk)
    if not getattr(request, "htmx", False):
        return redirect("bulk:detail", pk=pk)
    if not upload.is_at_work:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = _found.progress(upload, request.user)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=_NO_CONTENT)
    return render(request, "bulk/_progress.html", context)


@requires(policies.SEE)
@require_GET
def rows(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """List the rows of a file with what became of each."""
    upload = _found.visible(request.user, pk)
    form = forms.RowsForm(request.GET)
    page = keyset.page(
        selectors.rows_shown(upload, request.user, state=form.chosen()),
        by=("number", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "upload": upload,
        "form": form,
        "page": page,
        "lines": [_line(row) for row in page.rows],
        "crumbs": _found.crumbs(upload, _("Rows")),
    }
    return render(request, "bulk/rows.html", context)


def _line(row: UploadRow) -> dict[str, Any]:
    faults = [
        {"column": words.column(one["column"]), "sentence": one["sentence"]}
        for one in sentences.of_row(row.faults)
    ]
    application = row.application if row.is_seen else None  # type: ignore[attr-defined]
    return {
        "row": row,
        "application": application,
        "state": words.row_state(row.state),
        "faults": faults,
    }


def _reasons(upload: Upload) -> list[dict[str, Any]]:
    return [
        {
            "column": words.column(one.fault.column),
            "sentence": sentences.words(one.fault),
            "rows": one.rows,
        }
        for one in selectors.commonest_faults(upload)
    ]
