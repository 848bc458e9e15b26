"""Expected credit loss: sums, how they moved, the loans behind them, and why each has its loss."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.core.visibility import get_visible
from apps.impairment import movement, page, policies, rows, services, wording, working
from apps.impairment.forms import LoansForm, MovementForm
from apps.impairment.models import LoanLoss
from apps.impairment.staging import Reason
from apps.impairment.views.asked import Asked, asked
from apps.portfolio.views.shared import table_file

_CHUNK = 2_000


@require_GET
@requires(policies.VIEW)
def summary(request: HttpRequest) -> HttpResponse:
    """Show the loss of a measurement by stage, product, branch, reason and security."""
    wanted = asked(request)
    if wanted.chosen is None:
        return render(request, "impairment/summary.html", {"form": wanted.form, "chosen": None})
    chosen = wanted.chosen
    parts = _parts(request, wanted)
    under = rows.scenarios(request.user, chosen)
    trend = rows.trend(request.user, chosen)
    context = {
        "form": wanted.form,
        "chosen": chosen,
        "query": wanted.query(),
        "is_outdated": services.is_outdated(chosen.run),
        "whole": rows.whole(parts["stage"]),
        "parts": [
            {
                "code": by,
                "name": wording.GROUPS[by],
                "rows": page.shown(by, groups, wanted.query),
            }
            for by, groups in parts.items()
        ],
        "figure": page.trend_chart(trend),
        "trend": page.trend_rows(trend),
        "stages": list(wording.STAGES.values()),
        "scenarios": [(name, under[code.value]) for code, name in wording.OUTLOOKS.items()],
    }
    return render(request, "impairment/summary.html", context)


@require_GET
@requires(policies.VIEW)
def summary_file(request: HttpRequest) -> HttpResponse:
    """Return the same as CSV; the headings alone before the first measurement."""
    wanted = asked(request)
    parts = _parts(request, wanted) if wanted.chosen else {}
    return table_file(page.summary_table(parts.items()), _name("loss", wanted))


def _parts(request: HttpRequest, wanted: Asked) -> dict[str, page.Groups]:
    chosen: Any = wanted.chosen
    return {by: rows.grouped(request.user, chosen, by) for by in wording.GROUPS}


@require_GET
@requires(policies.VIEW)
def months_file(request: HttpRequest) -> HttpResponse:
    """Return the stages month by month as CSV; the headings alone before the first measurement."""
    wanted = asked(request)
    found = rows.trend(request.user, wanted.chosen) if wanted.chosen else []
    return table_file(page.trend_table(found), _name("loss-months", wanted))


@require_GET
@requires(policies.VIEW)
def moved(request: HttpRequest) -> HttpResponse:
    """Show how the loss moved between two measurements, stage by stage."""
    wanted = asked(request, MovementForm)
    lines = _moves(request, wanted)
    context = {
        "form": wanted.form,
        "chosen": wanted.chosen,
        "since": wanted.since,
        "query": wanted.query(since=wanted.since.day.isoformat() if wanted.since else ""),
        "rows": page.movement_rows(lines),
        "heads": [wording.STAGES[line.stage] for line in lines if line.stage],
        "figure": page.movement_chart(lines[-1]) if lines else None,
        "unexplained": any(line.unexplained for line in lines),
    }
    return render(request, "impairment/movement.html", context)


@require_GET
@requires(policies.VIEW)
def moved_file(request: HttpRequest) -> HttpResponse:
    """Return the same as CSV; the headings alone where there are not two measurements."""
    wanted = asked(request, MovementForm)
    table = page.movement_table(_moves(request, wanted))
    return table_file(table, _name("loss-movement", wanted))


def _moves(request: HttpRequest, wanted: Asked) -> list[movement.Line]:
    if wanted.chosen is None or wanted.since is None:
        return []
    lines = rows.moves(request.user, wanted.chosen, wanted.since)
    return [*lines, movement.total(lines)]


@require_GET
@requires(policies.VIEW)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans behind a figure, the greatest loss first."""
    wanted = asked(request, LoansForm)
    if wanted.chosen is None:
        return render(request, "impairment/loans.html", {"form": wanted.form, "chosen": None})
    found = rows.worklist(
        rows.losses(request.user, wanted.chosen, **_stage(wanted)),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "form": wanted.form,
        "chosen": wanted.chosen,
        "page": found,
        "rows": [(one, wording.REASONS[Reason(one.reason)]) for one in found.rows],
        "back": wanted.query(),
        "query": wanted.query(stage=str(wanted.form.given("stage") or "")),
    }
    return render(request, "impairment/loans.html", context)


@require_GET
@requires(policies.VIEW)
def loans_file(request: HttpRequest) -> HttpResponseBase:
    """Return the loans behind a figure as CSV, with all that each was measured by."""
    wanted = asked(request, LoansForm)

    def table() -> Iterator[Sequence[Any]]:
        if wanted.chosen is None:
            return page.loans_table(())
        found = rows.losses(request.user, wanted.chosen, **_stage(wanted)).order_by("-loss", "-id")
        return page.loans_table(found.iterator(_CHUNK))

    response = StreamingHttpResponse(csv_lines(table()), content_type="text/csv; charset=utf-8")
    name = _name("loss-loans", wanted)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _stage(wanted: Asked) -> dict[str, Any]:
    stage = wanted.form.given("stage")
    return {"stage": stage} if stage else {}


@require_GET
@requires(policies.VIEW)
def why(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show why a loan has its loss: the working anew, beside what was stored."""
    wanted = asked(request)
    found = LoanLoss.objects.filter(run=wanted.chosen.run if wanted.chosen else None)
    row = get_visible(
        found.select_related("loan", "branch", "customer", "run__parameters", "run__estimate"),
        request.user,
        loan_id=pk,
    )
    work = working.of(row)
    scenarios = [
        (wording.OUTLOOKS[name], terms, getattr(row, f"loss_{name}"), work.of_scenarios[name])
        for name, terms in work.parameters.scenarios.items()
    ]
    context = {
        "row": row,
        "work": work,
        "scenarios": scenarios,
        "stage": wording.STAGES[row.stage],
        "reason": wording.REASONS[Reason(row.reason)],
        "security": wording.security(row.security),
        "query": wanted.query(),
    }
    return render(request, "impairment/why.html", context)


def _name(kind: str, wanted: Asked) -> str:
    if wanted.chosen is None:
        return f"{kind}-none.csv"
    return f"{kind}-{wanted.chosen.entity.code}-{wanted.chosen.run.day}.csv"
