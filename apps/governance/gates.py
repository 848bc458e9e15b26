"""What a model must reach before it may decide: limits as data, and verdicts on a report. Pure.

A gate that cannot be measured is not passed: nobody is let through for want of a figure. The one
exception is stated in the limits themselves: `treatment_needed` says whether groups must be large
enough to be judged (rule book 4.6: small groups get no verdict).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.governance import report_facts

Limits = Mapping[str, str]

# Each limit with the least and the greatest value that makes sense.
RANGES: Mapping[str, tuple[str, str]] = {
    "least_auc": ("0.5", "1"),
    "least_ks": ("0", "1"),
    "largest_calibration_error": ("0", "1"),
    "least_calibration_p": ("0", "1"),
    "most_red_bands": ("0", "10"),
    "largest_psi": ("0", "10"),
    "largest_auc_drop": ("0", "0.5"),
    "largest_loss_to_champion": ("0", "0.5"),
    "least_impact_ratio": ("0", "1"),
    "treatment_needed": ("0", "1"),
    "slowest_ms": ("0", "10000"),
    "months_high": ("1", "60"),
    "months_medium": ("1", "60"),
    "months_low": ("1", "60"),
}
WHOLE = frozenset(
    {"most_red_bands", "treatment_needed", "months_high", "months_medium", "months_low"}
)
DOCUMENTATION, REPRODUCIBLE, TREATMENT = "documentation", "reproducible", "impact_ratio"
GATES = (
    *("auc", "ks", "calibration_error", "calibration_p", "red_bands", "psi", "auc_drop"),
    *("loss_to_champion", TREATMENT, "slow_ms", REPRODUCIBLE, DOCUMENTATION),
)


class LimitRefused(ValueError):
    """A limit is missing, unknown, no number or out of its range; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Verdict:
    """What one gate says: the figure measured and the limit, None where there is none."""

    gate: str
    passed: bool
    measured: float | None
    limit: float | None


def read(body: Mapping[str, Any]) -> dict[str, str]:
    """Return limits in one form; LimitRefused for the first that is wrong."""
    for name in body:
        if name not in RANGES:
            raise LimitRefused(name)
    return {name: _one(name, body.get(name)) for name in RANGES}


def judge(facts: Mapping[str, Any], limits: Limits, *, is_documented: bool) -> list[Verdict]:
    """Return what each gate says to the facts of a validation report."""
    ks, test = facts["ranking"]["ks"], facts["calibration"]["hosmer_lemeshow"]
    auc, moved = facts["ranking"]["auc"], facts["population"]
    return [
        _least("auc", auc and auc["value"], limits["least_auc"]),
        _least("ks", ks and ks["ks"], limits["least_ks"]),
        _most(
            "calibration_error",
            facts["calibration"]["error"],
            limits["largest_calibration_error"],
        ),
        _least("calibration_p", test and test["p_value"], limits["least_calibration_p"]),
        _most("red_bands", facts["calibration"]["red_bands"], limits["most_red_bands"]),
        _most("psi", moved and moved["score"]["psi"], limits["largest_psi"]),
        _most("auc_drop", facts["steadiness"]["auc_drop"], limits["largest_auc_drop"]),
        _against_champion(facts, limits),
        _treatment(facts, limits),
        _most("slow_ms", facts["speed"]["slow_ms"], limits["slowest_ms"]),
        Verdict(REPRODUCIBLE, bool(facts["proof"]["same"]), None, None),
        Verdict(DOCUMENTATION, is_documented, None, None),
    ]


def _one(name: str, given: Any) -> str:
    low, high = map(Decimal, RANGES[name])
    try:
        found = Decimal(str(given))
    except InvalidOperation as error:
        raise LimitRefused(name) from error
    if not (found.is_finite() and low <= found <= high):
        raise LimitRefused(name)
    if name in WHOLE and found != found.to_integral_value():
        raise LimitRefused(name)
    return str(found)


def _least(gate: str, measured: float | None, limit: str) -> Verdict:
    passed = measured is not None and Decimal(str(measured)) >= Decimal(limit)
    return Verdict(gate, passed, measured, float(limit))


def _most(gate: str, measured: float | None, limit: str) -> Verdict:
    passed = measured is not None and Decimal(str(measured)) <= Decimal(limit)
    return Verdict(gate, passed, measured, float(limit))


def _against_champion(facts: Mapping[str, Any], limits: Limits) -> Verdict:
    """Judge by how much the AUC lies below the champion's; without a champion nothing is lost."""
    rival, auc = facts["champion"], facts["ranking"]["auc"]
    limit = limits["largest_loss_to_champion"]
    if rival is None:
        return Verdict("loss_to_champion", passed=True, measured=None, limit=float(limit))
    if auc is None or rival["auc"] is None:
        return Verdict("loss_to_champion", passed=False, measured=None, limit=float(limit))
    return _most("loss_to_champion", max(0.0, rival["auc"] - auc["value"]), limit)


def _treatment(facts: Mapping[str, Any], limits: Limits) -> Verdict:
    ratio = report_facts.least_impact_ratio(facts["treatment"])
    limit = limits["least_impact_ratio"]
    if ratio is None:
        return Verdict(TREATMENT, limits["treatment_needed"] == "0", None, float(limit))
    return _least(TREATMENT, ratio, limit)
