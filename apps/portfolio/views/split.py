"""The figures of a day side by side: by product, by branch, by segment."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.portfolio import (
    months,
    policies,
    split_page,
    summary_page,
    summary_rows,
    summary_wording,
    wording,
)
from apps.portfolio.concentration import Dimension
from apps.portfolio.figures import Period
from apps.portfolio.forms import SplitForm
from apps.portfolio.views.asked import Asked, of_day
from apps.portfolio.views.shared import table_file

# Where keys and names of what is told apart are found.
_COLUMNS = {
    Dimension.PRODUCT: ("product_id", "product__name"),
    Dimension.BRANCH: ("branch_id", "branch__name"),
    Dimension.SEGMENT: ("product__scoring_segment", "product__scoring_segment"),
}


def _asked(request: HttpRequest) -> Asked:
    asked = of_day(request, SplitForm)
    period = asked.form.of_period()
    asked.form.data["split"] = asked.form.of_split().value
    asked.form.data["period"] = period.value
    if asked.chosen is None or period != Period.WINDOW:
        return asked
    # What became of loans is known at the ends of months alone.
    ended = months.last_ended(asked.chosen.day)
    asked.form.data["day"] = ended.isoformat()
    return replace(asked, chosen=replace(asked.chosen, day=ended))


def _split(request: HttpRequest, asked: Asked) -> split_page.Split:
    if asked.chosen is None:
        return []
    return summary_rows.split(request.user, asked.chosen, *_COLUMNS[asked.form.of_split()])


@require_GET
@requires(policies.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Show the figures of a day, a row for each product, branch or segment."""
    asked = _asked(request)
    split, period = asked.form.of_split(), asked.form.of_period()
    found = _split(request, asked)
    rows = []
    if asked.chosen is not None and found:
        rows = split_page.rows(found, period, asked.chosen.currency)
    for row in rows:
        row["query"] = asked.query(**{split_page.BY[split]: row["key"]}) if row["key"] else ""
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "query": asked.query(split=split.value),
        "split": wording.DIMENSIONS[split],
        "period": summary_wording.PERIODS[period],
        "heads": [
            {"name": summary_wording.NAMES[one], "code": one.value}
            for one in split_page.columns(period)
        ],
        "rows": rows,
        "definitions": summary_page.definitions([period]),
    }
    return render(request, "portfolio/split.html", context)


@require_GET
@requires(policies.VIEW)
def overview_file(request: HttpRequest) -> HttpResponse:
    """Return every figure of each product, branch or segment, and what it is made of, as CSV."""
    asked = _asked(request)
    name = f"{asked.chosen.entity.code}-{asked.chosen.day}" if asked.chosen else "none"
    table = split_page.table(_split(request, asked))
    return table_file(table, f"portfolio-by-{asked.form.of_split()}-{name}.csv")
