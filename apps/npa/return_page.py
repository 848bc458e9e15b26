"""How a return is shown: a table whose every cell leads to the loans behind it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core import formatting
from apps.loans.presentation import Look
from apps.npa import return_rows, returns_rbi
from apps.npa.models import Return, ReturnOrder
from apps.npa.portfolio_rows import Chosen
from apps.npa.returns_layout import Line, Sheet
from apps.npa.services import Wanted

# Columns that hold no money.
_WHOLE = ("accounts", "percent")
LOOKS: Mapping[str, Look] = {
    "asked": Look("neutral", "clock", _("Waits")),
    "making": Look("info", "loader", _("Being made")),
    "made": Look("success", "circle-check", _("Made")),
    "failed": Look("danger", "circle-x", _("Not made")),
}
_OBSTACLES: Mapping[str, str | Promise] = {
    "not_permitted": _("Your role does not allow this return."),
    "day_not_ended": _("This day was not ended; a return needs its snapshots."),
    "not_owed": _("This lender does not owe this return."),
    "no_reference_day": _("Bureaus are told nothing as on this day."),
    "class_unknown": _("The layout of this return has no line for a class of this day."),
    "does_not_reconcile": _("It differs from the ledger. Say why it is made all the same."),
}
_UNEXPECTED = _("It could not be made. Ask for it again; if it fails once more, tell the operator.")


def sheet(wanted: Wanted, found: Sheet) -> dict[str, Any]:
    """Return the headings and lines of a return; `query` is the end of the list's address."""
    return {
        "headings": [heading for _code, heading in found.columns],
        "lines": [
            {
                "line": line,
                "query": _query(wanted, line),
                "cells": [
                    {"heading": heading, "text": _text(code, line, wanted.entity.currency)}
                    for code, heading in found.columns
                ],
            }
            for line in found.lines
        ],
    }


def orders(rows: Iterable[ReturnOrder]) -> list[dict[str, Any]]:
    """Return long returns that were asked for: how each stands, and why one failed."""
    return [{"one": one, "look": LOOKS[one.status], "why": obstacle(one)} for one in rows]


def obstacle(order: ReturnOrder) -> str:
    """Return why a return could not be made, in a sentence; empty where nothing is against it."""
    return str(_OBSTACLES.get(order.obstacle, _UNEXPECTED)) if order.obstacle else ""


def ratios(wanted: Wanted) -> list[tuple[str, str]]:
    """Return gross and net non-performing assets in percent, for the RBI's return."""
    if wanted.kind != Return.Kind.RBI_ASSETS:
        return []
    found = returns_rbi.ratios(return_rows.parts(wanted.entity, wanted.day))
    return [
        (code, formatting.format_percent(value, decimals=2))
        for code, value in found.items()
        if value is not None
    ]


def _query(wanted: Wanted, line: Line) -> str:
    chosen = Chosen(entity=wanted.entity, currency=wanted.entity.currency, day=wanted.day)
    return chosen.query(**line.filters)


def _text(code: str, line: Line, currency: str) -> str:
    if code not in line.amounts:
        return ""
    value = line.amounts[code]
    if code in _WHOLE:
        return formatting.format_number(value)
    return formatting.format_amount(value, currency)
