"""Write a decision down once: the row, the application's move, the letter, the audit event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import rows
from apps.decisions import fingerprint, hooks
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.reasons import Reason, cause_codes
from apps.decisions.recourse import Change
from apps.decisions.services import lettering
from apps.letters.models import Letter
from apps.scoring import services as scoring

_VERBS = {
    "approve": "decisions.approved",
    "refer": "decisions.referred",
    "decline": "decisions.declined",
}


def record(
    *,
    actor: User | str,
    application: Application,
    decision: Decision,
    changes: tuple[Change, ...] | None = None,
    actions: tuple[str, ...] = (),
) -> Decision:
    """Store a new decision with everything that follows from it, in the caller's transaction.

    The caller has given the next number, and of two callers one is refused by the unique
    constraint or by the application's move. A decision without an amount of its own is on what
    was asked for. An approval or decline gets its letter, a referral its case in the queue.
    `actions` are how the application moves, where it is not by the name of the outcome alone.
    Raises LetterImpossible.
    """
    complete(application, decision)
    if decision.outcome != "refer":
        decision.letter = lettering.issue(
            actor=actor, application=application, decision=decision, changes=changes
        )
    decision.save()
    _note(actor, application, decision)
    audit.append_along()
    scored = {"score_run": decision.score_run} if "score" in actions else {}
    application.move(*(actions or (decision.outcome,)), **scored)
    if decision.outcome == "refer":
        _open_case(application, decision, opened_at=decision.decided_at)
    return decision


@dataclass(frozen=True)
class Made:
    """A new decision of a machine that is not stored yet, with its letter; a referral has none."""

    decision: Decision
    letter: Letter | None


def record_all(*, actor: User | str, made: Sequence[Made]) -> None:
    """Store decisions of a machine on different applications, in the caller's transaction.

    What comes of each is what `record` does of one that was scored: the run, the letter, the
    decision, the application's move, the case in the queue, and the events. Each is `complete`.
    Raises LetterImpossible, Conflict, StaleRecord and IntegrityError for all of them.
    """
    decisions = [one.decision for one in made]
    scoring.keep_all(
        actor=actor, runs=[one.score_run for one in decisions if one.score_run is not None]
    )
    told = [one for one in made if one.letter is not None]
    written = lettering.issue_all(
        actor=actor, composed=[one.letter for one in told if one.letter is not None]
    )
    for one, letter in zip(told, written, strict=True):
        one.decision.letter = letter
    rows.insert_all(decisions)
    for decision in decisions:
        _note(actor, decision.application, decision)
    audit.append_along()
    Application.move_each(
        [
            (one.application, ("score", one.outcome), {"score_run": one.score_run})
            for one in decisions
        ]
    )
    for decision in decisions:
        if decision.outcome == "refer":
            _open_case(decision.application, decision, opened_at=decision.decided_at)


def complete(application: Application, decision: Decision) -> None:
    """Say in a new decision whose it is; without an amount of its own it is on what was asked."""
    decision.application = application
    decision.submitted_by_id = application.submitted_by_id
    if decision.amount is None:
        decision.amount = application.amount
        decision.term_months = application.term_months


def _note(actor: User | str, application: Application, decision: Decision) -> None:
    """Record the event by which the decision is found, and proved to be what it was."""
    audit.record(
        actor,
        _VERBS[decision.outcome],
        decision,
        case=application,
        kind=decision.kind,
        reasons=[reason["code"] for reason in decision.reasons],
        failure=decision.failure,
        policy=str(decision.policy_id or ""),
        score_run=str(decision.score_run_id or ""),
        content_sha256=fingerprint.of_decision(decision),
        policy_sha256=decision.policy.sha256 if decision.policy is not None else "",
        # By these the policy chose its rules and bands; the decision's own row does not hold them.
        product=application.product.code,
        currency=application.currency,
    )


def _open_case(application: Application, decision: Decision, *, opened_at: datetime) -> None:
    causes = cause_codes(Reason.from_json(stored) for stored in decision.reasons)
    case = ReviewCase(
        application=application,
        referral=decision,
        causes=causes,
        opened_at=opened_at,
        due_at=opened_at,
    )
    hooks.opens(case)
    case.save(force_insert=True)
