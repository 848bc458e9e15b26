"""Tags for the small inline figures; loaded together with the others by `{% load ui %}`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.utils.translation import gettext as _

from apps.core.templatetags import _geometry

register = template.Library()


@register.inclusion_tag("components/stat.html")
def stat(
    label: str, value: Any, *, note: str = "", url: str = "", trend: str = "", symbol: str = ""
) -> dict[str, Any]:
    """A figure with its name; `trend` good or bad colours the note, `symbol` gives its shape."""
    return locals()


@register.inclusion_tag("components/meter.html")
def meter(
    label: str,
    value: _geometry.Number,
    display: str,
    *,
    maximum: _geometry.Number = 1,
    limit: _geometry.Number | None = None,
    note: str = "",
) -> dict[str, Any]:
    """A share as a bar with its words; with `limit`, a mark, and a warning in words above it."""
    above = limit is not None and value > limit
    return {
        "label": label,
        "display": display,
        "note": note,
        "above": above,
        "mark": "danger" if above else "primary",
        "width": _geometry.percent_of(value, maximum),
        "limit_at": _geometry.percent_of(limit, maximum) if limit is not None else "",
    }


@register.inclusion_tag("components/score_gauge.html")
def score_gauge(
    score: int | None,
    low: int,
    high: int,
    *,
    bands: Sequence[Mapping[str, Any]] = (),
    caption: str = "",
) -> dict[str, Any]:
    """Where a score lies on its published scale.

    `bands` are `{"low", "high", "label", "tone"}` with tone success, warning, danger, neutral.
    """
    parts = [(part["low"], part["high"], part["tone"], part["label"]) for part in bands]
    inside = "" if score is None else _band_of(score, bands)
    return {
        "score": score,
        "low": low,
        "high": high,
        "caption": caption,
        "inside": inside,
        "bands": _geometry.bands(parts or [(low, high, "neutral", "")], low, high),
        "needle": f"{_geometry.place(score, low, high):.1f}" if score is not None else "",
    }


@register.inclusion_tag("components/attribution_bars.html")
def attribution_bars(
    items: Iterable[Mapping[str, Any]], caption: str = "", effect_label: str = ""
) -> dict[str, Any]:
    """What raised and what lowered the risk: a table with diverging bars.

    Each item: `label`, `value` (the applicant's own, as text), `contribution` (positive raises
    the risk), `effect` (the contribution as text).
    """
    rows = [dict(item) for item in items]
    largest = max((abs(float(row["contribution"])) for row in rows), default=0.0)
    for row in rows:
        row["x"], row["width"] = _geometry.diverging(row["contribution"], largest)
        row["raises"] = row["contribution"] > 0
    return {"rows": rows, "caption": caption, "effect_label": effect_label or _("Effect")}


@register.inclusion_tag("components/sparkline.html")
def sparkline(values: Sequence[_geometry.Number], label: str) -> dict[str, Any]:
    """A small line without axes; `label` says in words what it shows."""
    return {"path": _geometry.sparkline(values) if values else "", "label": label}


def _band_of(score: int, bands: Sequence[Mapping[str, Any]]) -> str:
    names = [str(part["label"]) for part in bands if part["low"] <= score <= part["high"]]
    # A score on the edge of two bands belongs to the upper one.
    return names[-1] if names else ""
