"""What the case page shows of a decision: outcome, score, factors, trace, and what one may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import formatting
from apps.decisions import (
    automation,
    explaining,
    forms,
    policies,
    reason_list,
    reasons,
    recourse_words,
    selectors,
    sentences,
    services,
    terms_panel,
    tracing,
    waterfall,
)
from apps.decisions.errors import PolicyUnusable
from apps.decisions.models import Decision, Outcome, ReviewCase
from apps.decisions.reason_codes import Listed
from apps.decisions.scale import SCALE_HIGH, SCALE_LOW
from apps.scoring import explanation, feature_words
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ScoreRun

# Half of the last digit shown; a factor below it would read as a zero that raises the risk.
_SMALLEST_SHOWN = 0.0005
_TONES = {"approve": "success", "refer": "warning", "decline": "danger"}


@dataclass(frozen=True)
class TraceLine:
    """One rule as it is read: what is required, what was found, what follows."""

    sentence: str
    code: str
    what: str
    requirement: str
    value: str
    state: str

    @property
    def is_met(self) -> bool:
        """Say whether the rule asks nothing more; what is not met is shown first."""
        return self.state == "passed"


def of_application(
    actor: User, application: Application, *, now: datetime, bound: Any = None
) -> dict[str, Any]:
    """Return the context of the decision panel; `bound` is a verdict form with errors."""
    made = list(selectors.decisions(application))
    decision = made[0] if made else None
    case = selectors.waiting_case(application)
    context: dict[str, Any] = {
        "application": application,
        "decision": decision,
        "earlier": made[1:],
        "case": case,
        "may_replay": actor.has_perm(policies.REPLAY),
    }
    if decision is not None:
        context["reasons"] = sentences.reasons(decision.reasons, currency=application.currency)
        context["why_stopped"] = "".join(automation.reasons_of([decision.reasons]).values())
        # What the policy said by itself, where a stop kept the machine from deciding.
        context["recommended"] = decision.trace.get("outcome", "") if decision.trace else ""
        decision.application = application
        context["gauge"] = _gauge(decision)
    if case is not None:
        case.application = application
        context.update(_review(actor, case, now=now, bound=bound))
    terms = terms_panel.of_application(actor, application, decision, now=now, bound=bound)
    return {**context, **terms}


def working(application: Application) -> dict[str, Any]:
    """Return the context of the working: attributions and the policy's trace."""
    decision = selectors.latest(application)
    currency = application.currency
    context: dict[str, Any] = {"application": application, "decision": decision}
    if decision is None:
        return context
    context["trace"] = trace_lines(decision.trace, currency=currency)
    context["band"] = decision.trace["band"] if decision.trace else None
    context["price"] = terms_panel.price(application, decision)
    context["recourse"] = recourse_words.of_decision(decision)
    context.update(terms_panel.offers(application, decision))
    if decision.score_run is not None:
        run = decision.score_run
        context["factors"] = factors(run, currency=currency)
        context["waterfall"] = waterfall.figure(
            context["factors"], base=run.base, total=run.log_odds
        )
    return context


def factors(run: ScoreRun, *, currency: str) -> list[dict[str, Any]]:
    """Return the attributions that show at three decimals, the strongest first.

    None at all when the model is unusable.
    """
    try:
        found = explanation.attributions(run)
    except ScoringFailed:
        return []
    return [
        {
            "label": feature_words.feature(one.feature),
            "value": feature_words.value(one.value, unit=one.unit, currency=currency),
            "contribution": one.contribution,
            "effect": f"{one.contribution:+.3f}".replace("-", formatting.MINUS),
        }
        for one in found
        if abs(one.contribution) >= _SMALLEST_SHOWN
    ]


def trace_lines(trace: Mapping[str, Any], *, currency: str) -> list[TraceLine]:
    """Return what the band found and every rule of a stored trace in words; those not met first."""
    if not trace:
        return []
    ordered = sorted(trace["results"], key=lambda one: one["result"] == "passed")
    found = [_finding_line(one, currency) for one in trace.get("findings", ())]
    return [*found, *(_line(one, currency) for one in ordered)]


def _finding_line(one: Mapping[str, Any], currency: str) -> TraceLine:
    about = reasons.FINDING_INPUTS[one["code"]]
    value, limit = sentences.apart(about, one["value"], one["limit"], currency=currency)
    return TraceLine(
        sentence=sentences.cause(one["code"]),
        code=one["code"],
        what=sentences.input_name(about),
        requirement=limit,
        value=value,
        state="refer" if one["outcome"] == "refer" else "failed",
    )


