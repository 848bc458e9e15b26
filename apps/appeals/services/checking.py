"""Look at what an appeal says is wrong, and judge the case anew on corrected facts."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.appeals import correctable, policies, selectors
from apps.appeals.errors import AnswerIncomplete, NotReviewer, TookPart
from apps.appeals.models import Appeal, Correction, Evidence, Reassessment
from apps.appeals.services import _ground, asking
from apps.applications import services as applications
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.customers import services as customers
from apps.customers.models import Document
from apps.decisions import selectors as decisions
from apps.decisions import services as deciding


def locked_for_reviewer(actor: User, appeal: Appeal, *, version: str = "") -> Appeal:
    """Return the appeal the person holds, locked, and still without a part in the decision."""
    found = _ground.locked(actor, appeal, policies.DECIDE, version=version)
    _ground.require_open(found)
    if found.reviewer_id != actor.pk or found.status != "assigned":
        raise NotReviewer
    if policies.why_not(actor, found):
        raise TookPart
    return found


@transaction.atomic
def answer_correction(
    *, actor: User, correction: Correction, accept: bool, source: str, now: datetime
) -> Correction:
    """Accept a corrected value with what shows it, or refuse it because nothing does.

    `source` is the key of a file of the appeal or a document of the customer. Raises NotReviewer,
    NotPermitted for one's own claim, Conflict where it was looked at already, AnswerIncomplete, and
    AppealIncomplete where net would lie above gross: of two values the other one is accepted first.
    """
    seen = get_visible(Correction.objects.select_related("appeal"), actor, pk=correction.pk)
    appeal = locked_for_reviewer(actor, seen.appeal)
    found = Correction.objects.select_for_update(of=("self",)).get(pk=seen.pk)
    if found.claimed_by_id == actor.pk:
        raise NotPermitted("own_claim", _("You made this claim; another person must look at it."))
    if found.answer != Correction.Answer.ASKED:
        raise Conflict("correction_answered", _("This was looked at already."))
    if accept:
        _require_consistent(appeal, found)
    found.source = _source(appeal, source) if accept else ""
    found.answer = Correction.Answer.ACCEPTED if accept else Correction.Answer.REFUSED
    found.answered_by, found.answered_at = actor, now
    found.save(update_fields=["answer", "source", "answered_by", "answered_at", "updated_at"])
    audit.record(
        actor,
        "appeals.correction_answered",
        appeal,
        case=appeal.application,
        fact=found.fact,
        answer=found.answer,
        source=found.source,
    )
    return found


@transaction.atomic
def judge_anew(*, actor: User, appeal: Appeal, now: datetime) -> Reassessment:
    """Correct what was accepted, take the facts anew, and let model and policy judge again.

    Nothing is decided by it: the answer rests on it. What was decided keeps its own facts. Raises
    NotReviewer, Conflict while a correction waits to be looked at or where something was decided
    since, NotReady, ScoringFailed and AssessmentFailed where no machine can judge.
    """
    found = locked_for_reviewer(actor, appeal)
    application = found.application
    latest = decisions.latest(application)
    if latest is None or latest.pk != found.decision_id:
        raise Conflict("decided_since", _("The application was decided again since."))
    rows = list(found.corrections.select_for_update().order_by("fact"))
    if any(one.answer == Correction.Answer.ASKED for one in rows):
        raise Conflict(
            "corrections_wait", _("Look at everything that is said to be wrong before you go on.")
        )
    before = selectors.facts(application)
    _correct(actor, found, rows, now=now)
    changed = applications.take_facts_anew(actor=actor, application=application, now=now)
    judged = deciding.judge_anew(actor=actor, application=application, now=now)
    made = Reassessment.objects.create(
        appeal=found,
        made_by=actor,
        made_at=now,
        facts_before=_first(found, before),
        facts_after=selectors.facts(application),
        **{
            name: getattr(judged, name)
            for name in (
                *("outcome", "policy", "score_run", "inputs", "trace"),
                *("reasons", "reason_codes", "annual_rate"),
            )
        },
    )
    audit.record(
        actor,
        "appeals.judged_anew",
        found,
        case=application,
        outcome=made.outcome,
        facts=changed,
        score_run=str(judged.score_run_id),
        policy=str(judged.policy_id),
    )
    return made


def _require_consistent(appeal: Appeal, found: Correction) -> None:
    """Raise AppealIncomplete where a value contradicts what stands and was accepted before."""
    accepted = appeal.corrections.filter(answer=Correction.Answer.ACCEPTED)
    facts = {one.fact: one.claimed for one in (*accepted, found)}
    stands = selectors.facts(appeal.application)
    asking.refuse_net_above_gross({**stands, **facts}, (found.fact,))


def _correct(actor: User, appeal: Appeal, rows: list[Correction], *, now: datetime) -> None:
    """Record the accepted values that are not on record yet."""
    stands = selectors.facts(appeal.application)
    values = {
        one.fact: correctable.read(one.fact, one.claimed)
        for one in rows
        if one.answer == Correction.Answer.ACCEPTED and stands.get(one.fact) != one.claimed
    }
    if values:
        customers.correct_facts(
            actor=actor,
            customer=appeal.application.customer,
            values=values,
            source=audit.reference(appeal),
            now=now,
        )


def _first(appeal: Appeal, now: dict[str, str]) -> dict[str, str]:
    """Return the facts the appealed decision rested on, however often they were taken anew."""
    # One withdrawn before this has perhaps corrected some of them.
    against = Reassessment.objects.filter(appeal__decision=appeal.decision_id)
    earliest = against.order_by("made_at").first()
    return now if earliest is None else dict(earliest.facts_before)


def _source(appeal: Appeal, key: str) -> str:
    """Return the reference of what shows the value. Raises AnswerIncomplete."""
    sentence = _("Choose the file that shows the right value.")
    kind, _colon, pk = key.partition(":")
    try:
        if kind == "file":
            return audit.reference(Evidence.objects.only("pk").get(appeal=appeal, pk=pk))
        if kind == "document":
            customer = appeal.application.customer_id
            return audit.reference(Document.objects.only("pk").get(customer=customer, pk=pk))
    except (Evidence.DoesNotExist, Document.DoesNotExist, ValidationError) as unknown:
        # A key that is no UUID does not validate.
        raise AnswerIncomplete({"source": sentence}) from unknown
    raise AnswerIncomplete({"source": sentence})
