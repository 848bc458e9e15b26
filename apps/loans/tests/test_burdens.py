"""What loans with us take a month counts when their borrower asks for another (rule book 9.2)."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.applications import features, hooks
from apps.applications import selectors as applications
from apps.applications import services as requesting
from apps.applications.models import Application
from apps.applications.services import NotReady
from apps.applications.tests import factories as requests
from apps.collateral.models import CoBorrower
from apps.customers.models import Customer, NoObligations
from apps.decisions import services as decisions
from apps.loans import burdens, services
from apps.loans.models import Loan, ScheduleVersion
from apps.loans.services import scheduling
from apps.loans.tests import factories
from apps.offers.tests import factories as offering
from apps.schedules import documents
from apps.schedules.terms import Frequency

NOW, LATER, TODAY = factories.NOW, factories.LATER, factories.TODAY
EMI = Decimal(9_793)
# What the factories' borrower pays to others.
ELSEWHERE = Decimal(8_000)


def _taken(customer: Customer, **options: Any) -> list[tuple[str, Decimal]]:
    found = hooks.own_debts([customer.pk], on=TODAY, **options).get(customer.pk, ())
    return [(one.reference, one.monthly) for one in found]


def _parts(application: Application) -> list[tuple[str, Decimal]]:
    found = applications.affordability(application).foir.numerator
    return [(one.code, one.amount) for one in found]


def test_rule_9_2_a_second_request_counts_the_instalment_of_the_first_loan(
    alice: User, loan: Loan
) -> None:
    second = requests.submitted(alice, loan.customer, amount=Decimal(100_000))

    elsewhere = second.obligations_monthly - EMI
    assert second.own_obligations_monthly == EMI
    assert elsewhere == sum(one.monthly_payment for one in loan.customer.obligations.all())
    found = applications.affordability(second)
    assert _parts(second) == [
        ("obligations_elsewhere", elsewhere),
        ("own_obligations", EMI),
        ("proposed_instalment", found.instalment),
    ]
    net = second.employment.net_monthly_income
    assert found.foir.value == (second.obligations_monthly + found.instalment) / net
    income = second.employment.gross_annual_income
    row = features.build(applications.feature_facts(second))
    assert row["existing_dti"] == float(second.obligations_monthly * 12 / income)


def test_who_declared_to_pay_nothing_elsewhere_still_pays_us(alice: User, loan: Loan) -> None:
    customer = loan.customer
    customer.obligations.all().delete()
    NoObligations.objects.create(
        customer=customer, declared_date=TODAY, channel="paper", recorded_by=alice
    )

    second = requests.submitted(alice, customer)

    assert second.obligations_monthly == second.own_obligations_monthly == EMI


def test_our_own_loan_does_not_stand_in_for_what_is_paid_elsewhere(alice: User, loan: Loan) -> None:
    loan.customer.obligations.all().delete()
    loan.customer.no_obligations.all().delete()
    second = requests.application(alice, loan.customer)

    with pytest.raises(NotReady) as refusal:
        requesting.submit(actor=alice, application=second, now=NOW)

    assert [one.code for one in refusal.value.lacks] == ["obligations"]
    second.refresh_from_db()
    assert (second.status, second.own_obligations_monthly) == ("draft", None)


def test_an_accepted_offer_counts_before_a_loan_is_opened(alice: User, stage: None) -> None:
    application = offering.approved(alice)
    offer = offering.made(alice, application)
    customer = application.customer
    before = _taken(customer)

    accepted = offering.services.accept_by_officer(
        actor=alice, offer=offer, consent=offering.consent(), now=LATER
    )

    assert (before, _taken(customer)) == ([], [(accepted.number, EMI)])
    loan = services.open_loan(actor=alice, application=application, now=LATER)
    assert _taken(customer) == [(loan.number, EMI)]


def test_the_request_a_loan_was_made_under_does_not_count_it(alice: User, loan: Loan) -> None:
    assert _taken(loan.customer, besides=[loan.application_id]) == []
    assert loan.application.own_obligations_monthly == 0


def test_a_request_that_is_judged_anew_does_not_count_its_own_offer(
    alice: User, stage: None
) -> None:
    application = factories.agreed(alice)

    requesting.take_facts_anew(actor=alice, application=application, now=LATER)

    assert application.own_obligations_monthly == 0


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_a_loan_that_is_over_takes_nothing(alice: User, bob: User, loan: Loan, end: str) -> None:
    if end == "close":
        factories.paid(alice, bob, loan)
        loan.refresh_from_db()
    before = _taken(loan.customer)

    loan.move(end)

    assert (before, _taken(loan.customer)) == ([(loan.number, EMI)], [])


@pytest.mark.parametrize(
    ("share", "part"), [(None, EMI), (Decimal("0.25"), Decimal("2448.25"))], ids=["all", "quarter"]
)
def test_who_owes_a_loan_with_its_borrower_is_counted_for_the_part(
    alice: User, loan: Loan, share: Decimal | None, part: Decimal
) -> None:
    helper = requests.borrower(alice.branch)
    CoBorrower.objects.create(
        application=loan.application,
        customer=helper,
        liability="joint_and_several" if share is None else "share",
        share=share,
        added_by=alice,
    )

    taken = hooks.own_debts([loan.customer_id, helper.pk], on=TODAY)

    assert [one.monthly for one in taken[helper.pk]] == [part]
    assert [one.monthly for one in taken[loan.customer_id]] == [EMI]


def test_a_weekly_loan_counts_by_the_month(alice: User, bob: User, loan: Loan) -> None:
    agreed = documents.from_document(ScheduleVersion.objects.get(loan=loan).terms)
    scheduling.keep(
        loan,
        type(agreed)(
            principal=agreed.principal,
            currency=agreed.currency,
            annual_rate=agreed.annual_rate,
            instalments=104,
            disbursed_on=TODAY,
            frequency=Frequency.WEEKLY,
        ),
        reason=ScheduleVersion.Reason.PAID_ON_ANOTHER_DAY,
        actor=bob,
    )
    weekly = loan.instalments.get(in_force=True, number=1).due

    [(_number, monthly)] = _taken(loan.customer)

    assert monthly == (weekly * 52 / 12).quantize(Decimal("0.01"))


def test_what_is_paid_to_us_in_another_currency_cannot_be_added_up(
    alice: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = requests.application(alice, loan.customer)
    debt = hooks.OwnDebt(
        application=loan.application_id, reference="L-9", currency="KES", monthly=Decimal(10)
    )
    monkeypatch.setattr(hooks, "_burdens", [lambda _people, _on: {loan.customer_id: [debt]}])

    with pytest.raises(NotReady) as refusal:
        requesting.submit(actor=alice, application=second, now=NOW)

    assert [one.code for one in refusal.value.lacks] == ["currency"]


def test_what_was_frozen_stays_whatever_becomes_of_the_loan(
    alice: User, bob: User, loan: Loan
) -> None:
    second = requests.submitted(alice, loan.customer)
    decision = decisions.assess(application_id=second.pk, actor="system:test", now=LATER)
    before = (decision.inputs, applications.feature_row(second))

    loan.move("cancel")

    second.refresh_from_db()
    assert second.own_obligations_monthly == EMI
    assert applications.feature_row(second) == before[1]
    replayed = decisions.replay(actor="system:test", decision=decision, now=LATER)
    assert replayed.differences == ()


def test_one_question_is_asked_where_nobody_owes_us_anything(
    alice: User, stage: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [requests.borrower(alice.branch).pk for _ in range(3)]

    with django_assert_num_queries(1):
        found = burdens.of_customers(people, TODAY)

    assert found == {}


def test_the_questions_do_not_grow_with_the_people(
    alice: User, stage: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    loans = [factories.opened(alice) for _ in range(3)]

    with django_assert_num_queries(4):
        found = burdens.of_customers([one.customer_id for one in loans], TODAY)

    assert {key: [one.monthly for one in debts] for key, debts in found.items()} == {
        one.customer_id: [EMI] for one in loans
    }


@pytest.mark.parametrize("own", [Decimal(-1), Decimal(10**9)], ids=["negative", "more-than-all"])
def test_the_own_part_is_a_part(alice: User, loan: Loan, own: Decimal) -> None:
    second = requests.submitted(alice, loan.customer)

    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=second.pk).update(own_obligations_monthly=own)


def test_what_is_tried_at_the_counter_counts_our_own_loans(alice: User, loan: Loan) -> None:
    known = applications.standing(loan.customer, on=TODAY)
    tried = applications.WhatIf(product=loan.product, amount=Decimal(100_000), term_months=24)

    found = applications.what_if(known, tried)

    codes = [one.code for one in found.foir.numerator]
    assert codes == ["obligations_elsewhere", "own_obligations", "proposed_instalment"]
    assert found.foir.numerator[1].amount == EMI
