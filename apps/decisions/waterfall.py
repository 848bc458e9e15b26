"""The attributions of a score as a waterfall: from the model's base to the applicant's log-odds.

The figure is for Plotly, drawn in the browser by `charts.js`; colours are our tokens, written as
in a style sheet. Small factors go into one step, so that the strong ones can be read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import formatting

Figure = dict[str, Any]

SHOWN = 12
_ROW_HEIGHT = 30
_FRAME_HEIGHT = 70
# Beside the outermost bars, as a share of the whole: room for a bar's figure, which stands outside.
_ROOM_FOR_FIGURES = 0.22


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
    data = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(labels))),
        "x": widths,
        "base": [0, *begins, 0],
        "text": [_signed(width) for width in widths],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": [list(pair) for pair in zip(labels, values, strict=True)],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]}<br>%{text}<extra></extra>",
        "marker": {"color": [_colour(place, widths) for place in range(len(widths))]},
    }
    ends = [begin + width for begin, width in zip([0.0, *begins, 0.0], widths, strict=True)]
    return {"data": [data], "layout": _layout(labels, span=_span([0.0, *begins, *ends]))}


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


def _span(places: Sequence[float]) -> list[float]:
    """Return from where to where the axis goes, so that no figure lies over a factor's name."""
    least, most = min(places), max(places)
    room = (most - least) * _ROOM_FOR_FIGURES
    return [least - room, most + room]


def _layout(labels: Sequence[str], *, span: Sequence[float]) -> Figure:
    return {
        "height": _FRAME_HEIGHT + _ROW_HEIGHT * len(labels),
        "showlegend": False,
        "bargap": 0.35,
        "xaxis": {
            "title": {"text": _("Log-odds of default: to the right is riskier")},
            "fixedrange": True,
            "range": list(span),
        },
        "yaxis": {
            "autorange": "reversed",
            "fixedrange": True,
            "tickmode": "array",
            "tickvals": list(range(len(labels))),
            "ticktext": list(labels),
        },
        "margin": {"r": 56},
    }
