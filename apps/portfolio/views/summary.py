"""The summary of a portfolio as of a day, each figure with its definition and what is behind it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.access import refuse_without, requires
from apps.portfolio import (
    figures,
    policies,
    summary_loans,
    summary_page,
    summary_rows,
    summary_wording,
    wording,
)
from apps.portfolio.bands import Band
from apps.portfolio.figures import Figure
from apps.portfolio.forms import SummaryForm, SummaryLoansForm
from apps.portfolio.views.asked import Asked, of_day
from apps.portfolio.views.shared import table_file


def _leading(request: HttpRequest, asked: Asked) -> Callable[..., str]:
    """Return how addresses of lists are made: none for what the person has no right to see."""
    needed = {summary_loans.right(one) for one in Figure}
    rights = {one for one in needed if request.user.has_perm(one)}

    def query(*, figure: str = "", band: str = "") -> str:
        right = summary_loans.right(Figure(figure or Figure.OUTSTANDING))
        return asked.query(figure=figure, band=band) if right in rights else ""

    return query


@require_GET
@requires(policies.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Show the figures of a day with their change, the ageing, and the months before."""
    asked = of_day(request, SummaryForm)
    if asked.chosen is None:
        return render(request, "portfolio/summary.html", {"form": asked.form, "chosen": None})
    chosen = asked.chosen
    found = summary_rows.summary(request.user, chosen)
    bands = summary_rows.ageing(request.user, chosen)
    leading = _leading(request, asked)
    context = {
        "form": asked.form,
        "chosen": chosen,
        "query": asked.query(),
        "is_empty": found.now == figures.Sums(),
        "stats": summary_page.stats(found, chosen.currency, leading),
        "groups": summary_page.groups(found, chosen.currency, leading),
        "ageing": summary_page.ageing(bands, leading),
        "ageing_figure": summary_page.ageing_chart(bands),
        "heads": summary_page.trend_heads(),
        "trend": summary_page.trend_rows(found.trend, chosen.currency),
        "figure": summary_page.trend_chart(found.trend),
        "definitions": [
            *summary_page.definitions(summary_page.periods(found)),
            summary_wording.earned(),
        ],
    }
    return render(request, "portfolio/summary.html", context)


@require_GET
@requires(policies.VIEW)
def overview_file(request: HttpRequest) -> HttpResponse:
    """Return every figure of the ends of months and the day, and what it is made of, as CSV."""
    asked = of_day(request, SummaryForm)
    trend = summary_rows.summary(request.user, asked.chosen).trend if asked.chosen else []
    name = f"{asked.chosen.entity.code}-{asked.chosen.day}" if asked.chosen else "none"
    return table_file(summary_page.table(trend), f"portfolio-{name}.csv")


@require_GET
@requires(policies.LIST)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans, payments or decisions behind a figure, or the loans of a band."""
    asked = of_day(request, SummaryLoansForm)
    if asked.chosen is None:
        return render(request, "portfolio/summary_loans.html", {"form": asked.form, "chosen": None})
    figure = Figure(asked.form.given("figure") or Figure.OUTSTANDING)
    band = Band(given) if (given := asked.form.given("band")) else None
    asked.form.data["figure"] = figure.value
    refuse_without(request, summary_loans.right(figure, band))
    page = summary_loans.listed(
        request.user,
        asked.chosen,
        figure=figure,
        band=band,
        position={name: request.GET.get(name, "") for name in ("after", "before")},
    )
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "page": page,
        "definition": summary_page.definition(figure),
        "band": wording.BANDS[band] if band else "",
        "is_late": any(row.days_late is not None for row in page.rows),
        "back": asked.query(),
    }
    return render(request, "portfolio/summary_loans.html", context)
