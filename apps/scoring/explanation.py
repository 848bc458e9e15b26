"""A score's exact attributions with what the model's schema says about each feature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apps.scoring import champion
from apps.scoring.models import ModelVersion, ScoreRun
from ml.principal import Comparison, Factor


@dataclass(frozen=True)
class Attribution:
    """One feature's share in the log-odds of bad: positive raised this applicant's risk."""

    feature: str
    group: str
    unit: str
    direction: int
    value: object
    contribution: float


def attributions(run: ScoreRun, *, model: ModelVersion | None = None) -> tuple[Attribution, ...]:
    """Return the attributions of a run, the strongest first. Raises ModelUnusable."""
    return of_values(model or run.model, run.features, run.attributions)


def of_values(
    model: ModelVersion, features: dict[str, object], contributions: dict[str, float]
) -> tuple[Attribution, ...]:
    """Return contributions with the words of the model's schema, the strongest first.

    Ties are broken by name, so that a replay names the same order. Raises ModelUnusable.
    """
    schema = champion.scorer_of(model).schema
    found = [
        Attribution(
            feature=declared.name,
            group=declared.group,
            unit=declared.unit,
            direction=declared.direction,
            value=features[declared.name],
            contribution=contributions[declared.name],
        )
        for declared in schema.features
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.contribution), one.feature)))


def score_at(model: ModelVersion, pd: float) -> int:
    """Return the points at which a probability of default lies on the model's scale.

    Raises ModelUnusable.
    """
    return champion.scorer_of(model).scale.displayed(pd)


def principal(
    model: ModelVersion,
    features: dict[str, object],
    contributions: dict[str, float],
    *,
    cutoff: float,
) -> Callable[[int], Sequence[Factor]] | None:
    """Return a question for the principal factors beside the typical applicant above a cut-off.

    None for a model that was stored without such a reference. Raises ModelUnusable.
    """
    scorer = champion.scorer_of(model)
    if scorer.reference is None:
        return None

    def named(most: int) -> Sequence[Factor]:
        row = scorer.schema.validate_row(features)
        return Comparison(scorer, row, cutoff=cutoff, shares=contributions).named(most)

    return named
