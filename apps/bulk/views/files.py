"""Files in and out: the upload, the template, the refused rows."""

import tempfile
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from apps.bulk import forms, policies, services, template_file
from apps.bulk.excel_writing import CONTENT_TYPE, write_workbook
from apps.bulk.spelling import csv_lines
from apps.bulk.views import _found
from apps.core import bodies, dates, problems
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.table_formats import Format
from apps.products.models import Product

_IN_MEMORY = 1_048_576


@bodies.limits_itself
# The size is looked at before the body, and the token stands in the body: `_upload` checks it.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires(policies.UPLOAD)
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file in; one that is far too large is refused before it is read."""
    services.refuse_announced(bodies.announced_size(request))
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponse:
    form = forms.UploadForm(request.POST or None, request.FILES or None, actor=request.user)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found, is_new = services.receive(
                actor=request.user,
                branch=form.cleaned_data["branch"],
                source=form.cleaned_data["source"],
                filename=file.name,
                stream=file.file,
                form=form.format(),
                now=timezone.now(),
            )
        except NotPermitted:
            raise
        except DomainError as error:
            problems.add_to(form, error)
        else:
            if is_new:
                return redirect("bulk:columns", pk=found.pk)
            messages.info(
                request, _("This very file was uploaded before; this is what came of it.")
            )
            return redirect("bulk:detail", pk=found.pk)
    context = {
        "form": form,
        "crumbs": _found.crumbs(None, _("Upload a file")),
        "products": _products(request),
        "most_rows": settings.BULK_MAX_ROWS,
    }
    return render(request, "bulk/upload.html", context, status=422 if form.errors else 200)


@requires(policies.UPLOAD)
@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send the template of a product, as CSV or Excel, with an example row."""
    product = _products(request).filter(code=request.GET.get("product", "")).first()
    if product is None or kind not in ("csv", "xlsx"):
        raise NotVisible("not_found", _("There is no such template."))
    today = dates.local_date(timezone.now(), product.entity.time_zone)
    table = [template_file.header(product), template_file.example(product, today=today)]
    name = f"applications-{product.code}"
    if kind == "csv":
        return _csv(table, name=name, form=Format())
    sheets = [(_("Applications"), table), (_("Notes"), template_file.notes(product))]
    return _excel(sheets, name=name)


@requires(policies.UPLOAD)
@require_GET
def rejects(request: HttpRequest, pk: uuid.UUID, kind: str) -> HttpResponseBase:
    """Send the refused rows as they were, with their reasons, to be mended and uploaded again."""
    found = _found.visible(request.user, pk)
    if kind not in ("csv", "xlsx"):
        raise NotVisible("not_found", _("There is no such file."))
    lines = services.download_rejects(actor=request.user, upload=found)
    name = f"refused-{found.pk}"
    if kind == "csv":
        return _csv(lines, name=name, form=Format.from_json(found.format))
    return _excel([(_("Refused"), lines)], name=name)


def _csv(table: Iterable[Sequence[str]], *, name: str, form: Format) -> StreamingHttpResponse:
    response = StreamingHttpResponse(csv_lines(table, form), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _excel(sheets: Sequence[tuple[str, Iterable[Sequence[str]]]], *, name: str) -> FileResponse:
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the response closes it
    write_workbook(out, sheets)  # type: ignore[arg-type]  # a spooled file is a binary stream
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=f"{name}.xlsx", content_type=CONTENT_TYPE)


def _products(request: HttpRequest) -> Any:
    rows = Product.objects.visible_to(request.user).filter(is_open=True)
    return rows.select_related("entity").order_by("name", "code")
