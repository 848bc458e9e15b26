"""Assess a submitted application: score, policy, decision, letter - or human review with a cause.

Nobody ever gets a default score: whatever fails, the case goes to people and says why.
"""

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import features
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import NotVisible
from apps.decisions import (
    inputs,
    judging,
    policy,
    policy_inputs,
    reasons,
    recourse,
    rulebook,
    selectors,
    tracing,
)
from apps.decisions.errors import (
    AssessmentFailed,
    NoPolicy,
    NoSpecificReason,
    NotAskedIfBlocked,
    NothingToAssess,
)
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.services import automating, lettering, recording, room
from apps.scoring import explanation
from apps.scoring import services as scoring
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ScoreRun

logger = structlog.get_logger(__name__)


@transaction.atomic
def assess(*, application_id: uuid.UUID | str, actor: User | str, now: datetime) -> Decision:
    """Decide a submitted application once and return the decision that stands.

    Safe to run twice and at the same time: the row is locked, and one that was assessed already
    returns its decision. A failure leaves nothing behind but the referral with its cause. Raises
    NotVisible for an unknown application, NothingToAssess for one that was not submitted.
    """
    application = _locked(application_id)
    if application.status != "submitted":
        standing = selectors.latest(application)
        if standing is None or application.status not in ("approved", "declined", "in_review"):
            raise NothingToAssess
        return standing
    cause = ""
    is_guaranteed = room.lock_borrowers(application)
    try:
        with transaction.atomic():
            return _decide(application, actor=actor, now=now, is_guaranteed=is_guaranteed)
    except (ScoringFailed, AssessmentFailed) as failure:
        cause = failure.code
        logger.warning("assessment_failed", application=str(application.pk), cause=cause)
    except Exception:
        # Whatever breaks, a person decides instead of nobody; the log keeps the traceback.
        cause = "unexpected_error"
        logger.exception("assessment_failed", application=str(application.pk), cause=cause)
    # The rolled-back attempt may have moved the instance in memory.
    application.refresh_from_db(fields=["status", "score_run", "updated_at"])
    return refer_for_cause(application=application, cause=cause, actor=actor, now=now)


def refer_for_cause(
    *, application: Application, cause: str, actor: User | str, now: datetime
) -> Decision:
    """Send an application to review because a machine could not decide it; the caller locks it."""
    audit.record(actor, "scoring.failed", application, case=application, cause=cause)
    referral = Decision(
        number=selectors.next_number(application),
        kind=Decision.Kind.AUTOMATED,
        outcome="refer",
        failure=cause,
        reasons=[reasons.of_cause(cause).to_json()],
        annual_rate=application.annual_rate,
        decided_at=now,
    )
    automating.hold_back(referral, application=application)
    return recording.record(actor=actor, application=application, decision=referral)


def _locked(application_id: uuid.UUID | str) -> Application:
    """Return the application, locked until the transaction ends."""
    found = (
        Application.objects.select_for_update(of=("self",), no_key=True)
        .select_related(
            "product", "customer__address", "branch__entity", "employment", "bureau_report"
        )
        .prefetch_related("collaterals")
        .filter(pk=application_id)
        .first()
    )
    if found is None:
        raise NotVisible("not_found", _("There is no such application."))
    return found


@dataclass(frozen=True)
class _Case:
    """One application while it is being decided: its facts, score and the policy in force."""

    judge: judging.Judge
    facts: features.Facts
    run: ScoreRun
    version: PolicyVersion

    def pd_of(self, amount: Decimal, term_months: int) -> float:
        """Return what the same model says of another amount and term."""
        facts = dataclasses.replace(self.facts, amount=amount, term_months=term_months)
        return scoring.probability(model=self.run.model, features=features.build(facts))


def _decide(
    application: Application, *, actor: User | str, now: datetime, is_guaranteed: bool
) -> Decision:
    case = _scored(application, actor=actor, now=now, is_guaranteed=is_guaranteed)
    asked = case.judge.judged(application.amount, application.term_months, pd=case.run.pd)
    if asked.trace.outcome == "approve" and asked.values["blocked"]:
        # Nobody could lend under it, so no letter says that it is approved.
        raise NotAskedIfBlocked
    found = _reasons(case, asked.trace)
    offers = judging.offers(case.judge, asked, pd_of=case.pd_of)
    application.move("score", score_run=case.run)
    decision = Decision(
        number=selectors.next_number(application),
        kind=Decision.Kind.AUTOMATED,
        outcome=asked.trace.outcome,
        policy=case.version,
        score_run=case.run,
        inputs=policy_inputs.to_json(asked.values),
        trace=tracing.to_json(asked.trace),
        reasons=[reason.to_json() for reason in found],
        reason_codes=[reason.code for reason in found],
        recommendation=[one.to_json() for one in offers],
        annual_rate=asked.annual_rate,
        decided_at=now,
    )
    changes = _changes(case, asked, offers) if decision.outcome == "decline" else None
    # As late as can be: whoever stops automation waits for us from here on.
    automating.hold_back(decision, application=application)
    return recording.record(
        actor=actor, application=application, decision=decision, changes=changes
    )


def _scored(
    application: Application, *, actor: User | str, now: datetime, is_guaranteed: bool
) -> _Case:
    entity = application.branch.entity
    version = selectors.policy_in_force(entity, lettering.local_date(entity, now))
    if version is None:
        raise NoPolicy
    facts = applications.feature_facts(application)
    run = scoring.score(
        actor=actor,
        subject=application,
        segment=application.product.scoring_segment,
        features=features.build(facts),
        now=now,
    )
    gathered = inputs.gather(application, is_guaranteed=is_guaranteed)
    judge = judging.Judge(application, rulebook.policy_of(version), gathered)
    return _Case(judge, facts, run, version)


def _reasons(case: _Case, trace: policy.Trace) -> tuple[reasons.Reason, ...]:
    try:
        return reasons.of_outcome(trace, explanation.attributions(case.run))
    except reasons.NoReason as error:
        raise NoSpecificReason from error


def _changes(
    case: _Case, asked: judging.Judged, offers: tuple[judging.Judged, ...]
) -> tuple[recourse.Change, ...]:
    """Return verified changes; none at all when a requirement failed that they cannot move."""
    if judging.set_aside(asked.trace):
        return ()

    def passes(amount: Decimal, term_months: int) -> bool:
        pd = case.pd_of(amount, term_months)
        return case.judge.judged(amount, term_months, pd=pd).trace.outcome == "approve"

    found = [recourse.Change(one.amount, one.term_months) for one in offers]
    return recourse.changes(judging.room_of(case.judge.application), found, passes=passes)
