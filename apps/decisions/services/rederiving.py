"""Derive one decision anew from its ground and compare, naming where each difference comes from.

What the audit trail noted when the decision was made is the witness: a row that is not what was
noted was altered, so what follows from it differs because of the data. Where rows, model and
policy are as they were and something still comes out otherwise, the program did it. A decision
made before the trail noted hashes has no witness; there an altered row reads as the program's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import structlog
from django.utils.translation import gettext as _

from apps.audit import services as audit
from apps.core import crypto
from apps.decisions import (
    explaining,
    fingerprint,
    judging,
    policy,
    policy_inputs,
    reasons,
    stopped,
    tracing,
)
from apps.decisions.differences import Difference, Source, between
from apps.decisions.models import Decision
from apps.decisions.services import deciding
from apps.decisions.services.grounds import Ground
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.scoring import fingerprint as scored_fingerprint
from apps.scoring import services as scoring
from apps.scoring.errors import ScoringFailed

logger = structlog.get_logger(__name__)
_LETTER_KINDS = {
    # An offer on other terms was an approval before it had a letter of its own.
    "approve": (Letter.Kind.APPROVED, Letter.Kind.COUNTER_OFFER),
    "decline": (Letter.Kind.DECLINED,),
}
# What inputs raise that `policy_inputs.to_json` cannot have written.
_UNREADABLE = (ValueError, ArithmeticError, AttributeError)
_UNTRACEABLE = (policy.PolicyGap, TypeError)


def differences(ground: Ground, *, thorough: bool) -> tuple[Difference, ...]:
    """Return everything that comes out otherwise than it was stored.

    `thorough` sets a frozen letter again, some tens of milliseconds; otherwise its stored parts
    are held against their hashes. Never raises: a derivation that breaks is a difference.
    """
    decision, run = _guarded(_altered_decision, ground), _guarded(_altered_run, ground)
    model, rules = _guarded(_model, ground), _guarded(_policy, ground)
    score = _Causes(data=bool(run), model=bool(model))
    verdict = _Causes(data=bool(run or decision), model=bool(model), policy=bool(rules))
    return (
        *decision,
        *run,
        *model,
        *rules,
        *_guarded(_score, ground, score),
        *_guarded(_verdict, ground, verdict),
        *_guarded(_offers, ground, verdict),
        *_guarded(_recourse, ground, verdict),
        *_guarded(_letter, ground, _Causes(), thorough=thorough),
    )


@dataclass(frozen=True)
class _Causes:
    """What is known to have been altered of all that a result rests on."""

    data: bool = False
    model: bool = False
    policy: bool = False

    @property
    def source(self) -> Source:
        """What a result that differs is put down to."""
        if self.data:
            return "data"
        if self.model:
            return "model"
        return "policy" if self.policy else "code"


def _guarded(
    compare: Callable[..., list[Difference]],
    ground: Ground,
    causes: _Causes | None = None,
    **options: Any,
) -> list[Difference]:
    """Return what a comparison finds; one that breaks is itself a difference.

    A row altered by hand may hold anything, and one must not end the replay of all others.
    """
    arguments = (ground,) if causes is None else (ground, causes)
    try:
        return compare(*arguments, **options)
    except Exception as error:
        logger.exception("replay_failed", decision=str(ground.decision.pk))
        source = "data" if causes is None else causes.source
        return [Difference(source, "replay", "", f"{type(error).__name__}: {error}")]


def _altered_decision(ground: Ground) -> list[Difference]:
    noted = ground.note(ground.decision, "content_sha256")
    if not noted:
        return []
    found = between("data", "decision", noted, fingerprint.of_decision(ground.decision))
    product = ground.note(ground.decision, "product")
    if product:
        asked = (product, ground.note(ground.decision, "currency"))
        found += between("data", "request", asked, (ground.product, ground.currency))
    return found


def _altered_run(ground: Ground) -> list[Difference]:
    run = ground.decision.score_run
    if run is None:
        return []
    now = scored_fingerprint.of_features(run.features)
    found = between("data", "features", run.features_sha256, now)
    noted = ground.note(run, "content_sha256")
    if noted:
        found += between("data", "score", noted, scored_fingerprint.of_run(run))
    return found


def _model(ground: Ground) -> list[Difference]:
    run, used = ground.decision.score_run, ground.model
    if run is None or used is None:
        return []
    found = between("model", "model hash", run.model_sha256, used.model.sha256)
    found += between("model", "schema hash", run.schema_hash, used.model.schema_hash)
    if used.fault:
        found.append(Difference("model", "stored model", run.model_sha256, used.fault))
    return found


def _policy(ground: Ground) -> list[Difference]:
    used = ground.policy
    if used is None:
        return []
    noted = ground.note(ground.decision, "policy_sha256") or used.version.sha256
    found = between("policy", "policy hash", noted, used.sha256)
    if used.fault:
        found.append(Difference("policy", "policy", noted, used.fault))
    return found


def _score(ground: Ground, causes: _Causes) -> list[Difference]:
    run, scored = ground.decision.score_run, ground.scored
    if run is None or scored is None:
        return []
    if isinstance(scored, ScoringFailed):
        refused = "features" if scored.code == "features_refused" else "stored model"
        return [Difference(causes.source, refused, "", str(scored))]
    pairs: list[tuple[str, Any, Any]] = [
        ("PD", run.pd, scored.pd),
        ("points", run.score, scored.displayed_score),
        ("log-odds", run.log_odds, scored.log_odds),
        ("base", run.base, scored.base),
        ("attributions", run.attributions, scored.attributions),
    ]
    return [one for pair in pairs for one in between(causes.source, *pair)]


def _verdict(ground: Ground, causes: _Causes) -> list[Difference]:
    """Compare trace, outcome and reasons; what cannot be derived at all is said once."""
    decision = ground.decision
    trace: policy.Trace | None = None
    found: list[Difference] = []
    if ground.policy is not None and ground.policy.policy is not None and decision.trace:
        try:
            trace = _trace(ground, ground.policy.policy, policy_inputs.from_json(decision.inputs))
        except _UNREADABLE as error:
            return [Difference(causes.source, "policy inputs", "", str(error))]
        except _UNTRACEABLE as error:
            return [Difference(causes.source, "policy", ground.policy.sha256, str(error))]
        found = _traced(ground, trace, causes.source)
    again = _reasons(ground, trace)
    if again is None:
        return found
    return found + between(
        causes.source, "reasons", decision.reasons, [one.to_json() for one in again]
    )


def _trace(
    ground: Ground, in_use: policy.Policy, values: Mapping[str, policy_inputs.Value]
) -> policy.Trace:
    return policy.evaluate(in_use, values, product=ground.product, currency=ground.currency)


def _traced(ground: Ground, trace: policy.Trace, source: Source) -> list[Difference]:
    decision, run = ground.decision, ground.decision.score_run
    found: list[Difference] = []
    if run is not None:
        found += between(source, "judged PD", repr(run.pd), str(trace.pd))
    found += between(source, "trace", decision.trace, tracing.to_json(trace))
    if decision.kind == Decision.Kind.AUTOMATED and not _taken_up_anew(decision):
        outcome = "refer" if _stop(decision) else trace.outcome
        found += between(source, "outcome", decision.outcome, outcome)
    return found


def _offers(ground: Ground, causes: _Causes) -> list[Difference]:
    """Compare PD, band and price of each recommended amount, and that it would be approved.

    That no larger amount would have been approved is not tried again.
    """
    decision, used = ground.decision, ground.policy
    is_own = decision.kind == Decision.Kind.AUTOMATED
    if not is_own or not decision.recommendation or used is None or used.policy is None:
        return []
    try:
        values = policy_inputs.from_json(decision.inputs)
        asked = _trace(ground, used.policy, values)
    except (*_UNREADABLE, *_UNTRACEABLE):
        # Nothing can be derived; that difference is listed already.
        return []
    listed = decision.annual_rate - asked.rate_addon
    aside = judging.set_aside(asked)
    stored, again = [], []
    for offer, pd in zip(decision.recommendation, ground.offered, strict=True):
        if isinstance(pd, ScoringFailed):
            return []
        moved = policy_inputs.from_json(offer["inputs"])
        trace = _trace(ground, used.policy, {**values, **moved})
        price = Decimal(offer["annual_rate"])
        stored.append((offer["inputs"]["pd"], offer["band"], price, True))
        approved = judging.stands(trace, aside=aside)
        again.append((repr(pd), trace.band.name, listed + trace.rate_addon, approved))
    return between(causes.source, "recommendation", stored, again)


def _recourse(ground: Ground, causes: _Causes) -> list[Difference]:
    """Compare PD, band, price and outcome of every change that was told, or tried in vain.

    That nothing smaller would have done is not tried again.
    """
    decision, run, used = ground.decision, ground.decision.score_run, ground.policy
    if decision.recourse is None or run is None or used is None or used.policy is None:
        return []
    told = [*decision.recourse["suggestions"], decision.recourse.get("furthest")]
    points = [one for one in told if one is not None]
    answers = scoring.probabilities(
        model=run.model, rows=[{**run.features, **one["features"]} for one in points]
    )
    values = policy_inputs.from_json(decision.inputs)
    listed = decision.annual_rate - _trace(ground, used.policy, values).rate_addon
    stored, again = [], []
    for one, pd in zip(points, answers, strict=True):
        trace = _trace(ground, used.policy, {**values, **policy_inputs.from_json(one["inputs"])})
        price = Decimal(one["annual_rate"])
        stored.append((str(trace.pd), one["band"], price, one["outcome"]))
        again.append((repr(pd), trace.band.name, listed + trace.rate_addon, trace.outcome))
    return between(causes.source, "recourse", stored, again)


def _reasons(ground: Ground, trace: policy.Trace | None) -> list[reasons.Reason] | None:
    """Return the reasons of today, or None where what they rest on could not be derived."""
    decision = ground.decision
    if _taken_up_anew(decision):
        # Because of a mistake or an appeal, for a reason that stands beside it.
        return [reasons.of_cause(decision.failure)]
    if decision.kind == Decision.Kind.HUMAN:
        return deciding.of_codes(
            decision.reason_codes,
            decision.inputs,
            listed=ground.listed,
            outcome=decision.outcome,
        )
    stop = _stop(decision)
    run, scored = decision.score_run, ground.scored
    if decision.failure and run is None:
        return [*stop, reasons.of_cause(decision.failure)]
    if trace is None or run is None or scored is None or isinstance(scored, ScoringFailed):
        return None
    if ground.policy is None or ground.policy.policy is None:
        return None
    found = explaining.of_trace(
        trace,
        model=run.model,
        features=run.features,
        attributions=scored.attributions,
        policy=ground.policy.policy,
        product=ground.product,
    )
    return [*stop, *found]


def _taken_up_anew(decision: Decision) -> bool:
    """Say whether a case was only handed to people again, and nothing was judged."""
    return decision.outcome == "refer" and decision.failure in ("reopened", "appealed")


def _stop(decision: Decision) -> list[reasons.Reason]:
    """Return the stop a decision names: a fact from outside, taken from the record."""
    try:
        return stopped.named_by(decision.reasons)
    except (KeyError, TypeError):
        # No reasons of ours: they differ from those of today, which says more.
        return []


def _letter(ground: Ground, _causes: _Causes, *, thorough: bool) -> list[Difference]:
    decision, letter = ground.decision, ground.decision.letter
    if letter is None:
        return []
    kinds = _LETTER_KINDS.get(decision.outcome, ())
    kind = letter.kind if letter.kind in kinds else next(iter(kinds), None)
    about = (audit.reference(decision), kind)
    found = between("data", "letter", about, (letter.subject, letter.kind))
    if letter.rendered_at is None:
        return found + _unset(letter)
    for name in ("html_sha256", "pdf_sha256"):
        noted = ground.note(letter, name)
        if noted:
            found += between("data", "letter", noted, getattr(letter, name))
    if not thorough:
        whole = letters.is_whole(letter)
        return found if whole else [*found, _spoiled("data", letter)]
    checked = letters.verify(letter)
    if not checked.holds:
        found.append(_spoiled("code" if checked.stored_whole else "data", letter))
    return found


def _unset(letter: Letter) -> list[Difference]:
    """Compare the facts of a letter that waits to be set."""
    try:
        now = letters.facts_hash(letter.facts)
    except crypto.CannotOpen as error:
        now = str(error)
    return between("data", "letter", letter.facts_sha256, now)


def _spoiled(source: Source, letter: Letter) -> Difference:
    return Difference(source, "letter", letter.html_sha256, _("does not come out the same"))
