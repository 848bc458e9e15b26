"""The measurement at the end of a month: every loan as one by one, once, restartable."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.core.errors import Conflict
from apps.impairment import services, tasks, working
from apps.impairment.models import Estimate, LoanLoss, ParameterSet, Run
from apps.impairment.services import running
from apps.impairment.staging import Reason
from apps.impairment.tests import factories
from apps.impairment.tests.factories import ENDS, LAST, now, refused
from apps.loans.models import Loan
from apps.npa.models import DayEnd, LoanDay

CENT = Decimal("0.01")


@pytest.fixture
def history(book: Entity, approved: ParameterSet) -> Entity:
    """A book with fourteen months behind it, and estimates out of all but the last."""
    factories.live(book)
    factories.estimated(book, ENDS[-2])
    return book


@pytest.fixture
def lived(history: Entity) -> Entity:
    """The same with estimates out of the last month, too."""
    factories.estimated(history)
    return history


def measured(entity: Entity, day: date = LAST, **more: Any) -> Run:
    """Return the measurement of a day."""
    return services.measure(actor="system:tests", entity=entity, day=day, now=now(day), **more)


def test_every_loan_on_the_books_comes_to_what_it_does_alone(lived: Entity) -> None:
    run = measured(lived, batch=3)

    rows = LoanLoss.objects.filter(run=run).select_related("run__parameters", "run__estimate")
    on_books = LoanDay.objects.filter(day=LAST).exclude(asset_class__in=["closed", "written_off"])
    assert {row.loan_id for row in rows} == set(on_books.values_list("loan_id", flat=True))
    assert (run.status, run.loans) == ("finished", len(rows))
    assert len({row.stage for row in rows}) >= 2
    for row in rows:
        found = working.of(row)
        assert found.agrees, (row.pk, found)
        assert abs(found.measured.weighted.lifetime - row.loss_lifetime) <= CENT
        assert abs(found.measured.weighted.months_12 - row.loss_12) <= CENT
        assert row.loss_12 <= row.loss_lifetime <= row.ead
        if row.days_late >= 90:
            assert (row.stage, row.pd_12) == (3, 1)


def test_its_totals_are_the_sums_of_its_rows(lived: Entity) -> None:
    run = measured(lived)

    stages = run.totals["INR"]
    assert sum(one["loans"] for one in stages.values()) == run.loans
    whole = sum(LoanLoss.objects.filter(run=run).values_list("loss", flat=True))
    assert sum(Decimal(one["loss"]) for one in stages.values()) == whole > 0
    event = Event.objects.get(verb="impairment.measured")
    assert event.facts["totals"] == run.totals


def test_a_second_run_changes_nothing(lived: Entity) -> None:
    first = measured(lived)
    rows = sorted(LoanLoss.objects.values_list("pk", "loss"))

    again = measured(lived)

    assert (again.pk, again.run) == (first.pk, 1)
    assert sorted(LoanLoss.objects.values_list("pk", "loss")) == rows
    assert Event.objects.filter(verb="impairment.measured").count() == 1


def test_it_is_measured_anew_where_somebody_asks(lived: Entity) -> None:
    measured(lived)
    before = sorted(LoanLoss.objects.values_list("loan_id", "loss", "stage"))

    again = measured(lived, again=True)

    assert again.run == 2
    assert sorted(LoanLoss.objects.values_list("loan_id", "loss", "stage")) == before


def test_it_is_measured_anew_where_estimates_are_others(lived: Entity) -> None:
    assert measured(lived).run == 1
    other = Estimate.objects.get(version=2)
    other.pk, other.version = None, 3
    other.save(force_insert=True)
    assert services.due(lived) == LAST

    again = measured(lived)

    assert (again.run, again.estimate.version) == (2, 3)
    assert services.due(lived) is None


def test_it_is_measured_anew_where_the_day_was_ended_anew(lived: Entity) -> None:
    run = measured(lived)
    assert not services.is_outdated(run)
    DayEnd.objects.filter(entity=lived, day=LAST).update(run=2)
    assert services.is_outdated(run)
    assert services.due(lived) == LAST

    tasks.measure(str(lived.pk), LAST.isoformat())

    run.refresh_from_db()
    assert (run.run, run.day_run, run.status) == (2, 2, "finished")
    assert not services.is_outdated(run)
    assert services.due(lived) is None


def test_it_is_not_finished_on_what_is_no_more(
    lived: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_done = running._batch_done

    def ended_anew(*args: Any, **named: Any) -> bool:
        if batch_done(*args, **named):
            return True
        DayEnd.objects.filter(entity=lived, day=LAST).update(run=2)
        return False

    monkeypatch.setattr(running, "_batch_done", ended_anew)
    with pytest.raises(Conflict) as refusal:
        measured(lived)
    assert refusal.value.code == "inputs_changed"
    assert Run.objects.get().status == "running"
    assert not Event.objects.filter(verb="impairment.measured").exists()

    monkeypatch.setattr(running, "_batch_done", batch_done)
    run = measured(lived)

    assert (run.run, run.day_run, run.status) == (2, 2, "finished")
    assert run.loans == LoanLoss.objects.count()


def _cut_off(entity: Entity, day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a measurement come to its third batch and no further."""
    batch_done, done = running._batch_done, []

    def cut_off(*args: Any, **named: Any) -> bool:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return batch_done(*args, **named)

    with monkeypatch.context() as patched:
        patched.setattr(running, "_batch_done", cut_off)
        with pytest.raises(KeyboardInterrupt):
            measured(entity, day, batch=2)


