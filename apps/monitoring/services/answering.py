"""Look at an incident, and close it with what was decided."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted
from apps.monitoring import policies
from apps.monitoring.models import Incident

SHORTEST_NOTE, LONGEST_NOTE = 3, 1_000


@transaction.atomic
def acknowledge(*, actor: User, incident: Incident, now: datetime) -> Incident:
    """Write down who looks at an incident. Raises NotPermitted, and Conflict where one does."""
    found = _locked(actor, incident)
    found.move("acknowledge", acknowledged_by=actor, acknowledged_at=now)
    audit.record(actor, "monitoring.incident_acknowledged", found, measure=found.measure)
    return found


@transaction.atomic
def close(*, actor: User, incident: Incident, decision: str, note: str, now: datetime) -> Incident:
    """Close an incident with what was decided and why; the same breach raises no other.

    Raises NotPermitted, Conflict where it is closed, DomainError for a decision or a note.
    """
    found = _locked(actor, incident)
    said = note.strip()
    if decision not in Incident.Decision.values:
        sentence = _("Choose what was decided.")
        raise DomainError("decision_missing", sentence, fields={"decision": sentence})
    if not SHORTEST_NOTE <= len(said) <= LONGEST_NOTE:
        sentence = _("Say why, in %(least)s to %(most)s letters.") % {
            "least": SHORTEST_NOTE,
            "most": LONGEST_NOTE,
        }
        raise DomainError("note_missing", sentence, fields={"note": sentence})
    found.move("close", closed_by=actor, closed_at=now, decision=decision, note=said)
    audit.record(
        actor,
        "monitoring.incident_closed",
        found,
        measure=found.measure,
        decision=found.decision,
    )
    return found


def _locked(actor: User, incident: Incident) -> Incident:
    if not actor.has_perm(policies.ANSWER):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))
    return Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
