"""Cohorts: how loans of each month stand at chosen ages, and the loans behind it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core import keyset
from apps.core.access import requires
from apps.portfolio import cohort_page, cohort_rows, loan_rows, policies, vintage_rows, wording
from apps.portfolio.cohorts import Cohort, Measure
from apps.portfolio.forms import CohortForm, CohortLoansForm
from apps.portfolio.loan_rows import Listed
from apps.portfolio.months import begin
from apps.portfolio.views.shared import table_file
from apps.portfolio.views.vintages import asked_of
from apps.portfolio.vintage_rows import Chosen


@require_GET
@requires(policies.VIEW)
def table(request: HttpRequest) -> HttpResponse:
    """Show of each cohort what share was late, written off or repaid early at chosen ages."""
    asked = asked_of(request, CohortForm)
    measure, width = asked.form.of_measure(), asked.form.of_width()
    found = cohort_rows.table(request.user, asked.chosen, measure=measure, width=width)
    ages = cohort_page.ages(found)
    rows = cohort_page.rows(found, ages, width=width, by=asked.by)
    may_list = request.user.has_perm(policies.LIST)
    for row in rows:
        begins = row["cohort"].vintage.isoformat()
        row["query"] = asked.query(vintage=begins) if may_list else ""
        for cell in row["cells"]:
            leads = may_list and cell["sum"] is not None and cell["sum"].loans
            more = {"vintage": begins, "measure": measure.value, "age": str(cell["age"])}
            cell["query"] = asked.query(**more) if leads else ""
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "query": asked.query(measure=measure.value),
        "measure": wording.MEASURES[measure],
        "made_at": vintage_rows.made_at(asked.chosen.entity),
        "ages": ages,
        "is_of_branches": bool(asked.chosen.branch) or not request.user.works_everywhere,
        "rows": rows,
    }
    return render(request, "portfolio/cohorts.html", context)


@require_GET
@requires(policies.VIEW)
def table_of_all(request: HttpRequest) -> HttpResponse:
    """Return everything that is counted of each cohort as CSV."""
    asked = asked_of(request, CohortForm)
    width = asked.form.of_width()
    found: dict[Measure, list[Cohort]] = {
        one: cohort_rows.table(request.user, asked.chosen, measure=one, width=width)
        for one in Measure
    }
    name = f"cohorts-{asked.chosen.entity.code}-{asked.chosen.day}.csv"
    return table_file(cohort_page.table(found), name)


@require_GET
@requires(policies.LIST)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans of a cohort that were late at an age, or repaid early by it."""
    asked = asked_of(request, CohortLoansForm)
    measure, width, age = asked.form.of_measure(), asked.form.of_width(), asked.form.of_age()
    vintage = begin(asked.form.given("vintage") or asked.chosen.day, width)
    asked.form.data["vintage"] = vintage.isoformat()
    whose = {"vintage": vintage, "width": width, "age": age}
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "page": _listed(request, asked.chosen, measure, whose),
        "is_late": measure.days is not None,
        "measure": wording.MEASURES[measure],
        "age": age,
        "name": wording.vintage(vintage, width),
        "back": asked.query(measure=measure.value),
    }
    return render(request, "portfolio/cohort_loans.html", context)


def _listed(request: HttpRequest, chosen: Chosen, measure: Measure, whose: Any) -> Listed:
    after, before = (request.GET.get(name, "") for name in ("after", "before"))
    if measure.days is None:
        rows = cohort_rows.left(request.user, chosen, measure=measure, **whose)
        by = ("-disbursed_date", "id")
        return loan_rows.listed_loans(keyset.page(rows, by=by, after=after, before=before))
    late = cohort_rows.late(request.user, chosen, days=measure.days, **whose)
    by = ("day", "loan__id")
    return loan_rows.listed(keyset.page(late, by=by, after=after, before=before))
