"""People decide: a verdict with reasons, and a second signature above the first one's limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.decisions import (
    hooks,
    inputs,
    policies,
    policy_inputs,
    reason_codes,
    reason_list,
    reasons,
    tracing,
)
from apps.decisions.errors import NotHolder, VerdictRefused
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.reason_codes import Listed
from apps.decisions.services import approving, lettering, recording, room
from apps.decisions.services.approving import Terms
from apps.decisions.services.claiming import locked_case, permit, require_independent


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a reviewer decided and why: codes of the managed list, and a note in own words.

    An approval for less or for another term than was asked for is a counter-offer; None is what
    was asked for.
    """

    outcome: str
    codes: tuple[str, ...]
    note: str = ""
    amount: Decimal | None = None
    term_months: int | None = None

    def terms(self, application: Application) -> Terms:
        """Return the amount and term the verdict is about."""
        return Terms(
            application.amount if self.amount is None else self.amount,
            application.term_months if self.term_months is None else self.term_months,
        )


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
    _check(verdict, found, now=now)
    given = {
        "verdict": verdict.outcome,
        "verdict_by": actor,
        "verdict_codes": list(verdict.codes),
        "verdict_note": verdict.note,
        "verdict_at": now,
        **_counter_offer(verdict, found.application),
    }
    if policies.has_authority(actor, found.application, amount=given["verdict_amount"]):
        found.move("close", closed_at=now, **given)
        _conclude(found, actor=actor, signer=None, now=now)
    else:
        _require_room(verdict.outcome, verdict.terms(found.application), found, now=now)
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

    Raises NotPermitted, OwnSubmission, Conflict for one's own verdict or an amount above one's
    own limit, StaleRecord when the verdict is another than the one of `version`,
    BorrowerBlocked and ExposureExceeded as `decide` does.
    """
    found = _awaiting(actor, case, version=version)
    if not policies.has_authority(actor, found.application, amount=found.verdict_amount):
        raise NotPermitted(
            "above_limit", _("The amount is above your own limit; somebody with more must sign.")
        )
    found.move("countersign", closed_at=now)
    audit.record(actor, "decisions.countersigned", found, case=found.application)
    _conclude(found, actor=actor, signer=actor, now=now)
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


def require_other_than_reopener(actor: User, case: ReviewCase) -> None:
    """Raise NotPermitted for the verdict of who took the decision up anew."""
    if case.referral.decided_by_id == actor.pk:
        raise NotPermitted(
            "own_reopening",
            _("You took this decision up anew yourself; another person must give the verdict."),
        )


def is_override(outcome: str, case: ReviewCase) -> bool:
    """Say whether a verdict departs from a recommendation and so needs a reason that allows it."""
    return bool(tracing.recommendation(case.referral.trace)) and must_justify(outcome, case)


def must_justify(outcome: str, case: ReviewCase) -> bool:
    """Say whether a verdict departs from what the policy recommends and so needs a note."""
    return _departs(outcome, tracing.recommendation(case.referral.trace))


def _departs(outcome: str, recommended: str) -> bool:
    if not recommended:
        return outcome == "approve"
    return recommended in ("approve", "decline") and recommended != outcome


def _given_before(case: ReviewCase, actor: User, verdict: Verdict) -> bool:
    """Say whether this very verdict stands or waits already: by this person, and not undone."""
    same = (case.verdict, case.verdict_by_id, case.verdict_codes, case.verdict_note)
    given = (verdict.outcome, actor.pk, list(verdict.codes), verdict.note)
    offered = (case.verdict_amount, case.verdict_term_months)
    return (
        case.status in ("awaiting_second", "closed")
        and same == given
        and offered == tuple(_counter_offer(verdict, case.application).values())
    )


def _counter_offer(verdict: Verdict, application: Application) -> dict[str, Any]:
    """Return the columns of a counter-offer, empty where the verdict is about what was asked."""
    terms = verdict.terms(application)
    if verdict.outcome != "approve" or terms.is_asked_for(application):
        return {"verdict_amount": None, "verdict_term_months": None}
    return {"verdict_amount": terms.amount, "verdict_term_months": terms.term_months}


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


def _check(verdict: Verdict, case: ReviewCase, *, now: datetime) -> None:
    """Raise VerdictRefused with a sentence for every field that is not acceptable."""
    entity = case.application.branch.entity
    listed = reason_list.in_force(entity, lettering.local_date(entity, now))
    fields = _faults(verdict, case, listed)
    if verdict.outcome == "approve":
        fields.update(approving.term_errors(case.application, verdict.terms(case.application)))
    # What cannot be approved at all is not priced to see whether it departs from the policy.
    priced = not {"outcome", "amount", "term_months"} & set(fields)
    if priced:
        fields.update(_unjustified(verdict, _recommended(verdict, case), listed))
    if fields:
        raise VerdictRefused("verdict_incomplete", _("The verdict is not complete."), fields=fields)


def _faults(verdict: Verdict, case: ReviewCase, listed: Listed) -> dict[str, object]:
    """Return what is wrong with outcome and reasons, by field."""
    if verdict.outcome not in ("approve", "decline"):
        return {"outcome": _("Approve or decline.")}
    if reason_codes.misfits(verdict.codes, listed, verdict=verdict.outcome):
        return {"codes": _("These reasons do not belong to this verdict.")}
    weighed = set(verdict.codes) - set(reason_codes.overrides(verdict.codes, listed))
    if not weighed:
        return {"codes": _("Choose at least one reason.")}
    if len(weighed) > reason_codes.MOST_CODES:
        return {"codes": _("Choose the four reasons that weighed most.")}
    offers = _counter_offer(verdict, case.application)["verdict_amount"] is not None
    if bool(reason_codes.counter_offers(weighed, listed)) and not offers:
        return {"codes": _("Nothing else than what was asked for is offered here.")}
    untrue = _untrue(verdict, case, listed)
    return {"codes": untrue} if untrue else {}


def _unjustified(verdict: Verdict, recommended: str, listed: Listed) -> dict[str, object]:
    """Return what a departure from the recommendation lacks: a note, and a reason that allows it.

    Where nothing was recommended there is nothing to override; an approval then needs a note.
    """
    fields: dict[str, object] = {}
    if not _departs(verdict.outcome, recommended):
        return fields
    if not verdict.note.strip():
        fields["note"] = _("This departs from what the policy recommends; say why.")
    if recommended and not reason_codes.overrides(verdict.codes, listed):
        fields["override_codes"] = _(
            "This departs from what the policy recommends; choose the reason that allows it."
        )
    return fields


def _recommended(verdict: Verdict, case: ReviewCase) -> str:
    """Return what the policy alone says of a verdict, of a counter-offer at its own terms."""
    if verdict.outcome != "approve":
        return tracing.recommendation(case.referral.trace)
    terms = verdict.terms(case.application)
    return approving.recommended(case.application, case.referral, terms)


def _untrue(verdict: Verdict, case: ReviewCase, listed: Listed) -> str:
    """Return why the record contradicts a reason given; empty where it contradicts none.

    Rule book 4.3: a reason accurately describes what counted against the applicant.
    """
    known = _known(case.application, case.referral)
    groundless = reason_codes.groundless(verdict.codes, listed, known)
    if groundless:
        return _("Nothing of this kind is on record: %(reasons)s.") % {
            "reasons": "; ".join(reason_list.words(listed[code]) for code in groundless)
        }
    contradicted = reason_codes.contradicted(verdict.codes, listed, case.referral.trace)
    if contradicted:
        return _(
            "The record does not bear this reason: it met the policy's limit."
            " Choose another. (%(reasons)s)"
        ) % {"reasons": "; ".join(reason_list.words(listed[code]) for code in contradicted)}
    return ""


def _conclude(case: ReviewCase, *, actor: User, signer: User | None, now: datetime) -> Decision:
    """Write the decision the verdict has become, with its letter."""
    application, referral = case.application, case.referral
    judged = _judged(case, actor=actor, now=now)
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
    hooks.ended(case, actor=actor, now=now)
    return decision


def _judged(case: ReviewCase, *, actor: User, now: datetime) -> dict[str, Any]:
    """Return what the decision is about: an approval judged today, a decline as it was referred."""
    application, referral = case.application, case.referral
    if case.verdict != "approve":
        return {
            "policy": referral.policy,
            "score_run": referral.score_run,
            "inputs": _known(application, referral),
            "trace": referral.trace,
            "annual_rate": referral.annual_rate,
        }
    terms = _terms_of(case)
    _require_room("approve", terms, case, now=now)
    judged = approving.columns(
        actor=actor, application=application, judged_before=referral, terms=terms, now=now
    )
    return {**judged, "valid_until": approving.valid_until(application, terms, now=now)}


def _terms_of(case: ReviewCase) -> Terms:
    if case.verdict_amount is None or case.verdict_term_months is None:
        return Terms(case.application.amount, case.application.term_months)
    return Terms(case.verdict_amount, case.verdict_term_months)


def _require_room(outcome: str, terms: Terms, case: ReviewCase, *, now: datetime) -> None:
    if outcome == "approve":
        room.require_room(case.application, terms.amount, judged_before=case.referral, now=now)


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


def _known(application: Application, referral: Decision) -> dict[str, object]:
    """Return the policy inputs the machine saw, or those of today where it saw none."""
    if referral.inputs:
        return dict(referral.inputs)
    affordability = applications.affordability(application)
    return dict(policy_inputs.to_json(inputs.unscored(application, affordability)))
