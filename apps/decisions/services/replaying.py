"""Derive a past decision again from what was stored, and say whether it is the same.

Nothing of today is read but the code: features, model, policy version, inputs and reasons are
those the decision was made with.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import NotPermitted
from apps.decisions import (
    policies,
    policy,
    policy_document,
    policy_inputs,
    reasons,
    rulebook,
    stopped,
    tracing,
)
from apps.decisions.errors import PolicyUnusable
from apps.decisions.models import Decision
from apps.decisions.services import deciding
from apps.letters import services as letters
from apps.scoring import champion, explanation, fingerprint
from apps.scoring import services as scoring
from apps.scoring.errors import FeaturesRefused, ScoringFailed


@dataclass(frozen=True)
class Difference:
    """One thing that came out otherwise; `source` is data, model, policy or code."""

    source: str
    what: str
    stored: str
    found: str


@dataclass(frozen=True)
class ReplayResult:
    """What replaying one decision found."""

    decision: Decision
    differences: tuple[Difference, ...]

    @property
    def identical(self) -> bool:
        """Whether everything came out as it was stored."""
        return not self.differences


def replay(
    *, actor: User | str, decision: Decision, now: datetime, thorough: bool = True
) -> ReplayResult:
    """Replay one decision and record that it was done.

    `thorough` also reads the stored model again, where a process else trusts the one it verified
    when it loaded it, and sets the frozen letter again: some tens of milliseconds. Raises
    NotPermitted for a person who may not replay.
    """
    if isinstance(actor, User) and not actor.has_perm(policies.REPLAY):
        raise NotPermitted("not_permitted", _("Your role does not allow replaying decisions."))
    found = [*_score(decision), *_policy(decision), *_reasons(decision)]
    if thorough:
        found = [*_model(decision), *found, *_letter(decision)]
    audit.record(
        actor,
        "decisions.replayed",
        decision,
        case=audit.reference(decision.application),
        identical=not found,
        differences=[one.what for one in found],
        at=now.isoformat(),
    )
    return ReplayResult(decision, tuple(found))


def _score(decision: Decision) -> list[Difference]:
    run = decision.score_run
    if run is None:
        return []
    found = _changed("data", "features", run.features_sha256, fingerprint.of_features(run.features))
    found += _changed("model", "model hash", run.model_sha256, run.model.sha256)
    try:
        scored = scoring.rescore(run=run)
    except FeaturesRefused as refusal:
        return [*found, Difference("data", "features", "", str(refusal))]
    except ScoringFailed as failure:
        return [*found, Difference("model", "model", run.model_sha256, str(failure))]
    # Where the features were altered, the score must differ; else model or code did it.
    source = "data" if found and found[0].source == "data" else "code"
    pairs: list[tuple[str, Any, Any]] = [
        ("PD", run.pd, scored.pd),
        ("score", run.score, scored.displayed_score),
        ("log-odds", run.log_odds, scored.log_odds),
        ("base", run.base, scored.base),
        ("attributions", run.attributions, scored.attributions),
    ]
    for what, stored, again in pairs:
        found += _changed(source, what, stored, again)
    return found


def _policy(decision: Decision) -> list[Difference]:
    version, run = decision.policy, decision.score_run
    if version is None or run is None:
        return []
    try:
        values = policy_inputs.from_json(decision.inputs)
        trace = policy.evaluate(
            rulebook.policy_of(version),
            values,
            product=decision.application.product.code,
            currency=decision.application.currency,
        )
    except ValueError as error:
        return [Difference("data", "policy inputs", "", str(error))]
    except (PolicyUnusable, policy.PolicyGap, TypeError) as error:
        return [Difference("policy", "policy", version.sha256, str(error))]
    found = _changed(
        "policy", "policy hash", version.sha256, policy_document.fingerprint(version.document)
    )
    found += _changed("data", "PD judged by the policy", str(trace.pd), repr(run.pd))
    found += _changed("code", "trace", decision.trace, tracing.to_json(trace))
    if decision.kind == Decision.Kind.AUTOMATED:
        held_back = bool(stopped.named_by(decision.reasons))
        outcome = "refer" if held_back else trace.outcome
        found += _changed("code", "outcome", decision.outcome, outcome)
    return found


def _reasons(decision: Decision) -> list[Difference]:
    # That machines were stopped is a fact from outside, not derived.
    stop = stopped.named_by(decision.reasons)
    if decision.kind == Decision.Kind.HUMAN:
        again = deciding.of_codes(decision.reason_codes, decision.inputs)
    elif decision.failure and decision.score_run is None:
        again = [*stop, reasons.of_cause(decision.failure)]
    else:
        try:
            again = [*stop, *_by_machine(decision)]
        except (PolicyUnusable, policy.PolicyGap, TypeError, ValueError, ScoringFailed):
            # The policy or the score could not be derived; that difference is listed already.
            return []
    return _changed("code", "reasons", decision.reasons, [one.to_json() for one in again])


def _by_machine(decision: Decision) -> list[reasons.Reason]:
    run, version = decision.score_run, decision.policy
    if run is None or version is None:
        return []
    trace = policy.evaluate(
        rulebook.policy_of(version),
        policy_inputs.from_json(decision.inputs),
        product=decision.application.product.code,
        currency=decision.application.currency,
    )
    return list(reasons.of_outcome(trace, explanation.attributions(run)))


def _model(decision: Decision) -> list[Difference]:
    if decision.score_run is None:
        return []
    try:
        champion.verified_artefact(decision.score_run.model)
    except ScoringFailed as failure:
        sha256 = decision.score_run.model_sha256
        return [Difference("model", "stored model", sha256, str(failure))]
    return []


def _letter(decision: Decision) -> list[Difference]:
    letter = decision.letter
    if letter is None or letter.rendered_at is None:
        return []
    checked = letters.verify(letter)
    if checked.holds:
        return []
    source = "code" if checked.stored_whole else "data"
    return [Difference(source, "letter", letter.html_sha256, _("does not come out the same"))]


def _changed(source: str, what: str, stored: Any, found: Any) -> list[Difference]:
    if stored == found:
        return []
    return [Difference(source, what, _short(stored), _short(found))]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
