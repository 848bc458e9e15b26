"""How concentration is shown: the index, shares by size, a chart, a file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.portfolio import concentration
from apps.portfolio.concentration import HIGH, MANY, MODERATE, TOP, Dimension, Share
from apps.products.models import Purpose

Chart = dict[str, Any]
UNKNOWN = "\N{EN DASH}"
# The index is said in points of ten thousand, rule book 9.9.
POINTS = 10_000
# So many bars can be told apart; the table has them all.
MOST_BARS = 15


def names(
    dimension: Dimension, shares: Sequence[Share], employers: Mapping[str, str] | None
) -> dict[str, str]:
    """Return what each share is called; employers by number where `employers` is None."""
    found = {
        "": _("Not known"),
        MANY: _("Employers of one loan each"),
    }
    for place, one in enumerate((one for one in shares if one.is_named), start=1):
        if dimension == Dimension.PURPOSE:
            found[one.key] = str(dict(Purpose.choices).get(one.key, one.key))
        elif dimension != Dimension.EMPLOYER:
            found[one.key] = one.key
        elif employers is None:
            found[one.key] = _("Employer %s") % place
        else:
            found[one.key] = employers.get(one.key) or _("Name no longer kept")
    return found


def stats(shares: Sequence[Share]) -> list[dict[str, str]]:
    """Return how concentrated it is: the index, how many of equal size, the largest."""
    index, number = concentration.index(shares), concentration.effective_number(shares)
    largest, several = concentration.top(shares, 1), concentration.top(shares)
    return [
        {
            "label": _("Index of concentration"),
            "value": UNKNOWN if index is None else formatting.format_number(index * POINTS),
            "note": "" if index is None else _level(index),
        },
        {
            "label": _("As if of equal size"),
            "value": UNKNOWN if number is None else formatting.format_number(number, decimals=1),
            "note": "",
        },
        {"label": _("Largest"), "value": _percent(largest), "note": ""},
        {"label": _("Largest %s together") % TOP, "value": _percent(several), "note": ""},
    ]


def _level(index: Any) -> str:
    if index > HIGH:
        return _("highly concentrated")
    return _("moderately concentrated") if index >= MODERATE else _("hardly concentrated")


def _percent(share: Any) -> str:
    return UNKNOWN if share is None else formatting.format_percent(share, decimals=1)


def rows(shares: Sequence[Share], called: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one row for each share, the largest first."""
    whole = concentration.whole(shares)
    return [
        {"share": one, "name": called[one.key], "part": one.principal / whole if whole else None}
        for one in shares
    ]


def chart(shares: Sequence[Share], called: Mapping[str, str]) -> Chart | None:
    """Return the largest as bars, as plain data; None where nothing is outstanding."""
    whole = concentration.whole(shares)
    shown = [one for one in shares if one.is_named][:MOST_BARS]
    if not whole or not shown:
        return None
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [float(one.principal / whole) for one in shown],
        # Two of the same name are two bars.
        "y": list(range(len(shown))),
        "text": [called[one.key] for one in shown],
        "textposition": "none",
        "marker": {"color": "var(--mark-primary)"},
        "hovertemplate": "%{text}: %{x:.1%}<extra></extra>",
    }
    layout = {
        "height": max(160, 60 + 28 * len(shown)),
        "xaxis": {"tickformat": ".0%", "rangemode": "tozero"},
        "yaxis": {
            "autorange": "reversed",
            "automargin": True,
            "tickvals": list(range(len(shown))),
            "ticktext": [_short(called[one.key]) for one in shown],
        },
        "showlegend": False,
    }
    return {"data": [bars], "layout": layout}


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}\N{HORIZONTAL ELLIPSIS}"


COLUMNS = ("of", "loans", "principal", "share", "npa_principal", "npa_ratio")


def table(shares: Sequence[Share], called: Mapping[str, str]) -> Iterator[Sequence[Any]]:
    """Yield every share as a file: plain numbers, and at the end the index as a fraction."""
    yield COLUMNS
    whole = concentration.whole(shares)
    for one in shares:
        yield (
            *(called[one.key], one.loans, one.principal),
            *(one.principal / whole if whole else "", one.npa_principal),
            "" if one.npa_ratio is None else one.npa_ratio,
        )
    index = concentration.index(shares)
    yield ("hhi", "", "", "" if index is None else index, "", "")
