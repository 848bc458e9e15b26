"""Decide what stress tests rest on: one person proposes, another approves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, Entity, User
from apps.accounts.selectors import in_reach
from apps.audit import services as audit
from apps.collateral.models.item import Kind as Security
from apps.core import dates, reasons
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.impairment import stored
from apps.products.models import Product
from apps.products.reading import CatalogueRefused
from apps.stress import policies, reading
from apps.stress.capital import Figures
from apps.stress.economy import Scenario
from apps.stress.models import Terms
from apps.stress.reading import Kind

SHORTEST_REASON, LONGEST_REASON = 3, 2_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is proposed, and why."""

    kind: Kind
    body: Mapping[str, Any]
    reason: str


class OwnTerms(NotPermitted):
    """Nobody agrees to what they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_terms", _("You proposed this; another person must approve or refuse it.")
        )


@transaction.atomic
def propose_terms(*, actor: User, entity: Entity, asked: Asked, now: datetime) -> Terms:
    """Propose a scenario, sensitivities or figures and return them; no test uses them yet.

    Raises NotPermitted, NotVisible, Conflict where others of the name wait already, and DomainError
    for a body that is refused, figures of a day to come, or a reason.
    """
    _permit(actor, policies.PROPOSE)
    in_reach_of(actor, entity)
    found = _read(entity, asked)
    if isinstance(found, Figures) and found.as_of > dates.local_date(now, entity.time_zone):
        raise _refused("body", "day_to_come", _("as_of: This day is still to come."))
    name = found.name if isinstance(found, Scenario) else ""
    same = Terms.objects.filter(entity=entity, kind=asked.kind.value, name=name)
    made = Terms(
        entity=entity,
        kind=asked.kind.value,
        name=name,
        version=(same.aggregate(last=Max("version"))["last"] or 0) + 1,
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
        raise Conflict("terms_wait", _("Another version waits for an answer already.")) from refusal
    audit.record(actor, "stress.terms_proposed", made, **_told(made))
    return made


@transaction.atomic
def approve_terms(*, actor: User, one: Terms, now: datetime) -> Terms:
    """Approve what another person proposed; return it.

    Raises NotPermitted, NotVisible, OwnTerms, and Conflict where it was answered.
    """
    found = _held(actor, one, policies.APPROVE)
    if found.proposed_by_id == actor.pk:
        raise OwnTerms
    found.move("approve", answered_by=actor, answered_at=now)
    audit.record(actor, "stress.terms_approved", found, **_told(found))
    return found


@transaction.atomic
def refuse_terms(*, actor: User, one: Terms, note: str, now: datetime) -> Terms:
    """Refuse what another person proposed, with a reason. Raises as approving does."""
    found = _held(actor, one, policies.APPROVE)
    if found.proposed_by_id == actor.pk:
        raise OwnTerms
    found.move("refuse", answered_by=actor, answered_at=now, answer_note=_said(note, field="note"))
    audit.record(actor, "stress.terms_refused", found, **_told(found))
    return found


@transaction.atomic
def withdraw_terms(*, actor: User, one: Terms, now: datetime) -> Terms:
    """Take back what one proposed oneself. Raises NotPermitted, NotVisible, Conflict."""
    found = _held(actor, one, policies.PROPOSE)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_terms", _("Only who proposed this takes it back; refuse it instead.")
        )
    found.move("withdraw", answered_by=actor, answered_at=now)
    audit.record(actor, "stress.terms_withdrawn", found, **_told(found))
    return found


@cache
def _shipped() -> str:
    path = Path(settings.BASE_DIR) / "fixtures" / "stress_scenarios.json"
    return path.read_text(encoding="utf-8")


def presets() -> list[dict[str, Any]]:
    """Return the scenarios that come with the program."""
    found: list[dict[str, Any]] = json.loads(_shipped())["scenario"]
    return found


def starting_point(kind: Kind) -> dict[str, Any]:
    """Return what a form of a kind begins with; the lender alone knows its figures."""
    if kind == Kind.SCENARIO:
        return presets()[0]
    found: dict[str, Any] = json.loads(_shipped())[kind.value]
    return found


def in_reach_of(actor: User, entity: Entity) -> None:
    """Raise NotVisible for a lender in none of whose branches the person works."""
    reach = Branch.objects.filter(in_reach(actor, branch_field="pk"), entity=entity)
    if not reach.exists():
        raise NotVisible("not_found", _("There is no such lender."))


def _read(entity: Entity, asked: Asked) -> Any:
    segments = Product.objects.filter(entity=entity).values_list("scoring_segment", flat=True)
    try:
        found = reading.READERS[asked.kind](asked.body)
        reading.know(found, kinds=Security.values, segments=set(segments))
    except CatalogueRefused as refusal:
        sentence = _("%(place)s: %(why)s") % {"place": refusal.place, "why": refusal.why}
        raise _refused("body", "terms_refused", sentence) from refusal
    return found


def _permit(actor: User, permission: str) -> None:
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))


def _held(actor: User, one: Terms, permission: str) -> Terms:
    _permit(actor, permission)
    rows = Terms.objects.select_for_update(of=("self",), no_key=True)
    return get_visible(rows.select_related("entity"), actor, pk=one.pk)


def _said(text: str, *, field: str) -> str:
    found = text.strip()
    if not SHORTEST_REASON <= len(found) <= LONGEST_REASON:
        sentence = reasons.asked_for(least=SHORTEST_REASON, most=LONGEST_REASON)
        raise _refused(field, "reason_missing", sentence)
    return found


def _refused(field: str, code: str, sentence: str) -> DomainError:
    return DomainError(code, sentence, fields={field: sentence})


def _told(one: Terms) -> dict[str, Any]:
    return {
        "entity": one.entity.code,
        "kind": one.kind,
        "name": one.name,
        "version": one.version,
        "sha256": one.sha256,
    }
