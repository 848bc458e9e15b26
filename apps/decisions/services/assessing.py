"""Assess a submitted application: score, policy, decision, letter - or human review with a cause.

Nobody ever gets a default score: whatever fails, the case goes to people and says why.
"""

import copy
import dataclasses
import uuid
from collections.abc import Callable
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
    NothingToAssess,
    PolicyUnusable,
)
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.services import lettering, recording
from apps.scoring import explanation
from apps.scoring import services as scoring
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ScoreRun

logger = structlog.get_logger(__name__)
# An application is submitted once, so what a machine says about it always comes first.
_FIRST = 1


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
    try:
        with transaction.atomic():
            return _decide(application, actor=actor, now=now)
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
        number=_FIRST,
        kind=Decision.Kind.AUTOMATED,
        outcome="refer",
        failure=cause,
        reasons=[reasons.of_cause(cause).to_json()],
        annual_rate=application.annual_rate,
        decided_at=now,
    )
    return recording.record(actor=actor, application=application, decision=referral)


def _locked(application_id: uuid.UUID | str) -> Application:
    """Return the application, locked together with its borrower.

    What a borrower may owe us in all is judged from the other approved applications: two of one
    borrower at once would each not see the other and both fit below the limit.
    """
    found = (
        Application.objects.select_for_update(of=("self", "customer"), no_key=True)
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

    application: Application
    facts: features.Facts
    run: ScoreRun
    version: PolicyVersion
    gathered: inputs.Gathered

    def request(self, amount: Decimal, term_months: int, pd: float) -> inputs.Request:
        """Return the application, or the same with another amount and term, for the policy."""
        tried = copy.copy(self.application)
        tried.amount, tried.term_months = amount, term_months
        return inputs.Request(
            amount=amount,
            term_months=term_months,
            affordability=applications.affordability(tried),
            pd=pd,
        )

    def trace(self, values: dict[str, policy_inputs.Value]) -> policy.Trace:
        """Return what the policy says about these inputs. Raises PolicyUnusable."""
        try:
            return policy.evaluate(
                rulebook.policy_of(self.version),
                values,
                product=self.application.product.code,
                currency=self.application.currency,
            )
        except (policy.PolicyGap, TypeError) as gap:
            raise PolicyUnusable(str(gap)) from gap


def _decide(application: Application, *, actor: User | str, now: datetime) -> Decision:
    case = _scored(application, actor=actor, now=now)
    asked = case.request(application.amount, application.term_months, case.run.pd)
    values = case.gathered.inputs(asked)
    trace = case.trace(values)
    found = _reasons(case, trace)
    application.move("score", score_run=case.run)
    decision = Decision(
        number=_FIRST,
        kind=Decision.Kind.AUTOMATED,
        outcome=trace.outcome,
        policy=case.version,
        score_run=case.run,
        inputs=policy_inputs.to_json(values),
        trace=tracing.to_json(trace),
        reasons=[reason.to_json() for reason in found],
        reason_codes=[reason.code for reason in found],
        annual_rate=application.annual_rate,
        decided_at=now,
    )
    changes = _changes(case, trace) if trace.outcome == "decline" else None
    return recording.record(
        actor=actor, application=application, decision=decision, changes=changes
    )


def _scored(application: Application, *, actor: User | str, now: datetime) -> _Case:
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
    return _Case(application, facts, run, version, inputs.gather(application))


def _reasons(case: _Case, trace: policy.Trace) -> tuple[reasons.Reason, ...]:
    try:
        return reasons.of_outcome(trace, explanation.attributions(case.run))
    except reasons.NoReason as error:
        raise NoSpecificReason from error


def _changes(case: _Case, trace: policy.Trace) -> tuple[recourse.Change, ...]:
    """Return verified changes; none at all when a requirement failed that they cannot move."""
    declining = trace.with_outcome("decline")
    if any(one.rule.input not in policy_inputs.MOVED_BY_REQUEST for one in declining):
        return ()
    product = case.application.product
    room = recourse.Room(
        amount=case.application.amount,
        term_months=case.application.term_months,
        least_amount=product.minimum_amount,
        terms=recourse.offered_terms(
            case.application.term_months,
            shortest=product.minimum_term_months,
            longest=product.maximum_term_months,
        ),
    )
    return recourse.changes(room, passes=_passes(case))


def _passes(case: _Case) -> Callable[[Decimal, int], bool]:
    """Return the question whether this model and policy approve another amount and term."""

    def passes(amount: Decimal, term_months: int) -> bool:
        facts = dataclasses.replace(case.facts, amount=amount, term_months=term_months)
        pd = scoring.probability(model=case.run.model, features=features.build(facts))
        values = case.gathered.inputs(case.request(amount, term_months, pd))
        return case.trace(values).outcome == "approve"

    return passes
