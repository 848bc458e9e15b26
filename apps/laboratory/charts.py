"""Figures of the laboratory: built and checked by Plotly, drawn in the browser by `charts.js`.

Colours are our tokens, written as in a style sheet; the browser gives them their value in light
and in dark. Plotly refuses a property it does not know. It takes up to a second to import, so it
is imported when the first figure is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.laboratory.cutoff import Point

Figure = dict[str, Any]

_CUTOFF_HEIGHT = 640
_FLOWS_HEIGHT = 320
_LABEL_HEIGHT = 14
_OUTCOMES = ("approve", "refer", "decline")
_TONES = {"approve": "mark-success", "refer": "mark-warning", "decline": "mark-danger"}


def cutoffs(
    points: Sequence[Point], *, currency: str, marks: Iterable[tuple[str, float]] = ()
) -> Figure:
    """Return approval rate, bad rates and money against the cut-off, in three rows of one figure.

    `marks` are cut-offs to point out, each with its words.
    """
    below = [point.below for point in points]
    rates: tuple[tuple[str, list[float | None], str, str, str], ...] = (
        (_("Approval rate"), [p.approval_rate for p in points], "y", "mark-primary", "solid"),
        (
            _("Expected bad rate"),
            [p.expected_bad_rate for p in points],
            "y2",
            "mark-raises-risk",
            "solid",
        ),
        (
            _("Realised bad rate"),
            [p.realised_bad_rate for p in points],
            "y2",
            "mark-neutral",
            "dot",
        ),
    )
    money = (
        (_("Expected profit"), [p.expected_profit for p in points], "mark-success", "solid"),
        (_("Expected loss"), [p.expected_loss for p in points], "mark-danger", "dash"),
    )
    data = [
        _line(name, below, values, [_percent(value) for value in values], yaxis, color, dash)
        for name, values, yaxis, color, dash in rates
        if any(value is not None for value in values)
    ]
    data += [
        _line(name, below, values, [_money(v, currency) for v in values], "y3", color, dash)
        for name, values, color, dash in money
    ]
    ordered = tuple(sorted(marks, key=lambda mark: mark[1]))
    return _figure(data, _cutoff_layout(currency, ordered))


def flows(counts: Mapping[tuple[str, str], int], words: Mapping[str, str]) -> Figure:
    """Return what became of each outcome of before, stacked: `counts` by (before, after)."""
    before = [one for one in _OUTCOMES if any(counts.get((one, to), 0) for to in _OUTCOMES)]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": words[after],
            "y": [words[one] for one in before],
            "x": [counts.get((one, after), 0) for one in before],
            "text": [_count(counts.get((one, after), 0)) for one in before],
            "textposition": "inside",
            "insidetextanchor": "middle",
            "hovertemplate": "%{y} → %{fullData.name}: %{text}<extra></extra>",
            "marker": {
                "color": _token(_TONES[after]),
                "line": {"color": _token("surface"), "width": 1},
            },
            "textfont": {"color": _token("surface")},
        }
        for after in _OUTCOMES
    ]
    layout = {
        "barmode": "stack",
        "height": _FLOWS_HEIGHT,
        "xaxis": {"title": {"text": _("Applications")}, "tickformat": ",d", "fixedrange": True},
        "yaxis": {
            "title": {"text": _("In force")},
            "autorange": "reversed",
            "fixedrange": True,
            "type": "category",
        },
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    }
    return _figure(data, layout)


def _figure(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> Figure:
    """Return a figure as JSON values. Raises ValueError for what Plotly does not know."""
    from plotly import graph_objects  # noqa: PLC0415 - see the module's text

    found: Figure = graph_objects.Figure(data=data, layout=layout).to_plotly_json()
    # The page has a look of its own; Plotly's would travel with every figure.
    found["layout"].pop("template", None)
    return found


def _token(name: str) -> str:
    return f"var(--{name})"


def _line(
    name: str,
    x: Sequence[float],
    y: Sequence[float | None],
    text: Sequence[str],
    *style: str,
) -> Figure:
    yaxis, color, dash = style
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": list(y),
        "yaxis": yaxis,
        "text": list(text),
        "hovertemplate": "%{text}",
        "line": {"color": _token(color), "width": 2, "dash": dash, "shape": "hv"},
    }


def _cutoff_layout(currency: str, marks: tuple[tuple[str, float], ...]) -> Figure:
    return {
        "height": _CUTOFF_HEIGHT,
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "xaxis": {
            "title": {"text": _("Approve below this PD")},
            "tickformat": ".0%",
            "hoverformat": ".2%",
            "anchor": "y3",
        },
        "yaxis": {
            "title": {"text": _("Approved")},
            "tickformat": ".1~%",
            "rangemode": "tozero",
            "domain": [0.72, 1],
        },
        "yaxis2": {
            "title": {"text": _("Bad rate")},
            "tickformat": ".1~%",
            "rangemode": "tozero",
            "domain": [0.38, 0.66],
        },
        "yaxis3": {"title": {"text": currency}, "tickformat": "~s", "domain": [0, 0.32]},
        "legend": {"orientation": "h", "y": 1.06, "yanchor": "bottom"},
        "shapes": [_upright(below) for _words, below in marks],
        "annotations": [_label(*mark, row=at % 2) for at, mark in enumerate(marks)],
    }


def _upright(below: float) -> Figure:
    return {
        "type": "line",
        "x0": below,
        "x1": below,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": _token("text-muted"), "width": 1, "dash": "dot"},
    }


def _label(words: str, below: float, *, row: int) -> Figure:
    """Return what stands over a mark, one row up for every second, so that neighbours are read."""
    return {
        "x": below,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": row * _LABEL_HEIGHT,
        "text": words,
        "showarrow": False,
        "font": {"size": 12, "color": _token("text-muted")},
    }


def _percent(share: float | None) -> str:
    return "—" if share is None else formatting.format_percent(share, decimals=2)


def _money(amount: float, currency: str) -> str:
    return formatting.format_money(Decimal(str(amount)), currency)


def _count(number: int) -> str:
    return formatting.format_number(number) if number else ""
