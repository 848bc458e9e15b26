"""Assess a submitted application: score, policy, decision, letter - or human review with a cause.

Nobody ever gets a default score: whatever fails, the case goes to people and says why.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.applications import features
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import prepared, statements
from apps.core.errors import NotVisible
from apps.core.prepared import Given
from apps.decisions import (
    automation,
    books,
    explaining,
    inputs,
    judging,
    policy,
    policy_inputs,
    reasons,
    recourse,
    rulebook,
    selectors,
    sources,
    tracing,
    trying,
)
from apps.decisions.books import Books
from apps.decisions.errors import (
    AssessmentFailed,
    CoBorrowerNotAsked,
    NoPolicy,
    NoSpecificReason,
    NotAskedIfBlocked,
    NothingToAssess,
)
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.services import approving, automating, lettering, recording, room
from apps.scoring import selectors as models
from apps.scoring import services as scoring
from apps.scoring.errors import NoChampion, ScoringFailed
from apps.scoring.models import ModelVersion, Placement, ScoreRun

logger = structlog.get_logger(__name__)


def assess(
    *,
    application_id: uuid.UUID | str,
    actor: User | str,
    now: datetime,
    branch_id: uuid.UUID | None = None,
) -> Decision:
    """Decide a submitted application once and return the decision that stands.

    Safe to run twice and at the same time: the row is locked, and one that was assessed already
    returns its decision. A failure leaves nothing behind but the referral with its cause. Raises
    NotVisible for an unknown application, or one of another branch where one is given, and
    NothingToAssess for one that was not submitted.
    """
    try:
        return _decided(application_id, branch_id, actor=actor, now=now)
    except (NotVisible, NothingToAssess, OperationalError, InterfaceError):
        # Nothing to decide; or the database went away: then the case waits until it is back.
        raise
    except (ScoringFailed, AssessmentFailed) as failure:
        cause = failure.code
        logger.warning("assessment_failed", application=str(application_id), cause=cause)
    except Exception:
        # Whatever breaks, a person decides instead of nobody; the log keeps the traceback.
        cause = "unexpected_error"
        logger.exception("assessment_failed", application=str(application_id), cause=cause)
    return _given_up(application_id, cause=cause, actor=actor, now=now)


@transaction.atomic
def _decided(
    application_id: uuid.UUID | str,
    branch_id: uuid.UUID | None,
    *,
    actor: User | str,
    now: datetime,
) -> Decision:
    application = _locked(application_id, branch_id)
    if application.status != "submitted":
        return _standing(application)
    with statements.carrying(), audit.together():
        room.lock_borrowers(application)
        return _decide(application, actor=actor, now=now)


@transaction.atomic
def _given_up(
    application_id: uuid.UUID | str, *, cause: str, actor: User | str, now: datetime
) -> Decision:
    """Refer what could not be decided, unless somebody decided it since the attempt was undone."""
    application = _locked(application_id, None)
    if application.status != "submitted":
        return _standing(application)
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
    stop_id = automating.stop_until_commit(application.branch.entity_id)
    automating.hold_back(referral, stop_id=stop_id)
    return recording.record(actor=actor, application=application, decision=referral)


def _standing(application: Application) -> Decision:
    """Return the decision on an application that does not wait any more."""
    found = selectors.latest(application)
    if found is None or application.status not in ("approved", "declined", "in_review"):
        raise NothingToAssess
    found.application = application
    return found


def _locked(application_id: uuid.UUID | str, branch_id: uuid.UUID | None) -> Application:
    """Return the application, locked until the transaction ends."""
    key = uuid.UUID(str(application_id))
    if branch_id is None:
        found = _LOCKED.first(application=key)
    else:
        found = _LOCKED_IN_BRANCH.first(application=key, branch=branch_id)
    if found is None:
        raise NotVisible("not_found", _("There is no such application."))
    return found


def to_lock() -> QuerySet[Application]:
    """Return all applications as they are read to be decided: locked until the transaction ends."""
    rows = Application.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related(
        "product", "customer__address", "branch__entity", "employment", "bureau_report"
    )


def _to_lock() -> QuerySet[Application]:
    return to_lock().filter(pk=Given("application"))


def _to_lock_in_branch() -> QuerySet[Application]:
    return _to_lock().filter(branch=Given("branch"))


_LOCKED = prepared.Query(_to_lock)
_LOCKED_IN_BRANCH = prepared.Query(_to_lock_in_branch)


@dataclass(frozen=True)
class Case:
    """One application while it is being decided: its facts, score and the policy in force."""

    judge: judging.Judge
    book: Books
    facts: features.Facts
    run: ScoreRun
    version: PolicyVersion

    def pd_of(self, amount: Decimal, term_months: int) -> float:
        """Return what the same model says of another amount and term."""
        moved = features.moved_by_request(
            amount=amount,
            term_months=term_months,
            gross_annual_income=self.facts.gross_annual_income,
        )
        return self._probability_when(moved)

    @property
    def trial(self) -> trying.Trial:
        """What it takes to try other facts than those the application was submitted with."""
        return trying.Trial(
            application=self.judge.application,
            policy=self.judge.policy,
            gathered=self.judge.gathered,
            scored=self.run.features,
            pd_when=self._probability_when,
        )

    @cached_property
    def _probability_when(self) -> Callable[[Mapping[str, object]], float]:
        return scoring.probability_when(model=self.run.model, features=self.run.features)


def _decide(application: Application, *, actor: User | str, now: datetime) -> Decision:
    decision, changes = judged(_scored(application, actor=actor, now=now), now=now)
    return recording.record(
        actor=actor,
        application=application,
        decision=decision,
        changes=changes,
        actions=("score", decision.outcome),
    )


def judged(case: Case, *, now: datetime) -> tuple[Decision, tuple[recourse.Change, ...] | None]:
    """Return the decision on a scored case, not stored yet, and the changes its letter tells of.

    Raises AssessmentFailed where no machine can decide.
    """
    application = case.judge.application
    asked = case.judge.judged(application.amount, application.term_months, pd=case.run.pd)
    if asked.trace.outcome == "approve" and asked.values["blocked"]:
        # Nobody could lend under it, so no letter says that it is approved.
        raise NotAskedIfBlocked
    if asked.trace.outcome == "approve" and case.book.co_borrower_blocked:
        raise CoBorrowerNotAsked
    found = _reasons(case, asked.trace)
    offers = judging.offers(case.judge, asked, pd_of=case.pd_of)
    decision = Decision(
        number=case.book.last_number + 1,
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
        instalment=asked.instalment,
        decided_at=now,
    )
    changes: tuple[recourse.Change, ...] | None = None
    if decision.outcome == "decline" and case.judge.policy.changes:
        decision.recourse = case.trial.search()
    elif decision.outcome == "decline":
        changes = _changes(case, asked, offers)
    automating.hold_back(decision, stop_id=case.book.stop_id)
    if decision.outcome == "approve":
        decision.valid_until = approving.open_until(application, now=now)
        decision.is_counter_offer = False
    return decision, changes


def _scored(application: Application, *, actor: User | str, now: datetime) -> Case:
    segment = application.product.scoring_segment
    version, model, challenger = in_force(application.branch.entity, segment, now=now)
    facts = applications.feature_facts(application)
    run = scoring.score(
        actor=actor,
        subject=application,
        segment=segment,
        features=features.build(facts),
        now=now,
        model=model,
        challenger=challenger,
    )
    # As late as can be: whoever stops automation waits for us from here on.
    book = books.read_for_decision(application)
    known = inputs.Known(book, sources.borrowing(application))
    return case_of(application, facts=facts, run=run, version=version, known=known)


def case_of(
    application: Application,
    *,
    facts: features.Facts,
    run: ScoreRun,
    version: PolicyVersion,
    known: inputs.Known,
) -> Case:
    """Return a scored application with what is known of it, ready to be judged.

    Raises PolicyUnusable.
    """
    gathered = inputs.gather(application, known=known)
    judge = judging.Judge(application, rulebook.policy_of(version), gathered)
    return Case(judge, known.book, facts, run, version)


def in_force(
    entity: Entity, segment: str, *, now: datetime
) -> tuple[PolicyVersion, ModelVersion, Placement | None]:
    """Return the policy and the model that decide today, and who challenges the model.

    Raises NoPolicy and NoChampion.
    """
    version, model, challenger = _IN_FORCE.first(
        entity=entity.pk, on=lettering.local_date(entity, now), segment=segment, now=now
    )
    if version is None:
        raise NoPolicy
    if model is None:
        raise NoChampion(segment)
    return version, model, challenger


# Which policy and which model decide today, and which has a share of the traffic.
_IN_FORCE = prepared.Three(selectors.IN_FORCE, models.CHAMPION, automation.CHALLENGER)


def _reasons(case: Case, trace: policy.Trace) -> tuple[reasons.Reason, ...]:
    try:
        return explaining.of_trace(
            trace,
            model=case.run.model,
            features=case.run.features,
            attributions=case.run.attributions,
            policy=case.judge.policy,
            product=case.judge.application.product.code,
        )
    except reasons.NoReason as error:
        raise NoSpecificReason from error


def _changes(
    case: Case, asked: judging.Judged, offers: tuple[judging.Judged, ...]
) -> tuple[recourse.Change, ...]:
    """Return verified changes; none at all when a requirement failed that they cannot move."""
    if judging.set_aside(asked.trace):
        return ()

    def passes(amount: Decimal, term_months: int) -> bool:
        pd = case.pd_of(amount, term_months)
        return case.judge.judged(amount, term_months, pd=pd).trace.outcome == "approve"

    found = [recourse.Change(one.amount, one.term_months) for one in offers]
    return recourse.changes(judging.room_of(case.judge.application), found, passes=passes)
