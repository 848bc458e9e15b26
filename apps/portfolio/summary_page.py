"""How the summary of a portfolio is shown: figures with their change, ageing, months, files."""

import functools
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.portfolio import figures, summary_rows, summary_wording, wording
from apps.portfolio.bands import Band
from apps.portfolio.figures import DEFINITIONS, Figure, Period, Sums
from apps.portfolio.months import marked
from apps.portfolio.summary_rows import Compared, Summary

Chart = dict[str, Any]
UNKNOWN = "\N{EN DASH}"
Query = Callable[..., str]
# The few that are looked at first.
_FIRST = (Figure.OUTSTANDING, Figure.NPA_RATIO, Figure.PAR30, Figure.COLLECTION)
# What is followed month by month, and how it is drawn.
_FOLLOWED = {
    Figure.NPA_RATIO: ("mark-danger", "solid"),
    Figure.PAR30: ("mark-warning", "dash"),
    Figure.PAR90: ("mark-neutral", "dot"),
}
# What of months is a table of its own: what fell due, and what was paid of it.
MONTHLY = (Figure.COLLECTION, Figure.ON_TIME, Figure.INSTALMENT_RATE)
# How good and bad news look: colour and shape.
_LOOKS = {"good": ("success", "circle-check"), "bad": ("danger", "triangle-alert")}
_AGEING = ("mark-success", "mark-primary", "mark-warning", "mark-warning", "mark-danger")


def shown(figure: Figure, value: Decimal | None, currency: str) -> str:
    """Return a figure in words: a share in per cent, an amount in its currency."""
    if value is None:
        return UNKNOWN
    if DEFINITIONS[figure].is_ratio:
        return formatting.format_percent(value, decimals=2)
    return formatting.format_money(value, currency)


def stats(
    found: Summary, currency: str, query: Query, first: Sequence[Figure] = _FIRST
) -> list[dict[str, Any]]:
    """Return the few figures that are looked at first, each with its change in a month."""
    rows = [_row(one, found, currency, query) for one in first]
    return [{**row, "note": _against_month(row["month"])} for row in rows]


def _against_month(month: dict[str, Any]) -> str:
    """Return how a figure changed in a month, as words of their own."""
    if not month["change"]:
        return _("no day to compare")
    if month["is_same"]:
        return _("the same as a month ago")
    return _("%(change)s on a month ago") % {"change": month["change"]}


def periods(found: Summary) -> list[Period]:
    """Return of what times there are figures: no outcomes before a window is known."""
    return [one for one in Period if one != Period.WINDOW or found.ended]


def groups(found: Summary, currency: str, query: Query) -> list[dict[str, Any]]:
    """Return all figures by what time they are of, with the days they are compared with."""
    return [
        _group(
            period, (found.ended or found) if period == Period.WINDOW else found, currency, query
        )
        for period in periods(found)
    ]


def _group(period: Period, found: Compared, currency: str, query: Query) -> dict[str, Any]:
    return {
        "code": period.value,
        "name": summary_wording.PERIODS[period],
        "day": found.day,
        "month_before": summary_rows.before(found.day, 1),
        "year_before": summary_rows.before(found.day, 12),
        "rows": [
            _row(figure, found, currency, query)
            for figure, made in DEFINITIONS.items()
            if made.period == period
        ],
    }


def _row(figure: Figure, found: Compared, currency: str, query: Query) -> dict[str, Any]:
    now = figures.value(figure, found.now)
    return {
        "code": figure.value,
        "name": summary_wording.NAMES[figure],
        "value": shown(figure, now, currency),
        "month": _compared(figure, now, found.month_before, currency),
        "year": _compared(figure, now, found.year_before, currency),
        "query": query(figure=figure.value),
    }


def _compared(
    figure: Figure, now: Decimal | None, then: Sums | None, currency: str
) -> dict[str, Any]:
    """Return what a figure was, and how it changed since."""
    was = figures.value(figure, then) if then is not None else None
    made = DEFINITIONS[figure]
    change = changed(now, was, is_ratio=made.is_ratio, more_is_good=made.more_is_good)
    return {"was": shown(figure, was, currency), **change}


def changed(
    now: Decimal | None, was: Decimal | None, *, is_ratio: bool, more_is_good: bool | None
) -> dict[str, Any]:
    """Return how a value changed in words and tone: in points, or in per cent of what it was."""
    if now is None or was is None:
        return {"change": "", "is_same": False}
    moved = now - was if is_ratio else ((now - was) / abs(was) if was else Decimal(0))
    is_same = not round(moved, 4)
    if is_same:
        words, tone = _("unchanged"), ""
    else:
        size = abs(moved)
        points = (
            _("%s points") % formatting.format_number(size * 100, decimals=2)
            if is_ratio
            else formatting.format_percent(size, decimals=1)
        )
        words = summary_wording.change(points, is_up=moved > 0)
        tone = "" if more_is_good is None else ("good" if (moved > 0) == more_is_good else "bad")
    badge, symbol = _LOOKS.get(tone, ("", ""))
    return {
        "change": words,
        "is_same": is_same,
        "tone": tone,
        "badge": badge,
        "symbol": symbol,
    }


