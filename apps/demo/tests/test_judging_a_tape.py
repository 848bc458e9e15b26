"""A tape is learned from, judged through the tasks of the worker, and described in figures."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.decisions.models import Decision
from apps.demo import booking, findings, judging
from apps.governance.models import TrainingRun
from apps.laboratory.models import Experiment
from apps.ledger import proofs
from apps.ledger.models import Line, ProofRun
from apps.letters.models import Letter
from apps.loans.models import Loan, Outcome
from apps.loans.tests.test_mapping import line, tape_text
from apps.scoring.models import ModelVersion, ScoreRun
from creditrisk.celery import app as celery_app

pytestmark = pytest.mark.django_db(transaction=True)
LEARNED, JUDGED = 320, 14


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """A tape of loans of 2010 and January 2011; those deep in debt default more often."""
    chance = Random(3)  # noqa: S311  (the same tape every time)
    lines = [_line(number, "2010-06-01", chance) for number in range(LEARNED)]
    lines += [_line(LEARNED + number, "2011-01-01", chance) for number in range(JUDGED)]
    path = tmp_path / "tape.csv"
    path.write_text(tape_text(*lines))
    return path


@pytest.fixture
def ground() -> None:
    """What `make demo-real` prepares before."""
    for command in ("sync_roles", "load_products", "load_policy"):
        call_command(command, stdout=io.StringIO())


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs every task as it is sent, and remembers what was sent."""
    sent: list[str] = []

    def send(name: str, kwargs: dict[str, Any]) -> None:
        sent.append(name)
        celery_app.tasks[name].apply(kwargs=kwargs, throw=True)

    monkeypatch.setattr("apps.core.jobs.current_app", SimpleNamespace(send_task=send))
    return sent


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes messages that nobody reads."""
    nobody = SimpleNamespace(send_task=lambda _name, kwargs: kwargs)
    monkeypatch.setattr("apps.core.jobs.current_app", nobody)


def _line(number: int, issued: str, chance: Random) -> str:
    dti, used = chance.uniform(0, 30), chance.uniform(0, 1)
    is_bad = chance.random() < 0.05 + 0.5 * used * dti / 30
    return line(
        loan_no=str(number + 1),
        issue_d=issued,
        dti=f"{dti:.2f}",
        revol_util=f"{used:.3f}",
        annual_inc=str(chance.randrange(20_000, 120_000)),
        loan_status="Charged Off" if is_bad else "Fully Paid",
    )


def run(tape: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("demo_real", "--tape", str(tape), *arguments, stdout=out)
    return out.getvalue()


def figures(said: str) -> list[str]:
    """Return the lines of what was found, without how long it took this time."""
    lines = said.splitlines()
    start = next(
        place for place, line in enumerate(lines) if "decisions with their letters" in line
    )
    return [
        line
        for line in lines[start:]
        if "decided anew" not in line and " s (" not in line and "on the books," not in line
    ]


def imported(tape: Path) -> judging.Chosen:
    """Import a tape and choose its applications of 2011."""
    call_command("import_tape", tape, mapping="lendingclub", stdout=io.StringIO())
    source = Application.objects.values_list("source", flat=True)[0]
    return judging.choose(source=source, from_date=_DAYS[0], to_date=_DAYS[1], limit=None)


_DAYS = (timezone.datetime(2011, 1, 1).date(), timezone.datetime(2012, 1, 1).date())


def test_it_learns_judges_and_says_how_well(
    tape: Path, ground: None, worker: list[str], tmp_path: Path
) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text("# Benchmarks\n\nBefore.\n")

    said = run(tape, "--record", str(document))

    model = ModelVersion.objects.get(status="champion")
    assert TrainingRun.objects.get(model=model).rows == LEARNED
    assert model.developed_by != model.approved_by
    judged = Application.objects.filter(applied_date__gte=_DAYS[0])
    assert judged.count() == Decision.objects.filter(number=1).count() == JUDGED
    assert set(judged.values_list("status", flat=True)) <= set(judging.DECIDED)
    assert Application.objects.filter(status="historic").count() == LEARNED
    answered = judged.exclude(status="in_review").count()
    assert Letter.objects.exclude(rendered_at=None).count() == answered
    assert worker.count("decisions.assess") == JUDGED
    assert f"{JUDGED} scored with known outcome: AUC" in said
    written = document.read_text()
    assert "Before." in written
    assert "| approved |" in written
    assert f"{JUDGED} decisions replayed" in written
    assert "An experiment of the laboratory on the same applications" in written
    assert "approved loans with" in written


def test_it_opens_the_approved_loans_on_the_books_and_proves_them(tape: Path, ground: None) -> None:
    chosen = imported(tape)
    granted = list(chosen.rows.values_list("pk", flat=True)[:5])
    Application.objects.filter(pk__in=granted).update(
        status="approved", submitted_at=timezone.now()
    )

    first = booking.open_approved(chosen, now=timezone.now())
    again = booking.open_approved(chosen, now=timezone.now())

    booked = Loan.objects.filter(status="active")
    assert set(booked.values_list("application", flat=True)) == set(granted)
    assert Loan.objects.filter(status="imported").count() == LEARNED + JUDGED - 5
    held = Line.objects.filter(account="principal").aggregate(sum=Sum("debit"))["sum"]
    assert held == booked.aggregate(sum=Sum("principal"))["sum"]
    assert (first.loans, first.opened, first.instalments) == (5, 5, 5 * 36)
    assert (again.loans, again.opened, Line.objects.count()) == (5, 0, 10)
    assert [run.holds for run in ProofRun.objects.all()] == [True, True]


def test_it_does_not_pass_over_a_proof_that_fails(
    tape: Path, ground: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = imported(tape)
    wrong = proofs.Offender("L-1", "1.00", "2.00")
    monkeypatch.setattr(
        proofs, "_registered", {"made": proofs.Registered("made", "", lambda: wrong)}
    )

    with pytest.raises(booking.NotProved, match="made"):
        booking.open_approved(chosen, now=timezone.now())


def test_it_tries_other_cut_offs_on_what_was_judged(
    tape: Path, ground: None, worker: list[str]
) -> None:
    said = run(tape, "--approve-below", "0.3", "--decline-from", "0.4")

    experiment = Experiment.objects.get()
    assert worker.count("laboratory.run") == 1
    assert (experiment.from_date, experiment.to_date) == _DAYS
    assert experiment.done_rows == JUDGED
    below = ScoreRun.objects.filter(pd__lt=0.3).values("application")
    approved = experiment.rows.filter(outcome_after="approve")
    assert set(approved.values_list("application", flat=True)) <= {
        one["application"] for one in below
    }
    ended = Outcome.objects.filter(loan__application__in=approved.values("application"))
    found = experiment.results["sides"]["after"]["realised"]
    assert (found["known"], found["bads"]) == (
        ended.count(),
        ended.filter(defaulted=True).count(),
    )
    assert found["paid_known"] == ended.exclude(total_paid=None).count()
    [line] = [one for one in said.splitlines() if one.startswith("tried")]
    assert line.split()[1] == str(approved.count())
    assert f"{JUDGED} decisions replayed" in said


def test_it_says_why_an_experiment_cannot_be_done(
    tape: Path, ground: None, worker: list[str]
) -> None:
    with pytest.raises(CommandError, match="cannot be tried"):
        run(tape, "--approve-below", "0.3", "--decline-from", "0.2")
    with pytest.raises(CommandError, match="'few' is no number"):
        run(tape, "--approve-below", "few")

    assert Experiment.objects.count() == 0


def test_it_measures_the_stored_probabilities(tape: Path, ground: None, worker: list[str]) -> None:
    run(tape)

    source = Application.objects.values_list("source", flat=True)[0]
    found = findings.gather(judging.choose(source=source, from_date=_DAYS[0], to_date=_DAYS[1]))

    pds = list(ScoreRun.objects.values_list("pd", flat=True))
    bads = Outcome.objects.filter(
        loan__application__applied_date__gte=_DAYS[0], defaulted=True
    ).count()
    assert found.figures["n"] == found.scored == len(pds) == JUDGED
    assert found.figures["bads"] == bads
    holdout = TrainingRun.objects.get().figures["holdout"]
    assert found.figures["brier"] == pytest.approx(holdout["brier"], abs=1e-12)
    assert found.figures["auc"] == pytest.approx(holdout["auc"], abs=1e-12)
    assert sum(group.count for group in found.groups.values()) == JUDGED
    assert sum(group.share for group in found.groups.values()) == pytest.approx(1)
    assert found.failures == {}


def test_it_does_nothing_twice(tape: Path, ground: None, worker: list[str]) -> None:
    first = run(tape)
    sent = list(worker)
    decisions = Decision.objects.count()

    again = run(tape)

    assert worker == sent
    assert Decision.objects.count() == decisions
    assert Loan.objects.count() == LEARNED + JUDGED
    assert figures(again) == figures(first)
    assert "decided anew before" in again
    assert Experiment.objects.count() == 1


def test_it_judges_only_so_many_when_told(tape: Path, ground: None, worker: list[str]) -> None:
    run(tape, "--limit", "5")

    assert Decision.objects.filter(number=1).count() == 5
    assert Application.objects.filter(status="historic").count() == LEARNED + JUDGED - 5


def test_it_goes_on_where_it_was_interrupted(
    tape: Path, ground: None, worker: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tape, "--limit", "1")
    chosen = imported(tape)
    with monkeypatch.context() as broken:
        nobody = SimpleNamespace(send_task=lambda _name, kwargs: kwargs)
        broken.setattr("apps.core.jobs.current_app", nobody)
        judging.submit(chosen, count=6, now=timezone.now())

    run(tape)

    assert judging.state(chosen) == judging.State(0, 0, JUDGED, 0)
    assert Decision.objects.filter(number=1).count() == JUDGED


def test_it_says_what_is_missing_when_no_worker_answers(
    tape: Path, ground: None, no_worker: None
) -> None:
    with pytest.raises(CommandError) as refusal:
        run(tape, "--limit", "4", "--patience", "0")

    assert "4 wait for a decision" in str(refusal.value)
    assert "Is a worker running?" in str(refusal.value)
    assert Decision.objects.count() == 0


def test_it_submits_in_waves_and_waits_for_room(
    tape: Path, ground: None, no_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "WAVE", 6)
    chosen = imported(tape)
    clock = itertools.count().__next__

    with pytest.raises(judging.Stalled):
        for _ in judging.drive(
            chosen, pause=lambda: None, clock=lambda: float(clock()), patience_seconds=10
        ):
            pass

    state = judging.state(chosen)
    assert (state.waiting, state.historic, state.decided) == (6, JUDGED - 6, 0)
    submitted = chosen.rows.filter(status="submitted")
    assert not submitted.filter(submitted_at=None).exists()
    event = Event.objects.get(verb="demo.tape_submitted")
    assert event.facts == {"applications": 6}


def test_it_refuses_where_real_people_work(tape: Path, ground: None, settings: Any) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="not for production"):
        run(tape)

    assert User.objects.count() == 0
    assert Application.objects.count() == 0


def test_it_says_that_a_tape_is_not_there(tmp_path: Path, ground: None) -> None:
    refused: Callable[[], str] = lambda: run(tmp_path / "none.csv")  # noqa: E731

    with pytest.raises(CommandError, match="There is no file"):
        refused()