def test_it_goes_on_where_it_was_cut_off(lived: Entity, monkeypatch: pytest.MonkeyPatch) -> None:
    _cut_off(lived, LAST, monkeypatch)
    kept = set(LoanLoss.objects.values_list("pk", flat=True))
    assert len(kept) == 4
    assert Run.objects.get().status == "running"

    run = measured(lived, batch=2)

    assert (run.run, run.status) == (1, "finished")
    assert kept < set(LoanLoss.objects.values_list("pk", flat=True))
    assert run.loans == LoanLoss.objects.values("loan_id").distinct().count()


def test_a_loan_comes_back_from_stage_3_by_its_months(book: Entity, approved: ParameterSet) -> None:
    for day in ENDS:
        factories.nights.ended(book, day)
    loan = Loan.objects.order_by("number")[0]
    for day, late in zip(ENDS[-6:], (95, 0, 0, 0, 0, 0), strict=True):
        factories.stands(loan, day, late)
    stages = []
    for day in ENDS[-6:]:
        factories.estimated(book, day)
        measured(book, day)
        row = LoanLoss.objects.get(run__day=day)
        stages.append((row.stage, row.reason))

    assert stages == [
        (3, Reason.NON_PERFORMING),
        *[(3, Reason.CURING_3)] * 3,
        (2, Reason.CURING_2),
        (2, Reason.CURING_2),
    ]


def test_it_says_what_is_missing(book: Entity, analyst: User, manager: User) -> None:
    assert refused(lambda: measured(book)).code == "day_not_ended"
    for day in ENDS:
        factories.nights.ended(book, day)
    assert refused(lambda: measured(book)).code == "no_parameters"
    factories.approved(book, analyst, manager)
    assert refused(lambda: measured(book)).code == "no_estimate"
    factories.estimated(book, ENDS[-1])
    factories.approved(book, analyst, manager, LAST, bands=["0.1"])
    assert refused(lambda: measured(book)).code == "no_estimate", "of other bands"


def test_estimates_are_of_the_day_and_the_parameters_in_force(
    history: Entity, analyst: User, manager: User
) -> None:
    assert refused(lambda: measured(history)).code == "no_estimate", "of the month before"
    factories.estimated(history)
    factories.approved(history, analyst, manager, LAST, stages={"pd_multiple": "3"})
    assert refused(lambda: measured(history)).code == "no_estimate", "of other parameters"

    factories.estimated(history)

    run = measured(history)
    assert run.estimate.parameters_id == run.parameters_id
    assert run.estimate.as_of == LAST


