"""What a verdict must hold: true reasons, and why where it departs from the policy."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core.errors import Conflict
from apps.decisions import (
    inputs,
    policy_inputs,
    reason_codes,
    reason_list,
    tracing,
)
from apps.decisions.errors import VerdictRefused
from apps.decisions.models import ReviewCase
from apps.decisions.reason_codes import Listed
from apps.decisions.services import approving, lettering
from apps.decisions.services.approving import Terms
from apps.decisions.services.basis import Basis


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


def check(verdict: Verdict, case: ReviewCase, today: Basis, *, now: datetime) -> None:
    """Raise VerdictRefused with a sentence for every field that is not acceptable."""
    listed = _listed(case, now=now)
    fields = _faults(verdict, case, today, listed)
    if verdict.outcome == "approve":
        fields.update(approving.term_errors(case.application, verdict.terms(case.application)))
    # What cannot be approved at all is not priced to see whether it departs from the policy.
    priced = not {"outcome", "amount", "term_months"} & set(fields)
    if priced:
        fields.update(_unjustified(verdict, _recommended(verdict, case, today), listed))
    if fields:
        raise VerdictRefused("verdict_incomplete", _("The verdict is not complete."), fields=fields)


def require_as_given(case: ReviewCase, today: Basis, *, now: datetime) -> None:
    """Raise Conflict for a verdict that lacks something under a version in force since.

    It was given with what the version of that day asked for.
    """
    if today.replaced is None:
        return
    given = Verdict(
        outcome=case.verdict,
        codes=tuple(case.verdict_codes),
        note=case.verdict_note,
        amount=case.verdict_amount,
        term_months=case.verdict_term_months,
    )
    if _unjustified(given, _recommended(given, case, today), _listed(case, now=now)):
        raise Conflict(
            "policy_changed",
            _(
                "Another version of the credit policy is in force by now, and this verdict departs"
                " from what it recommends without saying why. Send the case back."
            ),
        )


def is_override(outcome: str, judged: Basis) -> bool:
    """Say whether a verdict departs from a recommendation and so needs a reason that allows it."""
    return bool(tracing.recommendation(judged.trace)) and must_justify(outcome, judged)


def must_justify(outcome: str, judged: Basis) -> bool:
    """Say whether a verdict departs from what the policy recommends and so needs a note."""
    return _departs(outcome, tracing.recommendation(judged.trace))


def counter_offer(verdict: Verdict, application: Application) -> dict[str, Any]:
    """Return the columns of a counter-offer, empty where the verdict is about what was asked."""
    terms = verdict.terms(application)
    if verdict.outcome != "approve" or terms.is_asked_for(application):
        return {"verdict_amount": None, "verdict_term_months": None}
    return {"verdict_amount": terms.amount, "verdict_term_months": terms.term_months}


def known_by(application: Application, today: Basis) -> dict[str, object]:
    """Return the policy inputs of the machine, or what is known where it was asked for none."""
    if today.inputs:
        return dict(today.inputs)
    affordability = applications.affordability(application)
    return dict(policy_inputs.to_json(inputs.unscored(application, affordability)))


def _listed(case: ReviewCase, *, now: datetime) -> Listed:
    entity = case.application.branch.entity
    return reason_list.in_force(entity, lettering.local_date(entity, now))


def _departs(outcome: str, recommended: str) -> bool:
    if not recommended:
        return outcome == "approve"
    return recommended in ("approve", "decline") and recommended != outcome


def _faults(verdict: Verdict, case: ReviewCase, today: Basis, listed: Listed) -> dict[str, object]:
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
    offers = counter_offer(verdict, case.application)["verdict_amount"] is not None
    if bool(reason_codes.counter_offers(weighed, listed)) and not offers:
        return {"codes": _("Nothing else than what was asked for is offered here.")}
    untrue = _untrue(verdict, case, today, listed)
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


def _recommended(verdict: Verdict, case: ReviewCase, today: Basis) -> str:
    """Return what the policy alone says of a verdict, of a counter-offer at its own terms."""
    if verdict.outcome != "approve":
        return tracing.recommendation(today.trace)
    terms = verdict.terms(case.application)
    return approving.recommended(case.application, today, terms)


def _untrue(verdict: Verdict, case: ReviewCase, today: Basis, listed: Listed) -> str:
    """Return why the record contradicts a reason given; empty where it contradicts none.

    Rule book 4.3: a reason accurately describes what counted against the applicant.
    """
    known = known_by(case.application, today)
    groundless = reason_codes.groundless(verdict.codes, listed, known)
    if groundless:
        return _("Nothing of this kind is on record: %(reasons)s.") % {
            "reasons": "; ".join(reason_list.words(listed[code]) for code in groundless)
        }
    contradicted = reason_codes.contradicted(verdict.codes, listed, today.trace)
    if contradicted:
        return _(
            "The record does not bear this reason: it met the policy's limit."
            " Choose another. (%(reasons)s)"
        ) % {"reasons": "; ".join(reason_list.words(listed[code]) for code in contradicted)}
    return ""
