"""The reasons of an outcome from what was scored and judged: the one place that puts both together.

The policy's ladder says where approvals end; the model keeps who is typical just above that PD.
Model, features and policy of a decision give the same reasons again, whenever they are asked.
"""

from collections.abc import Mapping
from typing import Any

from apps.decisions import reasons
from apps.decisions.policy import Policy, Trace
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
