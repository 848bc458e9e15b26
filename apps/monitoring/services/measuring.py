"""Make the figures of a model over a day or a month, once, and raise what is beyond its limits."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.monitoring import (
    deciding,
    decision_rows,
    group_rows,
    groups,
    measures,
    outcome_rows,
    outcomes,
    population,
    score_rows,
    selectors,
    spans,
    stored,
)
from apps.monitoring.models import Figures, Reference
from apps.monitoring.population import NoTrainingSample, Training
from apps.monitoring.services import raising
from apps.monitoring.spans import Span
from apps.scoring.models import ModelVersion

logger = structlog.get_logger(__name__)
# The first half of the advisory lock of whoever measures a model ("MONI").
_MEASURING = 0x4D4F4E49
ACTOR = audit.system("monitoring")
_Kind = Figures.Kind
# From when to when a model decided; None where it goes on.
Time = tuple[datetime, datetime | None]


def missing(model: ModelVersion, *, now: datetime) -> Iterator[tuple[Span, date]]:
    """Yield the days and months that are over and were not measured yet, oldest first.

    From when the model first decided, as champion or challenger; one that never did is not watched.
    """
    times = deciding.times(model)
    if not times:
        return
    for span in Span:
        rows = Figures.objects.filter(model=model, span=span, kind=_Kind.POPULATION)
        made = set(rows.values_list("start", flat=True))
        for start in spans.over(span, since=times[0][0], now=now):
            if start not in made and _was_used(model, times, span, start):
                yield span, start


@transaction.atomic
def measure(*, model: ModelVersion, span: Span, start: date, now: datetime) -> list[Figures]:
    """Make the figures of a model over a span that is over; return the new ones, none if made.

    All sets of measures and the incidents of them are written together or not at all, and two
    workers wait for each other: begun again after a crash it does the same once. Raises DomainError
    for a span that is not over or does not begin so.
    """
    _check(span, start, now)
    _be_alone(model)
    made = Figures.objects.filter(model=model, span=span, start=start)
    if made.filter(kind=_Kind.POPULATION).exists():
        return []
    found = [
        _kept(model, kind, facts, span=span, start=start, now=now)
        for kind, facts in _facts(model, span, start, now=now)
    ]
    before = selectors.facts(model, span, spans.before(span, start), _Kind.POPULATION)
    readings = [one for figures in found for one in _readings(figures, before)]
    raising.compare(model=model, span=span, start=start, readings=readings, now=now)
    return found


def _was_used(model: ModelVersion, times: Sequence[Time], span: Span, start: date) -> bool:
    """Say whether a model was to decide in a span, or scored in it what it had begun."""
    since, until = spans.moments(span, start)
    if any(began < until and (ended is None or ended > since) for began, ended in times):
        return True
    return score_rows.runs(model, since, until).exists()


def _facts(
    model: ModelVersion, span: Span, start: date, *, now: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    since, until = spans.moments(span, start)
    yield _Kind.POPULATION, _of_population(model, span, since, until)
    if span is not Span.MONTH:
        return
    loans = outcome_rows.mature(model, until)
    known = _reference(model, now)
    found = outcomes.facts(
        loans.pd, loans.bad, loans.vintages, None if known is None else known.facts
    )
    yield _Kind.OUTCOMES, {**found, "early": outcome_rows.early(model, until)}
    yield _Kind.GROUPS, {"attributes": groups.facts(group_rows.cells(model, since, until))}


def _of_population(
    model: ModelVersion, span: Span, since: datetime, until: datetime
) -> dict[str, Any]:
    """Return who was scored and what was decided.

    Where the model does not say what it was trained on, `undescribed` says why there is no drift.
    """
    runs = score_rows.runs(model, since, until)
    decisions = decision_rows.facts(model, since, until)
    try:
        training = Training.of_manifest(model.manifest)
    except NoTrainingSample as error:
        logger.warning("no_training_sample", model=str(model))
        scored = {"scored": runs.count(), "counts": None, "drift": None, "undescribed": str(error)}
        return {**scored, "decisions": decisions}
    tally = training.counted(score_rows.chunks(runs))
    return {**population.facts(training, tally, span), "decisions": decisions}


def _readings(figures: Figures, before: dict[str, Any] | None) -> Iterator[measures.Reading]:
    if figures.kind == _Kind.POPULATION:
        yield from measures.of_population(figures.facts, before)
    elif figures.kind == _Kind.OUTCOMES:
        yield from measures.of_outcomes(figures.facts)
    else:
        yield from measures.of_groups(figures.facts["attributes"])


def _reference(model: ModelVersion, now: datetime) -> Reference | None:
    """Return how a model did in development, found once; None where nothing is known of it."""
    found: Reference | None = Reference.objects.filter(model=model).first()
    if found is not None:
        return found
    known = outcome_rows.development(model)
    if known is None:
        return None
    source, dataset_sha256, figures = known
    facts = stored.plain(figures)
    made = Reference(
        model=model,
        source=source,
        facts=facts,
        dataset_sha256=dataset_sha256,
        sha256=stored.sha256(facts),
        made_at=now,
    )
    made.save()
    return made


def _kept(
    model: ModelVersion, kind: str, found: dict[str, Any], *, span: Span, start: date, now: datetime
) -> Figures:
    facts = stored.plain(found)
    made = Figures(
        model=model,
        span=span,
        start=start,
        kind=kind,
        facts=facts,
        sha256=stored.sha256(facts),
        made_at=now,
    )
    made.save()
    return made


def _check(span: Span, start: date, now: datetime) -> None:
    if start != spans.first(span, start):
        raise DomainError("not_a_month", _("A month begins on its first day."))
    if not spans.is_over(span, start, now=now):
        raise DomainError("not_over", _("Figures are made once the day or the month is over."))


def _be_alone(model: ModelVersion) -> None:
    """Wait until nobody else measures the model; until the transaction ends nobody else does."""
    keys = [_MEASURING, int.from_bytes(model.pk.bytes[:4], "big") - 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", keys)
