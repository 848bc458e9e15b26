"""The measurement at the end of a month: every loan as one by one, once, restartable."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Entity, User
from apps.audit.models import Event
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
def lived(book: Entity, approved: ParameterSet) -> Entity:
    """A book with fourteen months behind it, and estimates out of them."""
    factories.live(book)
    factories.estimated(book, ENDS[-2])
    return book


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
    factories.estimated(lived)

    again = measured(lived)

    assert (again.run, again.estimate.version) == (2, 2)


def test_it_goes_on_where_it_was_cut_off(lived: Entity, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_done, done = running._batch_done, []

    def cut_off(*args: Any, **named: Any) -> bool:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return batch_done(*args, **named)

    monkeypatch.setattr(running, "_batch_done", cut_off)
    with pytest.raises(KeyboardInterrupt):
        measured(lived, batch=2)
    kept = set(LoanLoss.objects.values_list("pk", flat=True))
    assert len(kept) == 4
    assert Run.objects.get().status == "running"

    monkeypatch.setattr(running, "_batch_done", batch_done)
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
    factories.estimated(book, ENDS[-7])

    stages = []
    for day in ENDS[-6:]:
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


def test_the_nightly_task_measures_the_last_end_of_a_month(lived: Entity) -> None:
    assert services.due(lived) == LAST

    tasks.measure(str(lived.pk), LAST.isoformat())
    tasks.measure(str(lived.pk), LAST.isoformat())

    assert (Run.objects.get().status, Estimate.objects.count()) == ("finished", 2)
    assert services.due(lived) is None
    DayEnd.objects.filter(entity=lived).update(status="running", finished_at=None)
    assert services.due(lived) is None


def test_the_command_says_what_it_measured(lived: Entity) -> None:
    said = io.StringIO()

    call_command("measure_ecl", date=LAST, entity=lived.code, estimate=True, stdout=said)

    assert "loans measured, run 1" in said.getvalue()
    assert "stage 1" in said.getvalue()
    with pytest.raises(CommandError, match="no lender"):
        call_command("measure_ecl", date=LAST, entity="nobody")
    with pytest.raises(CommandError, match="not ended"):
        call_command("measure_ecl", date=LAST + timedelta(days=1), entity=lived.code)
