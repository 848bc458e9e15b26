"""What the page of one appeal shows: the request, the facts side by side, and what may be done."""

from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.appeals import forms, policies, presentation, selectors, services
from apps.appeals.models import Appeal, Correction, Ground, Reassessment
from apps.audit import services as audit
from apps.core import dates
from apps.customers import selectors as customers
from apps.decisions import reason_codes, reason_list, sentences
from apps.decisions import selectors as decisions


def context(actor: User, appeal: Appeal, *, now: datetime, bound: Any = None) -> dict[str, Any]:
    """Return everything the page shows; `bound` is a form with errors."""
    application = appeal.application
    today = dates.local_date(now, application.branch.entity.time_zone)
    judged = selectors.reassessment(appeal)
    evidence = list(appeal.evidence.defer("content").select_related("uploaded_by"))
    return {
        **presentation.row(appeal, today),
        "grounds": [Ground(one).label for one in appeal.grounds],
        "reads": actor.has_perm("customers.view_customer"),
        "evidence": evidence,
        "corrections": _corrections(appeal, evidence),
        "comparison": None if judged is None else _comparison(appeal, judged),
        "decision_reasons": sentences.reasons(
            appeal.decision.reasons, currency=application.currency
        ),
        "audit_subject": audit.reference(application),
        "overtaken": _is_overtaken(appeal),
        **_actions(actor, appeal, judged, now=now, bound=bound),
    }


def codes(appeal: Appeal, *, now: datetime) -> list[tuple[str, str]]:
    """Return the reasons of the list that an answer may give, with their words."""
    entity = appeal.application.branch.entity
    listed = reason_list.in_force(entity, dates.local_date(now, entity.time_zone))
    found = [
        *reason_codes.of_verdict(listed, "approve"),
        *reason_codes.of_override(listed, "approve"),
    ]
    if selectors.reassessment(appeal) is not None:
        found += reason_codes.of_verdict(listed, "decline")
        found += reason_codes.of_override(listed, "decline")
    return [(code, reason_list.words(listed[code])) for code in dict.fromkeys(found)]


def _actions(
    actor: User, appeal: Appeal, judged: Reassessment | None, *, now: datetime, bound: Any
) -> dict[str, Any]:
    """Return the forms of what the person may do now."""
    decides = actor.has_perm(policies.DECIDE)
    may_answer = policies.may_answer(actor, appeal)
    takes = decides and appeal.may("assign") and not policies.why_not(actor, appeal)
    registers = actor.has_perm(policies.REGISTER)
    found: dict[str, Any] = {
        "may_answer": may_answer,
        "may_take": takes and appeal.reviewer_id != actor.pk,
        "may_acknowledge": registers and appeal.may("acknowledge"),
        "may_withdraw": registers and appeal.is_open,
        "may_sign": policies.may_sign(actor, appeal),
        "asked_corrections": appeal.corrections.filter(answer="asked").exists(),
        "judged": judged,
        "why_not": policies.why_not(actor, appeal) if decides and appeal.is_open else "",
    }
    if registers and appeal.is_open:
        found["file_form"] = _kept(bound, forms.FileForm) or forms.FileForm()
    if decides and appeal.may("assign"):
        people = services.eligible(actor=actor, appeal=appeal)
        found["assign_form"] = _kept(bound, forms.AssignForm) or forms.AssignForm(
            people=people, initial={"version": appeal.version}
        )
    if may_answer:
        found["answer_form"] = _kept(bound, forms.AnswerForm) or forms.AnswerForm(
            codes=codes(appeal, now=now), initial={"version": appeal.version}
        )
    if found["may_sign"]:
        found["send_back_form"] = _kept(bound, forms.SendBackForm) or forms.SendBackForm()
    return found


def _kept(bound: Any, kind: type[Any]) -> Any:
    return bound if isinstance(bound, kind) else None


def _corrections(appeal: Appeal, evidence: list[Any]) -> list[dict[str, Any]]:
    currency = appeal.application.currency
    sources = [(f"file:{one.pk}", one.filename) for one in evidence]
    documents = customers.documents(appeal.application.customer)
    sources += [(f"document:{one.pk}", one.get_kind_display()) for one in documents]
    looks = {
        "asked": ("warning", "circle-question-mark"),
        "accepted": ("success", "circle-check"),
        "refused": ("danger", "circle-x"),
    }
    rows = appeal.corrections.select_related("claimed_by", "answered_by").order_by("fact")
    return [
        {
            "row": one,
            "name": presentation.fact_name(one.fact),
            "stood": presentation.fact_value(one.fact, one.stood, currency),
            "claimed": presentation.fact_value(one.fact, one.claimed, currency),
            "look": (*looks[one.answer], Correction.Answer(one.answer).label),
            "sources": sources,
        }
        for one in rows
    ]


def _comparison(appeal: Appeal, judged: Reassessment) -> dict[str, Any]:
    """Return what the decision rested on beside what was judged anew."""
    currency, before = appeal.application.currency, appeal.decision
    return {
        "facts": presentation.comparison(judged.facts_before, judged.facts_after, currency),
        "pd_before": None if before.score_run is None else before.score_run.pd,
        "pd_after": judged.score_run.pd,
        "outcome_before": before.outcome,
        "outcome_after": judged.outcome,
        "reasons_before": sentences.reasons(before.reasons, currency=currency),
        "reasons_after": sentences.reasons(judged.reasons, currency=currency),
        "rate_before": before.annual_rate,
        "rate_after": judged.annual_rate,
        "model_before": before.score_run and before.score_run.model_sha256[:12],
        "model_after": judged.score_run.model_sha256[:12],
        "policy_before": before.policy and before.policy.number,
        "policy_after": judged.policy.number,
    }


def _is_overtaken(appeal: Appeal) -> bool:
    latest = decisions.latest(appeal.application)
    return appeal.is_open and latest is not None and latest.pk != appeal.decision_id
