"""The state of the audit trail on the start page."""

from datetime import datetime

from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from apps.audit import names, selectors, verbs
from apps.audit.models import Event, Seal
from apps.core.home import HALF, Backlog, Context, Panel, Work, register

ROWS = 8
_VIEW = "audit.view_audit"


def chain(_actor: object, _now: datetime) -> Context:
    """Return how far the chain is sealed, and what its last proof found."""
    proofs = selectors.verifications(limit=1)
    return {"sealed": selectors.sealed_count(), "proof": proofs[0] if proofs else None}


def newest(_actor: object, _now: datetime) -> Context:
    """Return the newest events."""
    found = list(Event.objects.order_by("-pk")[:ROWS])
    actors = names.of_actors(event.actor for event in found)
    return {
        "events": [
            {
                "what": verbs.sentence(event.verb),
                "who": actors[event.actor],
                "when": event.occurred_at,
                "note": names.short(event.subject),
            }
            for event in found
        ]
    }


def _unsealed() -> Backlog:
    """Return the events after the last one that has a place in the chain."""
    last = Seal.objects.order_by("-position").values_list("event_id", flat=True).first()
    rows = Event.objects.filter(pk__gt=last or 0).order_by()
    found = rows.aggregate(number=Count("pk"), oldest=Min("occurred_at"))
    return Backlog(found["number"], found["oldest"])


register(Work(name="audit.seal", label=_("Events to seal"), order=70, backlog=_unsealed))
register(
    Panel(
        name="audit.chain",
        template="audit/_home_chain.html",
        order=10,
        rights=(_VIEW,),
        gather=chain,
    ),
    Panel(
        name="audit.newest",
        template="audit/_home_newest.html",
        order=61,
        rights=(_VIEW,),
        gather=newest,
        width=HALF,
    ),
)
