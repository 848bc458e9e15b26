"""Money is posted once, goes to what is due, and what is ahead of its time waits."""

from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.ledger.models import Entry
from apps.loans.models import Allocation, Loan
from apps.repayments import services
from apps.repayments.errors import NothingOwed, ReferenceUsed
from apps.repayments.facts import Fact, Payoff, WriteOff
from apps.repayments.models import AccountEvent, LoanAccount
from apps.repayments.tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.later(1)


def _refused(act: object) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = (AccountEvent.objects.count(), Entry.objects.count(), Allocation.objects.count())
    with pytest.raises(DomainError) as refusal:
        act()
    assert str(refusal.value.sentence)
    after = (AccountEvent.objects.count(), Entry.objects.count(), Allocation.objects.count())
    assert after == before
    return refusal.value


def test_it_takes_an_instalment_on_its_due_date_for_interest_and_principal(
    alice: User, lent: Loan
) -> None:
    first = lent.instalments.order_by("number")[0]

    event = factories.pay(alice, lent, first.due_date, first.due)

    assert factories.paid(lent) == [(first.due_date, first.principal, first.interest, Decimal(0))]
    books = factories.books(lent)
    assert books["principal"] == lent.principal - first.principal
    assert "interest_receivable" not in books
    assert "advances" not in books
    assert books["interest_income"] == first.interest
    assert event.entry.event == "repayment"
    assert factories.offenders() == []


def test_it_keeps_money_ahead_of_its_time_as_an_advance_and_applies_it_when_it_falls_due(
    alice: User, lent: Loan
) -> None:
    first, second = lent.instalments.order_by("number")[:2]

    factories.pay(alice, lent, factories.later(3), first.due + 100)
    early = factories.books(lent)
    factories.pay(alice, lent, second.due_date, second.due - 100)

    assert early["advances"] == first.due + 100
    assert early["principal"] == lent.principal
    assert factories.paid(lent) == [
        (first.due_date, first.principal, first.interest, Decimal(0)),
        (second.due_date, second.principal, second.interest, Decimal(0)),
    ]
    assert "advances" not in factories.books(lent)
    assert factories.offenders() == []


def test_it_pays_the_oldest_first_and_leaves_the_rest_overdue(alice: User, lent: Loan) -> None:
    first, second = lent.instalments.order_by("number")[:2]

    factories.pay(alice, lent, second.due_date, first.due + 50)

    assert factories.paid(lent) == [
        (first.due_date, first.principal, first.interest, Decimal(0)),
        (second.due_date, Decimal(0), Decimal(50), Decimal(0)),
    ]
    assert factories.offenders() == []


def test_it_posts_the_same_reference_once(alice: User, lent: Loan) -> None:
    day = factories.due_dates(lent)[0]
    event = factories.pay(alice, lent, day, 500, reference="UTR1")

    again = factories.pay(alice, lent, day, 500, reference="UTR1")
    refusal = _refused(lambda: factories.pay(alice, lent, day, 501, reference="UTR1"))

    assert again.pk == event.pk
    assert isinstance(refusal, ReferenceUsed)
    assert AccountEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("day", "amount", "field"),
    [
        (0, "0", "amount"),
        (0, "-5", "amount"),
        (0, "0.001", "amount"),
        (0, "1e17", "amount"),
        (0, "1000000000000.01", "amount"),
        # Twenty times what was lent, and a paisa.
        (0, "4000000.01", "amount"),
        (0, "NaN", "amount"),
        (90, "5", "day"),
        (-1, "5", "day"),
    ],
)
def test_it_refuses_what_cannot_have_been_paid(
    alice: User, lent: Loan, day: int, amount: str, field: str
) -> None:
    when = factories.later(day)

    refusal = _refused(
        lambda: factories.pay(alice, lent, when, amount, now=factories.at(factories.later(1)))
    )

    assert field in refusal.fields
    assert AccountEvent.objects.count() == 0


def test_it_refuses_whoever_may_not_post(rita: User, lent: Loan) -> None:
    refusal = _refused(lambda: factories.pay(rita, lent, factories.later(1), 5))

    assert isinstance(refusal, NotPermitted)


