"""A loan whose rest is not paid out on the day it was planned: no interest on money never lent."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from apps.accounts.models import User
from apps.audit.models import Event
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.offers.tests import factories as offering
from apps.repayments import accruing, services
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories
from apps.repayments.tests.factories import TODAY, at, books
from apps.schedules import building, documents
from apps.schedules.terms import Tranche
from tests.kept import kept

pytestmark = pytest.mark.django_db
REST_ON = TODAY + timedelta(days=30)
FIRST = Decimal(80_000)


@pytest.fixture
@kept
def staged(stage: None, alice: User, bob: User) -> Loan:
    """A loan of 200,000 of which 80,000 were paid out today; the rest is planned in 30 days."""
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    loan = loans.open_loan(
        actor=alice, application=lending.agreed(alice, application), now=factories.NOW
    )
    lending.paid(alice, bob, loan, amount=FIRST, rest_planned_date=REST_ON)
    return Loan.objects.get(pk=loan.pk)


def accrue(loan: Loan, *days: date) -> None:
    """Accrue days of a loan's lender, each on its evening."""
    for day in days:
        run = services.accrue_day(
            actor="system:test", entity=loan.branch.entity, day=day, now=at(day)
        )
        assert run.problems == []


def nights(first: date, count: int, step: int = 1) -> list[date]:
    """Return so many days from one on."""
    return [first + timedelta(days=number * step) for number in range(count)]


def earned(loan: Loan) -> Decimal:
    """Return the schedule's interest on the books: without what late instalments cost beside."""
    late = AccountEvent.objects.filter(
        loan=loan, kind="charge", status="live", parameters__bucket="interest"
    ).aggregate(sum=Sum("amount"))["sum"]
    return abs(books(loan)["interest_income"]) - (late or Decimal(0))


def twin(loan: Loan, day: date, *paid: Tranche) -> Decimal:
    """Return what a loan of these tranches and no others earns by a day, on the agreed terms."""
    agreed = documents.from_document(loan.schedules.get(number=1).terms)
    terms = replace(
        agreed,
        principal=sum((one.amount for one in paid), Decimal(0)),
        disbursed_on=paid[0].paid_on,
        tranches=paid if len(paid) > 1 else (),
    )
    spans = accruing.spans(terms, building.build(terms).rows)
    return accruing.earned_by(spans, day, day_count=terms.day_count, currency=terms.currency)


def test_no_interest_runs_on_a_rest_that_was_not_paid_out(staged: Loan) -> None:
    day = TODAY + timedelta(days=56)
    accrue(staged, *nights(TODAY + timedelta(days=1), 12, step=5))

    assert books(staged)["principal"] == FIRST
    assert earned(staged) == twin(staged, day, Tranche(TODAY, FIRST))
    assert staged.instalments.get(in_force=True, number=2).opening < FIRST
    terms = documents.from_document(staged.schedules.get(in_force=True).terms)
    assert terms.tranches[-1].paid_on > day
    assert factories.offenders() == []


def _rest_paid(loan: Loan, alice: User, bob: User, *, on: date, told: date) -> None:
    """Ask for the rest on its day, have it paid on it, and told later."""
    asked = loans.request(
        actor=alice, loan=loan, payment=lending.payment(loan, planned_date=on), now=at(on)
    )
    loans.approve(actor=bob, disbursement=asked, now=at(on))
    loans.confirm(
        actor=bob, disbursement=asked, paid_date=on, bank_reference="UTR-rest", now=at(told)
    )


