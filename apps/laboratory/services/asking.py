"""Write down what to try; a worker does it. What is in force is noted at the same moment."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import NotPermitted, NotVisible
from apps.core.jobs import enqueue
from apps.decisions import policy_document, policy_sentences, rulebook
from apps.decisions import selectors as decisions
from apps.decisions.errors import PolicyUnusable
from apps.decisions.models import PolicyVersion
from apps.laboratory import candidates, policies
from apps.laboratory.errors import ExperimentRefused
from apps.laboratory.models import Experiment, ExperimentRow
from apps.products.models import Product
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to try, on which past applications, under which assumptions.

    At least one of policy, model and cut-offs; None leaves what is in force. Empty `products`
    are all of the lender's. Shares and rates are fractions, the operating cost is money a loan.
    """

    title: str
    from_date: date
    to_date: date
    loss_given_default: Decimal
    cost_of_funds: Decimal
    fee_share: Decimal
    operating_cost: Decimal
    products: tuple[str, ...] = ()
    policy: PolicyVersion | None = None
    model: ModelVersion | None = None
    approve_below: Decimal | None = None
    decline_from: Decimal | None = None


@transaction.atomic
def ask(*, actor: User, entity: Entity, question: Question, now: datetime) -> Experiment:
    """Store an experiment and let a worker do it.

    Raises NotPermitted, NotVisible for another lender than the person's, ExperimentRefused with
    a sentence for everything that cannot be tried.
    """
    _permit(actor, entity)
    products = _products(entity, question.products)
    _check(entity, question, products)
    in_force = decisions.policy_in_force(entity, dates.local_date(now, entity.time_zone))
    if in_force is None:
        sentence = _("This lender has no credit policy in force to compare with.")
        raise _refused(policy=sentence)
    experiment = Experiment.objects.create(
        entity=entity,
        title=question.title.strip(),
        from_date=question.from_date,
        to_date=question.to_date,
        products=sorted(product.code for product in products),
        currency=products[0].currency,
        policy=question.policy,
        model=question.model,
        approve_below=question.approve_below,
        decline_from=question.decline_from,
        document=_document(question, question.policy or in_force),
        policy_sha256="" if question.policy is None else question.policy.sha256,
        in_force=in_force,
        champions=_champions(products),
        loss_given_default=question.loss_given_default,
        cost_of_funds=question.cost_of_funds,
        fee_share=question.fee_share,
        operating_cost=question.operating_cost,
        created_by=actor,
        asked_at=now,
    )
    audit.record(
        actor,
        "laboratory.experiment_asked",
        experiment,
        entity=entity.code,
        policy=str(question.policy or ""),
        model=str(question.model or ""),
        cut_offs=[str(one) for one in _cut_offs(question)],
    )
    enqueue("laboratory.run", experiment_id=str(experiment.pk))
    return experiment


@transaction.atomic
def cancel(*, actor: User, experiment: Experiment, now: datetime) -> Experiment:
    """Stop an experiment that waits or runs; what it had written goes.

    Raises NotPermitted, NotVisible, Conflict when it has ended already.
    """
    _permit(actor, experiment.entity)
    # The worker locks the row for each chunk, so nothing is written after this.
    experiment.move("cancel", ended_at=now)
    ExperimentRow.objects.filter(experiment=experiment).delete()
    audit.record(actor, "laboratory.experiment_cancelled", experiment)
    return experiment


def _permit(actor: User, entity: Entity) -> None:
    if not actor.has_perm(policies.RUN):
        raise NotPermitted("not_permitted", _("Your role does not run experiments."))
    if not (actor.works_everywhere or actor.branch.entity_id == entity.pk):
        raise NotVisible("not_found", _("There is no such lender."))