def test_it_closes_a_loan_that_is_paid_to_the_end_and_takes_nothing_after(
    alice: User, charlie: User, lent: Loan
) -> None:
    rows = list(lent.instalments.order_by("number"))
    last = rows[-1].due_date

    event = factories.pay(alice, lent, last, sum(row.due for row in rows))
    refusal = _refused(lambda: factories.pay(alice, lent, last, 5))

    assert Loan.objects.get(pk=lent.pk).status == "closed"
    assert isinstance(refusal, Conflict)
    assert factories.offenders() == []

    services.take_back(
        actor=charlie, event=event, reason="The cheque bounced.", now=factories.at(last)
    )

    assert Loan.objects.get(pk=lent.pk).status == "active"
    assert factories.offenders() == []


def test_it_replays_what_came_after_a_payment_of_an_earlier_day(alice: User, lent: Loan) -> None:
    first, second, third = lent.instalments.order_by("number")[:3]
    factories.pay(alice, lent, second.due_date, first.due, reference="B")
    factories.pay(alice, lent, third.due_date, 1000, reference="C")

    factories.pay(
        alice, lent, first.due_date, first.due, reference="A", now=factories.at(third.due_date)
    )

    assert factories.paid(lent) == [
        (first.due_date, first.principal, first.interest, Decimal(0)),
        (second.due_date, second.principal, second.interest, Decimal(0)),
        (third.due_date, Decimal(0), Decimal(1000), Decimal(0)),
    ]
    assert factories.offenders() == []
    assert LoanAccount.objects.get(pk=lent.pk).moved_on == third.due_date


def test_it_restores_what_would_have_been_without_what_is_taken_back(
    alice: User, charlie: User, lent: Loan
) -> None:
    first, second, third = lent.instalments.order_by("number")[:3]
    now = factories.at(third.due_date)
    factories.pay(alice, lent, second.due_date, first.due, reference="B")
    factories.pay(alice, lent, third.due_date, 1000, reference="C")
    before = factories.state(lent)
    event = factories.pay(alice, lent, first.due_date, 700, reference="A", now=now)
    assert factories.state(lent) != before

    services.take_back(actor=charlie, event=event, reason="The cheque bounced.", now=now)

    assert factories.state(lent) == before
    assert factories.offenders() == []
    again = services.take_back(actor=charlie, event=event, reason="The cheque bounced.", now=now)
    assert (again.status, again.reversed_by) == ("reversed", charlie)


def test_it_lets_nobody_take_back_without_the_right_or_a_reason(
    alice: User, charlie: User, lent: Loan
) -> None:
    event = factories.pay(alice, lent, factories.later(1), 500)
    now = factories.at(factories.later(2))

    refused = _refused(
        lambda: services.take_back(actor=alice, event=event, reason="A mistake.", now=now)
    )
    nameless = _refused(lambda: services.take_back(actor=charlie, event=event, reason=" ", now=now))

    assert isinstance(refused, NotPermitted)
    assert nameless.code == "reason_missing"
    assert AccountEvent.objects.get().status == "live"


@pytest.mark.parametrize(
    "fact",
    [
        Payoff(day=TODAY, amount=Decimal(5), channel="cash", external_reference="UTR2"),
        factories.prepayment(TODAY, 5),
        WriteOff(day=TODAY, reason="Nobody pays."),
    ],
    ids=["payoff", "prepayment", "write-off"],
)
@pytest.mark.parametrize("status", ["closed", "written_off"])
def test_what_only_happens_to_a_running_loan_happens_to_no_other(
    alice: User, charlie: User, lent: Loan, fact: Fact, status: str
) -> None:
    if status == "closed":
        rows = list(lent.instalments.order_by("number"))
        factories.pay(alice, lent, rows[-1].due_date, sum(row.due for row in rows))
        now = factories.at(rows[-1].due_date)
    else:
        now = factories.at(factories.later(1))
        _write_off(alice, charlie, lent, now)
    before = factories.state(lent)

    refusal = _refused(
        lambda: services.enter(
            actor=alice,
            loan=lent,
            fact=fact,
            reference="shire:UTR2",
            now=now,
            approved_by=charlie,
        )
    )

    assert isinstance(refusal, NothingOwed)
    assert Loan.objects.get(pk=lent.pk).status == status
    assert factories.state(lent) == before


def _write_off(alice: User, charlie: User, lent: Loan, now: Any) -> None:
    services.enter(
        actor=alice,
        loan=lent,
        fact=WriteOff(day=factories.later(1), reason="Nobody pays."),
        reference="relief:1",
        now=now,
        approved_by=charlie,
    )
