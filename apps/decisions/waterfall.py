"""The attributions of a score as a waterfall: from the model's base to the applicant's log-odds.

The figure is for Plotly, drawn in the browser by `charts.js`; colours are our tokens, written as
in a style sheet. Small factors go into one step, so that the strong ones can be read.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import formatting

Figure = dict[str, Any]

SHOWN = 12
_ROW_HEIGHT = 38
_FRAME_HEIGHT = 88
# A factor's name in letters before it goes on in another line: a telephone shows no more.
_NAME_WIDTH = 20
_TITLE_WIDTH = 40
_TICKS_HEIGHT = 24


def figure(factors: Sequence[Mapping[str, Any]], *, base: float, total: float) -> Figure:
    """Return the waterfall of `factors`, the strongest first, from `base` to `total` in log-odds.

    Each step begins where the one before it ended; the last ends at `total`, whatever was too
    small to be listed included.
    """
    steps = _steps(factors, base=base, total=total)
    begins, at = [], base
    for _words, _value, contribution in steps:
        begins.append(at)
        at += contribution
    labels = [_("Base of the model"), *(words for words, _v, _c in steps), _("This applicant")]
    widths = [base, *(contribution for _w, _v, contribution in steps), total]
    values = [_("mean of all"), *(value for _w, value, _c in steps), _("log-odds of default")]
    figures = [_signed(width) for width in widths]
    data = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(labels))),
        "x": widths,
        "base": [0, *begins, 0],
        "text": figures,
        "textposition": "none",
        "customdata": [list(pair) for pair in zip(labels, values, strict=True)],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]}<br>%{text}<extra></extra>",
        "marker": {"color": [_colour(place, widths) for place in range(len(widths))]},
    }
    return {"data": [data], "layout": _layout(labels, figures)}


def _steps(
    factors: Sequence[Mapping[str, Any]], *, base: float, total: float
) -> list[tuple[str, str, float]]:
    shown = [(one["label"], one["value"], one["contribution"]) for one in factors[:SHOWN]]
    rest = total - base - sum(contribution for _words, _value, contribution in shown)
    others = len(factors) - len(shown)
    if others:
        words = ngettext("%(n)d smaller factor", "%(n)d smaller factors", others) % {"n": others}
        shown.append((words, _("all others together"), rest))
    return shown


def _colour(place: int, widths: Sequence[float]) -> str:
    if place in (0, len(widths) - 1):
        return "var(--mark-neutral)"
    return "var(--mark-raises-risk)" if widths[place] > 0 else "var(--mark-lowers-risk)"


def _signed(number: float) -> str:
    return f"{number:+.3f}".replace("-", formatting.MINUS)


def _named(words: str, figure: str) -> str:
    """Return a name with its figure: beside the bar there is no room for it on a telephone."""
    lines = textwrap.wrap(words, _NAME_WIDTH)
    return "<br>".join([*lines[:-1], f"{lines[-1]} <b>{figure}</b>"])


def _axis_title() -> Figure:
    """Return the words below the axis as Plotly draws them on the page.

    Not as the axis's own title: that stands in the middle of it and is cut where it is longer than
    the axis, as on a telephone. These end where the axis ends and have the whole width.
    """
    words = _("Log-odds of default: to the right is riskier")
    return {
        "text": "<br>".join(textwrap.wrap(words, _TITLE_WIDTH)),
        "showarrow": False,
        "font": {"color": "var(--text-muted)"},
        "align": "right",
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "yref": "paper",
        "y": 0,
        "yanchor": "top",
        "yshift": -_TICKS_HEIGHT,
    }


def _layout(labels: Sequence[str], figures: Sequence[str]) -> Figure:
    return {
        "height": _FRAME_HEIGHT + _ROW_HEIGHT * len(labels),
        "showlegend": False,
        "bargap": 0.35,
        "xaxis": {"fixedrange": True},
        "yaxis": {
            "autorange": "reversed",
            "fixedrange": True,
            "tickmode": "array",
            "tickvals": list(range(len(labels))),
            "ticktext": list(map(_named, labels, figures)),
        },
        "annotations": [_axis_title()],
        # Room for the ticks and two lines of the title.
        "margin": {"r": 16, "b": _TICKS_HEIGHT + 40},
    }
