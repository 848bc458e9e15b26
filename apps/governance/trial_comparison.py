"""What a shadow says beside the champion, on the same applications.

Both are judged by the policy in force today, each at the price of its own band, from the facts
each application was decided on. Outcomes are those of loans that have ended.
"""

import itertools
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.core.formatting import format_percent
from apps.decisions import rulebook
from apps.decisions import selectors as decisions
from apps.decisions.errors import AssessmentFailed
from apps.decisions.models import Decision
from apps.decisions.policy import Policy, PolicyGap
from apps.decisions.services import local_date
from apps.governance.models import Trial
from apps.laboratory import population, redeciding
from apps.laboratory.population import Past
from apps.loans.models import Outcome
from apps.scoring import selectors as scoring
from apps.scoring.errors import ModelUnusable
from apps.scoring.models import ModelVersion, ShadowScore
from ml import comparison, population_stability
from ml.comparison import Comparison
from ml.population_stability import Stability

Floats = npt.NDArray[np.float64]
# The newest scores that are compared: enough for any figure here, and read while somebody waits.
MOST = 5_000
ROUNDS = 200
OUTCOMES = ("approve", "refer", "decline")
_NO_PD = float("nan")


@dataclass(frozen=True)
class Compared:
    """Champion and shadow on the same applications; None where there is nothing to say yet."""

    scored: int
    failed: int
    compared: int
    champion: ModelVersion | None
    unusable: str
    bins: list[dict[str, Any]]
    stability: Stability | None
    agreement: list[dict[str, Any]]
    swapped_in: int
    swapped_out: int
    agreed: int
    judged: int
    ended: int
    outcomes: Comparison | None


@dataclass
class _Sides:
    """PDs and outcomes of both models in one order."""

    first: list[float]
    second: list[float]
    moves: Counter[tuple[str, str]]
    keys: list[Any]


def of_trial(trial: Trial, *, now: datetime) -> Compared:
    """Return the newest scores of a shadow beside those of the champion it is compared with."""
    every = ShadowScore.objects.filter(placement__trial=trial.pk)
    newest = every.filter(failure="").order_by("-run_at")[:MOST]
    stored = {run: pd for run, pd in newest.values_list("run", "pd") if pd is not None}
    champion = scoring.champion_at(trial.segment, trial.decided_at or now)
    sides, unusable = _Sides([], [], Counter(), []), ""
    if champion is not None and stored:
        try:
            sides = _sides(trial, champion, stored, now=now)
        except ModelUnusable as error:
            unusable = str(error.sentence)
    before, after = np.array(sides.first), np.array(sides.second)
    stability = _stability(before, after)
    bad = _outcomes(sides.keys)
    return Compared(
        scored=every.filter(failure="").count(),
        failed=every.exclude(failure="").count(),
        compared=len(before),
        champion=champion,
        unusable=unusable,
        bins=[] if stability is None else _bins(before, stability),
        stability=stability,
        agreement=_agreement(sides.moves),
        swapped_in=sum(n for (old, new), n in sides.moves.items() if old != new == "approve"),
        swapped_out=sum(n for (old, new), n in sides.moves.items() if new != old == "approve"),
        agreed=sum(n for (old, new), n in sides.moves.items() if old == new),
        judged=sides.moves.total(),
        ended=int((~np.isnan(bad)).sum()),
        outcomes=_compared(before, after, bad),
    )


def _sides(
    trial: Trial, champion: ModelVersion, stored: dict[Any, float], *, now: datetime
) -> _Sides:
    runs = dict(Decision.objects.filter(score_run__in=list(stored)).values_list("pk", "score_run"))
    found = _Sides([], [], Counter(), [])
    lenders: QuerySet[Entity] = Entity.objects.filter(
        products__scoring_segment=trial.segment
    ).distinct()
    for entity in lenders.order_by("code"):
        rows = population.of_decisions(list(runs), entity_id=entity.pk)
        rules = _policy(entity, now=now)
        for group in redeciding.by_product(rows):
            shadow = np.array([_pd(row, runs, stored) for row in group.rows])
            group.know(trial.model, shadow)
            found.first += group.pds(champion).tolist()
            found.second += shadow.tolist()
            found.keys += [row.key for row in group.rows]
            if rules is not None:
                found.moves += _moves(group, rules, champion, trial)
    return found


def _pd(row: Past, runs: dict[Any, Any], stored: dict[Any, float]) -> float:
    return stored.get(runs.get(row.decision_id), _NO_PD)


def _policy(entity: Entity, *, now: datetime) -> Policy | None:
    version = decisions.policy_in_force(entity, local_date(entity, now))
    try:
        return None if version is None else rulebook.policy_of(version)
    except AssessmentFailed:
        return None


def _moves(
    group: redeciding.Group, rules: Policy, champion: ModelVersion, trial: Trial
) -> Counter[tuple[str, str]]:
    """Count what the policy says by each model; nothing where it knows no bands of the product."""
    try:
        sides = [
            redeciding.decide(group, redeciding.Side(rules, {trial.segment: model})).outcomes
            for model in (champion, trial.model)
        ]
    except PolicyGap:
        return Counter()
    return Counter(zip(*sides, strict=True))


def _stability(before: Floats, after: Floats) -> Stability | None:
    if not len(before):
        return None
    return population_stability.number_stability(population_stability.number_bins(before), after)


def _bins(before: Floats, stability: Stability) -> list[dict[str, Any]]:
    """Return each tenth of the champion's risks with the shares of both, in words."""
    edges = population_stability.number_bins(before).edges
    words = dict(zip(population_stability.number_bins(before).labels, _ranges(edges), strict=True))
    return [
        {"label": words[one.label], "champion": one.expected, "shadow": one.actual}
        for one in stability.bins
    ]


def _ranges(edges: tuple[float, ...]) -> list[str]:
    missing = _("no score")
    if not edges:
        return [_("all"), missing]
    shown = [format_percent(edge, decimals=1) for edge in edges]
    inner = [f"{low} \u2013 {high}" for low, high in itertools.pairwise(shown)]
    return [f"< {shown[0]}", *inner, f"\u2265 {shown[-1]}", missing]


def _agreement(moves: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    if not moves:
        return []
    return [{"outcome": old, "counts": [moves[old, new] for new in OUTCOMES]} for old in OUTCOMES]


def _outcomes(keys: list[Any]) -> Floats:
    """Return 1 for a loan that defaulted, 0 for one that was repaid, NaN where neither is known."""
    rows = Outcome.objects.filter(loan__application__in=keys)
    known = dict(rows.values_list("loan__application", "defaulted"))
    return np.array([float(known[key]) if key in known else _NO_PD for key in keys])


def _compared(before: Floats, after: Floats, bad: Floats) -> Comparison | None:
    usable = ~(np.isnan(bad) | np.isnan(before) | np.isnan(after)) if len(bad) else np.array([])
    outcomes = bad[usable] if len(bad) else bad
    if len(set(outcomes.tolist())) < 2:
        return None
    config = comparison.BootstrapConfig(rounds=ROUNDS)
    return comparison.compare(before[usable], after[usable], outcomes, config=config)
