"""How vintages are shown: a chart, a table of chosen ages, a file of all."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.portfolio import vintages, wording
from apps.portfolio.months import Width
from apps.portfolio.vintages import Curve

Figure = dict[str, Any]
# Ages that the table shows, in months; the file has every one.
AGES = (3, 6, 9, 12, 18, 24, 36, 48, 60)
_COLOURS = (
    *("mark-primary", "mark-raises-risk", "mark-lowers-risk", "mark-success", "mark-warning"),
    *("mark-danger", "mark-neutral"),
)
# Colours alone are hard to tell apart, in the dark above all: each curve differs from the one
# before in its dashes and its marks as well.
_DASHES = ("solid", "dash", "dot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down")
_MARKS_A_CURVE = 8
# More curves than these cannot be told apart; the table has them all.
MOST_CURVES = len(_COLOURS) * len(_DASHES)


def ages(found: Sequence[Curve]) -> list[int]:
    """Return the ages worth a column: up to the first at which every curve has come to its end."""
    last = vintages.longest(found)
    return [age for place, age in enumerate(AGES) if place == 0 or AGES[place - 1] < last]


def share(curve: Curve, age: int, by: str) -> Decimal | None:
    """Return what was lost by an age, in shares of the amount or of the number."""
    return curve.by_number(age) if by == "number" else curve.by_amount(age)


def rows(
    found: Sequence[Curve], columns: Sequence[int], *, width: Width, by: str
) -> list[dict[str, Any]]:
    """Return one row for each vintage, the last first."""
    return [
        {
            "name": wording.vintage(curve.vintage, width),
            "curve": curve,
            "lost": curve.lost[-1],
            "cells": [(age, share(curve, age, by)) for age in columns],
            "last": share(curve, curve.months, by),
        }
        for curve in reversed(found)
    ]


def chart(found: Sequence[Curve], *, width: Width, by: str) -> Figure | None:
    """Return the curves of the last vintages; None where nothing was lost."""
    last = vintages.longest(found)
    if not last:
        return None
    from plotly import graph_objects  # noqa: PLC0415 - takes up to a second, so when first needed

    shown = found[-MOST_CURVES:]
    data = [
        _line(curve, place, upto=min(curve.months, last + 1), width=width, by=by)
        for place, curve in enumerate(shown)
    ]
    layout = {
        "height": 380,
        "hovermode": "closest",
        "xaxis": {
            "rangemode": "tozero",
            "dtick": 3 if last <= 24 else 6,
            "title": {"text": _("Months on book")},
        },
        "yaxis": {"tickformat": ".1%", "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": -0.25, "yanchor": "top"},
    }
    figure: Figure = graph_objects.Figure(data=data, layout=layout).to_plotly_json()
    figure["layout"].pop("template", None)
    return figure


def _line(curve: Curve, place: int, *, upto: int, width: Width, by: str) -> dict[str, Any]:
    span = range(upto + 1)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": wording.vintage(curve.vintage, width),
        "x": list(span),
        "y": [float(share(curve, age, by) or 0) for age in span],
        **look(place),
        "hovertemplate": "%{x}: %{y:.2%}",
    }


def look(place: int) -> Figure:
    """Return how the curve of a place is drawn: colour, dashes and marks, as no other is."""
    colour = f"var(--{_COLOURS[place % len(_COLOURS)]})"
    return {
        "line": {"color": colour, "width": 2, "dash": _DASHES[place % len(_DASHES)]},
        "marker": {
            "color": colour,
            "size": 7,
            "symbol": _SYMBOLS[place % len(_SYMBOLS)],
            "maxdisplayed": _MARKS_A_CURVE,
        },
    }


COLUMNS = (
    *("vintage", "loans_lent", "principal_lent", "months_on_book"),
    *("loans_lost", "principal_lost", "share_of_loans", "share_of_principal"),
)


def table(found: Sequence[Curve]) -> Iterator[Sequence[Any]]:
    """Yield every age of every vintage as a file: cumulative, plain numbers."""
    yield COLUMNS
    for curve in found:
        for age, lost in enumerate(curve.lost):
            yield (
                *(curve.vintage, curve.lent.loans, curve.lent.amount, age),
                *(lost.loans, lost.amount, curve.by_number(age), curve.by_amount(age)),
            )
