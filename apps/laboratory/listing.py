"""What the pages list: experiments, the applications in one, and what lies beside a policy."""

import re
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.accounts.models import Entity, User
from apps.applications.models import Application
from apps.decisions.models import PolicyVersion
from apps.laboratory import swaps
from apps.laboratory.models import Evidence, Experiment, ExperimentRow
from apps.scoring.models import ModelVersion

_ENDED = {"repaid": False, "defaulted": True, "unknown": None}


def experiments(actor: User) -> QuerySet[Experiment]:
    """Return the experiments a person may see, without the documents they tried."""
    return (
        Experiment.objects.visible_to(actor)
        .select_related("entity", "policy__entity", "model", "created_by")
        .defer("document", "results", "model__body", "model__manifest", "policy__document")
    )


@dataclass(frozen=True, kw_only=True)
class RowFilters:
    """Which applications of an experiment to show; empty means all of them.

    `move` is in or out, `in_force` and `candidate` are outcomes, `ended` is repaid, defaulted
    or unknown; `cause` is the code of what did not let the candidate approve, `band` its band.
    """

    number: str = ""
    move: str = ""
    in_force: str = ""
    candidate: str = ""
    ended: str = ""
    product: str = ""
    cause: str = ""
    band: str = ""


def rows(experiment: Experiment, filters: RowFilters, *, actor: User) -> QuerySet[ExperimentRow]:
    """Return the applications of an experiment that match and that a person may see."""
    wanted = {
        "application__number__iexact": filters.number.strip(),
        "outcome_before": filters.in_force,
        "outcome_after": filters.candidate,
        "product__code": filters.product,
        "band_after": filters.band,
    }
    found = experiment.rows.filter(
        swaps.MOVES.get(filters.move, Q()),
        **{name: value for name, value in wanted.items() if value},
    )
    if filters.ended in _ENDED:
        found = found.filter(defaulted=_ENDED[filters.ended])
    if filters.cause:
        # Codes are words of letters, digits and underscores, with a space between two.
        word = re.escape(filters.cause)
        found = found.filter(causes_after__regex=rf"(^| ){word}( |$)")
    if not actor.works_everywhere:
        found = found.filter(application__in=Application.objects.visible_to(actor))
    return found.select_related("application", "product")


def lenders(actor: User) -> QuerySet[Entity]:
    """Return the lenders whose past applications a person may decide anew."""
    found = Entity.objects.order_by("name")
    return found if actor.works_everywhere else found.filter(pk=actor.branch.entity_id)


def evidence_of(
    *, actor: User, policy: PolicyVersion | None = None, model: ModelVersion | None = None
) -> QuerySet[Evidence]:
    """Return what was laid beside a policy version or a model, the newest first."""
    return (
        Evidence.objects.filter(
            policy=policy, model=model, experiment__in=Experiment.objects.visible_to(actor)
        )
        .select_related(
            "experiment__policy__entity",
            "experiment__model",
            "experiment__in_force",
            "attached_by",
            "policy",
        )
        .defer(
            *(f"experiment__model__{name}" for name in ("body", "manifest")),
            *(f"{path}__document" for path in ("policy", "experiment__policy")),
        )
        .order_by("-attached_at", "id")
    )
