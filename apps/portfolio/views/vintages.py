"""Vintages: what share of each month's loans was lost by which age, and the loans behind it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.core import dates
from apps.core.access import requires
from apps.loans import presentation
from apps.portfolio import policies, vintage_page, vintage_rows, wording
from apps.portfolio.forms import VintageForm, VintageLoansForm
from apps.portfolio.months import begin
from apps.portfolio.views.shared import filled, table_file
from apps.portfolio.vintage_rows import Chosen


@dataclass(frozen=True)
class Asked:
    """The form as filled in, and what it chooses."""

    form: Any
    chosen: Chosen

    @property
    def by(self) -> str:
        """What shares are counted in: `amount` or `number`."""
        return str(self.form.given("by") or "amount")

    def query(self, **more: str) -> str:
        """Return the choice as the end of an address, with more that narrows it."""
        chosen = self.chosen
        values = {
            "lender": chosen.entity.code,
            "width": self.form.of_width().value,
            "by": self.by,
            "day": chosen.day.isoformat(),
            "currency": chosen.currency,
            "branch": chosen.branch or "",
            "product": chosen.product or "",
            "segment": chosen.segment,
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value})


def asked_of(request: HttpRequest, kind: type[VintageForm] = VintageForm) -> Asked:
    """Return what a page of vintages or cohorts is asked for."""
    form = filled(request, kind)
    entity = form.of_lender(request.user.branch.entity)
    yesterday = dates.local_date(timezone.now(), entity.time_zone) - timedelta(days=1)
    day = min(form.given("day") or yesterday, yesterday)
    shown: Any = form.data
    # The form shows what the page is of, also where nothing was chosen.
    shown["day"], shown["width"] = day.isoformat(), form.of_width().value
    chosen = Chosen(
        entity=entity,
        currency=form.given("currency") or entity.currency,
        day=day,
        **form.within(entity),
    )
    return Asked(form, chosen)


@require_GET
@requires(policies.VIEW)
def curves(request: HttpRequest) -> HttpResponse:
    """Show the cumulative share lost by age, a curve for each vintage."""
    asked = asked_of(request)
    width = asked.form.of_width()
    found = vintage_rows.curves(request.user, asked.chosen, width=width)
    ages = vintage_page.ages(found)
    rows = vintage_page.rows(found, ages, width=width, by=asked.by)
    for row in rows:
        row["query"] = asked.query(vintage=row["curve"].vintage.isoformat())
        row["lost_query"] = asked.query(vintage=row["curve"].vintage.isoformat(), lost="on")
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "query": asked.query(),
        "made_at": vintage_rows.made_at(asked.chosen.entity),
        "ages": ages,
        "rows": rows,
        "figure": vintage_page.chart(found, width=width, by=asked.by),
        "left_out": max(len(found) - vintage_page.MOST_CURVES, 0),
    }
    return render(request, "portfolio/vintages.html", context)


@require_GET
@requires(policies.VIEW)
def curves_file(request: HttpRequest) -> HttpResponse:
    """Return every age of every vintage as CSV."""
    asked = asked_of(request)
    found = vintage_rows.curves(request.user, asked.chosen, width=asked.form.of_width())
    name = f"vintages-{asked.chosen.entity.code}-{asked.chosen.day}.csv"
    return table_file(vintage_page.table(found), name)


@require_GET
@requires(policies.LIST)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans of a vintage; the last one where none is chosen."""
    asked = asked_of(request, VintageLoansForm)
    width = asked.form.of_width()
    vintage = begin(asked.form.given("vintage") or asked.chosen.day, width)
    asked.form.data["vintage"] = vintage.isoformat()
    found = vintage_rows.loans(
        request.user,
        asked.chosen,
        vintage=vintage,
        width=width,
        lost_only=bool(asked.form.given("lost")),
    )
    page = vintage_rows.worklist(
        found, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "page": page,
        "rows": [(loan, presentation.LOANS[loan.status]) for loan in page.rows],
        "name": wording.vintage(vintage, width),
        "back": asked.query(),
    }
    return render(request, "portfolio/vintage_loans.html", context)
