"""Ask that a model becomes the champion, and take that back."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import NotPermitted
from apps.governance import policies, register_rules, selectors
from apps.governance.errors import PromotionImpossible
from apps.governance.models import ModelDocument, Promotion, RegisterEntry, ValidationReport
from apps.governance.services import _said, trying
from apps.scoring.models import ModelVersion


@transaction.atomic
def propose(*, actor: User, model: ModelVersion, reason: str, now: datetime) -> Promotion:
    """Ask that a model becomes the champion, with the evidence as it stands, and return that.

    Raises NotPermitted, DomainError without a reason, and PromotionImpossible for a model without
    a training run, a validation report of its own against the present champion, signed
    documentation or a complete entry of the register, one that decides already, or one whose
    promotion waits.
    """
    if not actor.has_perm(policies.PROPOSE):
        raise NotPermitted("not_permitted", _("Your role does not ask for promotions."))
    reason = _said.reason(reason, field="reason")
    if not model.may("promote"):
        raise PromotionImpossible("already_champion", _("This model is the champion already."))
    evidence = selectors.evidence(model)
    if evidence is None:
        raise PromotionImpossible(
            "no_evidence", _("The model was not trained here, so there is no evidence to judge.")
        )
    report, document, entry = _papers(model)
    promotion = Promotion(
        model=model,
        evidence={
            **evidence,
            "report_sha256": report.sha256,
            "document_sha256": document.sha256,
            "tier": entry.tier,
            "is_first": evidence["replaces"] is None,
        },
        reason=reason,
        report=report,
        document=document,
        entry=entry,
        owner=entry.owner,
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            promotion.save(force_insert=True)
    except IntegrityError as error:
        raise PromotionImpossible(
            "promotion_waits", _("The promotion of this model is asked for already.")
        ) from error
    audit.record(actor, "governance.promotion_proposed", promotion, **told(promotion))
    return promotion


@transaction.atomic
def withdraw(*, actor: User, promotion: Promotion, now: datetime) -> Promotion:
    """Take back what one asked for oneself, as long as it is not in force.

    Raises NotPermitted, and Conflict for what has ended.
    """
    found = selectors.promotions().get(pk=promotion.pk)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_promotion", _("Only who asked for this takes it back; refuse it instead.")
        )
    found.move("withdraw")
    audit.record(actor, "governance.promotion_withdrawn", found, **told(found), at=now.isoformat())
    trying.validation_lost(found, actor, now)
    return found


def told(promotion: Promotion) -> dict[str, Any]:
    """Return what the audit trail keeps of a promotion: names of things and people by id."""
    report, document = promotion.report, promotion.document
    return {
        "model": str(promotion.model),
        "sha256": promotion.model.sha256,
        "report_sha256": report.sha256 if report else "",
        "document_sha256": document.sha256 if document else "",
        "proposed_by": str(promotion.proposed_by_id),
    }


def _papers(model: ModelVersion) -> tuple[ValidationReport, ModelDocument, RegisterEntry]:
    """Return the newest report, documentation and entry; PromotionImpossible where one is wanting.

    A changed model is another one, with a report of its own to be made. Rule book 7.2 T6.
    """
    report = selectors.newest_report(model)
    if report is None:
        raise PromotionImpossible(
            "revalidation_required",
            _("This model was not yet measured for its validation; have a report made first."),
        )
    if not selectors.is_against_champion(report, model):
        raise PromotionImpossible(
            "revalidation_required",
            _("Another model decides than its report compares it with; have a report made anew."),
        )
    document = selectors.signed_document(model)
    if document is None:
        raise PromotionImpossible(
            "not_documented",
            _("The documentation of this model is not complete and signed, mitigants included."),
        )
    entry = selectors.register_entry(selectors.subject_of(model))
    if entry is None or register_rules.missing(entry.body):
        raise PromotionImpossible(
            "not_registered", _("This model has no complete entry in the register.")
        )
    return report, document, entry
