"""Approval by protected group, arranged for reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import formatting
from apps.customers import protected_words
from apps.laboratory import age_bands, group_results
from ml import fairness

DASH = "\u2014"
_VERDICTS = {
    "insufficient sample": ("neutral", gettext_lazy("too few to judge")),
    "undefined": ("neutral", gettext_lazy("not defined")),
    "below four fifths": ("danger", gettext_lazy("below four fifths")),
    "within four fifths": ("success", gettext_lazy("within four fifths")),
}
# Below this a p-value says no more than that it is small.
_SMALLEST_P = 0.001


@dataclass(frozen=True)
class GroupLine:
    """One group of a protected attribute on one side."""

    name: str
    is_reference: bool
    n: int
    approved: int
    rate: float
    ratio: str
    interval: str
    p_value: str
    verdict: str
    tone: str


@dataclass(frozen=True)
class GroupTable:
    """A protected attribute on one side."""

    title: str
    lines: list[GroupLine]


def tables(found: Sequence[Mapping[str, Any]]) -> list[GroupTable]:
    """Return each attribute on each side."""
    sides = {"before": _("in force"), "after": _("candidate")}
    return [
        GroupTable(
            title=_("%(attribute)s: %(side)s")
            % {"attribute": _attribute(one["attribute"]), "side": words},
            lines=[
                _line(one["attribute"], group, one["sides"][side]["reference"])
                for group in one["sides"][side]["groups"]
            ],
        )
        for one in found
        for side, words in sides.items()
    ]


def _line(attribute: str, group: Mapping[str, Any], reference: str) -> GroupLine:
    compared = group["comparison"] or {}
    tone, words = _VERDICTS.get(compared.get("verdict", ""), ("neutral", ""))
    return GroupLine(
        name=_name(attribute, group["name"]),
        is_reference=group["name"] == reference,
        n=group["n"],
        approved=group["approved"],
        rate=group["approval_rate"],
        ratio=_figure(compared.get("ratio")),
        interval=_bounds(compared.get("ratio_interval")),
        p_value=_chance(compared.get("p_value")),
        verdict=str(words),
        tone=tone,
    )


def _attribute(code: str) -> str:
    return _("Age") if code == group_results.AGE else str(protected_words.ATTRIBUTES[code])


def _name(attribute: str, code: str) -> str:
    if code == fairness.NOT_STATED:
        return _("Not stated")
    if attribute != group_results.AGE:
        return str(protected_words.VALUES[code])
    first, last = age_bands.limits(code)
    if last is None:
        return _("%(age)s and over") % {"age": first}
    if not first:
        return _("Under %(age)s") % {"age": last + 1}
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def _figure(number: float | None) -> str:
    return DASH if number is None else formatting.format_number(number, decimals=2)


def _bounds(bounds: Sequence[float] | None) -> str:
    return DASH if not bounds else "\u2013".join(_figure(one) for one in bounds)


def _chance(p_value: float | None) -> str:
    if p_value is None:
        return DASH
    figure = formatting.format_number(max(p_value, _SMALLEST_P), decimals=3)
    return f"< {figure}" if p_value < _SMALLEST_P else figure