def test_only_ends_of_months_are_measured(lived: Entity) -> None:
    early = LAST - timedelta(days=1)
    factories.nights.ended(lived, early)
    assert refused(lambda: measured(lived, early)).code == "no_month_end"

    run = measured(lived)
    run.pk, run.day = None, date(2026, 10, 30)
    with pytest.raises(IntegrityError, match="impairment_run_ends_month"), transaction.atomic():
        run.save(force_insert=True)


def test_a_later_one_that_is_only_begun_does_not_block(
    lived: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cut_off(lived, LAST, monkeypatch)

    before = measured(lived, ENDS[-2])
    run = measured(lived)

    assert (before.run, before.status) == (1, "finished")
    assert (run.run, run.before_id, run.status) == (2, before.pk, "finished")


def test_the_worker_goes_on_with_what_was_cut_off_first(
    lived: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cut_off(lived, ENDS[-2], monkeypatch)
    assert services.due(lived) == ENDS[-2]
    assert refused(lambda: measured(lived)).code == "run_before_open"

    tasks.measure(str(lived.pk), ENDS[-2].isoformat())

    assert Run.objects.get().status == "finished"
    assert services.due(lived) == LAST


def test_the_database_keeps_what_was_measured(
    lived: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cut_off(lived, LAST, monkeypatch)
    with pytest.raises(DatabaseError), transaction.atomic():
        LoanLoss.objects.update(days_late=0)
    measured(lived)
    before = sorted(LoanLoss.objects.values_list("pk", "loss"))

    with pytest.raises(DatabaseError), transaction.atomic():
        LoanLoss.objects.update(days_late=0)
    with pytest.raises(DatabaseError, match="impairment_loss_kept"), transaction.atomic():
        LoanLoss.objects.all()[0].delete()

    assert sorted(LoanLoss.objects.values_list("pk", "loss")) == before


def test_no_day_before_a_measured_one_is_measured(lived: Entity) -> None:
    measured(lived)

    assert refused(lambda: measured(lived, ENDS[-2])).code == "measured_later"


def test_parameters_do_not_reach_into_what_is_measured(
    lived: Entity, analyst: User, manager: User
) -> None:
    one = factories.proposed(lived, analyst, LAST)
    measured(lived)

    def approve() -> None:
        services.approve_parameters(actor=manager, one=one, now=now())

    assert refused(approve).code == "day_measured"
    services.withdraw_parameters(actor=analyst, one=one, now=now())
    assert refused(lambda: factories.proposed(lived, analyst, LAST)).code == "day_measured"
    assert factories.proposed(lived, analyst, LAST + timedelta(days=1)).status == "proposed"


def test_parameters_do_not_reach_into_what_is_begun(
    lived: Entity, analyst: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = factories.proposed(lived, analyst, LAST)
    _cut_off(lived, LAST, monkeypatch)

    def approve() -> None:
        services.approve_parameters(actor=manager, one=one, now=now())

    assert refused(approve).code == "day_measured"
    services.withdraw_parameters(actor=analyst, one=one, now=now())
    assert refused(lambda: factories.proposed(lived, analyst, LAST)).code == "day_measured"


def test_the_nightly_task_measures_the_last_end_of_a_month(history: Entity) -> None:
    assert services.due(history) == LAST

    tasks.measure(str(history.pk), LAST.isoformat())
    tasks.measure(str(history.pk), LAST.isoformat())

    assert (Run.objects.get().status, Estimate.objects.count()) == ("finished", 2)
    assert services.due(history) is None
    DayEnd.objects.filter(entity=history).update(status="running", finished_at=None)
    assert services.due(history) is None


def test_the_command_says_what_it_measured(lived: Entity) -> None:
    said = io.StringIO()

    call_command("measure_ecl", date=LAST, entity=lived.code, estimate=True, stdout=said)

    assert "loans measured, run 1" in said.getvalue()
    assert "stage 1" in said.getvalue()
    with pytest.raises(CommandError, match="no lender"):
        call_command("measure_ecl", date=LAST, entity="nobody")
    with pytest.raises(CommandError, match="not ended"):
        call_command("measure_ecl", date=date(2026, 10, 31), entity=lived.code)
