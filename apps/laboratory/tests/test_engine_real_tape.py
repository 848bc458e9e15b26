"""The laboratory against a real tape: its figures equal those taken straight from the file.

The second way knows nothing of ours: it reads the CSV, writes each loan's schedule out month by
month, and counts who lies below the cut-off. From the laboratory it takes the PDs alone.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.core.management import call_command

from apps.accounts.models import Branch, Entity, User
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.decisions import rulebook
from apps.decisions.tests import factories as decisions
from apps.laboratory import services
from apps.laboratory.models import Experiment
from apps.laboratory.tests import engine_factories as factories
from apps.loans.models import Outcome
from apps.loans.tests.factories import us_platform
from apps.scoring import champion
from apps.scoring import services as scoring
from ml import artefact, training
from ml.application_schema import SCHEMA
from ml.boosting import BoostingConfig
from ml.training import TrainingConfig

TAPE = Path(__file__).parents[4] / "shared" / "data" / "lendingclub_2007_2011.csv.gz"
CUT_OFF = Decimal("0.11")
FUNDS = Decimal("0.03")
CENT = Decimal("0.01")
# Every so many lines of the file, so that all years and both terms are among them.
EVERY = 17

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TAPE.exists(), reason="the LendingClub tape is not on this machine"),
]


@dataclass(frozen=True)
class FromFile:
    """What the file alone says about the loans below the cut-off."""

    approved: int
    bads: int
    amount: Decimal
    profit: Decimal


@pytest.fixture
def lines() -> list[dict[str, str]]:
    """A sample of the tape's lines."""
    with gzip.open(TAPE, "rt") as tape:
        return [line for place, line in enumerate(csv.DictReader(tape)) if place % EVERY == 0]


@pytest.fixture
def landed(
    db: None, tmp_path: Path, lines: list[dict[str, str]], rita: User, mark: User
) -> Iterator[Branch]:
    """The sample in our tables, with a champion trained on it and a policy for it."""
    champion.forget()
    rulebook.forget()
    branch = us_platform()
    sample = tmp_path / "sample.csv"
    with sample.open("w", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(lines[0]))
        table.writeheader()
        table.writerows(lines)
    call_command(
        "import_tape",
        sample,
        mapping="lendingclub",
        rejects=tmp_path / "rejects.csv",
        stdout=io.StringIO(),
    )
    decisions.policy(branch.entity, document=_bands_alone())
    _promoted(rita, mark)
    yield branch
    champion.forget()
    rulebook.forget()


def _bands_alone() -> dict[str, Any]:
    """Return a policy with bands, and with a rule that everybody on the tape meets."""
    written = decisions.document(bands=("0.2", "0.3"))
    written["rules"] = [
        {
            "code": "some_term",
            "sentence": "At most ten years.",
            "input": "term_months",
            "test": "at_most",
            "threshold": "120",
            "outcome": "decline",
        }
    ]
    return written


def _promoted(rita: User, mark: User) -> None:
    bad = dict(Outcome.objects.values_list("loan__application_id", "defaulted"))
    rows = list(applications.feature_rows(Application.objects.order_by("number")))
    frame = pd.DataFrame({name: [row[name] for _key, row in rows] for name in SCHEMA.names})
    config = TrainingConfig(model=BoostingConfig(most_trees=40, learning_rate=0.1), folds=3)
    trained = training.train(
        frame, [int(bad[key]) for key, _row in rows], schema=SCHEMA, config=config
    )
    model = scoring.register_model(
        actor=rita,
        segment="us-personal",
        name="Of the sample",
        artefact=artefact.pack(trained),
        now=factories.NOW,
    )
    scoring.promote(model=model, approved_by=mark, now=factories.NOW)


