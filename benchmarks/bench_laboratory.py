"""Decide 100,000 past applications anew: another policy, another model and other cut-offs at once.

Beside the bare limit: the other model's prediction on a matrix made before, and COPY of the very
columns that are read out of the database. Everything else - reading JSON, both policies, prices
and burdens in Decimal, expected loss and profit, rows written and summed up - comes on top. The
processor's seconds of this process are measured too: unlike the clock's they do not depend on
what else the machine does.
"""

import gc
import io
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import lightgbm
import pandas as pd
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core import bulk
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.services import policymaking
from apps.decisions.tests import factories as decisions
from apps.laboratory import services
from apps.laboratory.models import Experiment, ExperimentRow
from apps.products.models import Product
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion, ScoreRun
from benchmarks import measuring, scratch
from benchmarks.measuring import Figure
from ml import artefact, synthetic, training
from ml.application_schema import SCHEMA
from ml.boosting import BoostingConfig
from ml.training import TrainingConfig

ROWS = 100_000
SEGMENT = "in-retail"
START = date(2025, 1, 1)
MEBIBYTE = 1024 * 1024
MOST_MEBIBYTES = 256.0
# What is read of each application; the limit writes the same out of the database.
_READ = """
    COPY (
        SELECT a.id, a.amount, a.term_months, a.annual_rate, a.obligations_monthly,
            d.id, d.inputs, r.features, r.pd, r.model_id
        FROM applications_application a
        JOIN decisions_decision d ON d.application_id = a.id AND d.number = 1
        JOIN scoring_scorerun r ON r.id = d.score_run_id
    ) TO STDOUT
"""
_WRITE = """
    INSERT INTO {table}
    SELECT made.* FROM bench_past p
    CROSS JOIN {table} t
    CROSS JOIN LATERAL jsonb_populate_record(t, p.{column}) made
    WHERE t.id = %s
"""


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of the processor in this process."""

    seconds: float
    processor: float


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", rows=ROWS)
    with scratch.database():
        rita, mark = (
            _person(*one) for one in (("rita", "risk_analyst"), ("mark", "model_approver"))
        )
        frame = _frame(asked.rows)
        served, tried = (_trained(rita, seed) for seed in (42, 7))
        scoring.promote(model=served, approved_by=mark, now=timezone.now())
        template = _template()
        _multiply(template, frame, served)
        draft = _draft(template.policy)
        waiting = _asked(rita, template, policy=draft, model=tried)
        matrix = SCHEMA.to_matrix(frame[list(SCHEMA.names)])
        del frame
        own, found, risen = _run(waiting)
        predicted = _spent(partial(_booster(tried).predict, matrix, num_threads=1))
        limit = _sum(predicted, _spent(_copy))
        server = scratch.server()
    figures = _figures(found.done_rows, own, limit, risen)
    measuring.report("Laboratory", figures, on=server, recorded=asked.record)


def _figures(rows: int, own: Spent, limit: Spent, risen: float) -> list[Figure]:
    bare = "predict and COPY out"
    return [
        measuring.figure(
            "decide anew",
            own.seconds,
            "s",
            peer=(bare, limit.seconds),
            goal="under 60 s for 100,000",
            n=rows,
        ),
        measuring.figure(
            "decide anew, own processor",
            own.processor,
            "s",
            peer=(bare, limit.processor),
            goal="",
            n=rows,
        ),
        measuring.figure(
            "memory risen by",
            risen / MEBIBYTE,
            "MiB",
            peer=("budget", MOST_MEBIBYTES),
            goal="at most 1, however many",
            n=rows,
        ),
    ]


def _person(name: str, role: str) -> User:
    branch = Branch.objects.get(code="pune")
    person = User(email=f"{name}@lender.example", name=name, branch=branch)
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name=role))
    return User.objects.get(pk=person.pk)


def _template() -> Decision:
    """Return a real decision of the machine, to be written again with other figures."""
    product = Product.objects.get(code="in-personal")
    alice = _person("alice", "loan_officer")
    return decisions.assessed(alice, product=product, amount=Decimal(100_000))


def _frame(rows: int) -> pd.DataFrame:
    return synthetic.generate(
        synthetic.MARKETS[SEGMENT],
        rows=rows,
        seed=11,
        start=START,
        end=START + timedelta(days=364),
    )


def _trained(rita: User, seed: int) -> ModelVersion:
    frame = synthetic.generate(
        synthetic.MARKETS[SEGMENT],
        rows=20_000,
        seed=seed,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
    )
    config = TrainingConfig(model=BoostingConfig(most_trees=300, seed=seed), seed=seed)
    trained = training.train(frame[list(SCHEMA.names)], frame["bad"], schema=SCHEMA, config=config)
    return scoring.register_model(
        actor=rita,
        segment=SEGMENT,
        name=f"Benchmark {seed}",
        artefact=artefact.pack(trained),
        now=timezone.now(),
    )


def _multiply(template: Decision, frame: pd.DataFrame, served: ModelVersion) -> None:
    """Write an application, a score and a decision for each row, copies of one real decision."""
    scorer = artefact.load(served.body, served.manifest, expected_sha256=served.sha256)
    pds = scorer.score_frame(frame[list(SCHEMA.names)])
    lines = io.StringIO()
    for place, features in enumerate(SCHEMA.to_rows(frame[list(SCHEMA.names)])):
        asked_on = frame["applied_date"].iloc[place]
        made = _made(template, place, {**features, "pd": float(pds[place]), "asked": asked_on})
        cells = [json.dumps(one).replace("\\", "\\\\") for one in made]
        lines.write("\t".join(cells) + "\n")
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE bench_past (application jsonb, run jsonb, decision jsonb)"
        )
        cursor.copy_expert("COPY bench_past FROM STDIN", lines)
        for column, model, key in (
            ("application", Application, template.application_id),
            ("run", ScoreRun, template.score_run_id),
            ("decision", Decision, template.pk),
        ):
            sql = _WRITE.format(table=model._meta.db_table, column=column)
            cursor.execute(sql, [key])
        cursor.execute("DROP TABLE bench_past")
    bulk.refresh_statistics(Application, ScoreRun, Decision)


def _made(template: Decision, place: int, row: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return what differs from the template in its application, score run and decision."""
    features = {name: row[name] for name in SCHEMA.names}
    keys = [str(uuid.UUID(int=(kind << 64) + place * 2_654_435_761)) for kind in (1, 2, 3)]
    amount, term = str(Decimal(str(features["amount"]))), features["term_months"]
    asked = {"amount": amount, "term_months": term}
    inputs = {
        **template.inputs,
        "pd": repr(row["pd"]),
        "amount": amount,
        "term_months": str(term),
        "dti": str(round(0.1 + (place % 37) / 80, 6)),
        "foir": str(round(0.2 + (place % 53) / 100, 6)),
        "annual_income": str(features["annual_income"]),
        **{name: _text(features[name]) for name in ("delinquencies_24m", "enquiries_6m")},
    }
    return (
        {
            "id": keys[0],
            "number": f"B-{place:07d}",
            "applied_date": row["asked"].isoformat(),
            **asked,
        },
        {"id": keys[1], "features": features, "pd": row["pd"]},
        {
            "id": keys[2],
            "application_id": keys[0],
            "score_run_id": keys[1],
            "inputs": inputs,
            **asked,
        },
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _draft(standing: PolicyVersion | None) -> PolicyVersion:
    """Return a version with another price for each band and one more limit."""
    if standing is None:
        raise AssertionError("The template was decided by no policy.")
    author = decisions.policymaker(standing.entity, "draft_policy")
    draft = policymaking.draft_policy(actor=author, entity=standing.entity, base=standing)
    document = dict(draft.document)
    for ladder in document["ladders"]:
        for place, band in enumerate(ladder["bands"]):
            if band["outcome"] != "decline":
                band["rate_addon"] = f"0.0{place + 1}"
    return policymaking.edit_policy(actor=author, policy=draft, document=document)


def _asked(rita: User, template: Decision, **tried: Any) -> Experiment:
    question = services.Question(
        title="Benchmark",
        from_date=START,
        to_date=START + timedelta(days=366),
        products=(template.application.product.code,),
        approve_below=Decimal("0.08"),
        decline_from=Decimal("0.15"),
        loss_given_default=Decimal("0.6"),
        cost_of_funds=Decimal("0.08"),
        fee_share=Decimal("0.015"),
        operating_cost=Decimal(1_500),
        **tried,
    )
    entity = template.application.product.entity
    # A moment later: what came in with the question itself belongs to it as well.
    now = timezone.now() + timedelta(minutes=1)
    return services.ask(actor=rita, entity=entity, question=question, now=now)


def _run(waiting: Experiment) -> tuple[Spent, Experiment, int]:
    """Do the experiment; return what it took, its end, and by how many bytes memory rose."""
    _forget_peak()
    before = _peak()
    ended: list[Experiment] = []
    took = _spent(lambda: ended.append(services.run(experiment_id=waiting.pk, now=timezone.now())))
    (found,) = ended
    if found.status != "done" or ExperimentRow.objects.count() != found.done_rows:
        raise AssertionError(f"The experiment ended as {found.status}: {found.failure}")
    return took, found, _peak() - before


def _booster(tried: ModelVersion) -> lightgbm.Booster:
    return lightgbm.Booster(model_str=tried.body)


def _copy() -> None:
    with connection.cursor() as cursor:
        cursor.copy_expert(_READ, io.StringIO())


def _spent(call: Callable[[], object]) -> Spent:
    began, worked = time.perf_counter(), time.process_time()
    call()
    return Spent(time.perf_counter() - began, time.process_time() - worked)


def _sum(one: Spent, other: Spent) -> Spent:
    return Spent(one.seconds + other.seconds, one.processor + other.processor)


def _forget_peak() -> None:
    """Let the kernel count the peak from now on: laying out the past held more."""
    gc.collect()
    # proc(5): 5 sets the peak back to what is held now.
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Return the most memory this process has held since, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(peak.split()[1]) * 1024


if __name__ == "__main__":
    main()
