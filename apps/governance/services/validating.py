"""Judge a model independently of who made it, owns it and wants it. Rule book 7.2 and 7.4."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.governance import policies, selectors, standing
from apps.governance.errors import NotAsSeen, OwnModel
from apps.governance.models import Promotion
from apps.governance.services import _said, trying
from apps.governance.services.promoting import told

Validation = Promotion.Validation


@transaction.atomic
def validate(
    *, actor: User, promotion: Promotion, outcome: str, note: str, seen: str, now: datetime
) -> Promotion:
    """Accept a model, accept it with findings, or refuse it; `seen` is the standing looked at.

    Raises NotPermitted, OwnModel, NotAsSeen, DomainError for an unknown outcome or without words,
    and Conflict where it was judged before or the outcome does not go with the open findings.
    """
    if not actor.has_perm(policies.VALIDATE):
        raise NotPermitted("not_permitted", _("Your role does not validate models."))
    found = selectors.promotions_locked().get(pk=promotion.pk)
    if actor.pk in policies.people_of(found):
        raise OwnModel
    if found.status != "proposed":
        raise Conflict("judged_before", _("Somebody has judged this model already. Look again."))
    if outcome not in Validation.values:
        raise _said.refused("outcome", _("Say whether you accept or refuse it."))
    note = _said.reason(note, field="note")
    now_standing = standing.of(found, now=now)
    if seen != now_standing.seen:
        raise NotAsSeen
    _fits(outcome, has_findings=bool(now_standing.open_findings))
    found.move(
        "refuse" if outcome == Validation.REFUSED else "validate",
        validated_by=actor,
        validated_at=now,
        validation=outcome,
        validation_note=note,
    )
    audit.record(
        actor,
        "governance.promotion_validated",
        found,
        **told(found),
        outcome=outcome,
        findings=len(now_standing.open_findings),
        failed=now_standing.failed,
    )
    if found.status == "refused":
        trying.validation_lost(found, actor, now)
    return found


def _fits(outcome: str, *, has_findings: bool) -> None:
    if outcome == Validation.ACCEPTED and has_findings:
        raise Conflict(
            "findings_open", _("There are open findings on this model: accept it with findings.")
        )
    if outcome == Validation.WITH_FINDINGS and not has_findings:
        raise Conflict("no_findings", _("Raise the findings first, then accept it with them."))
