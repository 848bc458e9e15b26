"""How trials are shown: figures in words and rows, ready for the templates."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.core.formatting import format_number, format_percent
from apps.decisions.models.outcomes import Outcome
from apps.governance.models import Trial
from apps.governance.trial_arms import Arm
from apps.governance.trial_comparison import OUTCOMES, Compared
from apps.scoring.proportions import Share
from ml.comparison import Comparison

DASH = "\u2014"
_WORDS = dict(Outcome.choices)
Cell = dict[str, str]


def plan(trial: Trial) -> dict[str, Decimal]:
    """Return the shares of a challenger's plan as numbers."""
    names = ("baseline", "difference", "power", "level")
    return {name: Decimal(trial.plan[name]) for name in names if name in trial.plan}


def of_shadow(compared: Compared) -> dict[str, Any]:
    """Return what the page of a shadow shows."""
    stability = compared.stability
    return {
        "compared": compared,
        "shown": {
            "scored": _count(compared.scored),
            "failed": _count(compared.failed),
            "agreed": _share(compared.agreed, compared.judged),
            "psi": DASH if stability is None else format_number(stability.psi, decimals=4),
            "noise": DASH
            if stability is None or stability.noise_limit is None
            else format_number(stability.noise_limit, decimals=4),
        },
        "outcomes": [_WORDS[code] for code in OUTCOMES],
        "agreement": [
            {"label": _WORDS[row["outcome"]], "counts": row["counts"]} for row in compared.agreement
        ],
        "measures": [] if compared.outcomes is None else _measures(compared.outcomes),
    }


def of_arms(arms: Sequence[Arm]) -> dict[str, Any]:
    """Return what the page of a challenger shows: a row for each figure, a cell for each arm."""
    bands = sorted({band for arm in arms for band in arm.bands if band})
    rows = [
        _row(_("Drawn"), arms, lambda one: _plain(one.drawn)),
        _row(_("Share of all drawn"), arms, lambda one: _bounded(one.share)),
        _row(_("Scored by the champion instead"), arms, lambda one: _plain(one.fell_back)),
        _row(_("Approved"), arms, lambda one: _bounded(one.approved)),
        *(_row(_WORDS[code], arms, _decided(code)) for code in OUTCOMES),
        *(_row(_("Band %(name)s") % {"name": name}, arms, _in_band(name)) for name in bands),
        _row(_("Loans once 30 days late"), arms, lambda one: _bounded(one.early)),
        _row(_("Ended loans that defaulted"), arms, lambda one: _bounded(one.bad)),
        _row(_("Ended loans still needed"), arms, lambda one: _plain(one.missing)),
    ]
    return {"arms": arms, "arm_rows": rows}


def _decided(code: str) -> Callable[[Arm], Cell]:
    return lambda one: _plain(one.outcomes.get(code, 0))


def _in_band(name: str) -> Callable[[Arm], Cell]:
    return lambda one: _bounded(Share(one.bands.get(name, 0), sum(one.bands.values())))


def _row(label: object, arms: Sequence[Arm], cell: Callable[[Arm], Cell]) -> dict[str, Any]:
    return {"label": label, "cells": [cell(one) for one in arms]}


def _plain(number: int) -> Cell:
    return {"figure": _count(number), "bounds": ""}


def _bounded(share: Share) -> Cell:
    if share.rate is None or share.bounds is None:
        return {"figure": DASH, "bounds": ""}
    low, high = (format_percent(one, decimals=1) for one in share.bounds)
    figure = f"{format_percent(share.rate, decimals=1)} ({_count(share.hits)})"
    return {"figure": figure, "bounds": f"{low} \u2013 {high}"}


def _measures(found: Comparison) -> list[dict[str, str]]:
    words = {"auc": _("AUC"), "ks": _("KS"), "brier": _("Brier score")}
    rows = [found.of(name) for name in words]
    return [
        {
            "label": words[one.measure],
            "first": format_number(one.first, decimals=4),
            "second": format_number(one.second, decimals=4),
            "difference": format_number(one.difference, decimals=4),
            "bounds": f"{format_number(one.lower, decimals=4)} \u2013 "
            f"{format_number(one.upper, decimals=4)}",
        }
        for one in rows
    ]


def _share(part: int, whole: int) -> str:
    return format_percent(part / whole, decimals=1) if whole else DASH


def _count(number: int) -> str:
    return format_number(number, decimals=0)
