"""Figures of a training or of an evidence pack, arranged for reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
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


@dataclass(frozen=True)
class Loans:
    """Which loans a model learned from and was tested on: first and last day of payment."""

    learned: tuple[date, date]
    tested: tuple[date, date] | None
    held_out: bool


def loans(
    *, from_date: date, to_date: date, holdout_to_date: date | None, figures: Mapping[str, Any]
) -> Loans:
    """Return the days of a training as a person counts them, first and last day included."""
    holdout = figures.get("holdout")
    split = (holdout or {}).get("split")
    if split is not None:
        last, first_later, last_later = (
            date.fromisoformat(split[name])
            for name in ("last_train_day", "first_test_day", "last_test_day")
        )
        return Loans((from_date, last), (first_later, last_later), held_out=True)
    learned = (from_date, to_date - timedelta(days=1))
    if holdout is None or holdout_to_date is None:
        return Loans(learned, None, held_out=False)
    return Loans(learned, (to_date, holdout_to_date - timedelta(days=1)), held_out=False)


def loans_of_evidence(evidence: Mapping[str, Any]) -> Loans:
    """Return the days of an evidence pack, which keeps them as text."""
    names = ("from_date", "to_date", "holdout_to_date")
    days = {name: evidence[name] and date.fromisoformat(evidence[name]) for name in names}
    return loans(**days, figures=evidence["figures"])


def cautions(figures: Mapping[str, Any]) -> list[str]:
    """Return what makes the comparison with the champion unfair."""
    champion = figures.get("champion") or {}
    if not champion.get("has_learned_from_them"):
        return []
    return [
        _(
            "The present champion, %(model)s, has learned from some of the loans on which both"
            " are tested, which flatters it."
        )
        % {"model": champion["model"]}
    ]


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
