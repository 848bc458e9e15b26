"""Ask a manager to look at a case, and answer."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.decisions import services as cases
from apps.decisions.models import ReviewCase
from apps.desk import policies, selectors
from apps.desk.models import Escalation
from apps.desk.services import clock, working


@transaction.atomic
def escalate(
    *, actor: User, case: ReviewCase, to: User, why: str, now: datetime, version: str = ""
) -> Escalation:
    """Ask a manager to look at a case; it goes to the top of the queue until answered.

    Raises as `working.locked`, Conflict where it is escalated already, DomainError where the person
    cannot take it or without a reason.
    """
    found = working.locked(actor, case.pk, version=version)
    said = working.text(why, field="why", lacking=_("Say why."))
    if Escalation.objects.filter(case=found, status="open").exists():
        raise Conflict("escalated_already", _("This case is escalated already."))
    if to.pk not in {one.pk for one in selectors.managers(found, besides=actor)}:
        sentence = _("This person cannot take an escalation of this case.")
        raise DomainError("person_unfit", sentence, fields={"to": sentence})
    raised = Escalation(case=found, to=to, why=said, raised_by=actor, raised_at=now)
    raised.save(force_insert=True)
    clock.rerank(found)
    audit.record(actor, "desk.escalated", raised, case=found.application, to=str(to.pk))
    return raised


@transaction.atomic
def answer_escalation(
    *, actor: User, escalation: Escalation, answer: str, now: datetime
) -> Escalation:
    """Answer an escalation; the case goes back to its ordinary place.

    Whoever gives cases to people may answer, not only the person asked. Raises NotPermitted,
    OwnSubmission, Connected, NotVisible, Conflict where it was answered, DomainError without an
    answer.
    """
    seen = get_visible(Escalation.objects.all(), actor, pk=escalation.pk)
    case = cases.locked_case(actor, seen.case_id)
    if not actor.has_perm(policies.ASSIGN) or seen.raised_by_id == actor.pk:
        raise NotPermitted("not_permitted", _("A manager other than who escalated answers this."))
    working.require_apart(actor, case.application)
    said = working.text(answer, field="answer", lacking=_("Write the answer first."))
    found = Escalation.objects.select_for_update(of=("self",)).get(pk=seen.pk)
    if found.status != "open":
        raise Conflict("escalation_ended", _("This escalation has ended in the meantime."))
    found.answer = said
    found.save(update_fields=["answer"])
    found.move("answer", ended_by=actor, ended_at=now)
    clock.rerank(case)
    audit.record(actor, "desk.escalation_answered", found, case=case.application)
    return found
