"""How the facts of a validation report are said: figures, intervals, names of groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.core.templatetags.format import day
from apps.customers import protected_words
from apps.governance.interval_chart import Bounds, Chart
from apps.governance.protected_groups import AGE
from apps.laboratory import age_bands
from apps.scoring import feature_words
from ml import fairness

DASH = "\u2014"
_SMALLEST_P = 0.001
Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows under a heading; the first column names, the others are figures."""

    title: str
    heading: Row
    rows: list[Row]
    note: str = ""


@dataclass(frozen=True)
class Section:
    """One question a validator asks, and all that was found of it."""

    code: str
    title: str
    lead: str
    pairs: list[tuple[str, str]] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def figure(value: float | None, decimals: int = 4) -> str:
    """Return a number, a dash for none."""
    return DASH if value is None else formatting.format_number(value, decimals=decimals)


def short(value: float) -> str:
    """Return a number with three decimals."""
    return formatting.format_number(value, decimals=3)


def share(value: float | None, decimals: int = 1) -> str:
    """Return a share in per cent, a dash for none."""
    return DASH if value is None else formatting.format_percent(value, decimals=decimals)


def count(value: int) -> str:
    """Return a count with its groups of digits."""
    return formatting.format_number(value)


def chance(p_value: float | None) -> str:
    """Return a p-value; below a thousandth it says no more than that it is small."""
    if p_value is None:
        return DASH
    if p_value < _SMALLEST_P:
        return f"< {formatting.format_number(_SMALLEST_P, decimals=3)}"
    return formatting.format_number(p_value, decimals=3)


def estimate(one: Mapping[str, Any] | None) -> str:
    """Return a measured value with its interval of 95 per cent."""
    if one is None:
        return DASH
    said = figure(one["value"], 3)
    if one["lower"] is None:
        return said
    return f"{said} ({figure(one['lower'], 3)}\u2013{figure(one['upper'], 3)})"


def bounds(one: Sequence[float] | None) -> Bounds:
    """Return an interval as two numbers; None for none."""
    return None if one is None else (float(one[0]), float(one[1]))


def days(first: str, last: str) -> str:
    """Return the first and the last day of a time, both included."""
    return f"{day(date.fromisoformat(first))} \u2013 {day(date.fromisoformat(last))}"


def feature(name: str) -> str:
    """Return what a feature is called; the score has a name too."""
    return _("Score") if name == "score" else feature_words.feature(name)


def attribute(code: str) -> str:
    """Return what a protected attribute is called."""
    return _("Age") if code == AGE else str(protected_words.ATTRIBUTES[code])


def group(code: str, name: str) -> str:
    """Return what a group of a protected attribute is called."""
    if name == fairness.NOT_STATED:
        return _("Not stated")
    if code != AGE:
        return str(protected_words.VALUES[name])
    first, last = age_bands.limits(name)
    if last is None:
        return _("%(age)s and over") % {"age": first}
    if not first:
        return _("Under %(age)s") % {"age": last + 1}
    return _("%(first)s to %(last)s") % {"first": first, "last": last}
