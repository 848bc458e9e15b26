"""The past applications most like one that waits, with what became of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from apps.accounts.models import User
from apps.applications.models import Application
from apps.decisions.models import Decision
from apps.desk import similar
from apps.scoring import services as scoring
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ScoreRun

SHOWN = 10
# Scores on either side of the own log-odds; what is further off differs in risk itself. They are
# read along an index before anything is joined, so the price does not grow with the book.
LOOKED_AT = 400
# Of the decisions on them, those that are compared factor by factor.
COMPARED = 400
# Those that another model scored are explained anew by the one that decided; it takes time.
EXPLAINED_ANEW = 150
_DECIDED = ("approve", "decline")
_ROW = ("application_id", "number", "outcome", "kind", "decided_at", "score_run_id")


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
    near, edge = _near(run)
    rows = _decided(actor, application, decision, near)
    if len(rows) > COMPARED:
        rows = dict(sorted(rows.items(), key=lambda pair: _gap(pair[1], near, run))[:COMPARED])
        edge = _gap(list(rows.values())[-1], near, run)
    explained = _explained(rows, near, run)
    found = similar.nearest(
        run.attributions,
        [similar.Candidate(str(key), shares) for key, shares in explained.items()],
        count=SHOWN,
    )
    return Likeness(
        tuple(_past_cases(found, rows)),
        searched=len(explained),
        is_certain=similar.is_certain(found, searched_to=edge, count=SHOWN),
    )


Near = dict[uuid.UUID, tuple[uuid.UUID, float]]
Rows = dict[uuid.UUID, dict[str, Any]]


def _near(run: ScoreRun) -> tuple[Near, float | None]:
    """Return the scores of about the same risk: model and log-odds by key, and how far they reach.

    None where these are all that there are.
    """
    rows = ScoreRun.objects.filter(schema_hash=run.schema_hash).exclude(pk=run.pk)
    columns = ("pk", "model_id", "log_odds")
    above = rows.filter(log_odds__gte=run.log_odds).order_by("log_odds")
    below = rows.filter(log_odds__lt=run.log_odds).order_by("-log_odds")
    sides = [list(side.values_list(*columns)[:LOOKED_AT]) for side in (above, below)]
    edges = [abs(side[-1][2] - run.log_odds) for side in sides if len(side) == LOOKED_AT]
    found = {pk: (model, odds) for side in sides for pk, model, odds in side}
    return found, min(edges) if edges else None


def _decided(actor: User, application: Application, decision: Decision, near: Near) -> Rows:
    """Return the last decision on each application that those scores led to, of what is visible."""
    made = Decision.objects.filter(
        score_run__in=list(near), outcome__in=_DECIDED, decided_at__lt=decision.decided_at
    )
    # By itself: joined with the applications the database would begin with all of those.
    rows = {row["application_id"]: row for row in made.order_by("number").values(*_ROW)}
    asked = Application.objects if actor.works_everywhere else Application.objects.visible_to(actor)
    seen = asked.filter(pk__in=list(rows), branch__entity=application.branch.entity_id)
    kept = set(seen.exclude(pk=application.pk).values_list("pk", flat=True))
    return {key: row for key, row in rows.items() if key in kept}


def _gap(row: dict[str, Any], near: Near, run: ScoreRun) -> float:
    return abs(near[row["score_run_id"]][1] - run.log_odds)


def _explained(rows: Rows, near: Near, run: ScoreRun) -> dict[uuid.UUID, dict[str, float]]:
    """Return the attributions of each application by the deciding model, where there are any."""
    own = {key: row for key, row in rows.items() if near[row["score_run_id"]][0] == run.model_id}
    shares = dict(
        ScoreRun.objects.filter(pk__in=[row["score_run_id"] for row in own.values()]).values_list(
            "pk", "attributions"
        )
    )
    found = {key: shares[row["score_run_id"]] for key, row in own.items()}
    others = sorted(rows.keys() - own.keys(), key=lambda key: (_gap(rows[key], near, run), key))
    return {**found, **_explained_anew({key: rows[key] for key in others[:EXPLAINED_ANEW]}, run)}


def _explained_anew(rows: Rows, run: ScoreRun) -> dict[uuid.UUID, dict[str, float]]:
    """Return what the deciding model says of those that another one scored."""
    if not rows:
        return {}
    keys = [row["score_run_id"] for row in rows.values()]
    features = dict(ScoreRun.objects.filter(pk__in=keys).values_list("pk", "features"))
    asked = [
        ScoreRun(model=run.model, features=features[row["score_run_id"]]) for row in rows.values()
    ]
    answers = zip(rows, scoring.rescore_all(runs=asked), strict=True)
    return {
        key: dict(answer.attributions)
        for key, answer in answers
        if not isinstance(answer, ScoringFailed)
    }


def _past_cases(found: Sequence[similar.Match], rows: Rows) -> list[PastCase]:
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
