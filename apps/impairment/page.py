"""How expected credit loss is shown: groups that lead to their loans, movements, files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.impairment import movement, rows, wording
from apps.impairment.models import LoanLoss
from apps.impairment.movement import Line
from apps.impairment.rows import Sums
from apps.impairment.staging import Reason

Chart = dict[str, Any]
# How each stage is drawn; colours alone are hard to tell apart.
_LOOKS = {1: ("mark-success", ""), 2: ("mark-warning", "/"), 3: ("mark-danger", "x")}
Groups = list[tuple[dict[str, Any], Sums]]


def named(by: str, key: dict[str, Any]) -> str:
    """Return what a group is called."""
    if by == "stage":
        return str(wording.STAGES[key["stage"]])
    if by == "reason":
        stage = _("Stage %(stage)s") % {"stage": key["stage"]}
        return f"{stage}: {wording.REASONS[Reason(key['reason'])]}"
    if by == "security":
        return wording.security(key["security"])
    return str(key[f"{by}__name"])


def shown(by: str, groups: Groups, query: Callable[..., str]) -> list[dict[str, Any]]:
    """Return one row a group; those that the list of loans can show lead there."""
    found = []
    for key, sums in groups:
        link = ""
        if by == "stage":
            link = query(stage=str(key["stage"]))
        elif by in {"product", "branch"}:
            link = query(**{by: str(key[f"{by}_id"])})
        found.append({"name": named(by, key), "sums": sums, "query": link})
    return found


SUMMARY = ("by", "group", "loans", *rows.SUMS, "coverage")


def summary_table(parts: Iterable[tuple[str, Groups]]) -> Iterator[Sequence[Any]]:
    """Yield every group as a file: plain numbers."""
    yield SUMMARY
    for by, groups in parts:
        for key, sums in groups:
            amounts = (getattr(sums, name) for name in rows.SUMS)
            yield (by, named(by, key), sums.loans, *amounts, sums.coverage)


def movement_table(lines: Iterable[Line]) -> Iterator[Sequence[Any]]:
    """Yield the movement of each stage, the total with the stage "all"."""
    yield ("stage", *movement.COLUMNS)
    for line in lines:
        yield (line.stage or "all", *(getattr(line, name) for name in movement.COLUMNS))


LOANS = (
    *("loan", "branch", "currency", "stage", "reason", "days_late", "band", "age", "months_left"),
    *("security", "segment", "effective_rate", "pd_12", "pd_expected", "pd_lifetime", "lgd"),
    *("drawn", "undrawn", "ead", "loss_12", "loss_lifetime", "loss"),
    *("loss_base", "loss_upside", "loss_downside"),
)


def loans_table(found: Iterable[LoanLoss]) -> Iterator[Sequence[Any]]:
    """Yield every loan with all that it was measured by."""
    yield LOANS
    for one in found:
        yield (one.loan.number, one.branch.name, *(getattr(one, name) for name in LOANS[2:]))


def movement_rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return the movement as a table: a row for each cause, a column for each stage and all."""
    return [
        {
            "name": name,
            "values": [getattr(line, code) for line in lines],
            "is_end": code in {"opening", "closing"},
            "is_less": code in {"transfers_out", "derecognised", "written_off"},
        }
        for code, name in wording.COLUMNS.items()
    ]


# --- Stages over the months -----------------------------------------------------------------------
Trend = Sequence[tuple[date, dict[int, Sums]]]
TREND = ("day", "stage", "loans", *rows.SUMS, "coverage")


def trend_chart(trend: Trend) -> Chart | None:
    """Return the loss of each stage month by month, as plain data; None for a single month."""
    if len(trend) < 2:
        return None
    data = [
        {
            "type": "bar",
            "name": str(wording.STAGES[stage]),
            "x": [day.isoformat() for day, _stages in trend],
            "y": [float(stages[stage].loss) if stage in stages else 0 for _day, stages in trend],
            "marker": {"color": f"var(--{colour})", "pattern": {"shape": shape}},
            "hovertemplate": "%{y:,.0f}",
        }
        for stage, (colour, shape) in _LOOKS.items()
    ]
    layout = {
        "height": 300,
        "barmode": "stack",
        "hovermode": "x unified",
        "xaxis": {"type": "category"},
        "yaxis": {"tickformat": "~s", "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    return {"data": data, "layout": layout}


def trend_rows(trend: Trend) -> list[dict[str, Any]]:
    """Return one row for each end of a month, the last first: the loss of stages, and of all."""
    found = []
    for day, stages in reversed(trend):
        whole = rows.whole((None, one) for one in stages.values())
        cells = [
            (wording.STAGES[stage], stages[stage].loss if stage in stages else Decimal(0))
            for stage in _LOOKS
        ]
        found.append({"day": day, "cells": cells, "whole": whole})
    return found


def trend_table(trend: Trend) -> Iterator[Sequence[Any]]:
    """Yield the sums of every stage and month as a file: plain numbers."""
    yield TREND
    for day, stages in trend:
        for stage, sums in stages.items():
            amounts = (getattr(sums, name) for name in rows.SUMS)
            yield (day, stage, sums.loans, *amounts, sums.coverage)


def movement_chart(line: Line) -> Chart:
    """Return the movement of all stages, step by step from opening to closing, as plain data."""
    # What goes from stage to stage is nothing in all.
    shown = [name for name in movement.COLUMNS if not name.startswith("transfers")]
    bases, heights, colours = [], [], []
    level = Decimal(0)
    for name in shown:
        value = getattr(line, name) * (-1 if name in {"derecognised", "written_off"} else 1)
        is_end = name in {"opening", "closing"}
        bases.append(float(0 if is_end else level))
        heights.append(float(value))
        level = value if is_end else level + value
        tone = "primary" if is_end else "danger" if value > 0 else "success"
        colours.append(f"var(--mark-{tone})")
    steps = {
        "type": "bar",
        "x": [str(wording.COLUMNS[name]) for name in shown],
        "y": heights,
        "base": bases,
        "customdata": heights,
        "marker": {"color": colours},
        "hovertemplate": "%{x}: %{customdata:,.0f}<extra></extra>",
    }
    layout = {
        "height": 300,
        "xaxis": {"type": "category"},
        "yaxis": {"tickformat": "~s", "rangemode": "tozero"},
        "showlegend": False,
    }
    return {"data": [steps], "layout": layout}