def straight_from(lines: list[dict[str, str]], pds: dict[str, Decimal]) -> FromFile:
    """Return the figures of all loans whose PD lies below the cut-off, from the file alone."""
    chosen = [line for line in lines if pds[line["loan_no"]] < CUT_OFF]
    return FromFile(
        approved=len(chosen),
        bads=sum(line["loan_status"].endswith("Charged Off") for line in chosen),
        amount=sum((_cents(line["loan_amnt"]) for line in chosen), Decimal(0)),
        profit=sum((_profit(line) for line in chosen), Decimal(0)),
    )


def _profit(line: dict[str, str]) -> Decimal:
    """Return what was paid, less principal, cost of recovery and funds month by month."""
    lent = _cents(line["funded_amnt"])
    with localcontext(prec=60):
        funds = sum(_balances(lent, Decimal(line["int_rate"]), int(line["term"])), Decimal(0))
        months = _months(line)
        if months is not None:
            balances = _balances(lent, Decimal(line["int_rate"]), int(line["term"]))
            funds = sum(balances[:months], Decimal(0))
        earned = _cents(line["total_pymnt"]) - lent - _cents(line["collection_recovery_fee"])
        return (earned - FUNDS * funds / 12).quantize(CENT, ROUND_HALF_UP)


def _balances(lent: Decimal, rate: Decimal, term: int) -> list[Decimal]:
    growth = (1 + rate / 12) ** term
    payment = lent * rate / 12 * growth / (growth - 1)
    owed = [lent]
    for _ in range(term - 1):
        owed.append(owed[-1] + owed[-1] * rate / 12 - payment)
    return owed


def _months(line: dict[str, str]) -> int | None:
    """Return the months from issue to last payment; the tape has the first day of each month."""
    if not line["last_pymnt_d"]:
        return None
    last, issued = (date.fromisoformat(line[name]) for name in ("last_pymnt_d", "issue_d"))
    assert last.day == issued.day == 1
    return min(12 * (last.year - issued.year) + last.month - issued.month, int(line["term"]))


def _cents(text: str) -> Decimal:
    return Decimal(text).quantize(CENT, ROUND_HALF_UP)


def _tried(rita: User, entity: Entity) -> Experiment:
    question = services.Question(
        title="One cut-off",
        from_date=date(2007, 1, 1),
        to_date=date(2012, 1, 1),
        approve_below=CUT_OFF,
        decline_from=CUT_OFF,
        loss_given_default=Decimal("0.8"),
        cost_of_funds=FUNDS,
        fee_share=Decimal("0.03"),
        operating_cost=Decimal(50),
    )
    asked = services.ask(actor=rita, entity=entity, question=question, now=factories.NOW)
    return services.run(experiment_id=asked.pk, now=factories.NOW)


def test_it_finds_what_the_file_says(
    landed: Branch, lines: list[dict[str, str]], rita: User
) -> None:
    experiment = _tried(rita, landed.entity)

    rows = factories.rows(experiment)
    pds = {row.application.source_reference: Decimal(repr(row.pd_after)) for row in rows}
    wanted = straight_from(lines, pds)
    found = experiment.results["sides"]["after"]
    assert experiment.status == "done"
    assert len(pds) == len(lines) > 2_000
    assert 0.3 < wanted.approved / len(lines) < 0.9
    assert found["outcomes"]["approve"] == {"n": wanted.approved, "amount": str(wanted.amount)}
    assert found["outcomes"]["refer"]["n"] == 0
    assert found["realised"]["known"] == wanted.approved
    assert found["realised"]["bads"] == wanted.bads
    assert found["realised"]["bad_rate"] == wanted.bads / wanted.approved
    assert found["realised"]["profit"] == str(wanted.profit)


def test_it_counts_what_was_recovered_once(lines: list[dict[str, str]]) -> None:
    """What the file calls paid in all holds the recoveries: so the laboratory takes it."""
    for line in lines:
        parts = ("total_rec_prncp", "total_rec_int", "total_rec_late_fee", "recoveries")
        total = sum(Decimal(line[part]) for part in parts)
        assert abs(Decimal(line["total_pymnt"]) - total) < Decimal("0.05")
