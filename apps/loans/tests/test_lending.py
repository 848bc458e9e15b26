"""What a borrower owes us counts by what is left of each loan; one that is over does not count."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import User
from apps.applications import hooks as application_hooks
from apps.applications import selectors as applications
from apps.applications.models import Application, Guarantor
from apps.applications.tests import factories as requests
from apps.collateral import exposures, hooks
from apps.collateral.models import CoBorrower
from apps.core import dates
from apps.customers.models import Customer
from apps.decisions import debts, exposed, inputs
from apps.decisions import selectors as decisions
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.lines import Line, credit, debit
from apps.ledger.models import Entry
from apps.loans import lending, services
from apps.loans.models import Loan
from apps.loans.tests import factories
from apps.offers import services as offers
from apps.offers.tests import factories as offering

NOW, LATER, TODAY = factories.NOW, factories.LATER, factories.TODAY
TWO_DAYS = timedelta(days=2)


def _post(actor: User, loan: Loan, event: Event, *lines: Line, on: date = TODAY) -> Entry:
    return ledger.post(
        actor=actor,
        event=event,
        day=on,
        lines=lines,
        branch=loan.branch,
        currency=loan.currency,
        loan_id=loan.pk,
        customer_id=loan.customer_id,
        reference=f"test:{Entry.objects.count()}",
        now=NOW + TWO_DAYS,
    )


def _repaid(actor: User, loan: Loan, amount: int, *, on: date = TODAY) -> Entry:
    """Post a repayment of principal as such."""
    lines = (debit(Account.CASH, Decimal(amount)), credit(Account.PRINCIPAL, Decimal(amount)))
    return _post(actor, loan, Event.REPAYMENT, *lines, on=on)


def _given_up(alice: User, bob: User, loan: Loan) -> None:
    services.cancel(actor=alice, loan=loan, reason="No longer wanted", now=LATER)


def _exited(alice: User, bob: User, loan: Loan) -> None:
    factories.paid(alice, bob, loan)
    loan.refresh_from_db()
    offers.exit(actor=alice, offer=loan.offer, now=LATER + TWO_DAYS)
    services.settle_exit(
        actor=bob,
        loan=Loan.objects.get(pk=loan.pk),
        paid_date=TODAY + TWO_DAYS,
        bank_reference="UTR9",
        now=LATER + TWO_DAYS,
    )


def _closed(alice: User, bob: User, loan: Loan) -> None:
    factories.paid(alice, bob, loan)
    _repaid(bob, loan, 200_000)
    loan.refresh_from_db()
    loan.move("close")


def _known(application: Application) -> dict[str, Any]:
    return dict(inputs.unscored(application, applications.affordability(application)))


@pytest.fixture
def friend(alice: User) -> Customer:
    """Somebody who owes or answers for the loan beside its borrower."""
    return requests.borrower(alice.branch, full_name="A friend")


def _answers(loan: Loan, friend: Customer, amount: int = 70_000, currency: str = "INR") -> None:
    Guarantor.objects.create(
        application=loan.application,
        customer=friend,
        name="A friend",
        amount=Decimal(amount),
        currency=currency,
    )


@pytest.mark.parametrize("end", [_given_up, _exited, _closed])
def test_a_loan_that_is_over_counts_for_nothing(
    alice: User,
    bob: User,
    loan: Loan,
    friend: Customer,
    end: Callable[[User, User, Loan], None],
) -> None:
    _answers(loan, friend)
    CoBorrower.objects.create(
        application=loan.application,
        customer=(other := requests.borrower(alice.branch)),
        liability="joint_and_several",
        added_by=alice,
    )
    again, theirs, his = (requests.submitted(alice, one) for one in (loan.customer, friend, other))
    guaranteed = requests.application(alice, requests.borrower(alice.branch))
    Guarantor.objects.create(
        application=guaranteed, customer=loan.customer, name="B", amount=Decimal(10), currency="INR"
    )
    before = [_known(one)["exposure_with_us"] for one in (again, theirs, his)]

    end(alice, bob, loan)

    assert before == [400_000, 270_000, 400_000]
    assert [_known(one)["exposure_with_us"] for one in (again, theirs, his)] == [200_000] * 3
    assert _known(theirs)["guarantees_with_us"] == 0
    assert _known(guaranteed)["guarantor_exposure"] == 10
    assert applications.guaranteed_for_others(theirs) == 0
    assert applications.exposure(again, alice) == []
    assert exposed.granted([loan.application_id]) == {}
    besides = {"currency": "INR", "besides": again.pk}
    people = [loan.customer_id, other.pk]
    assert decisions.approved_amounts(people, **besides) == {}
    assert applications.guaranteed_by([friend.pk], **besides) == {}


def test_a_running_loan_counts_by_what_is_left_of_it(
    alice: User, bob: User, loan: Loan, friend: Customer
) -> None:
    _answers(loan, friend)
    CoBorrower.objects.create(
        application=loan.application,
        customer=(other := requests.borrower(alice.branch)),
        liability="share",
        share=Decimal("0.25"),
        added_by=alice,
    )
    again, theirs, his = (requests.submitted(alice, one) for one in (loan.customer, friend, other))
    found = []
    factories.paid(alice, bob, loan)
    for amount in (0, 120_000, 60_000):
        if amount:
            _repaid(bob, loan, amount)
        exposures = (_known(one)["exposure_with_us"] for one in (again, theirs, his))
        found.append([int(one) - 200_000 for one in exposures])

    assert found == [[200_000, 70_000, 50_000], [80_000, 70_000, 20_000], [20_000, 20_000, 5_000]]
    [exposure] = applications.exposure(again, alice)
    assert (exposure.approved_count, exposure.approved_amount) == (1, 20_000)


def test_a_repayment_that_was_taken_back_is_owed_again(alice: User, bob: User, loan: Loan) -> None:
    factories.paid(alice, bob, loan)
    entry = _repaid(bob, loan, 120_000)
    again = requests.submitted(alice, loan.customer)
    repaid = _known(again)["exposure_with_us"]

    ledger.reverse(actor=bob, entry=entry, day=TODAY, reason="Bounced", now=NOW + TWO_DAYS)

    assert (repaid, _known(again)["exposure_with_us"]) == (280_000, 400_000)


def test_a_payment_that_came_back_is_still_to_be_paid_out(
    alice: User, bob: User, charlie: User, loan: Loan
) -> None:
    payment = factories.paid(alice, bob, loan)
    services.reverse(
        actor=charlie, disbursement=payment, day=TODAY, reason="Account closed", now=NOW + TWO_DAYS
    )
    again = requests.submitted(alice, loan.customer)

    assert Loan.objects.get().status == "opened"
    assert _known(again)["exposure_with_us"] == 400_000


def test_what_is_answered_for_in_another_currency_is_not_bounded_by_what_is_left(
    alice: User, bob: User, loan: Loan, friend: Customer
) -> None:
    _answers(loan, friend, 70_000, "KES")
    factories.paid(alice, bob, loan)
    _repaid(bob, loan, 199_999)
    theirs = requests.submitted(alice, friend)
    running = _known(theirs)["guarantees_with_us"]

    loan.refresh_from_db()
    loan.move("close")

    assert (running, _known(theirs)["guarantees_with_us"]) == (None, 0)


def test_a_loan_taken_on_from_a_tape_is_owed(alice: User, loan: Loan) -> None:
    customer = loan.customer
    old = requests.historic(customer, amount=Decimal(100_000))
    imported = Loan.objects.create(
        number="L-1",
        branch=old.branch,
        customer=customer,
        application=old,
        product=old.product,
        principal=old.amount,
        currency="INR",
        annual_rate=old.annual_rate,
        term_months=36,
        instalment=Decimal("3369.40"),
        status="imported",
        opened_date=date(2026, 4, 1),
        disbursed_date=date(2026, 4, 1),
        source=old.source,
        source_reference=old.source_reference,
    )
    again = requests.submitted(alice, customer)
    before = _known(again)["exposure_with_us"]

    services.take_on(actor="system:test", loans=Loan.objects.filter(pk=imported.pk), now=NOW)

    assert (before, _known(again)["exposure_with_us"]) == (400_000, 500_000)


def test_what_was_written_off_is_owed_less_what_was_recovered(
    alice: User, bob: User, loan: Loan, friend: Customer
) -> None:
    _answers(loan, friend)
    factories.paid(alice, bob, loan)
    _repaid(bob, loan, 50_000)
    loan.refresh_from_db()
    again, theirs = (requests.submitted(alice, one) for one in (loan.customer, friend))
    lost, little = Decimal(150_000), Decimal(90_000)

    def owed() -> list[int]:
        key = loan.application_id
        told = exposures.owed([key])[key]
        cases = [int(_known(one)["exposure_with_us"]) - 200_000 for one in (again, theirs)]
        return [*cases, int(told.amount)]

    loss = _post(
        bob,
        loan,
        Event.WRITE_OFF,
        debit(Account.WRITE_OFF_EXPENSE, lost),
        credit(Account.PRINCIPAL, lost),
    )
    loan.move("write_off")
    written_off = owed()
    _post(
        bob,
        loan,
        Event.RECOVERY,
        debit(Account.CASH, little),
        credit(Account.RECOVERY_INCOME, little),
    )
    recovered = owed()

    assert (written_off, recovered) == ([150_000, 70_000, 150_000], [60_000, 60_000, 60_000])
    assert hooks.live([loan.application_id]) == {loan.application_id}
    ledger.reverse(actor=bob, entry=loss, day=TODAY, reason="Mistaken", now=NOW + TWO_DAYS)
    loan.move("write_back")
    assert owed()[:2] == [60_000, 60_000]
    [now] = Application.objects.filter(pk=loan.application_id).values_list(
        lending.left(), flat=True
    )
    assert now == lending.histories([loan.application_id])[loan.application_id].left(date.max)


def test_where_nobody_keeps_loans_counts_what_was_granted(
    alice: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = requests.submitted(alice, loan.customer)
    loan.move("cancel")
    besides = {"currency": "INR", "besides": again.pk}

    monkeypatch.setattr(application_hooks, "_lending", [])

    key = loan.customer_id
    assert decisions.approved_amounts([key], **besides) == {key: 200_000}
    [exposure] = applications.exposure(again, alice)
    assert exposure.approved_amount == 200_000
    assert [one.on(None) for one in debts.owed([key])[key]] == [200_000]


def test_what_is_left_now_is_what_history_says_of_the_last_day(
    alice: User, bob: User, loan: Loan
) -> None:
    factories.paid(alice, bob, loan)
    entry = _repaid(bob, loan, 50_000)
    _repaid(bob, loan, 30_000)
    ledger.reverse(actor=bob, entry=entry, day=TODAY, reason="Bounced", now=NOW + TWO_DAYS)
    key = loan.application_id

    [now] = Application.objects.filter(pk=key).values_list(lending.left(), flat=True)

    assert now == lending.histories([key])[key].left(date.max) == 170_000


def test_a_past_day_is_judged_by_what_was_owed_then(alice: User, bob: User, loan: Loan) -> None:
    factories.paid(alice, bob, loan)
    _repaid(bob, loan, 120_000, on=TODAY + timedelta(days=1))
    _repaid(bob, loan, 80_000, on=TODAY + TWO_DAYS)
    loan.refresh_from_db()
    loan.move("close")
    granted = dates.local_date(NOW, loan.branch.entity.time_zone)
    days = [granted + timedelta(days=number) for number in (-1, 0, 1, 2)]

    found = []
    for number, day in enumerate(days):
        asked = requests.historic(loan.customer, applied_date=day, source_reference=f"day-{number}")
        found.append(int(_known(asked)["exposure_with_us"]) - 100_000)

    assert found == [0, 200_000, 80_000, 0]
    [one] = debts.owed([loan.customer_id])[loan.customer_id][:1]
    assert [int(one.on(day)) for day in (*days, None)] == [0, 200_000, 80_000, 0, 0]


def test_a_rest_that_was_given_up_is_owed_no_more_from_that_day_on(
    alice: User, bob: User, stage: None, friend: Customer
) -> None:
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    agreed = factories.agreed(alice, application)
    loan = services.open_loan(actor=alice, application=agreed, now=LATER)
    rest_on = TODAY + timedelta(days=30)
    factories.paid(alice, bob, loan, amount=Decimal(80_000), rest_planned_date=rest_on)
    _answers(loan, friend, 150_000)
    again, theirs = (requests.submitted(alice, one) for one in (loan.customer, friend))
    before = [int(_known(one)["exposure_with_us"]) - 200_000 for one in (again, theirs)]

    services.give_up_rest(
        actor=bob, loan=loan, reason="No more is needed", now=LATER + timedelta(days=1)
    )

    after = [int(_known(one)["exposure_with_us"]) - 200_000 for one in (again, theirs)]
    assert (before, after) == ([200_000, 150_000], [80_000, 80_000])
    [exposure] = applications.exposure(again, alice)
    assert exposure.approved_amount == 80_000
    _repaid(bob, loan, 30_000, on=TODAY + TWO_DAYS)
    [now] = Application.objects.filter(pk=loan.application_id).values_list(
        lending.left(), flat=True
    )
    history = lending.histories([loan.application_id])[loan.application_id]
    days = [TODAY + timedelta(days=number) for number in range(3)]
    assert [history.left(day) for day in days] == [200_000, 80_000, 50_000]
    assert now == history.left(date.max) == 50_000
