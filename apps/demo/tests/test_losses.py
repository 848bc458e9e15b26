"""Expected credit loss in the demonstration: decided by two people, measured, on closed days."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group

from apps.accounts.models import User
from apps.audit.models import Event
from apps.demo import losses, nights, people, stresses
from apps.impairment import rows
from apps.impairment.models import Estimate, LoanLoss, ParameterSet, Run
from apps.impairment.rows import Chosen
from apps.loans.models import Loan
from apps.npa.models import DayEnd
from apps.npa.tests import day_factories as days
from apps.repayments.tests import factories as repaying
from apps.stress.models import Terms, Test

pytestmark = pytest.mark.django_db
MONTH_END = date(2026, 11, 30)


@pytest.fixture
def lenders_people(lent: Loan) -> None:
    """The people of the demonstration, all in the branch of the loan."""
    for one in people.PEOPLE:
        if one.role in {"risk_analyst", "credit_manager"}:
            person = User(email=one.email, name=one.name, branch=lent.branch)
            person.set_unusable_password()
            person.save()
            person.groups.set(Group.objects.filter(name=one.role))


@pytest.mark.usefixtures("lenders_people")
def test_it_measures_the_end_of_a_month_whose_books_are_closed(lent: Loan) -> None:
    now = repaying.at(MONTH_END + timedelta(days=10))
    days.rules()
    nights.write(now=now)

    said = losses.write(now=now)
    before = Event.objects.count()
    again = losses.write(now=now)

    assert DayEnd.objects.get(day=MONTH_END).status == "closed"
    assert said == [f"measurements of losses at {lent.branch.entity.name}: 2026-11-30"]
    [one], [run] = ParameterSet.objects.all(), Run.objects.all()
    assert one.status == "approved"
    assert one.proposed_by == people.of_role("risk_analyst")
    assert one.answered_by == people.of_role("credit_manager")
    assert (run.day, run.status, run.loans) == (MONTH_END, "finished", 1)
    assert run.estimate == Estimate.objects.get()
    assert LoanLoss.objects.get().loan == lent
    entity = lent.branch.entity
    chosen = Chosen(entity=entity, currency=entity.currency, run=run)
    assert rows.grouped(people.of_role("risk_analyst"), chosen, "stage")
    assert (again, Event.objects.count()) == ([], before)


@pytest.mark.usefixtures("lenders_people")
def test_both_presets_are_put_to_what_was_measured(lent: Loan) -> None:
    now = repaying.at(MONTH_END + timedelta(days=10))
    days.rules()
    nights.write(now=now)
    losses.write(now=now)

    said = stresses.write(now=now)
    before = Event.objects.count()
    again = stresses.write(now=now)

    assert said == [f"a stress test of 1 loans at {lent.branch.entity.name}"]
    test = Test.objects.get()
    assert (test.status, test.measured.day) == ("done", MONTH_END)
    assert [one["name"] for one in test.results] == ["", "Recession", "Rate shock"]
    assert set(Terms.objects.values_list("status", flat=True)) == {"approved"}
    assert "Made up" in test.figures.body["source"]
    assert (again, Event.objects.count()) == ([], before)


def test_without_a_measurement_nothing_is_stressed(lent: Loan) -> None:
    assert stresses.write(now=repaying.at(repaying.later(1))) == []
    assert not Terms.objects.exists()


@pytest.mark.usefixtures("lenders_people")
def test_before_a_month_has_ended_parameters_alone_are_there(lent: Loan) -> None:
    now = repaying.at(repaying.later(1))
    days.rules()
    nights.write(now=now)

    said = losses.write(now=now)

    [sentence] = said
    assert sentence.endswith(": none, no month has ended")
    assert ParameterSet.objects.get().status == "approved"
    assert not Run.objects.exists()


def test_where_no_day_was_ended_nothing_is_decided(lent: Loan) -> None:
    assert losses.write(now=repaying.at(repaying.later(1))) == []
    assert not ParameterSet.objects.exists()
