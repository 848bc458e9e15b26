"""How a model's figures are shown: health in words and shapes, lines, tables, a file."""

import itertools
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import formatting
from apps.loans.presentation import Look
from apps.monitoring import wording
from apps.monitoring.models import Figures, Incident
from apps.scoring import feature_words
from apps.scoring.models import ModelVersion

Figure = dict[str, Any]
LEVELS: Mapping[str, Look] = {
    "inform": Look("info", "info", gettext_lazy("Inform")),
    "review": Look("warning", "triangle-alert", gettext_lazy("Review")),
    "stop": Look("danger", "circle-x", gettext_lazy("Stop")),
}
STATES: Mapping[str, Look] = {
    "open": Look("danger", "triangle-alert", gettext_lazy("Nobody looks at it")),
    "acknowledged": Look("warning", "user-round", gettext_lazy("Looked at")),
    "closed": Look("success", "circle-check", gettext_lazy("Closed")),
}
PROPOSALS: Mapping[str, Look] = {
    "proposed": Look("warning", "clock", gettext_lazy("Proposed")),
    "approved": Look("success", "circle-check", gettext_lazy("Approved")),
    "refused": Look("danger", "circle-x", gettext_lazy("Refused")),
    "withdrawn": Look("neutral", "circle-x", gettext_lazy("Taken back")),
}
_HEALTHY = Look("success", "circle-check", gettext_lazy("Within every limit"))
_ACCEPTED = Look("warning", "triangle-alert", gettext_lazy("Beyond a limit, decided"))
_UNDESCRIBED = Look("warning", "triangle-alert", gettext_lazy("Drift is not measured"))
_UNWATCHED = Look("neutral", "eye-off", gettext_lazy("No limit is set"))
_UNMEASURED = Look("neutral", "clock", gettext_lazy("Not measured yet"))
_GRAVITY = ("stop", "review", "inform")


def health(
    *, last: Figures | None, watched: bool, undecided: Sequence[Incident], accepted: bool
) -> Look:
    """Return how a model stands: by its gravest incident that nobody has closed.

    `accepted` says that people closed one whose measure is still beyond the limit; `last` are the
    newest figures.
    """
    levels = {one.level for one in undecided}
    for level in _GRAVITY:
        if level in levels:
            return LEVELS[level]
    if accepted:
        return _ACCEPTED
    if last is None:
        return _UNMEASURED
    if is_undescribed(last.facts):
        return _UNDESCRIBED
    return _HEALTHY if watched else _UNWATCHED


def is_undescribed(facts: Mapping[str, Any]) -> bool:
    """Say whether the model does not tell what it was trained on, so that drift is unknown."""
    return "undescribed" in facts


def part(model: ModelVersion, shares: Mapping[uuid.UUID, Decimal | None]) -> str:
    """Return what a model decides now; `shares` are those of the challengers."""
    if model.status == "champion":
        return _("Champion")
    share = shares.get(model.pk)
    if share is None:
        return _("Decides no more")
    of = formatting.format_percent(float(share), decimals=1)
    return _("Challenger for %(share)s of the applications") % {"share": of}


def incident(one: Incident) -> dict[str, Any]:
    """Return an incident with its words, shapes and messages."""
    return {
        "one": one,
        "sentence": wording.sentence(one),
        "level": LEVELS[one.level],
        "state": STATES[one.status],
        "last": wording.value(one.measure, one.last_value),
        "last_when": wording.when(one.span, one.last_start),
        "over": wording.when(one.span, one.over_from) if one.over_from else "",
        "is_replaced": one.is_replaced,
    }


def months(population: Sequence[Figures]) -> list[dict[str, Any]]:
    """Return one row of figures for each day or month, the newest first."""
    return [_month(one) for one in reversed(population)]


def _month(one: Figures) -> dict[str, Any]:
    facts, decisions = one.facts, one.facts["decisions"]
    score = (facts["drift"] or {}).get("score") or {}
    return {
        "name": wording.when(one.span, one.start),
        "start": one.start,
        "scored": facts["scored"],
        "psi": score.get("psi"),
        "noise": score.get("psi_noise_limit"),
        "approved": _rate(decisions["approved"]),
        "departed": _rate(decisions["departed"]),
        "failed": _rate(decisions["failed"]),
        "p95": decisions["latency"]["p95"],
        "sha256": one.sha256,
    }


