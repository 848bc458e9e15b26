"""How a return is shown: a table whose every cell leads to the loans behind it."""

from typing import Any

from apps.core import formatting
from apps.npa import return_rows, returns_rbi
from apps.npa.models import Return
from apps.npa.portfolio_rows import Chosen
from apps.npa.returns_layout import Line, Sheet
from apps.npa.services import Wanted

# Columns that hold no money.
_WHOLE = ("accounts", "percent")


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
