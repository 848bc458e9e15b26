"""Decide what losses are measured by: one person proposes parameters, another approves them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, Entity, User
from apps.accounts.selectors import in_reach
from apps.audit import services as audit
from apps.collateral.models.item import Kind
from apps.core import reasons
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.impairment import parameters, policies, stored
from apps.impairment.models import ParameterSet, Run
from apps.impairment.parameters import Parameters
from apps.impairment.services.locking import alone
from apps.ledger.refusals import constraint_of
from apps.products.models import Product
from apps.products.reading import CatalogueRefused

SHORTEST_REASON, LONGEST_REASON = 3, 2_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is proposed: the parameters, the first day with them, and why."""

    effective_from: date
    body: Mapping[str, Any]
    reason: str


class OwnParameters(NotPermitted):
    """Nobody agrees to what they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_parameters", _("You proposed these; another person must approve or refuse them.")
        )


@transaction.atomic
def propose_parameters(*, actor: User, entity: Entity, asked: Asked, now: datetime) -> ParameterSet:
    """Propose parameters and return them; nothing is measured by them yet.

    Raises NotPermitted, NotVisible, Conflict where others wait already, and DomainError for a body
    that is refused, a reason, or a day that is measured already.
    """
    _permit(actor, policies.PROPOSE)
    _seen(actor, entity)
    try:
        _known(entity, parameters.read(asked.body))
        parameters.require_plain(asked.body)
    except CatalogueRefused as refusal:
        sentence = _("%(place)s: %(why)s") % {"place": refusal.place, "why": refusal.why}
        raise _refused("body", "parameters_refused", sentence) from refusal
    alone(entity)
    _after_measured(entity, asked.effective_from)
    made = ParameterSet(
        entity=entity,
        effective_from=asked.effective_from,
        body=dict(asked.body),
        sha256=stored.sha256(asked.body),
        reason=_said(asked.reason, field="reason"),
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        if constraint_of(refusal) != "impairment_parameters_one_proposed":
            raise
        raise Conflict(
            "parameters_wait", _("Other parameters of this lender wait for an answer already.")
        ) from refusal
    audit.record(actor, "impairment.parameters_proposed", made, **_told(made))
    return made


@transaction.atomic
def approve_parameters(*, actor: User, one: ParameterSet, now: datetime) -> ParameterSet:
    """Approve what another person proposed; return it.

    Raises NotPermitted, NotVisible, OwnParameters, and Conflict where it was answered, others begin
    on the same day, or the day has been measured meanwhile.
    """
    found = _held(actor, one, policies.APPROVE)
    if found.proposed_by_id == actor.pk:
        raise OwnParameters
    alone(found.entity)
    _after_measured(found.entity, found.effective_from)
    try:
        with transaction.atomic():
            found.move("approve", answered_by=actor, answered_at=now)
    except IntegrityError as refusal:
        if constraint_of(refusal) != "impairment_parameters_one_a_day":
            raise
        raise Conflict(
            "parameters_same_day", _("Other approved parameters begin on the same day.")
        ) from refusal
    audit.record(actor, "impairment.parameters_approved", found, **_told(found))
    return found


@transaction.atomic
def refuse_parameters(*, actor: User, one: ParameterSet, note: str, now: datetime) -> ParameterSet:
    """Refuse what another person proposed, with a reason. Raises as approving does."""
    found = _held(actor, one, policies.APPROVE)
    if found.proposed_by_id == actor.pk:
        raise OwnParameters
    said = _said(note, field="note")
    found.move("refuse", answered_by=actor, answered_at=now, answer_note=said)
    audit.record(actor, "impairment.parameters_refused", found, **_told(found))
    return found


@transaction.atomic
def withdraw_parameters(*, actor: User, one: ParameterSet, now: datetime) -> ParameterSet:
    """Take back what one proposed oneself. Raises NotPermitted, NotVisible, Conflict."""
    found = _held(actor, one, policies.PROPOSE)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_parameters", _("Only who proposed these takes them back; refuse them instead.")
        )
    found.move("withdraw", answered_by=actor, answered_at=now)
    audit.record(actor, "impairment.parameters_withdrawn", found, **_told(found))
    return found


def starting_point() -> dict[str, Any]:
    """Return the parameters that come with the program, for a lender that has none yet."""
    path = Path(settings.BASE_DIR) / "fixtures" / "impairment_parameters.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["body"]
    return found


def _permit(actor: User, permission: str) -> None:
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))


def _seen(actor: User, entity: Entity) -> None:
    reach = Branch.objects.filter(in_reach(actor, branch_field="pk"), entity=entity)
    if not reach.exists():
        raise NotVisible("not_found", _("There is no such lender."))


def _held(actor: User, one: ParameterSet, permission: str) -> ParameterSet:
    _permit(actor, permission)
    rows = ParameterSet.objects.select_for_update(of=("self",), no_key=True)
    return get_visible(rows.select_related("entity"), actor, pk=one.pk)


def _known(entity: Entity, found: Parameters) -> None:
    """Refuse names that nothing has: what stands under them would never count."""
    products = Product.objects.filter(entity=entity)
    segments = products.values_list("scoring_segment", flat=True).distinct()
    parameters.know(found, kinds=Kind.values, segments=segments)


def _after_measured(entity: Entity, day: date) -> None:
    """Refuse parameters for days whose losses are measured, or begun to be: the books stay."""
    last = Run.objects.filter(entity=entity).order_by("-day").first()
    if last is not None and day <= last.day:
        sentence = _("Losses are measured up to %(day)s; begin on a later day.") % {"day": last.day}
        raise _refused("effective_from", "day_measured", sentence)


def _said(text: str, *, field: str) -> str:
    found = text.strip()
    if not SHORTEST_REASON <= len(found) <= LONGEST_REASON:
        sentence = reasons.asked_for(least=SHORTEST_REASON, most=LONGEST_REASON)
        raise _refused(field, "reason_missing", sentence)
    return found


def _refused(field: str, code: str, sentence: str) -> DomainError:
    return DomainError(code, sentence, fields={field: sentence})


def _told(one: ParameterSet) -> dict[str, Any]:
    return {
        "entity": one.entity.code,
        "effective_from": one.effective_from.isoformat(),
        "sha256": one.sha256,
    }
