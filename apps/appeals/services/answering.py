"""Answer an appeal in writing: uphold the decision or change it, within one's limit or by two."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.appeals import policies, selectors
from apps.appeals.errors import AnswerIncomplete, TookPart
from apps.appeals.models import Appeal, Correction, Reassessment
from apps.appeals.services import _ground, checking, telling
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.decisions import policies as decision_policies
from apps.decisions import selectors as decisions
from apps.decisions import services as deciding
from apps.decisions.errors import VerdictRefused
from apps.decisions.models import Decision
from apps.decisions.services import Verdict

UPHOLD, CHANGE = "uphold", "change"
LONGEST_ANSWER = 4_000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of the appeal, and the answer to the applicant in the reviewer's words.

    A change approves what was asked for, or less by `amount` and `term_months`. `codes` are
    reasons of the list, `note` says inside the house why it departs from the policy.
    """

    outcome: str
    text: str
    codes: tuple[str, ...] = ()
    note: str = ""
    amount: Decimal | None = None
    term_months: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what waits for a second signature; the text is kept sealed, apart."""
        return {
            "outcome": self.outcome,
            "codes": list(self.codes),
            "note": self.note,
            "amount": None if self.amount is None else str(self.amount),
            "term_months": self.term_months,
        }

    @classmethod
    def kept(cls, stored: dict[str, Any], text: str) -> "Answer":
        """Return the answer that waits for a second signature."""
        amount = stored["amount"]
        return cls(
            outcome=stored["outcome"],
            text=text,
            codes=tuple(stored["codes"]),
            note=stored["note"],
            amount=None if amount is None else Decimal(amount),
            term_months=stored["term_months"],
        )


@transaction.atomic
def answer(
    *, actor: User, appeal: Appeal, given: Answer, now: datetime, version: str = ""
) -> Appeal:
    """Answer an appeal one holds; above one's limit it waits for a second signature.

    The same answer sent again returns the appeal as it is. Raises NotPermitted, NotReviewer,
    TookPart, AnswerIncomplete, Conflict where something was decided since, and what decides
    refuses: VerdictRefused, BorrowerBlocked, ExposureExceeded.
    """
    found = _ground.locked(actor, appeal, policies.DECIDE)
    if _given_before(found, actor, given):
        return found
    found = checking.locked_for_reviewer(actor, found, version=version)
    _check(found, given)
    stands = _decided(found, given, people=[actor], now=now)
    if stands is not None:
        return _concluded(found, given, stands, actor=actor, now=now)
    found.answer = given.text.strip()
    found.save(update_fields=["answer"])
    found.move("propose", verdict=given.to_json())
    audit.record(
        actor,
        "appeals.proposed",
        found,
        case=found.application,
        outcome=given.outcome,
        codes=list(given.codes),
    )
    return found


@transaction.atomic
def countersign(*, actor: User, appeal: Appeal, now: datetime, version: str = "") -> Appeal:
    """Sign another person's answer, which then stands.

    Raises NotPermitted, TookPart, Conflict, StaleRecord when the answer is another than the one of
    `version`, and what deciding refuses.
    """
    found = _awaiting(actor, appeal, version=version)
    reviewer = found.reviewer
    if reviewer is None:
        raise Conflict("nobody_answered", _("This appeal has no answer to sign."))
    given = Answer.kept(found.verdict, found.answer or "")
    stands = _decided(found, given, people=[reviewer, actor], now=now)
    if stands is None:
        raise NotPermitted(
            "above_limit", _("The amount is above your own limit; somebody with more must sign.")
        )
    return _concluded(found, given, stands, actor=actor, signer=actor, now=now)


@transaction.atomic
def send_back(
    *, actor: User, appeal: Appeal, note: str, now: datetime, version: str = ""
) -> Appeal:
    """Disagree with another person's answer: it goes back with a note. Raises as `countersign`."""
    found = _awaiting(actor, appeal, version=version)
    if not note.strip():
        raise AnswerIncomplete({"note": _("Say why you do not agree.")})
    found.move("send_back", verdict={}, sent_back_note=note.strip())
    audit.record(
        actor,
        "appeals.sent_back",
        found,
        case=found.application,
        reviewer=str(found.reviewer_id),
        at=now.isoformat(),
    )
    return found


def _given_before(appeal: Appeal, actor: User, given: Answer) -> bool:
    return (
        appeal.status not in ("received", "acknowledged", "assigned")
        and appeal.reviewer_id == actor.pk
        and appeal.verdict == given.to_json()
        and (appeal.answer or "") == given.text.strip()
    )


def _awaiting(actor: User, appeal: Appeal, *, version: str) -> Appeal:
    found = _ground.locked(actor, appeal, policies.DECIDE, version=version)
    if not actor.has_perm(decision_policies.COUNTERSIGN):
        raise NotPermitted("not_permitted", _("Your role does not allow this with appeals."))
    if found.status != "awaiting_second":
        raise Conflict(
            "nothing_to_countersign",
            _("This appeal does not wait for a second signature any more."),
        )
    if found.reviewer_id == actor.pk:
        raise NotPermitted(
            "own_answer", _("The answer is yours; another person must sign it as well.")
        )
    if policies.why_not(actor, found):
        raise TookPart
    return found


