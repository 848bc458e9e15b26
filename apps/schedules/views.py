"""Quotes on screen, on paper, as a table and as a calendar; nothing is stored."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.core import dates
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.schedules import charts, comparing, downloads, measures, papers, policies
from apps.schedules.comparing import Asked
from apps.schedules.quotes import Quote


@requires(policies.MAKE)
@require_GET
def quote(request: HttpRequest) -> HttpResponse:
    """Show up to three offers side by side; everything asked stands in the address."""
    offers = _offers(request)
    if "add" in request.GET:
        return _to(comparing.with_another(offers))
    if "remove" in request.GET:
        return _to(comparing.without(offers, request.GET["remove"]))
    made = [(offer.name, offer.quote) for offer in offers if offer.quote is not None]
    context: dict[str, Any] = {
        "offers": offers,
        "may_add": bool(made) and len(offers) < len(comparing.PREFIXES),
        "names": [name for name, _quote in made],
        "measures": measures.of([one for _name, one in made]),
        "figure": charts.offers(made) if made else None,
        "most_rows": comparing.MOST_ROWS,
    }
    status = 422 if any(offer.form.errors for offer in offers) else 200
    return render(request, "schedules/quote.html", context, status=status)


@requires(policies.MAKE)
@require_GET
def paper(request: HttpRequest) -> HttpResponse:
    """Send one offer as PDF."""
    made = _only(request)
    if made is None:
        return _to(request.GET.urlencode())
    content = papers.pdf(made, lender=request.user.branch.entity.name, dated=_today(request))
    return _file(content, name=_named(made, "pdf"), kind="application/pdf")


@requires(policies.MAKE)
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Send one offer's instalments as CSV."""
    made = _only(request)
    if made is None:
        return _to(request.GET.urlencode())
    content = "".join(csv_lines(downloads.table(made.schedule)))
    return _file(content.encode(), name=_named(made, "csv"), kind="text/csv; charset=utf-8")


@requires(policies.MAKE)
@require_GET
def due_dates(request: HttpRequest) -> HttpResponse:
    """Send one offer's due dates as a calendar file."""
    made = _only(request)
    if made is None:
        return _to(request.GET.urlencode())
    content = downloads.calendar(made.schedule, made_at=timezone.now())
    return _file(content, name=_named(made, "ics"), kind="text/calendar; charset=utf-8")


def _offers(request: HttpRequest) -> list[Asked]:
    currency = request.user.branch.entity.currency
    return comparing.asked(request.GET, currency=currency, today=_today(request))


def _only(request: HttpRequest) -> Quote | None:
    """Return the first offer's quote; None where there is none, and the page says why."""
    return _offers(request)[0].quote


def _today(request: HttpRequest) -> date:
    return dates.local_date(timezone.now(), request.user.branch.entity.time_zone)


def _named(made: Quote, ending: str) -> str:
    """Return a name by which a quote is found again: what is lent, over how many instalments."""
    terms = made.schedule.terms
    amount = (
        f"{terms.principal:.0f}" if terms.principal == int(terms.principal) else terms.principal
    )
    return f"quote-{terms.currency}-{amount}-{terms.instalments}-instalments.{ending}"


def _to(query: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('schedules:quote')}?{query}")


def _file(content: bytes, *, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
