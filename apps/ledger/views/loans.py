"""The statement of one loan's account, for whoever may see the loan: page, panel, PDF and CSV."""

import uuid
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.models import Entity
from apps.core import dates
from apps.core.access import SIGNED_IN, requires
from apps.core.errors import NotVisible
from apps.core.spreadsheets import csv_lines
from apps.ledger import forms, hooks, selectors, statements
from apps.ledger.models import Entry
from apps.ledger.statement import Statement

_PANEL_DAYS = 366


class _Account(NamedTuple):
    """A loan's account: what it is called, whose book it is in, and its first and last day."""

    number: str
    url: str
    entity: Entity
    today: date
    first: date
    last: date


@requires(SIGNED_IN)
@require_GET
def statement(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the statement of a loan's account, from the first day or as asked."""
    found, form, account = _asked(request, pk)
    crumbs = [{"label": account.number, "url": account.url}, {"label": _("Statement of account")}]
    context = {
        **statements.shown(found),
        "form": form,
        "number": account.number,
        "crumbs": crumbs,
        "query": request.GET.urlencode(),
        "loan_id": pk,
    }
    return render(request, "ledger/statement.html", context)


@requires(SIGNED_IN)
@require_GET
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the last year of a loan's account, as a part of the loan's page."""
    account = _account(request, pk)
    start = max(account.first, account.last - timedelta(days=_PANEL_DAYS))
    found = selectors.statement(pk, start=start, end=account.last, with_corrections=False)
    context = {**statements.shown(found), "loan_id": pk}
    return render(request, "ledger/_loan_panel.html", context)


@requires(SIGNED_IN)
@require_GET
def statement_csv(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand a statement over as CSV."""
    found, _form, account = _asked(request, pk)
    lines = csv_lines(statements.table(found))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    return _attached(response, f"statement-{account.number}.csv")


@requires(SIGNED_IN)
@require_GET
def statement_pdf(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand a statement over as PDF."""
    found, _form, account = _asked(request, pk)
    made = statements.pdf(
        found, number=account.number, lender=account.entity.name, dated=account.today
    )
    response = HttpResponse(made, content_type="application/pdf")
    return _attached(response, f"statement-{account.number}.pdf")


def _asked(request: HttpRequest, pk: uuid.UUID) -> tuple[Statement, Any, _Account]:
    """Return the statement an address asks for. Raises NotVisible."""
    account = _account(request, pk)
    form = forms.StatementForm(request.GET)
    start, end = form.span(first=account.first, last=account.last)
    found = selectors.statement(
        pk, start=start, end=end, with_corrections=request.GET.get("corrections") == "on"
    )
    return found, form, account


def _account(request: HttpRequest, pk: uuid.UUID) -> _Account:
    """Return the account of a loan the person may see and something was posted to."""
    days = selectors.days_of(pk) if hooks.may_see(request.user, pk) else None
    if days is None:
        raise NotVisible("not_found", _("There is no such record, or it is not yours to see."))
    newest = Entry.objects.select_related("branch__entity").filter(loan_id=pk)
    entity = newest.order_by("day", "id").reverse()[0].branch.entity
    today = dates.local_date(timezone.now(), entity.time_zone)
    shown = hooks.names_of([pk]).get(pk) or hooks.Shown(str(pk)[:8], "")
    return _Account(shown.number, shown.url, entity, today, days[0], max(days[1], today))


def _attached(response: HttpResponse, name: str) -> HttpResponse:
    safe = "".join(letter for letter in name if letter.isalnum() or letter in "-_.")
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response