def _check(appeal: Appeal, given: Answer) -> None:
    """Raise AnswerIncomplete with a sentence for every field that is not acceptable."""
    fields: dict[str, object] = {}
    if given.outcome not in (UPHOLD, CHANGE):
        fields["outcome"] = _("Uphold the decision or change it.")
    if not given.text.strip():
        fields["text"] = _("Write the answer that the applicant receives.")
    elif len(given.text) > LONGEST_ANSWER:
        fields["text"] = _("At most %(most)d signs.") % {"most": LONGEST_ANSWER}
    rows = list(appeal.corrections.all())
    if any(one.answer == Correction.Answer.ASKED for one in rows):
        fields["outcome"] = _("Look at everything that is said to be wrong before you answer.")
    accepted = any(one.answer == Correction.Answer.ACCEPTED for one in rows)
    if accepted and selectors.reassessment(appeal) is None:
        fields["outcome"] = _("Judge the case anew on the corrected facts before you answer.")
    if given.outcome == CHANGE and _offers_no_more(appeal, given):
        fields["amount"] = _("A change gives more than was offered before.")
    if fields:
        raise AnswerIncomplete(fields)


def _offers_no_more(appeal: Appeal, given: Answer) -> bool:
    """Say whether a changed offer is within the one appealed against."""
    if appeal.decision.outcome != "approve":
        return False
    application, before = appeal.application, appeal.decision
    amount = application.amount if given.amount is None else given.amount
    term = application.term_months if given.term_months is None else given.term_months
    return amount <= before.amount and term <= before.term_months


def _decided(
    appeal: Appeal, given: Answer, *, people: list[User], now: datetime
) -> Decision | None:
    """Return the decision that stands after the answer; None where it needs a second signature.

    Upholding a decline that was judged on corrected facts is a decision, too: it names the reasons
    that hold now. Upholding anything else leaves what was decided.
    """
    judged = selectors.reassessment(appeal)
    upheld = given.outcome == UPHOLD
    if upheld and (judged is None or appeal.decision.outcome != "decline"):
        latest = decisions.latest(appeal.application)
        if latest is None or latest.pk != appeal.decision_id:
            raise Conflict("decided_since", _("The application was decided again since."))
        return appeal.decision
    verdict = Verdict(
        outcome="decline" if upheld else "approve",
        codes=given.codes,
        note=given.note,
        amount=None if upheld else given.amount,
        term_months=None if upheld else given.term_months,
    )
    appealed = appeal.decision
    appealed.application = appeal.application
    try:
        return deciding.decide_appealed(
            appealed=appealed,
            judged=appealed if judged is None else _as_decision(judged),
            people=people,
            verdict=verdict,
            now=now,
        )
    except VerdictRefused as refusal:
        raise _beside_answer(refusal) from refusal


def _beside_answer(refusal: VerdictRefused) -> DomainError:
    """Return the refusal of a verdict in the words of an answer; the fields have the same names."""
    return AnswerIncomplete(dict(refusal.fields))


def _as_decision(judged: Reassessment) -> Decision:
    names = ("outcome", "policy", "score_run", "inputs", "trace", "reasons", "annual_rate")
    return Decision(**{name: getattr(judged, name) for name in names})


def _concluded(
    appeal: Appeal,
    given: Answer,
    stands: Decision,
    *,
    actor: User,
    now: datetime,
    signer: User | None = None,
) -> Appeal:
    """Close the appeal with its letter, in the caller's transaction."""
    judged = selectors.reassessment(appeal)
    letter = telling.tell(
        actor=actor,
        appeal=appeal,
        text=given.text.strip(),
        upheld=given.outcome == UPHOLD,
        stands=stands,
        judged=judged,
        now=now,
    )
    appeal.answer = given.text.strip()
    appeal.save(update_fields=["answer"])
    appeal.move(
        _action(appeal, given, stands),
        verdict=given.to_json(),
        second_by=signer,
        answered_at=now,
        ended_at=now,
        outcome=None if stands.pk == appeal.decision_id else stands,
        letter=letter,
    )
    audit.record(
        actor,
        "appeals.answered",
        appeal,
        case=appeal.application,
        outcome=appeal.status,
        decision=str(stands.pk),
        reviewer=str(appeal.reviewer_id),
        due=appeal.due_date.isoformat(),
    )
    return appeal


def _action(appeal: Appeal, given: Answer, stands: Decision) -> str:
    if given.outcome == UPHOLD:
        return "uphold"
    asked = (appeal.application.amount, appeal.application.term_months)
    return "change" if (stands.amount, stands.term_months) == asked else "change_partly"