@pytest.mark.parametrize(("on", "told"), [(30, 40), (45, 45), (45, 52)])
def test_a_rest_that_comes_bears_interest_from_the_day_it_went_out(
    staged: Loan, alice: User, bob: User, on: int, told: int
) -> None:
    paid_on, day = TODAY + timedelta(days=on), TODAY + timedelta(days=told)
    accrue(staged, *nights(TODAY + timedelta(days=on - 1), 1), *nights(day, 1))
    before = earned(staged)

    _rest_paid(staged, alice, bob, on=paid_on, told=day)

    both = (Tranche(TODAY, FIRST), Tranche(paid_on, 200_000 - FIRST))
    assert before == twin(staged, day, both[0])
    assert earned(staged) == twin(staged, day, *both)
    assert books(staged)["principal"] == 200_000
    accrue(staged, day + timedelta(days=20))
    assert earned(staged) == twin(staged, day + timedelta(days=20), *both)
    assert factories.offenders() == []


def test_one_schedule_is_written_a_month_and_the_night_says_so(staged: Loan) -> None:
    accrue(staged, *nights(REST_ON, 7))
    assert staged.schedules.get(in_force=True).reason == "rest_put_off"
    assert staged.schedules.filter(reason="rest_put_off").count() == 1

    accrue(staged, *nights(REST_ON + timedelta(days=30), 3))

    assert staged.schedules.filter(reason="rest_put_off").count() == 2
    events = Event.objects.filter(verb="loans.rest_put_off")
    assert [one.facts["to"] for one in events.order_by("pk")] == [
        str(day) for day in factories.due_dates(staged)[1:3]
    ]


def test_what_fell_due_is_paid_before_and_after(staged: Loan, alice: User) -> None:
    first, second = factories.due_dates(staged)[:2]
    rows = staged.instalments.filter(in_force=True)
    accrue(staged, first)
    factories.pay(alice, staged, first, rows.get(number=1).due)
    # The schedule planned the rest before it: what is asked for since is of what went out.
    accrue(staged, first + timedelta(days=3), second)
    factories.pay(alice, staged, second, staged.instalments.get(in_force=True, number=2).due)

    assert earned(staged) == twin(staged, second, Tranche(TODAY, FIRST))
    assert staged.instalments.get(in_force=True, number=2).due < 5_000
    assert factories.paid(staged)[1][0] == second
    assert factories.offenders() == []


def test_interest_that_ran_before_is_taken_back(
    staged: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, day = REST_ON + timedelta(days=12), REST_ON + timedelta(days=13)
    with monkeypatch.context() as patch:
        patch.setattr(loans, "late_rests", lambda *_args: [])
        accrue(staged, REST_ON, late)
    assert earned(staged) > twin(staged, late, Tranche(TODAY, FIRST))

    accrue(staged, day)

    assert earned(staged) == twin(staged, day, Tranche(TODAY, FIRST))
    assert factories.offenders() == []


def test_too_late_for_the_term_it_is_given_up(staged: Loan, alice: User) -> None:
    last = factories.due_dates(staged)[-2]
    accrue(staged, last - timedelta(days=2))
    assert Loan.objects.get(pk=staged.pk).given_up == 0

    accrue(staged, last)

    loan = Loan.objects.get(pk=staged.pk)
    assert (loan.given_up, loan.given_up_by) == (120_000, None)
    assert "too short" in loan.given_up_reason
    assert earned(staged) == twin(staged, last, Tranche(TODAY, FIRST))
    assert Event.objects.filter(verb="loans.rest_given_up", actor="system:test").count() == 1
    assert factories.offenders() == []


def test_not_while_a_payment_of_it_is_on_its_way(staged: Loan, alice: User) -> None:
    last = factories.due_dates(staged)[-2]
    before = last - timedelta(days=2)
    asked = loans.request(
        actor=alice,
        loan=staged,
        payment=lending.payment(staged, planned_date=before),
        now=at(before),
    )
    accrue(staged, before, last)
    assert Loan.objects.get(pk=staged.pk).given_up == 0

    loans.take_back(actor=alice, disbursement=asked, reason="It is too late", now=at(last))
    accrue(staged, last + timedelta(days=1))

    assert Loan.objects.get(pk=staged.pk).given_up == 120_000
    day = last + timedelta(days=1)
    assert earned(staged) == twin(staged, day, Tranche(TODAY, FIRST))
    assert factories.offenders() == []
