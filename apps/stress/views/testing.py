"""Stress tests: the list, asking for one, its progress, its cases side by side, and files."""

import uuid
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.impairment import policies as impairment
from apps.impairment import wording as losses
from apps.portfolio.views.shared import table_file
from apps.stress import page, policies, rows, services, wording
from apps.stress.forms import AskForm
from apps.stress.models import Test
from apps.stress.services import Question


@require_GET
@requires(policies.VIEW)
def tests(request: HttpRequest) -> HttpResponse:
    """List the tests, the newest first."""
    found = keyset.page(
        rows.tests(request.user),
        by=("-asked_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": found,
        "rows": [(one, _look(one)) for one in found.rows],
        "may_run": request.user.has_perm(policies.RUN),
    }
    return render(request, "stress/tests.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.RUN)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a test of one's lender; a worker does it."""
    entity = request.user.branch.entity
    runs, scenarios = rows.measured(entity), rows.scenarios(entity)
    form = AskForm(request.POST or None, runs=runs, scenarios=scenarios)
    if request.method == "POST" and form.is_valid():
        try:
            found = services.ask(
                actor=request.user, entity=entity, question=form.question(), now=timezone.now()
            )
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The test is queued; you may leave this page."))
            return redirect("stress:test", pk=found.pk)
    missing = [
        text
        for text, is_missing in (
            (_("No losses are measured yet."), not runs),
            (_("No scenario is approved yet."), not scenarios),
        )
        if is_missing
    ]
    context = {
        "form": form,
        "title": _("New stress test"),
        "label": _("Run the test"),
        "text": " ".join(missing),
        "back": "stress:tests",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "stress/act.html", context, status=status)


@require_GET
@requires(policies.VIEW)
def test(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a test: its progress, or its cases side by side."""
    found = _found(request, pk)
    is_done = found.status == "done"
    context = {
        "test": found,
        "look": _look(found),
        "cases": rows.cases(found),
        "tables": page.compared(found) if is_done else [],
        "charts": page.charts(found) if is_done else [],
        "same": rows.same(found),
        "figures_of": date.fromisoformat(found.figures.body["as_of"]),
        "may_run": request.user.has_perm(policies.RUN),
    }
    return render(request, "stress/test.html", context)


@require_GET
@requires(policies.VIEW)
def progress(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far a test has come; asks again by itself until it has ended."""
    found = _found(request, pk)
    if not getattr(request, "htmx", False):
        return redirect("stress:test", pk=pk)
    if found.has_ended:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "stress/_progress.html", {"test": found, "look": _look(found)})


@require_POST
@requires(policies.RUN)
def again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for the same scenarios on the same measurement once more, by the terms of today."""
    found = _found(request, pk)
    question = Question(
        title=found.title,
        measured=found.measured,
        scenarios=[one.scenario for one in rows.cases(found) if one.scenario is not None],
    )
    try:
        made = services.ask(
            actor=request.user, entity=found.entity, question=question, now=timezone.now()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
        return redirect("stress:test", pk=pk)
    messages.success(request, _("The test is queued; you may leave this page."))
    return redirect("stress:test", pk=made.pk)


@require_GET
@requires(policies.VIEW)
def years_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return every figure of every case and year as CSV; the headings alone before it is done."""
    found = _found(request, pk)
    return table_file(page.years_table(found), _name("years", found))


@require_GET
@requires(policies.VIEW)
def sums(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a case at the end of a year by segment or security and stage, beside the base case."""
    found = _found(request, pk)
    cases = rows.cases(found)
    place = _within(request.GET.get("case", ""), len(cases) - 1)
    year = _within(request.GET.get("year", ""), found.years)
    by = "security" if request.GET.get("by") == "security" else "segment"
    context = {
        "test": found,
        "case": cases[place],
        "year_name": page.year_name(year),
        "cases_tabs": [
            _tab(one.name, (one.place, year, by), is_current=one.place == place) for one in cases
        ],
        "years_tabs": [
            _tab(page.year_name(one), (place, one, by), is_current=one == year)
            for one in range(found.years + 1)
        ],
        "by_tabs": [
            _tab(name, (place, year, code), is_current=code == by)
            for code, name in wording.BY.items()
        ],
        "by": by,
        "heads": page.sums_heads(),
        "rows": [
            _group(one, by, _whose(request, found) if by == "segment" else {})
            for one in rows.groups(found, place=place, year=year, by=by)
        ],
    }
    return render(request, "stress/sums.html", context)


@require_GET
@requires(policies.VIEW)
def sums_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return every sum of every case and year as CSV."""
    found = _found(request, pk)
    return table_file(page.sums_table(rows.all_sums(found).iterator(2_000)), _name("sums", found))


def _tab(label: Any, to: tuple[int, int, str], *, is_current: bool) -> dict[str, Any]:
    case, year, by = to
    query = urlencode({"case": case, "year": year, "by": by})
    return {"label": label, "url": f"?{query}", "current": is_current}


def _group(one: rows.Group, by: str, whose: dict[str, str]) -> dict[str, Any]:
    key, stage = one.key[by], one.key["stage"]
    return {
        "name": losses.security(key) if by == "security" else key,
        "stage": losses.STAGES[stage],
        # The list of the measurement knows segments and stages, as they were measured.
        "query": urlencode({**whose, "segment": key, "stage": stage}) if whose else "",
        "cells": [
            {"label": label, "value": one.sums[code], "base": one.base[code]}
            for code, label in wording.SUMS.items()
        ],
    }


def _whose(request: HttpRequest, found: Test) -> dict[str, str]:
    """Return what leads to the loans of the measurement; nothing for who may not see them."""
    if not request.user.has_perm(impairment.VIEW):
        return {}
    return {"lender": found.entity.code, "month": found.measured.day.isoformat()}


def _within(given: str, most: int) -> int:
    """Return a number of an address between 0 and the most; the first for anything else."""
    return min(int(given), most) if given.isdecimal() and len(given) < 4 else 0


def _found(request: HttpRequest, pk: uuid.UUID) -> Test:
    related = ("entity", "measured", "asked_by", "sensitivities", "figures")
    return get_visible(Test.objects.select_related(*related), request.user, pk=pk)


def _look(one: Test) -> dict[str, Any]:
    word, tone, symbol = wording.TESTS[one.status]
    return {"word": word, "tone": tone, "symbol": symbol}


def _name(kind: str, found: Test) -> str:
    return f"stress-{kind}-{found.entity.code}-{found.measured.day}.csv"