def definitions(shown_periods: Sequence[Period]) -> list[dict[str, Any]]:
    """Return every figure with its definition, formula and source."""
    return [definition(one) for one, made in DEFINITIONS.items() if made.period in shown_periods]


def definition(figure: Figure) -> dict[str, Any]:
    """Return a figure with its definition, formula and source."""
    return _definition(figure, get_language() or "")


@functools.cache
def _definition(figure: Figure, _language: str) -> dict[str, Any]:
    """Return a definition in the language that is active: it never changes while this runs."""
    return {
        "code": figure.value,
        "name": str(summary_wording.NAMES[figure]),
        "text": str(summary_wording.TEXTS[figure]),
        "formula": summary_wording.formula(figure),
        "source": str(summary_wording.SOURCES[DEFINITIONS[figure].source]),
    }


def ageing(found: Sequence[tuple[Band, Sums]], query: Query) -> list[dict[str, Any]]:
    """Return one row for each band of days past due."""
    whole = figures.total(sums for _band, sums in found).principal
    return [
        {
            "name": wording.BANDS[band],
            "sums": sums,
            "share": sums.principal / whole if whole else None,
            "query": query(band=band.value),
        }
        for band, sums in found
    ]


def ageing_chart(found: Sequence[tuple[Band, Sums]]) -> Chart | None:
    """Return the bands as bars; None where nothing is outstanding."""
    whole = figures.total(sums for _band, sums in found).principal
    if not whole:
        return None
    colours = [f"var(--{_AGEING[min(place, 4)]})" for place in range(len(found))]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [float(sums.principal / whole) for _band, sums in found],
        "y": [str(wording.BANDS[band]) for band, _sums in found],
        "marker": {"color": colours},
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }
    layout = {
        "height": 280,
        "xaxis": {"tickformat": ".0%", "rangemode": "tozero"},
        "yaxis": {"autorange": "reversed", "automargin": True},
        "showlegend": False,
    }
    return _figure([bars], layout)


def trend_chart(trend: Sequence[tuple[date, Sums]]) -> Chart | None:
    """Return ratios by the ends of months; None where there are not two to join."""
    if len(trend) < 2:
        return None
    data = []
    for one, (colour, dash) in _FOLLOWED.items():
        values = [figures.value(one, sums) for _day, sums in trend]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": str(summary_wording.NAMES[one]),
                "x": [day.isoformat() for day, _sums in trend],
                "y": [None if value is None else float(value) for value in values],
                "line": {"color": f"var(--{colour})", "width": 2, "dash": dash},
                "hovertemplate": "%{y:.2%}",
            }
        )
    layout = {
        "height": 300,
        "hovermode": "x unified",
        "xaxis": {
            "type": "date",
            "tickformat": "%b %Y",
            "hoverformat": "%-d %b %Y",
            "tickvals": [day.isoformat() for day, _sums in marked(trend)],
        },
        "yaxis": {"tickformat": ".1%", "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    return _figure(data, layout)


def _figure(data: list[Any], layout: dict[str, Any]) -> Chart:
    """Return what is drawn, as plain data.

    Having the library check it takes as long as all else on the page; the tests have it checked.
    """
    return {"data": data, "layout": layout}


def trend_heads() -> list[Any]:
    """Return what the columns of the months are called."""
    return [summary_wording.NAMES[one] for one in (Figure.OUTSTANDING, *_FOLLOWED, *MONTHLY)]


def trend_rows(trend: Sequence[tuple[date, Sums]], currency: str) -> list[dict[str, Any]]:
    """Return one row for each end of a month, the last first."""
    columns = (Figure.OUTSTANDING, *_FOLLOWED, *MONTHLY)
    return [
        {
            "day": day,
            "cells": [
                (summary_wording.NAMES[one], shown(one, figures.value(one, sums), currency))
                for one in columns
            ],
        }
        for day, sums in reversed(trend)
    ]


def table(trend: Sequence[tuple[date, Sums]]) -> Iterator[Sequence[Any]]:
    """Yield every figure and every column it is made of, a line for each end of a month.

    Outcomes are empty where none is known, as within a month.
    """
    yield ("day", *Figure, *(f"of_{name}" for name in figures.COLUMNS))
    for day, sums in trend:
        values = (figures.value(one, sums) for one in Figure)
        is_known = any(getattr(sums, name) for name in figures.OUTCOMES)
        yield (
            day,
            *("" if value is None else value for value in values),
            *(getattr(sums, name) for name in (*figures.STOCKS, *figures.FLOWS)),
            *(getattr(sums, name) if is_known else "" for name in figures.OUTCOMES),
        )
