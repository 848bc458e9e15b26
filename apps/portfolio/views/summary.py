"""The summary of a portfolio as of a day, each figure with its definition and what is behind it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.npa import policies
from apps.portfolio import figures, summary_loans, summary_page, summary_rows, wording
from apps.portfolio.bands import Band
from apps.portfolio.figures import Figure
from apps.portfolio.forms import SummaryForm, SummaryLoansForm
from apps.portfolio.summary_rows import Chosen
from apps.portfolio.views.shared import filled, table_file


@dataclass(frozen=True)
class Asked:
    """The form as filled in, and what it chooses; nothing before a day was added up."""

    form: Any
    chosen: Chosen | None

    def query(self, **more: str) -> str:
        """Return the choice as the end of an address, with more that narrows it."""
        if self.chosen is None:
            return ""
        chosen = self.chosen
        values = {
            "lender": chosen.entity.code,
            "day": chosen.day.isoformat(),
            "currency": chosen.currency,
            "branch": chosen.branch or "",
            "product": chosen.product or "",
            "segment": chosen.segment,
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value})


def _asked(request: HttpRequest, kind: type[SummaryForm] = SummaryForm) -> Asked:
    form = filled(request, kind)
    entity = form.of_lender(request.user.branch.entity)
    day = summary_rows.last_day(entity, form.given("day") or None)
    if day is None:
        return Asked(form, None)
    shown: Any = form.data
    # The form shows what the page is of: the last day that was added up by the one asked for.
    shown["day"] = day.isoformat()
    chosen = Chosen(
        entity=entity,
        currency=form.given("currency") or entity.currency,
        day=day,
        segment=form.given("segment"),
        **form.within(entity),
    )
    return Asked(form, chosen)


@require_GET
@requires(policies.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Show the figures of a day with their change, the ageing, and the months before."""
    asked = _asked(request)
    if asked.chosen is None:
        return render(request, "portfolio/summary.html", {"form": asked.form, "chosen": None})
    chosen = asked.chosen
    found = summary_rows.summary(request.user, chosen)
    bands = summary_rows.ageing(request.user, chosen)
    context = {
        "form": asked.form,
        "chosen": chosen,
        "query": asked.query(),
        "is_empty": found.now == figures.Sums(),
        "stats": summary_page.stats(found, chosen.currency, asked.query),
        "groups": summary_page.groups(found, chosen.currency, asked.query),
        "ageing": summary_page.ageing(bands, asked.query),
        "ageing_figure": summary_page.ageing_chart(bands),
        "heads": summary_page.trend_heads(),
        "trend": summary_page.trend_rows(found.trend, chosen.currency),
        "figure": summary_page.trend_chart(found.trend),
        "definitions": summary_page.definitions(summary_page.periods(found)),
    }
    return render(request, "portfolio/summary.html", context)


@require_GET
@requires(policies.VIEW)
def overview_file(request: HttpRequest) -> HttpResponse:
    """Return every figure of the ends of months and the day, and what it is made of, as CSV."""
    asked = _asked(request)
    trend = summary_rows.summary(request.user, asked.chosen).trend if asked.chosen else []
    name = f"{asked.chosen.entity.code}-{asked.chosen.day}" if asked.chosen else "none"
    return table_file(summary_page.table(trend), f"portfolio-{name}.csv")


@require_GET
@requires(policies.VIEW)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans, payments or decisions behind a figure, or the loans of a band."""
    asked = _asked(request, SummaryLoansForm)
    if asked.chosen is None:
        return render(request, "portfolio/summary_loans.html", {"form": asked.form, "chosen": None})
    figure = Figure(asked.form.given("figure") or Figure.OUTSTANDING)
    band = Band(given) if (given := asked.form.given("band")) else None
    asked.form.data["figure"] = figure.value
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
