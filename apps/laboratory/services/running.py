"""Do an experiment: chunk by chunk, each whole or not at all, each once, and go on after a break.

The rows of a chunk, the key it ended at and the digest of what was read are written in one
transaction. A worker that was killed leaves its chunk unwritten; the next one goes on behind the
last that was. Only one worker at a time holds an experiment.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.audit import services as audit
from apps.core import bulk
from apps.core.errors import DomainError
from apps.core.jobs import enqueue
from apps.decisions import policy, policy_document, rulebook
from apps.laboratory import (
    experiment_results,
    experiment_rows,
    fingerprints,
    population,
    redeciding,
)
from apps.laboratory.errors import ExperimentImpossible
from apps.laboratory.lifecycle import PENDING
from apps.laboratory.models import Experiment, ExperimentRow
from apps.laboratory.money_results import Assumptions
from apps.laboratory.population import Past
from apps.laboratory.redeciding import Side
from apps.scoring.models import ModelVersion

logger = structlog.get_logger(__name__)
# The first half of the advisory lock that an experiment holds ("LABO").
_RUNNING = 0x4C41424F
# A message or a worker was lost when nothing has happened for this long.
LOST_AFTER = timedelta(minutes=2)
MOST_STARTS = 3
_ACTOR = audit.system("laboratory")


class _Stopped(Exception):
    """Somebody cancelled the experiment, or another worker has it; nothing more is written."""


def run(*, experiment_id: uuid.UUID | str, now: datetime) -> Experiment:
    """Do an experiment to its end, from where it stands; one that has ended is returned.

    A second message finds it busy or done and leaves. What can be explained ends as the
    experiment's failure; anything else is noted there and raised.
    """
    experiment = Experiment.objects.select_related("entity").get(pk=experiment_id)
    with _alone(experiment) as is_alone:
        experiment.refresh_from_db()
        if not is_alone or experiment.status not in PENDING:
            return experiment
        try:
            return _carried_out(experiment, now=now)
        except _Stopped:
            experiment.refresh_from_db()
            return experiment
        except DomainError as refusal:
            return _fail(experiment, str(refusal.sentence))
        except Exception:
            # The analyst must not wait for ever; the log keeps the cause.
            logger.exception("experiment_failed", experiment=str(experiment.pk))
            _fail(experiment, _("Something is wrong on our side; it has been noted."))
            raise


def sweep(*, now: datetime) -> int:
    """Send experiments again whose message or worker was lost; return how many."""
    lost = Experiment.objects.filter(status__in=PENDING, updated_at__lte=now - LOST_AFTER)
    keys = list(lost.order_by("asked_at").values_list("pk", flat=True))
    for key in keys:
        enqueue("laboratory.run", experiment_id=str(key))
    return len(keys)


def _carried_out(experiment: Experiment, *, now: datetime) -> Experiment:
    if experiment.starts >= MOST_STARTS:
        raise ExperimentImpossible(
            "broke_off", _("It broke off several times; ask for a smaller period.")
        )
    sides = _sides(experiment)
    total = experiment.total_rows
    if total is None:
        total = population.of_experiment(experiment).count()
    experiment.move(
        "start",
        total_rows=total,
        starts=experiment.starts + 1,
        started_at=experiment.started_at or now,
    )
    while rows := population.chunk(experiment, after=experiment.cursor):
        _write(experiment, rows, _redecided(experiment, rows, sides))
    return _complete(experiment)


def _sides(experiment: Experiment) -> dict[str, Side]:
    """Return what decides on either side. Raises PolicyUnusable for a policy that was altered."""
    champions: dict[str, ModelVersion | None] = dict.fromkeys(_segments(experiment))
    found = ModelVersion.objects.in_bulk(list(experiment.champions.values()))
    for segment, key in experiment.champions.items():
        champions[segment] = found[uuid.UUID(key)]
    tried = {**champions}
    if experiment.model is not None:
        tried[experiment.model.segment] = experiment.model
    return {
        "before": Side(rulebook.policy_of(experiment.in_force), champions),
        "after": Side(policy_document.parse(experiment.document), tried),
    }


def _segments(experiment: Experiment) -> Iterator[str]:
    products = experiment.entity.products.filter(code__in=experiment.products)
    yield from products.values_list("scoring_segment", flat=True)


def _redecided(
    experiment: Experiment, rows: list[Past], sides: dict[str, Side]
) -> list[dict[str, Any]]:
    """Return the rows to write, in the order of the applications' keys."""
    given = assumptions(experiment)
    found: list[dict[str, Any]] = []
    for group in redeciding.by_product(rows):
        try:
            decided = {name: redeciding.decide(group, side) for name, side in sides.items()}
        except policy.PolicyGap as gap:
            raise ExperimentImpossible("policy_gap", str(gap)) from gap
        found += experiment_rows.of_group(experiment.pk, group, given=given, **decided)
    return found


def assumptions(experiment: Experiment) -> Assumptions:
    """Return what an experiment assumes about money."""
    return Assumptions(
        currency=experiment.currency,
        loss_given_default=experiment.loss_given_default,
        cost_of_funds=experiment.cost_of_funds,
        fee_share=experiment.fee_share,
        operating_cost=experiment.operating_cost,
    )


@transaction.atomic
def _write(experiment: Experiment, rows: list[Past], written: list[dict[str, Any]]) -> None:
    """Store a chunk with the place it ended at. Raises _Stopped when it is no longer ours."""
    standing = Experiment.objects.select_for_update(no_key=True).only("status", "cursor")
    found = standing.get(pk=experiment.pk)
    if found.status != "running" or found.cursor != experiment.cursor:
        raise _Stopped
    bulk.copy_into(ExperimentRow, written)
    experiment.cursor = rows[-1].key
    experiment.done_rows += len(rows)
    experiment.rows_sha256 = population.digest(experiment.rows_sha256, rows)
    Experiment.objects.filter(pk=experiment.pk).update(
        cursor=experiment.cursor,
        done_rows=experiment.done_rows,
        rows_sha256=experiment.rows_sha256,
        updated_at=Now(),
    )


@transaction.atomic
def _complete(experiment: Experiment) -> Experiment:
    results = experiment_results.gather(experiment)
    experiment.move(
        "complete",
        results=results,
        results_sha256=fingerprints.of_results(results),
        inputs_sha256=fingerprints.of_inputs(experiment),
        # What came in between counting and reading was read as well.
        total_rows=experiment.done_rows,
        # Minutes after the moment the worker took it up.
        ended_at=Now(),
    )
    audit.record(
        _ACTOR,
        "laboratory.experiment_done",
        experiment,
        applications=experiment.done_rows,
        inputs_sha256=experiment.inputs_sha256,
        results_sha256=experiment.results_sha256,
    )
    return experiment


@transaction.atomic
def _fail(experiment: Experiment, sentence: str) -> Experiment:
    """Note why it failed and take back what was written, unless somebody ended it meanwhile."""
    experiment.refresh_from_db()
    if experiment.status not in PENDING:
        return experiment
    experiment.move("fail", failure=sentence, ended_at=Now())
    ExperimentRow.objects.filter(experiment=experiment).delete()
    audit.record(_ACTOR, "laboratory.experiment_failed", experiment)
    return experiment


@contextmanager
def _alone(experiment: Experiment) -> Iterator[bool]:
    """Hold the experiment's advisory lock, and say whether it was free; it dies with the worker."""
    keys = [_RUNNING, int.from_bytes(experiment.pk.bytes[:4], "big") - 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", keys)
        is_free = bool(cursor.fetchone()[0])
        try:
            yield is_free
        finally:
            if is_free:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)