def _line(one: Mapping[str, Any], currency: str) -> TraceLine:
    state = one["result"]
    if state == "failed" and one["outcome"] == "refer":
        state = "refer"
    about = one["input"]
    value, _limit = sentences.apart(about, one["value"], one["threshold"], currency=currency)
    return TraceLine(
        sentence=one["sentence"],
        code=one["code"],
        what=sentences.input_name(about),
        requirement=sentences.requirement(
            one["test"], one["threshold"], about=about, currency=currency, beside=one["value"]
        ),
        value=value,
        state=state,
    )


def _gauge(decision: Decision) -> dict[str, Any] | None:
    run = decision.score_run
    if run is None:
        return None
    return {
        "score": run.score,
        "low": SCALE_LOW,
        "high": SCALE_HIGH,
        "bands": _bands(run, decision),
        "caption": _caption(run, decision),
    }


def _caption(run: ScoreRun, decision: Decision) -> str:
    """Return the PD in words, and by how much the cut-off was missed where it was."""
    pd = _("Probability of default %(pd)s") % {"pd": formatting.format_percent(run.pd, decimals=2)}
    try:
        missed = explaining.missed(decision)
    except (ScoringFailed, PolicyUnusable):
        return pd
    if missed is None:
        return pd
    said = _("%(points)s points below the %(cutoff)s at which approvals end (%(pd)s)") % {
        "points": formatting.format_number(missed.by_points),
        "cutoff": formatting.format_number(missed.points),
        "pd": formatting.format_percent(missed.pd, decimals=2),
    }
    return f"{pd}; {said}"


def _bands(run: ScoreRun, decision: Decision) -> list[dict[str, Any]]:
    """Return the policy band of the PD on the scale of points."""
    if not decision.trace:
        return []
    band = decision.trace["band"]
    try:
        best = _points(run, band["from"], SCALE_HIGH)
        worst = _points(run, band["below"], SCALE_LOW)
    except ScoringFailed:
        return []
    inside: dict[str, Any] = {
        "low": worst,
        "high": best,
        "tone": _TONES[band["outcome"]],
        "label": _("band %(name)s") % {"name": band["name"]},
    }
    below: dict[str, Any] = {"low": SCALE_LOW, "high": worst, "tone": "neutral", "label": ""}
    above: dict[str, Any] = {"low": best, "high": SCALE_HIGH, "tone": "neutral", "label": ""}
    return [one for one in (below, inside, above) if one["low"] < one["high"]]


def _points(run: ScoreRun, pd: str, at_the_end: int) -> int:
    number = Decimal(pd)
    if not 0 < number < 1:
        return at_the_end
    points = explanation.score_at(run.model, float(number))
    return max(SCALE_LOW, min(SCALE_HIGH, points))


def _review(actor: User, case: ReviewCase, *, now: datetime, bound: Any) -> dict[str, Any]:
    holds = policies.holds(actor, case, now=now)
    is_own = policies.is_own_submission(actor, case.application)
    context: dict[str, Any] = {
        "holds": holds,
        "is_own": is_own,
        "may_claim": policies.may_claim(actor, case, now=now),
        "may_review": actor.has_perm(policies.REVIEW),
        "may_countersign": policies.may_countersign(actor, case),
        "needs_second": holds and not policies.has_authority(actor, case.application),
        "limit": policies.limit(actor, case.application) if holds else None,
        "verdict_words": reason_list.in_words(case.verdict_codes),
        "send_back_form": forms.SendBackForm(),
    }
    if not holds and not context["may_countersign"]:
        return context
    basis = services.basis_of(case, now=now)
    if basis.replaced is not None:
        said = Outcome(tracing.recommendation(basis.trace))
        context.update(policy_now=basis.policy, policy_says=said.label)
    if holds:
        listed = listed_for(case.application, now=now)
        context["verdict_forms"] = [
            bound
            if getattr(bound, "outcome", "") == outcome
            else _form(case, outcome, listed, basis)
            for outcome in ("approve", "decline")
        ]
    return context


def listed_for(application: Application, *, now: datetime) -> Listed:
    """Return the reasons that may be given for an application now."""
    entity = application.branch.entity
    return reason_list.in_force(entity, services.local_date(entity, now))


def _form(
    case: ReviewCase, outcome: str, listed: Listed, basis: services.Basis
) -> forms.VerdictForm:
    return forms.VerdictForm(
        outcome=outcome,
        listed=listed,
        must_justify=services.must_justify(outcome, basis),
        is_override=services.is_override(outcome, basis),
        application=case.application,
    )
