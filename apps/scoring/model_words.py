"""The words for kinds of models, for how they are calibrated and for what their training found.

What the library says in English sentences is said here in the reader's language where it is one
of those known; any other sentence is shown as it stands.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import formatting
from apps.scoring import feature_words
from ml import leakage

KINDS = {
    "lightgbm": gettext_lazy("Monotone trees"),
    "scorecard": gettext_lazy("Scorecard"),
    "forest": gettext_lazy("Random forest"),
    "blend": gettext_lazy("Blend of models"),
    "xgboost": gettext_lazy("XGBoost trees"),
    "catboost": gettext_lazy("CatBoost trees"),
}
_METHODS = {
    "platt": gettext_lazy("a straight line in log-odds (Platt)"),
    "beta": gettext_lazy("a beta curve after the line"),
    "isotonic": gettext_lazy("an isotonic curve after the line"),
}
_WHY = {
    "too few rows for a curve": gettext_lazy("there were too few loans for a curve"),
    "no curve is better than the line beyond chance": gettext_lazy(
        "no curve was better than the line beyond chance"
    ),
    "beta is better beyond chance": gettext_lazy("it was better than the line beyond chance"),
    "isotonic is better beyond chance": gettext_lazy("it was better than the line beyond chance"),
    "platt was asked for": gettext_lazy("it was asked for"),
    "beta was asked for": gettext_lazy("it was asked for"),
    "isotonic was asked for": gettext_lazy("it was asked for"),
}

_ALL_OF_THEM = {
    leakage.TOGETHER: gettext_lazy("all features together"),
    leakage.ROWS: gettext_lazy("the rows themselves"),
}


def kind(name: str) -> str:
    """Return what a kind of model is called; one without words is shown by its name."""
    return str(KINDS.get(name, name))


def size(facts: Mapping[str, Any]) -> str:
    """Return how large a model is, from the facts of its manifest; a dash if they do not say."""
    if "members" in facts:
        return "; ".join(_member(member) for member in facts["members"])
    if "trees" in facts:
        return _trees(facts["trees"], facts["leaves"])
    if "features" in facts:
        return _characteristics(facts["features"], facts["bins"])
    return "\u2014"


def calibration(method: str, reason: str) -> str:
    """Return how a model's level was set, and why so; without a reason the method alone."""
    said = str(_METHODS.get(method, method))
    if not reason:
        return said
    return _("%(method)s: %(why)s") % {"method": said, "why": str(_WHY.get(reason, reason))}


def scale(facts: Mapping[str, Any]) -> str:
    """Return what the points of a score mean, from the manifest."""
    return _("%(score)s points at odds of %(odds)s to 1; %(step)s points double the odds") % {
        "score": formatting.format_number(facts["base_score"]),
        "odds": formatting.format_number(facts["base_odds"]),
        "step": formatting.format_number(facts["points_to_double"]),
    }


def finding(one: Mapping[str, Any]) -> str:
    """Return in a sentence what made the check for leakage look twice."""
    known = {
        "auc": _("%(feature)s alone orders outcomes with an AUC of %(figure)s; look at it."),
        "iv": _("%(feature)s has an information value of %(figure)s; look at it."),
    }
    if one["rule"] not in known or one["figure"] is None:
        return str(one["sentence"])
    return known[one["rule"]] % {
        "feature": suspect(one["feature"]),
        "figure": formatting.format_number(one["figure"], decimals=2),
    }


def suspect(name: str) -> str:
    """Return what a finding of the check for leakage is about, in words."""
    return str(_ALL_OF_THEM.get(name) or feature_words.feature(name))


def _member(member: Mapping[str, Any]) -> str:
    return _("%(share)s %(kind)s (%(size)s)") % {
        "share": formatting.format_percent(member["weight"], decimals=0),
        "kind": kind(member["kind"]),
        "size": size(member),
    }


def _trees(trees: int, leaves: int) -> str:
    return ngettext(
        "%(trees)s tree with up to %(leaves)s leaves",
        "%(trees)s trees with up to %(leaves)s leaves",
        trees,
    ) % {"trees": formatting.format_number(trees), "leaves": leaves}


def _characteristics(count: int, bins: int) -> str:
    return ngettext(
        "%(count)s characteristic in %(bins)s bins",
        "%(count)s characteristics in %(bins)s bins",
        count,
    ) % {"count": count, "bins": bins}
