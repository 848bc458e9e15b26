"""Values with their intervals on one scale, as places in per cent of its width. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Bounds = tuple[float, float] | None


@dataclass(frozen=True)
class Reading:
    """One thing measured: its interval, and what was expected of it alone, where that is known."""

    label: str
    value: float | None
    bounds: Bounds
    expected: float | None = None


@dataclass(frozen=True)
class Line:
    """A reading as it is drawn; a place that is not there is None."""

    label: str
    words: str
    at: float | None
    low: float | None
    high: float | None
    expected: float | None


@dataclass(frozen=True)
class Chart:
    """Readings under one another. `mark` is where a common line stands, None for none."""

    title: str
    lines: tuple[Line, ...]
    mark: float | None
    mark_words: str
    first: str
    last: str


def chart(
    title: str,
    readings: Sequence[Reading],
    *,
    words: Callable[[float], str],
    mark: float | None = None,
    mark_words: str = "",
) -> Chart | None:
    """Return a chart of readings, its scale from the least to the greatest; None without any.

    An interval is said in words beside its value, so that nobody needs the picture.
    """
    known = [one for one in readings if one.value is not None]
    if not known:
        return None
    first, last = _ends([*known], mark)

    def place(value: float | None) -> float | None:
        return None if value is None else round(100 * (value - first) / (last - first), 2)

    lines = tuple(
        Line(
            label=one.label,
            words=_said(one, words),
            at=place(one.value),
            low=place(one.bounds[0]) if one.bounds else None,
            high=place(one.bounds[1]) if one.bounds else None,
            expected=place(one.expected),
        )
        for one in known
    )
    return Chart(title, lines, place(mark), mark_words, words(first), words(last))


def _ends(readings: Sequence[Reading], mark: float | None) -> tuple[float, float]:
    """Return the ends of the scale: wide enough for all, with a hair of room beyond."""
    points = [] if mark is None else [mark]
    for one in readings:
        parts = (one.value, one.expected, *(one.bounds or ()))
        points += [part for part in parts if part is not None]
    low, high = min(points), max(points)
    room = (high - low) * 0.04 or max(abs(high), 1.0) * 0.04
    return (0.0 if 0 <= low < room else low - room), high + room


def _said(one: Reading, words: Callable[[float], str]) -> str:
    said = words(one.value) if one.value is not None else ""
    if one.bounds is None:
        return said
    return f"{said} ({words(one.bounds[0])}\u2013{words(one.bounds[1])})"
