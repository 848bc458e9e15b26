"""The applications behind an experiment's figures: listed, and as a file."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core import keyset
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.core.visibility import get_visible
from apps.laboratory import forms, listing, policies, presentation, result_page, services
from apps.laboratory.models import Experiment

_COLUMNS = (
    ("application", "application__number"),
    ("product", "product__code"),
    ("amount", "amount"),
    ("term_months", "term_months"),
    ("outcome_before", "outcome_before"),
    ("outcome_after", "outcome_after"),
    ("pd_before", "pd_before"),
    ("pd_after", "pd_after"),
    ("band_before", "band_before"),
    ("band_after", "band_after"),
    ("causes_before", "causes_before"),
    ("causes_after", "causes_after"),
    ("rate_before", "rate_before"),
    ("rate_after", "rate_after"),
    ("expected_loss_before", "expected_loss_before"),
    ("expected_loss_after", "expected_loss_after"),
    ("expected_profit_before", "expected_profit_before"),
    ("expected_profit_after", "expected_profit_after"),
    ("defaulted", "defaulted"),
    ("realised", "realised"),
)
_CHUNK = 5_000


@requires(policies.ROWS)
@require_GET
def applications(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """List the applications that moved one way, the largest amounts first."""
    experiment = _done(request, pk)
    form = forms.RowsForm(request.GET, experiment=experiment)
    filters = form.filters()
    page = keyset.page(
        listing.rows(experiment, filters, actor=request.user),
        by=("-amount", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    words = result_page.cause_words(experiment)
    context: dict[str, Any] = {
        "experiment": experiment,
        "form": form,
        "cause": result_page.cause_sentence(filters.cause, words) if filters.cause else "",
        "band": filters.band,
        "page": page,
        "rows": [presentation.row_line(row, words) for row in page.rows],
        "query": _query(request),
        "crumbs": presentation.crumbs(experiment, _("Applications")),
    }
    return render(request, "laboratory/applications.html", context)


@requires(policies.ROWS)
@require_GET
def download(request: HttpRequest, pk: uuid.UUID) -> StreamingHttpResponse:
    """Send the same applications as a CSV file, row by row; the audit trail notes it."""
    experiment = _done(request, pk)
    form = forms.RowsForm(request.GET, experiment=experiment)
    rows = services.download(actor=request.user, experiment=experiment, filters=form.filters())
    values = rows.values_list(*(column for _name, column in _COLUMNS))
    response = StreamingHttpResponse(
        csv_lines(_table(values.iterator(chunk_size=_CHUNK))),
        content_type="text/csv; charset=utf-8",
    )
    name = f"experiment-{experiment.pk}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _done(request: HttpRequest, pk: uuid.UUID) -> Experiment:
    rows = Experiment.objects.select_related("entity", "in_force")
    return presentation.with_results(get_visible(rows, request.user, pk=pk))


def _query(request: HttpRequest) -> str:
    kept = request.GET.copy()
    for name in ("after", "before"):
        kept.pop(name, None)
    return kept.urlencode()


def _table(values: Iterable[tuple[Any, ...]]) -> Iterator[Sequence[Any]]:
    yield [name for name, _column in _COLUMNS]
    yield from values
