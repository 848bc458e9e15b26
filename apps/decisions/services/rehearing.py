"""Decide on an appeal: judge corrected facts anew, and let another person decide the case again.

What was decided stays on record. The case is referred once more, with the appeal as its cause, and
the verdict then follows the same rules as any other: reasons of the list, limits, a second
signature above the first one's, room with us, the block list.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import features
from apps.applications import hooks as applications_hooks
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core.errors import Conflict
from apps.decisions import (
    books,
    explaining,
    inputs,
    judging,
    policy_inputs,
    reasons,
    rulebook,
    selectors,
    sources,
    tracing,
)
from apps.decisions.errors import NoSpecificReason
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import assessing, claiming, deciding, recording
from apps.decisions.services.verdicts import Verdict
from apps.scoring import services as scoring

APPEALED = "appealed"


def judge_anew(*, actor: User, application: Application, now: datetime) -> Decision:
    """Return what model and policy of today say of an application as it stands; nothing is decided.

    The score run is stored, the decision is not written. The caller holds the application. Raises
    ScoringFailed and AssessmentFailed where no machine can judge.
    """
    segment = application.product.scoring_segment
    version, model, challenger = assessing.in_force(application.branch.entity, segment, now=now)
    run = scoring.score(
        actor=actor,
        subject=application,
        segment=segment,
        features=features.build(applications.feature_facts(application)),
        now=now,
        model=model,
        challenger=challenger,
    )
    book = books.read_for_decision(application)
    gathered = inputs.gather(application, known=inputs.Known(book, sources.borrowing(application)))
    judge = judging.Judge(application, rulebook.policy_of(version), gathered)
    asked = judge.judged(application.amount, application.term_months, pd=run.pd)
    try:
        found = explaining.of_trace(
            asked.trace,
            model=run.model,
            features=run.features,
            attributions=run.attributions,
            policy=judge.policy,
            product=application.product.code,
        )
    except reasons.NoReason as error:
        raise NoSpecificReason from error
    return Decision(
        application=application,
        outcome=asked.trace.outcome,
        policy=version,
        score_run=run,
        inputs=policy_inputs.to_json(asked.values),
        trace=tracing.to_json(asked.trace),
        reasons=[reason.to_json() for reason in found],
        reason_codes=[reason.code for reason in found],
        annual_rate=asked.annual_rate,
        instalment=asked.instalment,
        decided_at=now,
    )


@transaction.atomic
def decide_appealed(
    *,
    appealed: Decision,
    judged: Decision,
    people: Sequence[User],
    verdict: Verdict,
    now: datetime,
) -> Decision | None:
    """Decide an appealed case again and return the decision; None where one signature is too few.

    `judged` is what the new decision rests on: the appealed one, or what `judge_anew` returned.
    `people` are who decides and, above that person's limit, who signs. With None everything is
    undone: nothing was decided. The caller holds the application, and knows that neither took part
    before. Raises Conflict where something was decided since, and what `claim`, `decide` and
    `countersign` raise.
    """
    application = appealed.application
    latest = selectors.latest(application)
    if latest is None or latest.pk != appealed.pk:
        raise Conflict(
            "decided_since", _("The application was decided again since; the appeal is overtaken.")
        )
    mark = transaction.savepoint()
    case = _refer(application, appealed, judged, by=people[0], now=now)
    case = claiming.claim(actor=people[0], case=case, now=now)
    case = deciding.decide(actor=people[0], case=case, verdict=verdict, now=now)
    if case.status != "closed" and len(people) > 1:
        case = deciding.countersign(actor=people[1], case=case, now=now)
    if case.status != "closed":
        transaction.savepoint_rollback(mark)
        application.refresh_from_db(fields=["status", "updated_at"])
        return None
    transaction.savepoint_commit(mark)
    return selectors.latest(application)


def _refer(
    application: Application, appealed: Decision, judged: Decision, *, by: User, now: datetime
) -> ReviewCase:
    """Send the case to people because of the appeal, with what the verdict is to rest on."""
    # Whoever lends under the decision refuses here; a waiting request for an exception lapses.
    applications_hooks.changed(application, actor=by, now=now)
    rested: dict[str, Any] = {
        name: getattr(judged, name)
        for name in ("policy", "score_run", "inputs", "trace", "annual_rate", "instalment")
    }
    recording.record(
        actor=by,
        application=application,
        decision=Decision(
            number=appealed.number + 1,
            kind=Decision.Kind.AUTOMATED,
            outcome="refer",
            failure=APPEALED,
            reasons=[reasons.of_cause(APPEALED).to_json()],
            decided_at=now,
            **rested,
        ),
        actions=("take_up_anew",),
    )
    found = selectors.waiting_case(application)
    if found is None:
        raise RuntimeError("A referral opens a case.")
    return found
