"""How provisions moved between two days, class by class, beside the ledger."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.core.spreadsheets import csv_lines
from apps.ledger import labels
from apps.ledger.chart import Account
from apps.npa import movement, movement_rows, policies, reserve_rows, wording
from apps.npa.movement import Line
from apps.npa.portfolio_forms import MovementForm
from apps.npa.portfolio_rows import Chosen
from apps.npa.reserve_lifecycle import KEPT
from apps.npa.views.chosen import asked

# Days that are named one by one where they are missing.
_DAYS_NAMED = 10
_COLUMNS = ("account", "class", "opening", "additions", "releases", "written_off", "closing")
_HELD = (Account.PROVISIONS, Account.LOSS_RESERVE)


@require_GET
@requires(policies.VIEW)
def provisions(request: HttpRequest) -> HttpResponse:
    """Show the movement table between two days and whether the ledger says the same."""
    wanted = asked(request, MovementForm)
    if wanted.chosen is None:
        return render(request, "npa/provisions.html", {"form": wanted.form, "chosen": None})
    chosen = wanted.chosen
    since = wanted.form.first_day() or _month_begins_after(chosen.day)
    wanted.form.initial["since"] = since
    missing = movement_rows.missing_days(chosen, since)
    context: dict[str, Any] = {
        "form": wanted.form,
        "chosen": chosen,
        "since": since,
        "is_backwards": since >= chosen.day,
        "tables": [
            table
            for account in _HELD
            if (table := _table(request, chosen, since, account))["lines"]
            or account == Account.PROVISIONS
        ],
        "all_query": chosen.query(),
        "may_see_reserve": request.user.has_perm(policies.VIEW_RESERVE),
        "file_query": chosen.query(since=since.isoformat()),
        "missing": missing[:_DAYS_NAMED],
        "more_missing": max(len(missing) - _DAYS_NAMED, 0),
    }
    return render(request, "npa/provisions.html", context)


@require_GET
@requires(policies.VIEW)
def provisions_file(request: HttpRequest) -> HttpResponse:
    """Return the movement table as CSV."""
    wanted = asked(request, MovementForm)
    if wanted.chosen is None:
        raise NotVisible("not_found", _("No day of this lender was ended yet."))
    chosen = wanted.chosen
    since = wanted.form.first_day() or _month_begins_after(chosen.day)
    rows = [
        _COLUMNS,
        *(
            _row(account, line)
            for account in _HELD
            for line in _lines(request, chosen, since, account)
        ),
    ]
    content = "".join(csv_lines(rows))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"provisions-{chosen.entity.code}-{since}-{chosen.day}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _table(request: HttpRequest, chosen: Chosen, since: date, account: Account) -> dict[str, Any]:
    lines = _lines(request, chosen, since, account)
    whole = movement.total(lines)
    return {
        "account": account.value,
        "title": labels.ACCOUNTS[account],
        "lines": [
            {
                "line": line,
                "name": wording.asset_class(line.asset_class),
                # What is kept is of no loan: nothing to list.
                "query": "" if line.asset_class == KEPT else _loans(chosen, line),
            }
            for line in lines
        ],
        "whole": whole,
        "free": _free(request, chosen) if account == Account.LOSS_RESERVE else [],
        "checks": movement_rows.reconciled(
            request.user, chosen, since, whole=whole, account=account
        ),
    }


def _free(request: HttpRequest, chosen: Chosen) -> list[reserve_rows.Free]:
    if not request.user.has_perm(policies.VIEW_RESERVE):
        return []
    return reserve_rows.free_to(request.user, chosen.entity)


def _loans(chosen: Chosen, line: Line) -> str:
    return chosen.query(asset_class=line.asset_class)


def _lines(request: HttpRequest, chosen: Chosen, since: date, account: Account) -> list[Line]:
    found = movement.lines(movement_rows.nights(request.user, chosen, since, account))
    return sorted(found, key=lambda line: wording.place(line.asset_class))


def _row(account: Account, line: Line) -> tuple[Any, ...]:
    return (
        *(account.value, line.asset_class, line.opening, line.additions, line.releases),
        *(line.written_off, line.closing),
    )


def _month_begins_after(day: date) -> date:
    """Return the last day of the month before: the movement of the month so far."""
    return day.replace(day=1) - timedelta(days=1)
