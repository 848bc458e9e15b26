"""Many payments at once come out as if each were posted alone."""

import random
import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, NotPermitted
from apps.customers.models import Customer
from apps.ledger import hooks
from apps.ledger import services as ledger
from apps.loans.models import Loan
from apps.repayments import services
from apps.repayments.errors import ReferenceUsed
from apps.repayments.facts import Recovery, WriteOff
from apps.repayments.models import AccountEvent
from apps.repayments.services import Incoming, spreading
from apps.repayments.tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.NOW
BY = "system:test"


def _incoming(loan: Loan, day: date, amount: Any, reference: str) -> Incoming:
    return Incoming(loan.pk, factories.receipt(day, amount), reference)


def _random(loans: list[Loan], seed: int) -> list[Incoming]:
    """Return payments of all kinds: in part, whole, too much, late, early, back in time."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    found = []
    for number in range(40):
        loan = dice.choice(loans)
        day = date(2010, 5, 1) + timedelta(days=dice.randrange(0, 500))
        amount = dice.choice(["255.42", "100.00", "510.84", "0.01", "255.42", "999.99"])
        found.append(_incoming(loan, day, amount, f"R{seed}-{number}"))
    if seed % 2:
        found.sort(key=lambda one: one.fact.day)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_it_comes_out_as_one_by_one(taken: list[Loan], seed: int) -> None:
    wanted = _random(taken, seed)
    with transaction.atomic():
        for one in wanted:
            _enter_alone(one)
        alone = [_standing(loan) for loan in taken]
        transaction.set_rollback(True)

    answers = services.enter_many(actor=BY, receipts=wanted, now=NOW)

    assert [_standing(loan) for loan in taken] == alone
    assert AccountEvent.objects.count() == sum(one.is_new for one in answers)
    assert factories.offenders() == []


def test_the_order_in_which_they_are_told_makes_no_difference(taken: list[Loan]) -> None:
    # One a day, so that no two of a day can change places.
    wanted = [
        _incoming(loan, date(2010, 5, 1) + timedelta(days=13 * place), amount, f"R{place}")
        for place, (loan, amount) in enumerate(
            zip(taken * 6, ["255.42", "700", "10", "300.01", "0.01", "90"] * 3, strict=True)
        )
    ]
    with transaction.atomic():
        services.enter_many(actor=BY, receipts=wanted, now=NOW)
        in_order = [_settled(loan) for loan in taken]
        transaction.set_rollback(True)
    mixed = list(wanted)
    random.Random(7).shuffle(mixed)  # noqa: S311 - not for secrets

    answers = services.enter_many(actor=BY, receipts=mixed, now=NOW)

    assert all(one.is_new for one in answers)
    assert [_settled(loan) for loan in taken] == in_order
    assert factories.offenders() == []


def _settled(loan: Loan) -> dict[str, Any]:
    """Return how a loan stands, whatever day it was brought to meanwhile."""
    return {key: value for key, value in _standing(loan).items() if key != "settled"}


def _enter_alone(one: Incoming) -> None:
    loan = Loan.objects.get(pk=one.loan_id)
    services.enter(actor=BY, loan=loan, fact=one.fact, reference=one.reference, now=NOW)


def _standing(loan: Loan) -> dict[str, Any]:
    return factories.state(loan)


def test_money_of_one_customer_is_not_told_as_another_customers(alice: User, lent: Loan) -> None:
    day, now = factories.later(1), factories.at(factories.later(2))
    fact = factories.receipt(day, 500)
    known = {"actor": alice, "fact": fact, "reference": "shire:UTR1"}
    [posted] = services.enter_for_customer(customer=lent.customer, now=now, **known)
    stranger = Customer.objects.get(pk=lent.customer_id)
    stranger.pk, stranger.number = uuid.uuid4(), "C-999999"
    stranger._state.adding = True
    Customer.objects.bulk_create([stranger])

    with pytest.raises(ReferenceUsed):
        spreading.posted_before(customer=stranger, **known)

    assert spreading.posted_before(customer=lent.customer, **known) == [posted]


def test_it_refuses_a_reference_that_money_of_a_customer_was_split_under(
    alice: User, lent: Loan
) -> None:
    day, now = factories.later(1), factories.at(factories.later(2))
    [standing] = services.enter_for_customer(
        actor=alice,
        customer=lent.customer,
        fact=factories.receipt(day, 500),
        reference="shire:UTR1",
        now=now,
    )

    [refused, other] = services.enter_many(
        actor=BY,
        receipts=[
            _incoming(lent, day, 500, "shire:UTR1"),
            # Begins the same, and is another one.
            _incoming(lent, day, 500, "shire:UTR10"),
        ],
        now=now,
    )

    assert isinstance(refused.refusal, ReferenceUsed)
    assert other.is_new
    assert [one.pk for one in AccountEvent.objects.order_by("reference")] == [
        other.event_id,
        standing.pk,
    ]


def test_it_answers_each_in_its_place_and_posts_nothing_twice(taken: list[Loan]) -> None:
    first, second = taken[:2]
    day = date(2010, 6, 1)
    wanted = [
        _incoming(first, day, "255.42", "A"),
        _incoming(second, day, "-1", "B"),
        _incoming(first, day, "255.42", "A"),
        _incoming(second, day, "10", "A"),
        _incoming(Loan(), day, "10", "C"),
        _incoming(second, day, "10", "D"),
    ]

    answers = services.enter_many(actor=BY, receipts=wanted, now=NOW)
    again = services.enter_many(actor=BY, receipts=wanted, now=NOW)

    assert [one.is_new for one in answers] == [True, False, False, False, False, True]
    assert answers[2].event_id == answers[0].event_id
    assert [type(one.refusal).__name__ for one in answers] == [
        *("NoneType", "FactRefused", "NoneType", "ReferenceUsed", "NotVisible", "NoneType")
    ]
    assert isinstance(answers[3].refusal, ReferenceUsed)
    assert [one.event_id for one in again] == [one.event_id for one in answers]
    assert not any(one.is_new for one in again)
    assert AccountEvent.objects.count() == 2
    assert Event.objects.filter(verb="repayments.payment_posted").count() == 2
    assert factories.offenders() == []


def test_it_refuses_one_of_a_closed_day_and_takes_the_others(
    taken: list[Loan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "_may_close", [])
    first, second = taken[:2]
    services.apply_due(actor=BY, loans=[loan.pk for loan in taken], day=date(2010, 6, 30), now=NOW)
    ledger.close_day(actor=BY, entity=first.branch.entity, day=date(2010, 6, 30), now=NOW)

    answers = services.enter_many(
        actor=BY,
        receipts=[
            _incoming(first, date(2010, 6, 30), "10", "A"),
            _incoming(second, date(2010, 7, 1), "10", "B"),
        ],
        now=NOW,
    )

    assert isinstance(answers[0].refusal, Conflict)
    assert answers[0].refusal.code == "day_closed"
    assert answers[1].is_new
    assert factories.offenders() == []


def test_it_takes_nothing_for_a_loan_that_an_earlier_one_of_them_settled(
    taken: list[Loan],
) -> None:
    loan = taken[0]
    last = factories.due_dates(loan)[-1]
    owed = sum((row.due for row in loan.instalments.all()), Decimal(0))

    answers = services.enter_many(
        actor=BY,
        receipts=[_incoming(loan, last, owed, "A"), _incoming(loan, last, "10", "B")],
        now=NOW,
    )

    assert answers[0].is_new
    assert answers[1].refusal is not None
    assert answers[1].refusal.code == "nothing_owed"
    assert Loan.objects.get(pk=loan.pk).status == "closed"
    assert factories.offenders() == []


def _recovery(loan: Loan, day: date, amount: str, reference: str) -> Incoming:
    fact = Recovery(
        day=day, amount=Decimal(amount), channel="cash", external_reference=f"UTR{reference}"
    )
    return Incoming(loan.pk, fact, reference)


def test_it_takes_what_is_recovered_of_a_loan_that_was_written_off(
    lent: Loan, alice: User, charlie: User
) -> None:
    day = factories.later(40)
    services.enter(
        actor=alice,
        loan=lent,
        fact=WriteOff(day=day, reason="Gone."),
        reference="W",
        now=factories.at(day),
        approved_by=charlie,
    )

    answers = services.enter_many(
        actor=BY, receipts=[_recovery(lent, day, "40", "A")], now=factories.at(day)
    )

    assert [one.refusal for one in answers] == [None]
    assert factories.books(lent)["recovery_income"] == 40
    assert factories.offenders() == []


def test_what_is_refused_takes_nothing_from_the_next_of_its_loan(taken: list[Loan]) -> None:
    loan = taken[0]
    day = factories.due_dates(loan)[1]

    answers = services.enter_many(
        actor=BY,
        receipts=[_recovery(loan, day, "40", "A"), _incoming(loan, day, "10", "B")],
        now=NOW,
    )

    assert [one.is_new for one in answers] == [False, True]
    assert factories.offenders() == []


def test_it_is_for_who_may_post(rita: User, taken: list[Loan]) -> None:
    with pytest.raises(NotPermitted):
        services.enter_many(
            actor=rita, receipts=[_incoming(taken[0], date(2010, 6, 1), "10", "A")], now=NOW
        )
