"""Geometry of the small inline figures, as text ready for SVG attributes. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

Number = Decimal | float

GAUGE_WIDTH = 320.0


@dataclass(frozen=True)
class Band:
    """One coloured stretch of a gauge, in SVG units."""

    x: str
    width: str
    middle: str
    tone: str
    label: str


def percent_of(value: Number, maximum: Number) -> str:
    """Return `value` as a share of `maximum` in per cent, kept within 0 and 100: `43.20%`.

    Raises ValueError when `maximum` is not positive or `value` is not finite.
    """
    if maximum <= 0:
        raise ValueError("The maximum of a bar must be positive.")
    share = float(value) / float(maximum)
    if not math.isfinite(share):
        raise ValueError("A bar needs a finite value.")
    return f"{min(max(share, 0.0), 1.0) * 100:.2f}%"


def place(value: Number, low: Number, high: Number) -> float:
    """Return where `value` lies on a gauge from `low` to `high`, kept within its ends."""
    if high <= low:
        raise ValueError("A scale must end above its beginning.")
    share = (float(value) - float(low)) / (float(high) - float(low))
    return min(max(share, 0.0), 1.0) * GAUGE_WIDTH


def bands(
    parts: Sequence[tuple[Number, Number, str, str]], low: Number, high: Number
) -> list[Band]:
    """Return the stretches for `(from, to, tone, label)` parts, with a hair of space between."""
    placed = []
    for start, end, tone, label in parts:
        left, right = place(start, low, high), place(end, low, high)
        gap = 1.5 if right < GAUGE_WIDTH else 0.0
        placed.append(
            Band(
                x=f"{left:.1f}",
                width=f"{max(right - left - gap, 0):.1f}",
                middle=f"{(left + right) / 2:.1f}",
                tone=tone,
                label=label,
            )
        )
    return placed


def diverging(value: Number, largest: Number) -> tuple[str, str]:
    """Return x and width, in per cent of the bar, of a bar that starts at the middle.

    Positive values grow to the right, negative to the left; `largest` (absolute) fills one half.
    """
    share = 0.0 if not largest else min(abs(float(value)) / float(largest), 1.0)
    width = share * 50
    x = 50.0 if value >= 0 else 50.0 - width
    return f"{x:.2f}%", f"{width:.2f}%"


def sparkline(values: Sequence[Number], *, width: float = 96, height: float = 24) -> str:
    """Return the path of a line through `values`, left to right, largest at the top.

    A single value or a flat series is a line at mid-height. Raises ValueError for no values.
    """
    if not values:
        raise ValueError("A sparkline needs at least one value.")
    figures = [float(value) for value in values]
    low, high = min(figures), max(figures)
    span = high - low
    step = width / max(len(figures) - 1, 1)
    pad = 2.0

    def y(figure: float) -> float:
        share = 0.5 if not span else (figure - low) / span
        return height - pad - share * (height - 2 * pad)

    points = [(index * step, y(figure)) for index, figure in enumerate(figures)]
    if len(points) == 1:
        points.append((width, points[0][1]))
    return "M" + " L".join(f"{x:.1f} {level:.1f}" for x, level in points)
