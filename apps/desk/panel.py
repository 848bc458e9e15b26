"""What the desk shows beside a case: its place, notes, requests, escalations, files, and forms."""

from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.core import dates
from apps.decisions import policies as decisions
from apps.decisions.models import ReviewCase
from apps.desk import forms, policies, presentation, selectors
from apps.desk.services import attaching


def of_case(
    actor: User, case: ReviewCase, *, now: datetime, bound: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the context of the panel; `bound` holds forms with errors by their names."""
    may_work = policies.may_work_on(actor, case)
    escalations = list(selectors.escalations(case))
    standing_one = next((one for one in escalations if one.status == "open"), None)
    context: dict[str, Any] = {
        "case": case,
        "standing": presentation.standing(case, now=now),
        "notes": list(selectors.notes(case)),
        "information": list(selectors.information(case)),
        "escalations": escalations,
        "open_escalation": standing_one,
        "attachments": list(selectors.attachments(case)),
        "holds": decisions.holds(actor, case, now=now),
        "may_work": may_work,
        "may_assign": policies.may_assign(actor, case),
        "may_answer": standing_one is not None and policies.may_answer(actor, standing_one, case),
        "may_take_back": decisions.may_take_back(actor, case),
        "may_download": actor.has_perm(attaching.DOWNLOAD),
        "answer_form": forms.AnswerForm(auto_id="id_answer_%s"),
    }
    if may_work:
        context |= _forms(actor, case, escalated=standing_one is not None, now=now)
    return {**context, **(bound or {})}


def _forms(actor: User, case: ReviewCase, *, escalated: bool, now: datetime) -> dict[str, Any]:
    today = dates.local_date(now, case.application.branch.entity.time_zone)
    found: dict[str, Any] = {
        "note_form": forms.NoteForm(auto_id="id_note_%s"),
        "ask_form": forms.InformationForm(initial=forms.in_a_week(today), auto_id="id_ask_%s"),
        "attach_form": forms.AttachmentForm(auto_id="id_attach_%s"),
        "take_back_form": forms.WhyForm(auto_id="id_take_back_%s"),
    }
    if not escalated:
        managers = selectors.managers(case, besides=actor)
        found["escalate_form"] = forms.ToPersonForm(people=managers, auto_id="id_escalate_%s")
    if policies.may_assign(actor, case):
        people = selectors.reviewers(case)
        found["assign_form"] = forms.ToPersonForm(people=people, auto_id="id_assign_%s")
    return found
