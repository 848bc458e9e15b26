"""Decide what a model must reach: one person proposes limits, another approves them."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.governance import gates, policies
from apps.governance.errors import OwnGates
from apps.governance.models import GateSet
from apps.governance.services import _said
from ml import canonical


@transaction.atomic
def propose_gates(
    *, actor: User, effective_from: date, body: Mapping[str, Any], reason: str, now: datetime
) -> GateSet:
    """Propose limits from a day on and return them; nothing is judged by them yet.

    Raises NotPermitted, DomainError for a limit or a day, Conflict where others wait already.
    """
    _said.permit(actor, policies.PROPOSE_GATES)
    try:
        limits = gates.read(body)
    except gates.LimitRefused as refusal:
        low, high = gates.RANGES.get(refusal.name, ("", ""))
        sentence = _("Give a number from %(least)s to %(most)s.") % {"least": low, "most": high}
        raise _said.refused(refusal.name, sentence, code="limit_refused") from refusal
    # Where some lenders live it is still the day before.
    if effective_from < now.date() - timedelta(days=1):
        raise _said.refused("effective_from", _("The day lies in the past."))
    made = GateSet(
        effective_from=effective_from,
        body=limits,
        sha256=canonical.sha256(canonical.canonical_bytes(limits)),
        reason=_said.reason(reason, field="reason"),
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict("gates_wait", _("Other gates wait for an answer already.")) from refusal
    audit.record(actor, "governance.gates_proposed", made, **_told(made))
    return made


@transaction.atomic
def approve_gates(*, actor: User, gate_set: GateSet, seen: str, now: datetime) -> GateSet:
    """Approve what another person proposed; `seen` is the fingerprint the person looked at.

    Raises NotPermitted, OwnGates, and Conflict where it was answered, is not as seen, or others
    begin on the same day.
    """
    found = _answerable(actor, gate_set)
    if seen != found.sha256:
        raise Conflict("not_as_seen", _("These are not the gates that you looked at. Look again."))
    try:
        with transaction.atomic():
            found.move("approve", answered_by=actor, answered_at=now)
    except IntegrityError as refusal:
        raise Conflict(
            "gates_same_day", _("Other approved gates begin on the same day.")
        ) from refusal
    audit.record(actor, "governance.gates_approved", found, **_told(found))
    return found


@transaction.atomic
def refuse_gates(*, actor: User, gate_set: GateSet, note: str, now: datetime) -> GateSet:
    """Refuse what another person proposed, with a reason. Raises as approving does."""
    found = _answerable(actor, gate_set)
    said = _said.reason(note, field="note")
    found.move("refuse", answered_by=actor, answered_at=now, answer_note=said)
    audit.record(actor, "governance.gates_refused", found, **_told(found))
    return found


@transaction.atomic
def withdraw_gates(*, actor: User, gate_set: GateSet, now: datetime) -> GateSet:
    """Take back what one proposed oneself. Raises NotPermitted, Conflict."""
    found = GateSet.objects.select_for_update(of=("self",)).get(pk=gate_set.pk)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_gates", _("Only who proposed these takes them back; refuse them instead.")
        )
    found.move("withdraw", answered_by=actor, answered_at=now)
    audit.record(actor, "governance.gates_withdrawn", found, **_told(found))
    return found


def starting_gates() -> dict[str, str]:
    """Return the limits that come with the program, for a lender that has none yet."""
    path = Path(settings.BASE_DIR) / "fixtures" / "model_gates.json"
    found: dict[str, str] = gates.read(json.loads(path.read_text(encoding="utf-8")))
    return found


def _answerable(actor: User, gate_set: GateSet) -> GateSet:
    _said.permit(actor, policies.APPROVE_GATES)
    found = GateSet.objects.select_for_update(of=("self",)).get(pk=gate_set.pk)
    if found.proposed_by_id == actor.pk:
        raise OwnGates
    return found


def _told(one: GateSet) -> dict[str, Any]:
    return {"effective_from": one.effective_from, "sha256": one.sha256}
