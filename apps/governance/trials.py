"""What can be asked about trials of models."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.governance import selectors
from apps.governance.lifecycle import VALIDATED
from apps.governance.models import Promotion, ShareChange, Trial
from apps.governance.models.trials import OPEN
from apps.scoring.models import Incident, ModelVersion, Placement

_HEAVY = ("model__body", "model__manifest")


def trials() -> QuerySet[Trial]:
    """Return all trials with model and people."""
    people = ("model__developed_by", "proposed_by", "decided_by", "ended_by", "promotion")
    return Trial.objects.select_related(*people).defer(*_HEAVY)


def share_changes() -> QuerySet[ShareChange]:
    """Return all changes of shares with their trial and people, the newest first."""
    rows = ShareChange.objects.select_related(
        "trial__model", "trial__promotion", "proposed_by", "decided_by"
    )
    return rows.defer("trial__model__body", "trial__model__manifest").order_by("-proposed_at")


def placements(trial: Trial) -> QuerySet[Placement]:
    """Return the times in which a trial's model served, the newest first."""
    return Placement.objects.filter(trial=trial.pk).order_by("-began_at", "-created_at")


def to_try() -> QuerySet[ModelVersion]:
    """Return the models that may be tried: those that decide nothing now and have a developer."""
    rows = ModelVersion.objects.exclude(status="champion").filter(developed_by__isnull=False)
    return rows.defer("body", "manifest").order_by("segment", "-number")


def waiting_trials(actor: User) -> QuerySet[Trial]:
    """Return the trials that others ask for, of models that others made."""
    others = Trial.objects.filter(status="proposed").exclude(_own(actor))
    others = others.exclude(_judged(actor, "promotion"))
    return others.select_related("model", "proposed_by").defer(*_HEAVY).order_by("proposed_at")


def waiting_shares(actor: User) -> QuerySet[ShareChange]:
    """Return the changes of shares that others ask for."""
    asked = share_changes().filter(status="proposed").exclude(_own(actor))
    return asked.exclude(_judged(actor, "trial__promotion"))


def incidents() -> QuerySet[Incident]:
    """Return the incidents of tried models that nobody has looked at."""
    rows = Incident.objects.filter(acknowledged_at=None).select_related("placement__model")
    return rows.defer("placement__model__body", "placement__model__manifest").order_by(
        "occurred_at"
    )


def incidents_of(trial: Trial) -> QuerySet[Incident]:
    """Return all incidents of a trial, the newest first."""
    rows = Incident.objects.filter(placement__trial=trial.pk).select_related("acknowledged_by")
    return rows.order_by("-occurred_at")


def due(now: datetime) -> QuerySet[Trial]:
    """Return the open trials whose date has passed."""
    return Trial.objects.filter(status__in=OPEN, until__lte=now)


def groundless() -> QuerySet[Trial]:
    """Return the open challengers whose model no validation holds any more."""
    later = Promotion.objects.filter(model=OuterRef("model"), status="refused")
    later = later.filter(proposed_at__gt=OuterRef("promotion__proposed_at"))
    lost = ~Q(promotion__status__in=VALIDATED) | Exists(later)
    open_ones = Trial.objects.filter(status__in=OPEN, kind=Placement.Kind.CHALLENGER)
    return open_ones.filter(Q(promotion=None) | lost)


def _judged(actor: User, path: str) -> Q:
    people = ("proposed_by", "validated_by", "owner")
    named = Q(*((f"{path}__{one}", actor) for one in people), _connector=Q.OR)
    return named | Q((f"{path}__model__in", selectors.owned_models(actor)))


def _own(actor: User) -> Q:
    return Q(proposed_by=actor) | Q(developed_by=actor)
