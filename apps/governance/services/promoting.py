"""Ask that a model becomes the champion, and decide on it: two people, on evidence."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted
from apps.governance import policies, selectors
from apps.governance.errors import OwnModel, PromotionImpossible
from apps.governance.models import Promotion
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion


@transaction.atomic
def propose(*, actor: User, model: ModelVersion, reason: str, now: datetime) -> Promotion:
    """Ask that a model becomes the champion, with the evidence as it stands, and return that.

    Raises NotPermitted, DomainError without a reason, PromotionImpossible for a model without a
    training run, one that decides already, or one whose promotion waits.
    """
    if not actor.has_perm(policies.PROPOSE):
        raise NotPermitted("not_permitted", _("Your role does not ask for promotions."))
    reason = _said(reason, "reason", _("Say why this model should decide."))
    if not model.may("promote"):
        raise PromotionImpossible("already_champion", _("This model is the champion already."))
    evidence = selectors.evidence(model)
    if evidence is None:
        raise PromotionImpossible(
            "no_evidence", _("The model was not trained here, so there is no evidence to judge.")
        )
    promotion = Promotion(
        model=model, evidence=evidence, reason=reason, proposed_by=actor, proposed_at=now
    )
    try:
        with transaction.atomic():
            promotion.save(force_insert=True)
    except IntegrityError as error:
        raise PromotionImpossible(
            "promotion_waits", _("The promotion of this model is asked for already.")
        ) from error
    audit.record(
        actor,
        "governance.promotion_proposed",
        promotion,
        model=str(model),
        sha256=model.sha256,
    )
    return promotion


@transaction.atomic
def approve(*, actor: User, promotion: Promotion, answer: str, now: datetime) -> Promotion:
    """Make the model the champion of its segment; the former one retires in the same moment.

    Raises NotPermitted, OwnModel, Conflict when it was decided before, PromotionRefused when the
    stored model fails its checks: then nothing has changed.
    """
    found = _decided(actor, promotion, "approve", answer=answer.strip(), now=now)
    scoring.promote(model=found.model, approved_by=actor, now=now)
    audit.record(actor, "governance.promotion_approved", found, **_facts(found))
    return found


@transaction.atomic
def refuse(*, actor: User, promotion: Promotion, answer: str, now: datetime) -> Promotion:
    """Refuse a promotion for a stated reason; the model stays registered.

    Raises as `approve`, and DomainError without an answer.
    """
    answer = _said(answer, "answer", _("Say why the promotion is refused."))
    found = _decided(actor, promotion, "refuse", answer=answer, now=now)
    audit.record(actor, "governance.promotion_refused", found, **_facts(found))
    return found


def _decided(
    actor: User, promotion: Promotion, action: str, *, answer: str, now: datetime
) -> Promotion:
    if not actor.has_perm(policies.APPROVE):
        raise NotPermitted("not_permitted", _("Your role does not decide on promotions."))
    found = selectors.promotions().get(pk=promotion.pk)
    if policies.is_own(actor, found):
        raise OwnModel
    return found.move(action, decided_by=actor, decided_at=now, answer=answer)


def _facts(promotion: Promotion) -> dict[str, Any]:
    return {
        "model": str(promotion.model),
        "sha256": promotion.model.sha256,
        "proposed_by": str(promotion.proposed_by_id),
    }


def _said(text: str, field: str, sentence: str) -> str:
    if not text.strip():
        raise DomainError(f"{field}_required", sentence, fields={field: sentence})
    return text.strip()
