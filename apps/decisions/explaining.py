"""The reasons of an outcome from what was scored and judged: the one place that puts both together.

The policy's ladder says where approvals end; the model keeps who is typical just above that PD.
Model, features and policy of a decision give the same reasons again, whenever they are asked.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.decisions import policy_inputs, reasons, rulebook
from apps.decisions.models import Decision
from apps.decisions.policy import Policy, PolicyGap, Trace
from apps.scoring import explanation
from apps.scoring.models import ModelVersion


def of_trace(
    trace: Trace,
    *,
    model: ModelVersion,
    features: Mapping[str, Any],
    attributions: Mapping[str, float],
    policy: Policy,
    product: str,
) -> tuple[reasons.Reason, ...]:
    """Return the reasons of a trace's outcome; none for an approval.

    Raises NoReason for a decline without one, PolicyGap without bands for the product, and
    ModelUnusable.
    """
    if trace.outcome == "approve":
        return ()
    row, shares = dict(features), dict(attributions)
    cutoff = policy.ladder_for(product).approved_below
    return reasons.of_outcome(
        trace,
        explanation.of_values(model, row, shares),
        # Where no band approves, the safest applicants are the nearest to an approval.
        named=explanation.principal(model, row, shares, cutoff=float(cutoff or 0)),
    )


@dataclass(frozen=True)
class Missed:
    """By how much a score missed the cut-off: where approvals end, and the distance from there.

    `points` are those of the model's scale at the cut-off, `by_points` how many are missing,
    `by_log_odds` the same in log-odds of bad.
    """

    pd: Decimal
    points: int
    by_points: int
    by_log_odds: float


def missed(decision: Decision) -> Missed | None:
    """Return by how much a decision's PD missed the cut-off; None where it did not, or none is.

    Raises PolicyUnusable and ModelUnusable.
    """
    run, version = decision.score_run, decision.policy
    if run is None or version is None:
        return None
    try:
        ladder = rulebook.policy_of(version).ladder_for(decision.application.product.code)
    except PolicyGap:
        # Whatever decided, it was not a band of this policy.
        return None
    cutoff = ladder.approved_below
    if not cutoff or policy_inputs.exact(run.pd) < cutoff:
        return None
    points = explanation.score_at(run.model, float(cutoff))
    return Missed(
        pd=cutoff,
        points=points,
        by_points=points - run.score,
        by_log_odds=_log_odds(run.pd) - _log_odds(float(cutoff)),
    )


def _log_odds(pd: float) -> float:
    return math.log(pd / (1 - pd))
