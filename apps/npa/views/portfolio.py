"""The quality of the portfolio on a day: sums by class and bucket, and the loans behind them."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.npa import (
    finding_page,
    finding_rows,
    policies,
    portfolio_page,
    portfolio_rows,
    watch_rows,
    wording,
)
from apps.npa.models import LoanDay, PortfolioDay
from apps.npa.portfolio_forms import LoansForm
from apps.npa.portfolio_rows import Chosen, Sums
from apps.npa.views.chosen import asked

_CHUNK = 2_000


@require_GET
@requires(policies.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Show classes and buckets of a day, ratios beside their thresholds, and the trend."""
    wanted = asked(request)
    if wanted.chosen is None:
        return render(request, "npa/overview.html", {"form": wanted.form, "chosen": None})
    chosen = wanted.chosen
    rows = portfolio_rows.sums(request.user, chosen)
    by_class = portfolio_rows.grouped(rows, "asset_class")
    whole = portfolio_rows.total(by_class)
    days = portfolio_rows.trend(request.user, chosen)
    thresholds = watch_rows.by_measure(chosen.entity)
    figures = portfolio_rows.figures(request.user, chosen)
    named = watch_rows.named(request.user, figures)
    context = {
        "form": wanted.form,
        "chosen": chosen,
        "query": wanted.query,
        "classes": [
            (one, wording.asset_class(one.code), chosen.query(asset_class=one.code))
            for one in by_class
        ],
        "buckets": [
            (one, wording.bucket(one.code), chosen.query(bucket=one.code))
            for one in portfolio_rows.grouped(rows, "bucket")
        ],
        "whole": whole,
        "npa_query": chosen.query(npa="on"),
        "par_query": chosen.query(par30="on"),
        "stats": portfolio_page.stats(portfolio_rows.ratios(whole), thresholds),
        "others": portfolio_page.others(figures, named, thresholds),
        "figure": portfolio_page.chart(days),
        "trend": portfolio_page.trend_rows(days),
        "definitions": wording.DEFINITIONS,
    }
    return render(request, "npa/overview.html", context)


@require_GET
@requires(policies.VIEW)
def overview_file(request: HttpRequest) -> HttpResponse:
    """Return the sums by class and bucket as CSV; the headings alone where no day was ended yet."""
    chosen = asked(request).chosen
    rows = portfolio_rows.sums(request.user, chosen) if chosen else []
    lines = csv_lines(portfolio_page.table(_by_both(rows)))
    return _file("".join(lines), f"portfolio-{_of(chosen)}.csv")


@require_GET
@requires(policies.VIEW)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans of a day by class and bucket, with the working of each provision."""
    wanted = asked(request, LoansForm)
    if wanted.chosen is None:
        return render(request, "npa/loans.html", {"form": wanted.form, "chosen": None})
    found = portfolio_rows.loans(request.user, wanted.chosen, wanted.form.filters())
    found = found.annotate(findings=finding_rows.in_force_of_each(request.user, wanted.chosen.day))
    page = portfolio_rows.worklist(
        found, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    rows: list[Any] = list(page.rows)
    said = finding_page.in_words(
        (one.findings for one in rows), wanted.chosen.entity, wanted.chosen.day
    )
    context: dict[str, Any] = {
        "form": wanted.form,
        "chosen": wanted.chosen,
        "page": page,
        "rows": [
            (
                *(one, wording.asset_class(one.asset_class), wording.bucket(one.bucket)),
                findings,
            )
            for one, findings in zip(rows, said, strict=True)
        ],
        "sums": portfolio_rows.listed(request.user, wanted.chosen, wanted.form.filters()),
        "query": request.GET.urlencode(),
    }
    return render(request, "npa/loans.html", context)


@require_GET
@requires(policies.VIEW)
def loans_file(request: HttpRequest) -> HttpResponseBase:
    """Return the listed loans as CSV, line by line."""
    wanted = asked(request, LoansForm)
    chosen = wanted.chosen
    rows: Iterator[LoanDay] = iter(())
    if chosen:
        found = portfolio_rows.loans(request.user, chosen, wanted.form.filters())
        rows = found.order_by("loan__id").iterator(chunk_size=_CHUNK)
    response = StreamingHttpResponse(
        csv_lines(portfolio_page.loan_table(rows)), content_type="text/csv; charset=utf-8"
    )
    name = f"loans-{_of(chosen)}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _by_both(rows: list[PortfolioDay]) -> list[tuple[str, str, Sums]]:
    """Return the sums by class and, within it, by bucket."""
    found = []
    for of_class in portfolio_rows.grouped(rows, "asset_class"):
        within = [row for row in rows if row.asset_class == of_class.code]
        found += [
            (of_class.code, one.code, one) for one in portfolio_rows.grouped(within, "bucket")
        ]
    return found


def _of(chosen: Chosen | None) -> str:
    """Return what a file is called by: lender and day, where a day was ended."""
    return f"{chosen.entity.code}-{chosen.day}" if chosen else "none"


def _file(content: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
