"""How stress tests are shown: cases side by side, a chart, files."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.stress import wording
from apps.stress.models import Sums, Test
from apps.stress.summing import MEASURES
from apps.stress.wording import CHARTED, FIGURES

Chart = dict[str, Any]
_LOOKS = (
    ("mark-neutral", "solid", "circle"),
    ("mark-danger", "dash", "square"),
    ("mark-primary", "dot", "diamond"),
    ("mark-warning", "dashdot", "triangle-up"),
    ("mark-success", "longdash", "cross"),
)


def name(result: dict[str, Any]) -> str:
    """Return what a case is called."""
    return result["name"] or _("Base case")


def compared(test: Test) -> list[dict[str, Any]]:
    """Return of each figure a table: a row a case, a column a year."""
    found: list[dict[str, Any]] = []
    for code, (label, is_share) in FIGURES.items():
        # A rate, a charge and a profit are of years; the day has none.
        first = 1 if code in {"default_rate", "charge", "after_tax"} else 0
        found.append(
            {
                "code": code,
                "label": label,
                "years": [year_name(year) for year in range(first, test.years + 1)],
                "rows": [
                    {
                        "name": name(result),
                        "place": place,
                        "cells": [
                            (year_name(first + at), _shown(one[code], test.currency, is_share))
                            for at, one in enumerate(result["years"][first:])
                        ],
                    }
                    for place, result in enumerate(test.results or [])
                ],
            }
        )
    return found


def year_name(year: int) -> str:
    """Return what a year is called."""
    return _("On the day") if year == 0 else _("Year %(year)s") % {"year": year}


def _shown(value: str, currency: str, is_share: bool) -> str:  # noqa: FBT001 - a column's kind
    if is_share:
        return formatting.format_percent(Decimal(value), decimals=2)
    return formatting.format_money(Decimal(value), currency)


def charts(test: Test) -> list[dict[str, Any]]:
    """Return the figures that are drawn, each with its chart as plain data."""
    return [
        {"code": code, "label": FIGURES[code][0], "figure": _chart(test, code)} for code in CHARTED
    ]


def _chart(test: Test, code: str) -> Chart:
    is_share = FIGURES[code][1]
    first = 1 if code == "default_rate" else 0
    data = []
    for place, result in enumerate(test.results or []):
        colour, dash, symbol = _LOOKS[place % len(_LOOKS)]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name(result),
                "x": [year_name(year) for year in range(first, test.years + 1)],
                "y": [float(one[code]) for one in result["years"][first:]],
                "line": {"color": f"var(--{colour})", "width": 2, "dash": dash},
                "marker": {"color": f"var(--{colour})", "size": 8, "symbol": symbol},
                "hovertemplate": "%{y:.2%}" if is_share else "%{y:,.0f}",
            }
        )
    layout = {
        "height": 280,
        "hovermode": "x unified",
        "xaxis": {"type": "category"},
        "yaxis": {
            "tickformat": ".1%" if is_share else "~s",
            "rangemode": "tozero",
            "title": {"text": "" if is_share else test.currency},
        },
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    return {"data": data, "layout": layout}


def years_table(test: Test) -> Iterator[Sequence[Any]]:
    """Yield every figure of every case and year as a file: plain numbers."""
    names = list(test.results[0]["years"][0]) if test.results else []
    yield ("case", "year", *names)
    for result in test.results or []:
        for year, one in enumerate(result["years"]):
            yield (result["name"] or "base", year, *(one[code] for code in names))


SUMS_COLUMNS = ("case", "year", "segment", "security", "stage", *MEASURES)


def sums_table(found: Iterable[Sums]) -> Iterator[Sequence[Any]]:
    """Yield every sum of every case and year as a file."""
    yield SUMS_COLUMNS
    for one in found:
        case = "base" if one.case.scenario is None else one.case.scenario.name
        yield (
            *(case, one.year, one.segment, one.security, one.stage),
            *(getattr(one, measure) for measure in MEASURES),
        )


def sums_heads() -> list[Any]:
    """Return what the columns of sums are called."""
    return list(wording.SUMS.values())
