"""What gates and limits are called, and what a verdict says in a sentence."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import formatting
from apps.governance.gates import GATES, Verdict

NAMES: Mapping[str, Any] = {
    "auc": gettext_lazy("Ranking: AUC on later loans"),
    "ks": gettext_lazy("Ranking: KS on later loans"),
    "calibration_error": gettext_lazy("Calibration error"),
    "calibration_p": gettext_lazy("Calibration: Hosmer-Lemeshow, p-value"),
    "red_bands": gettext_lazy("Bands whose PD is too low"),
    "psi": gettext_lazy("Population: PSI of the score"),
    "auc_drop": gettext_lazy("Stability: fall of the AUC"),
    "loss_to_champion": gettext_lazy("AUC below the champion's"),
    "impact_ratio": gettext_lazy("Fairness: lowest approval ratio of a group"),
    "slow_ms": gettext_lazy("Speed: nineteen of twenty scores within, ms"),
    "reproducible": gettext_lazy("The model can be made again"),
    "documentation": gettext_lazy("Documentation complete and signed"),
}
LIMITS: Mapping[str, Any] = {
    "least_auc": gettext_lazy("Least AUC"),
    "least_ks": gettext_lazy("Least KS"),
    "largest_calibration_error": gettext_lazy("Largest calibration error"),
    "least_calibration_p": gettext_lazy("Least p-value of Hosmer-Lemeshow"),
    "most_red_bands": gettext_lazy("Most bands whose PD is too low"),
    "largest_psi": gettext_lazy("Largest PSI of the score"),
    "largest_auc_drop": gettext_lazy("Largest fall of the AUC to later loans"),
    "largest_loss_to_champion": gettext_lazy("Largest AUC below the champion's"),
    "least_impact_ratio": gettext_lazy("Least approval ratio of a group large enough to judge"),
    "treatment_needed": gettext_lazy("Groups must be large enough to judge (1 yes, 0 no)"),
    "slowest_ms": gettext_lazy("Slowest score, ms"),
    "months_high": gettext_lazy("Months to the next validation, tier high"),
    "months_medium": gettext_lazy("Months to the next validation, tier medium"),
    "months_low": gettext_lazy("Months to the next validation, tier low"),
}
LEVELS: Mapping[str, Any] = {
    "low": gettext_lazy("low"),
    "medium": gettext_lazy("medium"),
    "high": gettext_lazy("high"),
}
_LEAST = frozenset({"auc", "ks", "calibration_p", "impact_ratio"})
_WHOLE = frozenset({"red_bands"})


def name(gate: str) -> str:
    """Return what a gate is called."""
    return str(NAMES[gate])


def choices(failed: list[str]) -> list[tuple[str, str]]:
    """Return the failed gates to choose among, in their order."""
    return [(gate, name(gate)) for gate in GATES if gate in failed]


def sentence(verdict: Verdict) -> str:
    """Return in words what a gate measured and what it asks for."""
    if verdict.limit is None:
        return _("yes") if verdict.passed else _("no")
    if verdict.measured is None:
        return _unmeasured(verdict)
    values = {
        "measured": _figure(verdict.gate, verdict.measured),
        "limit": _figure(verdict.gate, verdict.limit),
    }
    if verdict.gate in _LEAST:
        return _("%(measured)s, at least %(limit)s is asked for") % values
    return _("%(measured)s, at most %(limit)s is let pass") % values


def _unmeasured(verdict: Verdict) -> str:
    if verdict.gate == "loss_to_champion" and verdict.passed:
        return _("there is no champion to fall behind")
    if verdict.gate == "impact_ratio":
        return _("no group is large enough to judge; the validator says what that means")
    return _("cannot be measured on these loans")


def _figure(gate: str, value: float) -> str:
    return formatting.format_number(value, decimals=0 if gate in _WHOLE else 3)