def _products(entity: Entity, codes: tuple[str, ...]) -> list[Product]:
    found = Product.objects.filter(entity=entity).order_by("code")
    products = list(found.filter(code__in=codes) if codes else found)
    unknown = sorted(set(codes) - {product.code for product in products})
    if unknown or not products:
        sentence = _("This lender has no product %(codes)s.") % {"codes": ", ".join(unknown)}
        raise _refused(products=sentence if unknown else _("This lender has no products."))
    if len({product.currency for product in products}) > 1:
        raise _refused(products=_("Choose products of one currency: the amounts are added up."))
    return products


def _check(entity: Entity, question: Question, products: list[Product]) -> None:
    fields: dict[str, object] = {}
    if not question.title.strip():
        fields["title"] = _("Give the experiment a title.")
    if question.from_date >= question.to_date:
        fields["to_date"] = _("The period must end after it begins.")
    if question.policy is not None and question.policy.entity_id != entity.pk:
        fields["policy"] = _("This policy is of another lender.")
    segments = {product.scoring_segment for product in products}
    if question.model is not None and question.model.segment not in segments:
        fields["model"] = _("This model scores none of the products chosen.")
    fields |= _cut_off_errors(question) | _assumption_errors(question)
    tried = (question.policy, question.model, question.approve_below, question.decline_from)
    if not fields and all(one is None for one in tried):
        fields["policy"] = _("Choose another policy, another model or other cut-offs to try.")
    if fields:
        raise ExperimentRefused(
            "experiment_refused", _("This cannot be tried as it stands."), fields=fields
        )


def _cut_off_errors(question: Question) -> dict[str, object]:
    low, high = question.approve_below, question.decline_from
    if low is None and high is None:
        return {}
    if low is None:
        return {"approve_below": _("Give both cut-offs or none.")}
    if high is None:
        return {"decline_from": _("Give both cut-offs or none.")}
    if not (low.is_finite() and 0 < low <= 1):
        return {"approve_below": _("A cut-off lies above 0 and is at most 1.")}
    if not (high.is_finite() and low <= high <= 1):
        return {"decline_from": _("Declining starts where approving ends, or above, up to 1.")}
    return {}


def _assumption_errors(question: Question) -> dict[str, object]:
    limits = {"loss_given_default": (1, True), "cost_of_funds": (5, False), "fee_share": (1, False)}
    fields: dict[str, object] = {}
    for name, (most, may_reach) in limits.items():
        value: Decimal = getattr(question, name)
        fits = value.is_finite() and (0 <= value < most or (may_reach and value == most))
        if not fits:
            fields[name] = _("This must be a fraction from 0 to %(most)s.") % {"most": most}
    if not (question.operating_cost.is_finite() and question.operating_cost >= 0):
        fields["operating_cost"] = _("The cost must not be negative.")
    return fields


def _document(question: Question, version: PolicyVersion) -> dict[str, Any]:
    """Return the policy that will be tried, cut-offs included, after reading it as one."""
    try:
        rulebook.policy_of(version)
        document = dict(version.document)
        if question.approve_below is not None and question.decline_from is not None:
            document = candidates.with_cut_offs(
                document,
                approve_below=question.approve_below,
                decline_from=question.decline_from,
            )
            policy_document.parse(document)
    except PolicyUnusable as error:
        raise _refused(policy=str(error.sentence)) from error
    except policy_document.PolicyRefused as error:
        said = (
            f"{policy_sentences.place(one.place)}: {policy_sentences.problem(one)}"
            for one in error.problems
        )
        raise _refused(approve_below=" ".join(said)) from error
    return document


def _champions(products: list[Product]) -> dict[str, str]:
    """Return by segment which model decides today; a segment without one is left out."""
    segments = {product.scoring_segment for product in products}
    found = {segment: scoring.champion(segment) for segment in sorted(segments)}
    return {segment: str(model.pk) for segment, model in found.items() if model is not None}


def _cut_offs(question: Question) -> list[Decimal]:
    pair = (question.approve_below, question.decline_from)
    return [one for one in pair if one is not None]


def _refused(**fields: object) -> ExperimentRefused:
    sentence = _("This cannot be tried as it stands.")
    return ExperimentRefused("experiment_refused", sentence, fields=fields)
