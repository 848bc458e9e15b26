"""Roll rates: from which band of days past due loans went to which in a month."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.portfolio import policies, roll_page, roll_rows, wording
from apps.portfolio.bands import Band
from apps.portfolio.forms import RollForm, RollLoansForm
from apps.portfolio.models import RolledDay
from apps.portfolio.roll_rows import Chosen
from apps.portfolio.views.shared import filled, table_file


@dataclass(frozen=True)
class Asked:
    """The form as filled in, and what it chooses; nothing before two ends of months are known."""

    form: Any
    chosen: Chosen | None

    @property
    def by(self) -> str:
        """What shares are counted in: `amount` or `number`."""
        return str(self.form.given("by") or "amount")

    def query(self, **more: str) -> str:
        """Return the choice as the end of an address, with more that narrows it."""
        if self.chosen is None:
            return ""
        values = {
            "lender": self.chosen.entity.code,
            "month": self.chosen.rolled.day.isoformat(),
            "by": self.by,
            "currency": self.chosen.currency,
            "branch": self.chosen.branch or "",
            "product": self.chosen.product or "",
            "segment": self.chosen.segment,
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value})


def _asked(request: HttpRequest, kind: type[RollForm] = RollForm) -> Asked:
    form = filled(request, kind)
    entity = form.of_lender(request.user.branch.entity)
    known = roll_rows.known(entity)
    months: Any = form.fields["month"]
    months.choices = [(one.day.isoformat(), date_format(one.day)) for one in known]
    form.full_clean()
    rolled = _chosen(known, form.given("month"))
    if rolled is None:
        return Asked(form, None)
    shown: Any = form.data
    shown["month"] = rolled.day.isoformat()
    chosen = Chosen(
        entity=entity,
        currency=form.given("currency") or entity.currency,
        rolled=rolled,
        **form.within(entity),
    )
    return Asked(form, chosen)


def _chosen(known: list[RolledDay], given: str) -> RolledDay | None:
    """Return the month that was chosen, else the last."""
    chosen = [one for one in known if one.day.isoformat() == given]
    return next(iter(chosen or known), None)


@require_GET
@requires(policies.VIEW)
def matrix(request: HttpRequest) -> HttpResponse:
    """Show the matrix of a month, and what rolled forward in the months before."""
    asked = _asked(request)
    if asked.chosen is None:
        return render(request, "portfolio/roll_rates.html", {"form": asked.form, "chosen": None})
    found = roll_rows.matrix(request.user, asked.chosen)
    months = roll_rows.trend(request.user, asked.chosen)
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "query": asked.query(),
        "heads": roll_page.heads(),
        "rows": roll_page.rows(found, by=asked.by, query=asked.query),
        "figure": roll_page.chart(months, by=asked.by),
        "followed": roll_page.followed(months, by=asked.by),
        "followed_heads": roll_page.followed_heads(),
    }
    return render(request, "portfolio/roll_rates.html", context)


@require_GET
@requires(policies.VIEW)
def matrix_file(request: HttpRequest) -> HttpResponse:
    """Return the matrix as CSV; the headings alone before two ends of months are known."""
    asked = _asked(request)
    if asked.chosen is None:
        return table_file([roll_page.COLUMNS], "roll-rates-none.csv")
    found = roll_rows.matrix(request.user, asked.chosen)
    name = f"roll-rates-{asked.chosen.entity.code}-{asked.chosen.rolled.day}.csv"
    return table_file(roll_page.table(asked.chosen.rolled, found), name)


@require_GET
@requires(policies.LIST)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans that went from a band to another."""
    asked = _asked(request, RollLoansForm)
    if asked.chosen is None:
        return render(request, "portfolio/roll_rates.html", {"form": asked.form, "chosen": None})
    before = Band(asked.form.given("was") or Band.CURRENT)
    after = Band(asked.form.given("became") or Band.DAYS_1)
    found = roll_rows.loans(request.user, asked.chosen, before=before, after=after)
    page = roll_rows.worklist(
        found, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    asked.form.data["was"], asked.form.data["became"] = before.value, after.value
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "page": page,
        "before": wording.BANDS[before],
        "after": wording.BANDS[after],
        "back": asked.query(),
    }
    return render(request, "portfolio/roll_loans.html", context)
