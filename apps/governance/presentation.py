"""Figures of a training or of an evidence pack, arranged for reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting

_DASH = "\u2014"


@dataclass(frozen=True)
class Line:
    """One measure, with its value in each sample."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Measures by sample; `columns` name the samples."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Bands:
    """Calibration by band of one sample."""

    title: str
    rows: list[Mapping[str, Any]]


def table(figures: Mapping[str, Any]) -> Table:
    """Return the measures of the development sample, the test sample, and the champion on it."""
    samples = [(_("Out of fold"), figures["development"])]
    if figures.get("holdout"):
        samples.append((_("Out of time"), figures["holdout"]))
    if figures.get("champion"):
        title = _("%(model)s, out of time") % {"model": figures["champion"]["model"]}
        samples.append((title, figures["champion"]))
    lines = [
        Line(label, tuple(_number(sample.get(name), decimals) for _title, sample in samples))
        for label, name, decimals in _measures()
    ]
    return Table(tuple(title for title, _sample in samples), tuple(lines))


def bands(figures: Mapping[str, Any]) -> list[Bands]:
    """Return calibration by band: out of time first, because that is what counts."""
    found = []
    if figures.get("holdout"):
        found.append(Bands(_("Calibration on later loans"), figures["holdout"]["bands"]))
    title = _("Calibration on the development sample, out of fold")
    return [*found, Bands(title, figures["development"]["bands"])]


def refused(figures: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return how many loans did not fit the schema, by reason."""
    counts: dict[str, int] = dict(figures.get("refused", {}))
    for reason, count in (figures.get("holdout") or {}).get("refused", {}).items():
        counts[reason] = counts.get(reason, 0) + count
    return sorted(counts.items())


def window(evidence: Mapping[str, Any]) -> dict[str, date | None]:
    """Return the dates of an evidence pack as dates again."""
    names = ("from_date", "to_date", "holdout_to_date")
    return {name: evidence[name] and date.fromisoformat(evidence[name]) for name in names}


def headline(figures: Mapping[str, Any], name: str) -> str:
    """Return one measure out of time where there is one, else out of fold."""
    sample = figures.get("holdout") or figures["development"]
    return _number(sample.get(name), 3)


def _measures() -> tuple[tuple[str, str, int], ...]:
    return (
        (_("Loans"), "n", 0),
        (_("Defaults"), "bads", 0),
        (_("AUC"), "auc", 4),
        (_("Gini"), "gini", 4),
        (_("KS"), "ks", 4),
        (_("Brier score"), "brier", 4),
        (_("Brier skill"), "brier_skill", 4),
        (_("Log loss"), "log_loss", 4),
        (_("Calibration error"), "expected_calibration_error", 4),
    )


def _number(value: float | None, decimals: int) -> str:
    return _DASH if value is None else formatting.format_number(value, decimals=decimals)
