"""How roll rates are shown: a matrix, what rolls forward month by month, a file."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from apps.portfolio import wording
from apps.portfolio.bands import ON_BOOKS, ORDER, Band
from apps.portfolio.models import RolledDay
from apps.portfolio.months import marked
from apps.portfolio.rolling import Matrix

Figure = dict[str, Any]
# Of which bands it is shown how much rolls forward, and how they are drawn.
_FOLLOWED = {
    Band.CURRENT: ("mark-primary", "solid"),
    Band.DAYS_1: ("mark-warning", "dash"),
    Band.DAYS_30: ("mark-danger", "dot"),
    Band.DAYS_60: ("mark-neutral", "dashdot"),
}


def rows(found: Matrix, *, by: str, query: Callable[..., str]) -> list[dict[str, Any]]:
    """Return one row for each band a loan can be in; `query` makes the address of a cell."""
    return [
        {
            "name": wording.BANDS[before],
            "whole": found.whole(before),
            "cells": [
                {
                    "name": wording.BANDS[after],
                    "share": _share(found, before, after, by),
                    "sum": found.sum(before, after),
                    "stays": before == after,
                    "query": query(was=before.value, became=after.value),
                }
                for after in ORDER
            ],
        }
        for before in ON_BOOKS
        if found.whole(before).loans
    ]


def heads() -> list[Any]:
    """Return what the columns are called."""
    return [wording.BANDS[band] for band in ORDER]


def _share(found: Matrix, before: Band, after: Band, by: str) -> Decimal | None:
    return found.by_number(before, after) if by == "number" else found.by_amount(before, after)


def forward(found: Matrix, band: Band, by: str) -> Decimal | None:
    """Return which share of a band rolled forward, into a later band or a write-off."""
    worse, whole = found.worse(band), found.whole(band)
    if by == "number":
        return Decimal(worse.loans) / whole.loans if whole.loans else None
    return worse.amount / whole.amount if whole.amount else None


def followed(months: Sequence[tuple[RolledDay, Matrix]], *, by: str) -> list[dict[str, Any]]:
    """Return the share that rolled forward month by month, the last first."""
    return [
        {"day": rolled.day, "shares": [forward(found, band, by) for band in _FOLLOWED]}
        for rolled, found in reversed(months)
    ]


def followed_heads() -> list[Any]:
    """Return of which bands that is."""
    return [wording.BANDS[band] for band in _FOLLOWED]


def chart(months: Sequence[tuple[RolledDay, Matrix]], *, by: str) -> Figure | None:
    """Return the same as lines; None where there are not two months to join."""
    if len(months) < 2:
        return None
    from plotly import graph_objects  # noqa: PLC0415 - takes up to a second, so when first needed

    data = []
    for band, (colour, dash) in _FOLLOWED.items():
        shares = [forward(found, band, by) for _day, found in months]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": str(wording.BANDS[band]),
                "x": [rolled.day.isoformat() for rolled, _found in months],
                "y": [None if one is None else float(one) for one in shares],
                "line": {"color": f"var(--{colour})", "width": 2, "dash": dash},
                "hovertemplate": "%{y:.1%}",
            }
        )
    layout = {
        "height": 300,
        "hovermode": "x unified",
        "xaxis": {
            "type": "date",
            "tickformat": "%b %Y",
            "hoverformat": "%-d %b %Y",
            "tickvals": [rolled.day.isoformat() for rolled, _found in marked(months)],
        },
        "yaxis": {"tickformat": ".0%", "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    figure: Figure = graph_objects.Figure(data=data, layout=layout).to_plotly_json()
    figure["layout"].pop("template", None)
    return figure


COLUMNS = ("since", "day", "before", "after", "loans", "principal", "share_of_loans", "share")


def table(rolled: RolledDay, found: Matrix) -> Iterator[Sequence[Any]]:
    """Yield every cell as a file: plain numbers, principal as it was before."""
    yield COLUMNS
    for before in ON_BOOKS:
        for after in ORDER:
            sum_ = found.sum(before, after)
            if sum_.loans:
                yield (
                    *(rolled.since, rolled.day, before.value, after.value, sum_.loans),
                    *(sum_.amount, found.by_number(before, after), found.by_amount(before, after)),
                )
