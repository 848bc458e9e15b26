"""What can be asked about automated decisions: whether they run, and when they were stopped."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Exists, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.core import prepared
from apps.core.notices import Notice
from apps.core.prepared import Given
from apps.decisions import stopped
from apps.decisions.models import AutomationStop
from apps.decisions.models.automation import STANDING
from apps.scoring import selectors as scoring
from apps.scoring.models import Placement

STOP = "decisions.stop_automation"
RESTART = "decisions.restart_automation"
READ = "decisions.view_policy"


def may_stop(actor: User, entity: Entity | None) -> bool:
    """Say whether the person may stop a lender's automated decisions, or all lenders' (None)."""
    return actor.has_perm(STOP) and _reaches(actor, entity)


def may_restart(actor: User, entity: Entity | None) -> bool:
    """Say whether the person may confirm a restart that another asked for."""
    return actor.has_perm(RESTART) and _reaches(actor, entity)


def stops(actor: User) -> QuerySet[AutomationStop]:
    """Return every stop of all lenders and of those the person may see, the newest first."""
    rows = AutomationStop.objects.select_related(
        "entity", "stopped_by", "asked_by", "restarted_by"
    ).prefetch_related("statements__said_by")
    if not actor.works_everywhere:
        rows = rows.filter(Q(entity=None) | Q(entity__branches=actor.branch_id))
    return rows.order_by("-stopped_at", "-created_at")


def standing(actor: User) -> QuerySet[AutomationStop]:
    """Return the stops that hold now."""
    return stops(actor).filter(status__in=STANDING)


def holding(entity_id: Any) -> QuerySet[AutomationStop, tuple[uuid.UUID]]:
    """Return the key of the stop that keeps a lender's machine from deciding, the oldest one."""
    rows = AutomationStop.objects.filter(Q(entity=None) | Q(entity=entity_id), status__in=STANDING)
    return rows.order_by("stopped_at", "created_at").values_list("pk")[:1]


def lenders(actor: User) -> QuerySet[Entity]:
    """Return the lenders a person may stop: all for who works everywhere, else the own one."""
    rows = Entity.objects.order_by("name")
    return rows if actor.works_everywhere else rows.filter(branches=actor.branch_id)


def reasons_of(reasons: Iterable[Iterable[Mapping[str, Any]]]) -> dict[str, str]:
    """Return why automation was stopped, by the id of each stop that stored reasons name."""
    ids = {found for one in reasons if (found := stopped.stop_id(one))}
    if not ids:
        return {}
    rows = AutomationStop.objects.filter(pk__in=ids).values_list("pk", "reason")
    return {str(pk): reason for pk, reason in rows}


def notices(user: User) -> list[Notice]:
    """Return what every page says while automated decisions of the person's lenders are stopped."""
    # Nearly always nothing is stopped; whom it concerns is asked only when something is.
    if not AutomationStop.objects.filter(status__in=STANDING).exists():
        return []
    may_read = user.has_perm(READ)
    return [
        Notice(
            tone="danger",
            title=_("Automated decisions are stopped: %(scope)s") % {"scope": stop},
            text=_("Every application goes to people. Reason: %(reason)s")
            % {"reason": "; ".join([stop.reason, *map(str, stop.statements.all())])},
            url=reverse("decisions:automation") if may_read else "",
            link=_("Open the switch") if may_read else "",
        )
        for stop in standing(user)
    ]


def _reaches(actor: User, entity: Entity | None) -> bool:
    if actor.works_everywhere:
        return True
    return entity is not None and actor.branch.entity_id == entity.pk


def stopped_in(segment: str) -> bool:
    """Say whether automated decisions are stopped for all, or for a lender of the segment."""
    concerned = Q(entity=None) | Q(entity__products__scoring_segment=segment)
    return AutomationStop.objects.filter(concerned, status__in=STANDING).exists()


def _challenger() -> QuerySet[Placement]:
    """Return who challenges the champion of a segment, unless the lender's machine is stopped."""
    stop = AutomationStop.objects.filter(
        Q(entity=None) | Q(entity=Given("entity")), status__in=STANDING
    )
    return scoring.placements().filter(
        ~Exists(stop),
        segment=Given("segment"),
        kind=Placement.Kind.CHALLENGER,
        ended_at=None,
        until__gt=Given("now"),
    )


# Asked for every decision.
CHALLENGER = prepared.Query(_challenger)
