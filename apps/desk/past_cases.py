"""The past applications most like one that waits, with what became of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.applications.models import Application
from apps.decisions.models import Decision
from apps.desk import similar
from apps.scoring import services as scoring
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ScoreRun

SHOWN = 10
# On either side of the own log-odds; what is further off differs in risk itself.
SEARCHED = 400
# Those that another model scored are explained anew by the one that decided; it takes time.
EXPLAINED_ANEW = 150
_DECIDED = ("approve", "decline")
_ROW = (
    "application_id",
    "number",
    "outcome",
    "kind",
    "decided_at",
    "score_run__model_id",
    "score_run__log_odds",
    "score_run__attributions",
    "score_run__pk",
)


@dataclass(frozen=True)
class PastCase:
    """One past application: how far it is, how it was decided, and how its loan ended.

    `defaulted` is None where nothing was lent or the loan still runs.
    """

    application: Application
    distance: float
    outcome: str
    kind: str
    decided_at: datetime
    has_loan: bool
    defaulted: bool | None


@dataclass(frozen=True)
class Likeness:
    """The past cases found, out of how many, and whether none that is nearer was left out."""

    cases: tuple[PastCase, ...]
    searched: int
    is_certain: bool


def most_similar(actor: User, application: Application, decision: Decision) -> Likeness:
    """Return the ten past applications most like this one, among those the person may see.

    Only what was decided before this decision, at the same lender, on the same schema of features.
    """
    run = decision.score_run
    if run is None:
        return Likeness((), 0, is_certain=True)
    rows = _near(actor, application, decision, run)
    found = similar.nearest(
        run.attributions,
        [similar.Candidate(str(key), row["attributions"]) for key, row in rows.items()],
        count=SHOWN,
    )
    edges = [row["edge"] for row in rows.values() if row["edge"] is not None]
    return Likeness(
        tuple(_past_cases(found, rows)),
        searched=len(rows),
        is_certain=similar.is_certain(
            found, searched_to=min(edges) if edges else None, count=SHOWN
        ),
    )


def _near(
    actor: User, application: Application, decision: Decision, run: ScoreRun
) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the latest decision of each application near the own log-odds, explained."""
    rows = _before(actor, application, decision, run)
    above = list(
        rows.filter(score_run__log_odds__gte=run.log_odds)
        .order_by("score_run__log_odds")
        .values(*_ROW)[:SEARCHED]
    )
    below = list(
        rows.filter(score_run__log_odds__lt=run.log_odds)
        .order_by("-score_run__log_odds")
        .values(*_ROW)[:SEARCHED]
    )
    edges = [
        abs(side[-1]["score_run__log_odds"] - run.log_odds)
        for side in (above, below)
        if len(side) == SEARCHED
    ]
    found = _latest([*above, *below])
    _explain(found, run)
    return {
        key: {**row, "edge": min(edges) if edges else None}
        for key, row in found.items()
        if row["attributions"] is not None
    }


def _before(
    actor: User, application: Application, decision: Decision, run: ScoreRun
) -> QuerySet[Decision]:
    found = Decision.objects.filter(
        outcome__in=_DECIDED,
        decided_at__lt=decision.decided_at,
        score_run__schema_hash=run.schema_hash,
        application__branch__entity=application.branch.entity_id,
    ).exclude(application=application.pk)
    if actor.works_everywhere:
        return found
    return found.filter(application__in=Application.objects.visible_to(actor))


def _latest(rows: Sequence[dict[str, Any]]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the last decision on each application among these."""
    return {row["application_id"]: row for row in sorted(rows, key=lambda row: row["number"])}


def _explain(rows: dict[uuid.UUID, dict[str, Any]], run: ScoreRun) -> None:
    """Put the attributions by the deciding model beside each row; None where it has none."""
    others = []
    for row in rows.values():
        is_own = row["score_run__model_id"] == run.model_id
        row["attributions"] = row["score_run__attributions"] if is_own else None
        if not is_own:
            others.append(row)
    others.sort(key=lambda row: abs(row["score_run__log_odds"] - run.log_odds))
    asked = others[:EXPLAINED_ANEW]
    stored = ScoreRun.objects.in_bulk([row["score_run__pk"] for row in asked])
    anew = [
        ScoreRun(model=run.model, features=stored[row["score_run__pk"]].features) for row in asked
    ]
    for row, answer in zip(asked, scoring.rescore_all(runs=anew) if anew else [], strict=True):
        if not isinstance(answer, ScoringFailed):
            row["attributions"] = answer.attributions


def _past_cases(
    found: Sequence[similar.Match], rows: dict[uuid.UUID, dict[str, Any]]
) -> list[PastCase]:
    keys = [uuid.UUID(match.key) for match in found]
    loaded = Application.objects.select_related("product", "loan__outcome").in_bulk(keys)
    return [
        _past_case(loaded[key], match.distance, rows[key])
        for key, match in zip(keys, found, strict=True)
    ]


def _past_case(application: Application, distance: float, row: dict[str, Any]) -> PastCase:
    loan = _one(application, "loan")
    outcome = _one(loan, "outcome")
    return PastCase(
        application=application,
        distance=distance,
        outcome=row["outcome"],
        kind=row["kind"],
        decided_at=row["decided_at"],
        has_loan=loan is not None,
        defaulted=None if outcome is None else outcome.defaulted,
    )


def _one(thing: Any, name: str) -> Any:
    """Return what points back at a thing, read together with it; None where nothing does."""
    try:
        return getattr(thing, name, None)
    except ObjectDoesNotExist:
        return None
