"""The figure of a quote: what is owed and what the credit has cost, offer by offer, over time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.schedules.quotes import Quote
from apps.schedules.terms import Schedule

Figure = dict[str, Any]

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
    terms = schedule.terms
    days = [terms.disbursed_on.isoformat(), *(row.due_on.isoformat() for row in schedule.rows)]
    first_lent = terms.tranches[0].amount if terms.tranches else terms.lent
    owed = [first_lent, *(row.closing for row in schedule.rows)]
    costs = (row.interest + row.capitalised + row.fee for row in schedule.rows)
    paid = list(accumulate(costs, initial=schedule.upfront_deductions))
    drawn: tuple[tuple[Sequence[Decimal], str, bool], ...]
    drawn = ((owed, "y", True), (paid, "y2", False))
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "legendgroup": name,
            "showlegend": in_legend,
            "x": days,
            "y": [float(value) for value in values],
            "yaxis": axis,
            "text": [formatting.format_money(value, terms.currency) for value in values],
            "hovertemplate": "%{text}",
            "line": {"color": _token(style[0]), "width": 2, "dash": style[1], "shape": "hv"},
        }
        for values, axis, in_legend in drawn
    ]


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
