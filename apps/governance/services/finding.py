"""Raise findings on a model, and close them by another person than who answers for them."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.governance import policies, selectors, when
from apps.governance.models import Finding, Promotion
from apps.governance.services import _said
from apps.scoring.models import ModelVersion


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found wanting, how bad it is, whose it is and by when."""

    severity: str
    what: str
    owner: User
    due_on: date


@transaction.atomic
def raise_finding(
    *,
    actor: User,
    model: ModelVersion,
    found: Found,
    now: datetime,
    promotion: Promotion | None = None,
) -> Finding:
    """Write a finding on a model down and return it.

    Raises NotPermitted, also for the developer of the model, Conflict for an owner who works here
    no more, and DomainError for words, severity or day.
    """
    if not policies.may_find(actor) or actor.pk == model.developed_by_id:
        raise NotPermitted("not_permitted", _("You do not judge this model."))
    if found.severity not in Finding.Severity.values:
        raise _said.refused("severity", _("Say how severe it is."))
    if not found.owner.is_active:
        raise Conflict("owner_inactive", _("This person works here no more."))
    if found.due_on < when.today(model.segment, now):
        raise _said.refused("due_on", _("The day lies in the past."))
    made = Finding(
        model=model,
        promotion=promotion,
        severity=found.severity,
        what=_said.reason(found.what, field="what"),
        owner=found.owner,
        due_on=found.due_on,
        raised_by=actor,
        raised_at=now,
    )
    made.save(force_insert=True)
    audit.record(
        actor,
        "governance.finding_raised",
        made,
        model=str(model),
        severity=made.severity,
        owner=str(found.owner.pk),
        due_on=found.due_on,
    )
    return made


@transaction.atomic
def close_finding(*, actor: User, finding: Finding, closing: str, now: datetime) -> Finding:
    """Close a finding that was put right.

    Raises NotPermitted for its owner and the developer, and for an approver while a promotion of
    the model is open; DomainError without words, and Conflict for one that is closed.
    """
    rows = Finding.objects.select_for_update(of=("self",)).select_related("model")
    found = rows.defer("model__body", "model__manifest").get(pk=finding.pk)
    involved = (found.owner_id, found.model.developed_by_id)
    if not policies.may_find(actor) or actor.pk in involved:
        raise NotPermitted(
            "not_another",
            _("Another person than who answers for a finding or developed the model closes it."),
        )
    if not actor.has_perm(policies.VALIDATE) and selectors.open_promotion(found.model) is not None:
        raise NotPermitted(
            "validator_closes",
            _("While the promotion of its model is open, a model validator closes a finding."),
        )
    said = _said.reason(closing, field="closing")
    found.move("close", closed_by=actor, closed_at=now, closing=said)
    audit.record(actor, "governance.finding_closed", found, model=str(found.model))
    return found