def features(facts: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the features of one span, those that moved most first."""
    report = None if facts is None else facts["drift"]
    if report is None:
        return []
    rows = [
        {
            **shift,
            "label": feature_words.FEATURES.get(shift["name"], shift["name"]),
            "is_moved": bool(shift["alarms"]),
            "missing_change": shift["missing_now"] - shift["missing_before"],
        }
        for shift in report["features"]
    ]
    return sorted(rows, key=lambda row: -row["psi"])


def bins(baseline: Mapping[str, Any], counts: Sequence[int]) -> list[dict[str, Any]]:
    """Return the bins of a feature with the share in training and now, the missing last."""
    total = sum(counts)
    return [
        {"name": name, "before": before, "now": now / total if total else None}
        for name, before, now in zip(_names(baseline), baseline["shares"], counts, strict=True)
    ]


def _names(baseline: Mapping[str, Any]) -> list[str]:
    edges = [f"{edge:g}" for edge in baseline["edges"]]
    if not edges:
        return [_("all"), _("without a value")]
    inner = [
        _("%(low)s to %(high)s") % {"low": low, "high": high}
        for low, high in itertools.pairwise(edges)
    ]
    first, last = _("below %s") % edges[0], _("from %s") % edges[-1]
    return [first, *inner, last, _("without a value")]


def segments(facts: Mapping[str, Any] | None, by: str) -> list[dict[str, Any]]:
    """Return what was decided by product or by branch: counts of each outcome, and approvals."""
    found: dict[str, dict[str, Any]] = {}
    for cell in [] if facts is None else facts["decisions"]["cells"]:
        row = found.setdefault(cell[by], {"approve": 0, "refer": 0, "decline": 0})
        row[cell["outcome"]] += cell["n"]
    return [
        {"code": code, **row, "n": sum(row.values()), "rate": row["approve"] / sum(row.values())}
        for code, row in sorted(found.items())
    ]


def vintages(outcomes: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the vintages that are mature, the newest first."""
    return [] if outcomes is None else list(reversed(outcomes["vintages"]))


def stability_chart(population: Sequence[Figures]) -> Figure | None:
    """Return the stability of the score beside what chance alone gives."""
    rows = [row for row in reversed(months(population)) if row["psi"] is not None]
    named = (
        (_("Stability of the score"), "psi", "mark-primary", "solid"),
        (_("Given by chance, once in twenty"), "noise", "mark-neutral", "dot"),
    )
    return _lines(rows, named, form=".3f")


def decision_chart(population: Sequence[Figures]) -> Figure | None:
    """Return approvals, changes by people and failures over time."""
    rows = list(reversed(months(population)))
    named = (
        (_("Approved by the machine"), "approved", "mark-success", "solid"),
        (_("Changed by people"), "departed", "mark-warning", "dash"),
        (_("Could not be scored"), "failed", "mark-danger", "dot"),
    )
    return _lines(rows, named, form=".1%")


def auc_chart(outcomes: Mapping[str, Any] | None) -> Figure | None:
    """Return the AUC of each vintage with its interval."""
    rows = []
    for vintage in [] if outcomes is None else outcomes["vintages"]:
        found = vintage["performance"] or {}
        if found.get("auc") is not None:
            low, high = found["auc_interval"] or (None, None)
            start = f"{vintage['month']}-01"
            rows.append({"start": start, "auc": found["auc"], "low": low, "high": high})
    named = (
        (_("AUC"), "auc", "mark-primary", "solid"),
        (_("Lower end, 95 %"), "low", "mark-neutral", "dot"),
        (_("Upper end, 95 %"), "high", "mark-neutral", "dot"),
    )
    return _lines(rows, named, form=".3f")


def _lines(
    rows: Sequence[Mapping[str, Any]], named: Sequence[tuple[str, str, str, str]], *, form: str
) -> Figure | None:
    """Return lines over time; None where there are not two points to join."""
    if len(rows) < 2:
        return None
    from plotly import graph_objects  # noqa: PLC0415 - takes up to a second, so when first needed

    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": [str(row["start"]) for row in rows],
            "y": [row[key] for row in rows],
            "line": {"color": f"var(--{colour})", "width": 2, "dash": dash},
            "hovertemplate": f"%{{y:{form}}}",
        }
        for name, key, colour, dash in named
    ]
    layout = {
        "height": 280,
        "hovermode": "x unified",
        "xaxis": {"type": "date", "tickformat": "%b %Y"},
        "yaxis": {"tickformat": form},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    figure: Figure = graph_objects.Figure(data=data, layout=layout).to_plotly_json()
    figure["layout"].pop("template", None)
    return figure


def _rate(found: Sequence[int]) -> float | None:
    return found[0] / found[1] if found[1] else None


COLUMNS = (
    *("start", "scored", "feature", "psi", "psi_by_chance", "p_value_adjusted"),
    *("missing_training", "missing_now", "out_of_range", "unseen", "approval_rate", "sha256"),
)


def table(population: Sequence[Figures]) -> Iterator[Sequence[Any]]:
    """Yield the score and every feature of every span as a file: plain numbers."""
    yield COLUMNS
    for one in population:
        report = one.facts["drift"]
        rate = _rate(one.facts["decisions"]["approved"])
        for shift in [] if report is None else (report["score"], *report["features"]):
            yield (
                *(one.start, one.facts["scored"], shift["name"], shift["psi"]),
                *(shift["psi_noise_limit"], shift["adjusted_p_value"]),
                *(shift["missing_before"], shift["missing_now"]),
                *(shift["out_of_range"], shift["unseen"], rate, one.sha256),
            )
