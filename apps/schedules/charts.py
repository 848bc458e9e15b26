"""The figure of a quote: what is owed and what the credit has cost, offer by offer, over time."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.schedules.quotes import Quote
from apps.schedules.terms import ZERO, Schedule

Figure = dict[str, Any]
Point = tuple[date, Decimal]

_HEIGHT = 520
_STYLES = (("mark-primary", "solid"), ("mark-raises-risk", "dash"), ("mark-success", "dot"))


def offers(made: Sequence[tuple[str, Quote]]) -> Figure:
    """Return the figure of named quotes in one currency, as JSON values."""
    data = []
    for (name, quote), style in zip(made, _STYLES, strict=False):
        data += _lines(name, quote.schedule, style)
    currency = made[0][1].schedule.terms.currency
    return _figure(data, _layout(currency))


def _lines(name: str, schedule: Schedule, style: tuple[str, str]) -> list[Figure]:
    currency = schedule.terms.currency
    drawn = ((_owed(schedule), "y", True), (_paid(schedule), "y2", False))
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "legendgroup": name,
            "showlegend": in_legend,
            "x": [day.isoformat() for day, _value in points],
            "y": [float(value) for _day, value in points],
            "yaxis": axis,
            "text": [formatting.format_money(value, currency) for _day, value in points],
            "hovertemplate": "%{text}",
            "line": {"color": _token(style[0]), "width": 2, "dash": style[1], "shape": "hv"},
        }
        for points, axis, in_legend in drawn
    ]


def _owed(schedule: Schedule) -> list[Point]:
    """Return what is owed after each payout and each instalment."""
    terms = schedule.terms
    payouts = [(one.paid_on, one.amount) for one in terms.tranches]
    waiting = payouts or [(terms.disbursed_on, terms.lent)]
    points: list[Point] = []
    owed = ZERO
    for row in schedule.rows:
        while waiting and waiting[0][0] < row.due_on:
            day, amount = waiting.pop(0)
            owed += amount
            points.append((day, owed))
        owed = row.closing
        points.append((row.due_on, owed))
    return points


def _paid(schedule: Schedule) -> list[Point]:
    """Return what the credit has cost by each instalment, what was deducted upfront first."""
    days = [schedule.terms.disbursed_on, *(row.due_on for row in schedule.rows)]
    costs = (row.interest + row.capitalised + row.fee for row in schedule.rows)
    return list(zip(days, accumulate(costs, initial=schedule.upfront_deductions), strict=True))


def _layout(currency: str) -> Figure:
    owed = _("Owed, %(currency)s") % {"currency": currency}
    cost = _("Interest and fees so far, %(currency)s") % {"currency": currency}
    return {
        "height": _HEIGHT,
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "xaxis": {"type": "date", "hoverformat": "%d %b %Y", "anchor": "y2"},
        "yaxis": _axis(owed, [0.54, 1]),
        "yaxis2": _axis(cost, [0, 0.46]),
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }


def _axis(words: str, domain: list[float]) -> Figure:
    return {
        "title": {"text": words},
        "tickformat": "~s",
        "rangemode": "tozero",
        "domain": domain,
        "fixedrange": True,
    }


def _figure(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> Figure:
    """Return a figure as JSON values. Raises ValueError for what Plotly does not know."""
    # Plotly takes up to a second to import, so it is imported when the first figure is asked for.
    from plotly import graph_objects  # noqa: PLC0415

    found: Figure = graph_objects.Figure(data=data, layout=layout).to_plotly_json()
    # The page has a look of its own; Plotly's would travel with every figure.
    found["layout"].pop("template", None)
    return found


def _token(name: str) -> str:
    return f"var(--{name})"
