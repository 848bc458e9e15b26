"""People decide: a verdict with reasons, and a second signature above the first one's limit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import rows
from apps.core.errors import Conflict, NotPermitted
from apps.decisions import (
    hooks,
    independence,
    policies,
    reason_codes,
    reason_list,
    reasons,
    tracing,
)
from apps.decisions.errors import NotHolder, VerdictRefused
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.reason_codes import Listed
from apps.decisions.services import approving, basis, recording, room, verdicts
from apps.decisions.services.approving import Terms
from apps.decisions.services.basis import Basis
from apps.decisions.services.claiming import (
    locked_case,
    permit,
    require_independent,
    require_other_than_reopener,
)
from apps.decisions.services.verdicts import Verdict


@transaction.atomic
def decide(*, actor: User, case: ReviewCase, verdict: Verdict, now: datetime) -> ReviewCase:
    """Decide a case one holds, or propose the verdict for a second signature above one's limit.

    The same verdict sent again by the same person returns the case as it is and decides nothing.
    Raises NotPermitted, OwnSubmission, Connected, NotHolder, VerdictRefused with what is lacking,
    BorrowerBlocked, ExposureExceeded where other approvals of the borrower left no room, and
    StaleRecord or Conflict when somebody was faster.
    """
    found = locked_case(actor, case.pk)
    permit(actor, found, policies.REVIEW)
    if _given_before(found, actor, verdict):
        return found
    require_independent(actor, found.application)
    require_other_than_reopener(actor, found)
    if not policies.holds(actor, found, now=now):
        raise NotHolder
    today = basis_of(found, now=now)
    verdicts.check(verdict, found, today, now=now)
    given = {
        "verdict": verdict.outcome,
        "verdict_by": actor,
        "verdict_codes": list(verdict.codes),
        "verdict_note": verdict.note,
        "verdict_at": now,
        **verdicts.counter_offer(verdict, found.application),
    }
    if policies.has_authority(actor, found.application, amount=given["verdict_amount"]):
        found.move("close", closed_at=now, **given)
        _conclude(found, today, actor=actor, signer=None, now=now)
    else:
        _require_room(verdict.outcome, verdict.terms(found.application), found, today, now=now)
        found.move("propose", **given)
        audit.record(
            actor,
            "decisions.verdict_given",
            found,
            case=found.application,
            verdict=verdict.outcome,
            codes=list(verdict.codes),
        )
    return found


@transaction.atomic
def countersign(*, actor: User, case: ReviewCase, now: datetime, version: str = "") -> ReviewCase:
    """Agree with another person's verdict, which then stands.

    Raises NotPermitted (also for who took the decision up anew), OwnSubmission, Conflict for one's
    own verdict or an amount above one's own limit, for a verdict that would lack something under a
    policy that came into force since, or whose giver has turned out to be close to the borrower,
    StaleRecord when the verdict is another than the one of `version`, BorrowerBlocked and
    ExposureExceeded as `decide` does.
    """
    found = _awaiting(actor, case, version=version)
    require_other_than_reopener(actor, found)
    if not policies.has_authority(actor, found.application, amount=found.verdict_amount):
        raise NotPermitted(
            "above_limit", _("The amount is above your own limit; somebody with more must sign.")
        )
    _require_independent_verdict(found)
    today = basis_of(found, now=now)
    verdicts.require_as_given(found, today, now=now)
    found.move("countersign", closed_at=now)
    audit.record(actor, "decisions.countersigned", found, case=found.application)
    _conclude(found, today, actor=actor, signer=actor, now=now)
    return found


@transaction.atomic
def send_back(
    *, actor: User, case: ReviewCase, note: str, now: datetime, version: str = ""
) -> ReviewCase:
    """Disagree with another person's verdict: the case returns to the queue. A note says why.

    Raises as `countersign`, and VerdictRefused without a note.
    """
    found = _awaiting(actor, case, version=version)
    if not note.strip():
        sentence = _("Say why you do not agree.")
        raise VerdictRefused("note_required", sentence, fields={"note": sentence})
    audit.record(
        actor,
        "decisions.countersign_refused",
        found,
        case=found.application,
        verdict=found.verdict,
        verdict_by=str(found.verdict_by_id),
        codes=found.verdict_codes,
        at=now.isoformat(),
    )
    return found.move(
        "send_back",
        claimed_by=None,
        claimed_at=None,
        claim_until=None,
        verdict="",
        verdict_by=None,
        verdict_codes=[],
        verdict_note=note.strip(),
        verdict_at=None,
        verdict_amount=None,
        verdict_term_months=None,
    )


def basis_of(case: ReviewCase, *, now: datetime) -> Basis:
    """Return what a case is decided by now: the policy in force, not that of the referral."""
    return basis.of_decided(case.application, case.referral, now=now)


def _given_before(case: ReviewCase, actor: User, verdict: Verdict) -> bool:
    """Say whether this very verdict stands or waits already: by this person, and not undone."""
    same = (case.verdict, case.verdict_by_id, case.verdict_codes, case.verdict_note)
    given = (verdict.outcome, actor.pk, list(verdict.codes), verdict.note)
    offered = (case.verdict_amount, case.verdict_term_months)
    return (
        case.status in ("awaiting_second", "closed")
        and same == given
        and offered == tuple(verdicts.counter_offer(verdict, case.application).values())
    )


def _awaiting(actor: User, case: ReviewCase, *, version: str) -> ReviewCase:
    found = locked_case(actor, case.pk, version=version)
    permit(actor, found, policies.COUNTERSIGN)
    require_independent(actor, found.application)
    if found.status != "awaiting_second":
        raise Conflict(
            "nothing_to_countersign", _("This case does not wait for a second signature any more.")
        )
    if found.verdict_by_id == actor.pk:
        raise NotPermitted(
            "own_verdict", _("The verdict is yours; another person must sign it as well.")
        )
    return found


def _require_independent_verdict(case: ReviewCase) -> None:
    """Raise Conflict where the first person declared since that they must keep out of the case."""
    giver = case.verdict_by
    if giver is not None and independence.is_connected(giver, case.application):
        raise Conflict(
            "verdict_connected",
            _("%(name)s is connected with the borrower or a guarantor.") % {"name": giver},
        )


def _conclude(
    case: ReviewCase, today: Basis, *, actor: User, signer: User | None, now: datetime
) -> Decision:
    """Write the decision the verdict has become, with its letter."""
    application, referral = case.application, case.referral
    judged = _judged(case, today, actor=actor, now=now)
    verdict = Decision(
        number=referral.number + 1,
        kind=Decision.Kind.HUMAN,
        outcome=case.verdict,
        reasons=_stored_reasons(case, judged["inputs"]),
        reason_codes=case.verdict_codes,
        recommendation=referral.recommendation,
        note=case.verdict_note,
        decided_by=case.verdict_by,
        countersigned_by=signer,
        decided_at=now,
        **judged,
    )
    decision = recording.record(actor=actor, application=application, decision=verdict)
    said = tracing.recommendation(decision.trace)
    rows.change(case, {"recommended": said}, while_={"status": "closed"})
    hooks.ended(case, actor=actor, now=now)
    return decision


def _judged(case: ReviewCase, today: Basis, *, actor: User, now: datetime) -> dict[str, Any]:
    """Return what the decision is about, by the policy in force now.

    An approval is judged on the books of today. So is a decline where another version is in force
    than judged the referral; by the same version it stands as it was referred.
    """
    application = case.application
    if case.verdict != "approve":
        return {
            "policy": today.policy,
            "score_run": today.score_run,
            "inputs": verdicts.known_by(application, today),
            "trace": today.trace,
            "annual_rate": today.annual_rate,
            "instalment": today.instalment,
        }
    terms = _terms_of(case)
    _require_room("approve", terms, case, today, now=now)
    judged = approving.columns(
        actor=actor, application=application, judged_before=today, terms=terms, now=now
    )
    return {**judged, **approving.validity(application, terms, now=now)}


def _terms_of(case: ReviewCase) -> Terms:
    if case.verdict_amount is None or case.verdict_term_months is None:
        return Terms(case.application.amount, case.application.term_months)
    return Terms(case.verdict_amount, case.verdict_term_months)


def _require_room(
    outcome: str, terms: Terms, case: ReviewCase, today: Basis, *, now: datetime
) -> None:
    if outcome == "approve":
        room.require_room(case.application, terms.amount, judged_before=today, now=now)


def _stored_reasons(case: ReviewCase, known: Mapping[str, object]) -> list[dict[str, Any]]:
    listed = reason_list.ever(case.verdict_codes)
    found = of_codes(case.verdict_codes, known, listed=listed, outcome=case.verdict)
    return [one.to_json() for one in found]


def of_codes(
    codes: list[str], known: Mapping[str, object], *, listed: Listed, outcome: str
) -> list[reasons.Reason]:
    """Return reviewers' codes as reasons with the applicant's own values."""
    found = []
    for code in reason_codes.told(codes, listed, verdict=outcome):
        one = listed[code]
        value = known.get(one.input) if one.input else None
        found.append(
            reasons.Reason(
                code=f"person.{code}",
                source="person",
                about=one.input,
                value=value,
                words=dict(one.words),
            )
        )
    return found
