"""Who may do what in governance; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.governance.models import Promotion
from apps.scoring.models import ModelVersion

SEE = "scoring.view_model"
TRAIN = "governance.train_model"
PROPOSE = "governance.propose_promotion"
VALIDATE = "governance.validate_model"
APPROVE = "governance.approve_promotion"


def may_report(actor: User) -> bool:
    """Say whether the person may have a model measured for its validation."""
    return actor.has_perm(TRAIN) or actor.has_perm(VALIDATE)


def is_own(actor: User, promotion: Promotion) -> bool:
    """Say whether the person asked for the promotion or developed the model."""
    return actor.pk in (promotion.proposed_by_id, promotion.model.developed_by_id)


def may_decide(actor: User, promotion: Promotion) -> bool:
    """Say whether the person may approve or refuse the promotion now."""
    return (
        promotion.status == "proposed" and actor.has_perm(APPROVE) and not is_own(actor, promotion)
    )


def may_propose(actor: User, model: ModelVersion) -> bool:
    """Say whether the person may ask that this model becomes the champion."""
    return actor.has_perm(PROPOSE) and model.may("promote")
