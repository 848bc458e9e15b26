"""Who may do what in governance; used for buttons and enforced in services."""

from typing import Any

from apps.accounts.models import User
from apps.governance.lifecycle import OPEN
from apps.governance.models import Finding, GateSet, Promotion, RegisterEntry
from apps.scoring.models import ModelVersion

SEE = "scoring.view_model"
TRAIN = "governance.train_model"
PROPOSE = "governance.propose_promotion"
VALIDATE = "governance.validate_model"
APPROVE = "governance.approve_promotion"
PROPOSE_GATES = "governance.propose_gates"
APPROVE_GATES = "governance.approve_gates"
WRITE = "governance.write_document"
REGISTER = "governance.keep_register"


def may_report(actor: User) -> bool:
    """Say whether the person may have a model measured for its validation."""
    return actor.has_perm(TRAIN) or actor.has_perm(VALIDATE)


def people_of(promotion: Promotion) -> set[Any]:
    """Return who may not judge the promotion: who developed, owned or owns the model, or asked."""
    model = promotion.model
    entries = RegisterEntry.objects.filter(model=model).order_by("-recorded_at", "-pk")
    owners = {promotion.owner_id, entries.values_list("owner_id", flat=True).first()}
    return {promotion.proposed_by_id, model.developed_by_id, *owners} - {None}


def is_own(actor: User, promotion: Promotion) -> bool:
    """Say whether the person has a part in the promotion, the validation included."""
    return actor.pk in people_of(promotion) | {promotion.validated_by_id}


def may_validate(actor: User, promotion: Promotion) -> bool:
    """Say whether the person may judge the model independently now."""
    return (
        promotion.status == "proposed"
        and actor.has_perm(VALIDATE)
        and actor.pk not in people_of(promotion)
    )


def may_decide(actor: User, promotion: Promotion) -> bool:
    """Say whether the person may approve or refuse the promotion now."""
    return (
        promotion.status == "validated" and actor.has_perm(APPROVE) and not is_own(actor, promotion)
    )


def has_excepted(actor: User, promotion: Promotion) -> bool:
    """Say whether the person let the model through a gate, and so does not approve it."""
    return promotion.exceptions.filter(granted_by=actor).exists()


def may_stop(actor: User, promotion: Promotion) -> bool:
    """Say whether the person may refuse what is approved for a day to come."""
    return (
        promotion.status == "approved" and actor.has_perm(APPROVE) and not is_own(actor, promotion)
    )


def may_renew(actor: User, promotion: Promotion) -> bool:
    """Say whether the person may set another end of the approval."""
    return (
        promotion.status in ("approved", "in_force")
        and actor.has_perm(APPROVE)
        and not is_own(actor, promotion)
    )


def may_withdraw(actor: User, promotion: Promotion) -> bool:
    """Say whether the person may take back what they asked for."""
    return promotion.may("withdraw") and promotion.proposed_by_id == actor.pk


def may_find(actor: User) -> bool:
    """Say whether the person may raise findings on models, and close others' findings."""
    return actor.has_perm(VALIDATE) or actor.has_perm(APPROVE)


def may_close(actor: User, finding: Finding) -> bool:
    """Say whether the person may close a finding: neither its owner nor the developer does.

    While people judge the model a validator does: an approver would decide on what stands open.
    """
    involved = (finding.owner_id, finding.model.developed_by_id)
    if not finding.may("close") or not may_find(actor) or actor.pk in involved:
        return False
    judged = Promotion.objects.filter(model=finding.model_id, status__in=OPEN)
    return actor.has_perm(VALIDATE) or not judged.exists()


def may_answer_gates(actor: User, gate_set: GateSet) -> bool:
    """Say whether the person may approve or refuse proposed gates."""
    is_open = gate_set.status == "proposed"
    return is_open and actor.has_perm(APPROVE_GATES) and gate_set.proposed_by_id != actor.pk


def may_propose(actor: User, model: ModelVersion) -> bool:
    """Say whether the person may ask that this model becomes the champion."""
    return actor.has_perm(PROPOSE) and model.may("promote")
