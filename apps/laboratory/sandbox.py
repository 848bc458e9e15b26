"""Try one case, real or typed in, against any policy version and any model.

Nothing is stored but the fact that it was tried, without a value of the applicant.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import features
from apps.applications import selectors as applications
from apps.applications.affordability import Affordability
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted
from apps.decisions import explaining, inputs, policy, reasons, rulebook
from apps.decisions.errors import PolicyUnusable
from apps.decisions.models import PolicyVersion
from apps.decisions.policy import Policy, Trace
from apps.decisions.policy_inputs import Value
from apps.laboratory import policies
from apps.products.models import Product
from apps.scoring import champion
from apps.scoring.errors import FeaturesRefused, ModelUnusable
from apps.scoring.models import ModelVersion, ScoreRun
from ml.schema import SchemaViolation


class CaseRefused(DomainError):
    """This case cannot be tried with this policy or this model; `fields` says which."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request with all that a model and a policy may ask about it.

    `listed_rate` is the price before the band's add-on; `afford` gives the burden at a price.
    """

    product: Product
    amount: Decimal
    term_months: int
    listed_rate: Decimal
    facts: features.Facts
    gathered: inputs.Gathered
    afford: Callable[[Decimal], Affordability]
    application: Application | None = None

    def inputs(self, *, annual_rate: Decimal, pd: float) -> dict[str, Value]:
        """Return what a policy sees of the case at this price."""
        return self.gathered.inputs(
            inputs.Request(
                amount=self.amount,
                term_months=self.term_months,
                affordability=self.afford(annual_rate),
                pd=pd,
            )
        )


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came out. `run` is not saved; `reasons` is empty for an approval.

    `has_no_reason` says that a decline could not be explained, so that people would decide.
    """

    case: Case
    version: PolicyVersion
    run: ScoreRun
    trace: Trace
    annual_rate: Decimal
    affordability: Affordability
    reasons: tuple[reasons.Reason, ...]
    has_no_reason: bool


def of_application(application: Application) -> Case:
    """Return a submitted or imported application as a case. Raises CaseRefused for a draft."""
    if not application.facts_are_frozen:
        raise _refused(
            "number", _("A draft has no facts to judge yet; it must be submitted first.")
        )

    def afford(annual_rate: Decimal) -> Affordability:
        priced = copy.copy(application)
        priced.annual_rate = annual_rate
        return applications.affordability(priced)

    return Case(
        product=application.product,
        amount=application.amount,
        term_months=application.term_months,
        listed_rate=application.annual_rate,
        facts=applications.feature_facts(application),
        gathered=inputs.gather(application),
        afford=afford,
        application=application,
    )


@transaction.atomic
def try_case(*, actor: User, case: Case, version: PolicyVersion, model: ModelVersion) -> Tried:
    """Return what a policy version and a model say about a case.

    The band's add-on makes the price, and the burden at that price is judged. Raises
    NotPermitted, CaseRefused for a policy or model of another lender or segment, ScoringFailed
    and PolicyUnusable.
    """
    if not actor.has_perm(policies.RUN):
        raise NotPermitted("not_permitted", _("Your role does not allow trying cases."))
    _check(case, version, model)
    parsed = rulebook.policy_of(version)
    run = _scored(case, model)
    annual_rate, trace = _priced(case, parsed, run.pd)
    found = _reasons(trace, model=model, run=run, parsed=parsed, product=case.product.code)
    audit.record(
        actor,
        "laboratory.case_tried",
        case.application or version,
        case=case.application or "",
        policy=str(version.pk),
        model=str(model.pk),
        outcome=trace.outcome,
    )
    return Tried(
        case=case,
        version=version,
        run=run,
        trace=trace,
        annual_rate=annual_rate,
        affordability=case.afford(annual_rate),
        reasons=found or (),
        has_no_reason=found is None,
    )


def _check(case: Case, version: PolicyVersion, model: ModelVersion) -> None:
    if version.entity_id != case.product.entity_id:
        raise _refused("policy", _("This policy is of another lender than the product."))
    if model.segment != case.product.scoring_segment:
        raise _refused("model", _("This model scores other products than the one asked for."))


def _refused(field: str, sentence: str) -> CaseRefused:
    return CaseRefused("case_refused", sentence, fields={field: sentence})


def _scored(case: Case, model: ModelVersion) -> ScoreRun:
    scorer = champion.scorer_of(model)
    try:
        snapshot = dict(scorer.schema.validate_row(features.build(case.facts)))
        scored = scorer.score_one(snapshot)
    except SchemaViolation as error:
        raise FeaturesRefused(error.feature, error.sentence) from error
    if not 0 < scored.pd < 1:
        raise ModelUnusable(_("it gave no probability."))
    return ScoreRun(
        model=model,
        model_sha256=model.sha256,
        features=snapshot,
        pd=scored.pd,
        score=scored.displayed_score,
        log_odds=scored.log_odds,
        base=scored.base,
        attributions=scored.attributions,
    )


def _priced(case: Case, parsed: Policy, pd: float) -> tuple[Decimal, Trace]:
    trace = _judged(case, parsed, annual_rate=case.listed_rate, pd=pd)
    if not trace.rate_addon:
        return case.listed_rate, trace
    annual_rate = case.listed_rate + trace.rate_addon
    return annual_rate, _judged(case, parsed, annual_rate=annual_rate, pd=pd)


def _judged(case: Case, parsed: Policy, *, annual_rate: Decimal, pd: float) -> Trace:
    try:
        return policy.evaluate(
            parsed,
            case.inputs(annual_rate=annual_rate, pd=pd),
            product=case.product.code,
            currency=case.product.currency,
        )
    except (policy.PolicyGap, TypeError) as gap:
        raise PolicyUnusable(str(gap)) from gap


def _reasons(
    trace: Trace, *, model: ModelVersion, run: ScoreRun, parsed: Policy, product: str
) -> tuple[reasons.Reason, ...] | None:
    """Return the reasons of the outcome, None where a decline has none."""
    try:
        return explaining.of_trace(
            trace,
            model=model,
            features=run.features,
            attributions=run.attributions,
            policy=parsed,
            product=product,
        )
    except reasons.NoReason:
        return None
