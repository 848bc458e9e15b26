"""What people decide by: the policy in force at that moment, whatever a case was referred under.

Weeks may lie between a referral and its verdict. Where another version has come into force since,
what was asked for is judged anew by it, on what the books say now; the decision keeps that version
with its inputs and its trace, so that it replays like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.applications.models import Application
from apps.decisions import inputs, judging, policy_inputs, rulebook, selectors, tracing
from apps.decisions.errors import PolicyUnusable
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.services import lettering
from apps.scoring.models import ScoreRun


@dataclass(frozen=True, kw_only=True)
class Basis:
    """Policy, score, and what the policy by itself says of what was asked for, as it is stored.

    `replaced` is the version that judged before, where another one is in force by now.
    """

    policy: PolicyVersion | None
    score_run: ScoreRun | None
    inputs: Mapping[str, Any]
    trace: Any
    annual_rate: Decimal
    instalment: Decimal | None
    replaced: PolicyVersion | None = None


def of_decided(application: Application, decided: Decision, *, now: datetime) -> Basis:
    """Return what people decide by who depart from a decision at this moment.

    It is as decided where no model scored, where the same version is in force, and where the one
    in force cannot be read: then nobody can judge anew, but people may still decide.
    """
    entity = application.branch.entity
    version = selectors.policy_in_force(entity, lettering.local_date(entity, now))
    run = decided.score_run
    if run is None or version is None or version.pk == decided.policy_id:
        return _as_decided(decided)
    try:
        judge = judging.Judge(application, rulebook.policy_of(version), inputs.gather(application))
        judged = judge.judged(application.amount, application.term_months, pd=run.pd)
    except PolicyUnusable:
        return _as_decided(decided)
    return Basis(
        policy=version,
        score_run=run,
        inputs=policy_inputs.to_json(judged.values),
        trace=tracing.to_json(judged.trace),
        annual_rate=judged.annual_rate,
        instalment=judged.instalment,
        replaced=decided.policy,
    )


def _as_decided(decided: Decision) -> Basis:
    return Basis(
        policy=decided.policy,
        score_run=decided.score_run,
        inputs=decided.inputs,
        trace=decided.trace,
        annual_rate=decided.annual_rate,
        instalment=decided.instalment,
    )
