"""Loans are accrued and charged by statement for thousands as their histories say one by one."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments import lateness, proofs, reading, replaying, services
from apps.repayments.models import AccountEvent, LateLoan, LoanAccount
from apps.repayments.services import accruing, owing
from apps.repayments.tests import factories
from apps.repayments.tests import test_accruing_days as days

pytestmark = pytest.mark.django_db


def test_it_accrues_plain_loans_by_the_thousand_not_one_by_one(
    taken: list[Loan], monkeypatch: pytest.MonkeyPatch
) -> None:
    entity, first = taken[0].branch.entity, taken[0].instalments.earliest("due_date")
    begin = max(loan.disbursed_date or factories.TODAY for loan in taken)
    on_time = [loan for loan in taken if factories.due_dates(loan)[0] > begin]
    Loan.objects.exclude(pk__in=[loan.pk for loan in on_time]).update(status="closed")
    days._accrue(taken[0], begin)
    assert first is not None

    def _never(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("A plain loan went the long way.")

    monkeypatch.setattr(accruing, "_accrue", _never)
    last = min(factories.due_dates(loan)[0] for loan in on_time)
    for day in (begin + timedelta(days=1), begin + timedelta(days=5), last):
        run = services.accrue_day(actor=days.CLERK, entity=entity, day=day, now=factories.at(day))
        assert (run.loans, run.problems) == (len(on_time), [])

    accounts = LoanAccount.objects.filter(pk__in=[loan.pk for loan in on_time])
    assert {one.accrued_on for one in accounts} == {last}
    assert all(proofs.difference(loan) is None for loan in on_time)


def test_a_fault_with_one_loan_is_named_and_leaves_the_day_unfinished(
    taken: list[Loan], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = factories.later(2)
    entity = taken[0].branch.entity
    broken = taken[1]
    bring = accruing._bring

    def _break(loans: Any, *args: Any, **kwargs: Any) -> None:
        if any(loan.pk == broken.pk for loan in loans):
            raise KeyError(broken.number)
        bring(loans, *args, **kwargs)

    monkeypatch.setattr(accruing, "_bring", _break)
    run = services.accrue_day(actor=days.CLERK, entity=entity, day=day, now=factories.at(day))

    assert run.problems == [{"loan": broken.number, "code": "fault"}]
    assert (run.loans, run.finished_at) == (len(taken) - 1, None)
    monkeypatch.undo()
    again = services.accrue_day(actor=days.CLERK, entity=entity, day=day, now=factories.at(day))
    assert (again.problems, again.loans) == ([], len(taken))
    assert again.finished_at is not None


def _books_of(loan: Loan) -> list[Any]:
    """Return what was charged and booked, with nothing that is of one loan alone."""
    charges = AccountEvent.objects.filter(loan=loan, kind="charge").order_by("day", "position")
    entries = (
        Entry.objects.filter(loan_id=loan.pk).exclude(event="disbursement").order_by("day", "pk")
    )
    account = LoanAccount.objects.get(pk=loan.pk)
    return [
        [(one.day, one.position, one.amount, one.parameters, one.made_by_id) for one in charges],
        sorted((str(one.day), one.event, str(one.content())) for one in entries),
        (account.through, account.moved_on, account.accrued_on, account.unbilled),
    ]


def test_late_loans_are_charged_at_once_what_their_history_says(
    lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = lent.instalments.order_by("number")[:2]
    for number in (0, 1, 2):
        days._accrue(lent, first.due_date + timedelta(days=number))

    with monkeypatch.context() as never:
        never.setattr(accruing, "_accrue", None)
        for number in (3, 5, 6, 20):
            run = days._accrue(lent, first.due_date + timedelta(days=number))
            assert (run.loans, run.charges, run.problems) == (1, 2, [])
        run = days._accrue(lent, second.due_date)
        assert run.problems == []
    days._accrue(lent, second.due_date + timedelta(days=1))
    days._accrue(lent, second.due_date + timedelta(days=2))

    at_once = _books_of(lent)
    assert days._agrees_with_its_history(lent)
    assert factories.offenders() == []
    assert len(at_once[0]) == 2 * 9
    # What its history says was owed, day by day.
    account = replaying.replay(
        reading.contract(lent), reading.happened(lent), upto=second.due_date + timedelta(days=2)
    )
    [agreed] = owing.agreed_of([lent]).values()
    for day in (first.due_date + timedelta(days=number) for number in (1, 2, 3, 5, 6, 20)):
        owed = lateness.owed(account, day, agreed)
        for code, amount in (("late_payment", owed.penal), ("overdue_interest", owed.interest)):
            charges = [one or days.ZERO for when, one in days._charges(lent, code) if when <= day]
            assert sum(charges, days.ZERO) == amount
    said = [(one[0].isoformat(), one[3]) for one in at_once[0]]
    assert all(one["due_on"] == one["basis"]["through"] == day for day, one in said)
    assert {(one["code"], one["bucket"], one["basis"]["rate"]) for _day, one in said} == {
        ("late_payment", "penal", "0.240000"),
        ("overdue_interest", "interest", "0.240000"),
    }
    assert {tuple(sorted(one)) for _day, one in said} == {("basis", "bucket", "code", "due_on")}


def test_a_loan_becomes_late_at_once_as_its_history_says(
    lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = lent.instalments.order_by("number")[:2]
    days._accrue(lent, first.due_date - timedelta(days=1))
    [agreed] = owing.agreed_of([lent]).values()

    with monkeypatch.context() as never:
        never.setattr(accruing, "_accrue", None)
        for row, late in ((first, 1), (second, 2)):
            days._accrue(lent, row.due_date)
            for number in (1, 2):
                day = row.due_date + timedelta(days=number)
                run = days._accrue(lent, day)
                assert (run.loans, run.charges, run.problems) == (1, 2, [])
                account = replaying.replay(reading.contract(lent), reading.happened(lent), upto=day)
                assert _kept(lent) == _said(account, day, agreed)
                assert len(_kept(lent)[1]) == late
                owed = lateness.owed(account, day, agreed)
                assert days._charged(lent) == owed.penal
                assert days._charged(lent, "overdue_interest") == owed.interest

    assert days._agrees_with_its_history(lent)
    assert factories.offenders() == []


def _kept(loan: Loan) -> tuple[Any, list[Any]]:
    """Return up to when a loan's being late is kept, and by which instalments it goes on."""
    late = LateLoan.objects.get(pk=loan.pk)
    going = [
        (
            *(one.amount, one.annual_rate, one.penal_from, one.interest_from),
            Fraction(one.penal_numerator) / Fraction(one.penal_denominator),
            Fraction(one.interest_numerator) / Fraction(one.interest_denominator),
        )
        for one in late.instalments.order_by("penal_from")
    ]
    return (late.until, late.overdue, late.penal_settled, late.interest_settled), going


def _said(account: Any, day: date, agreed: Any) -> tuple[Any, list[Any]]:
    """Return the same by the history."""
    run = lateness.run(account, day, agreed)
    going = [
        (
            *(one.amount, one.annual_rate, one.penal_from, one.interest_from),
            *(one.penal_before, one.interest_before),
        )
        for one in run.going
    ]
    return (run.until, len(run.going), run.settled.penal, run.settled.interest), going


@pytest.mark.parametrize("paid", ["in-part-before", "in-part-on-the-day", "once-late"])
def test_a_loan_that_paid_some_becomes_late_as_its_history_says(
    alice: User, lent: Loan, paid: str
) -> None:
    first, second = lent.instalments.order_by("number")[:2]
    days._accrue(lent, first.due_date - timedelta(days=1))
    if paid == "in-part-before":
        factories.pay(alice, lent, first.due_date - timedelta(days=1), 1_000)
    days._accrue(lent, first.due_date)
    if paid == "in-part-on-the-day":
        factories.pay(alice, lent, first.due_date, 1_000)
    if paid == "once-late":
        days._accrue(lent, first.due_date + timedelta(days=1))
        factories.pay(alice, lent, first.due_date + timedelta(days=1), 50_000)
    last = second.due_date + timedelta(days=2)
    for row in (first, second):
        for number in (0, 1, 2):
            days._accrue(lent, row.due_date + timedelta(days=number))

    account = replaying.replay(reading.contract(lent), reading.happened(lent), upto=last)
    [agreed] = owing.agreed_of([lent]).values()
    owed = lateness.owed(account, last, agreed)
    assert days._charged(lent) == owed.penal
    assert days._charged(lent, "overdue_interest") == owed.interest
    assert days._agrees_with_its_history(lent)
    assert factories.offenders() == []


def test_a_late_loan_with_news_goes_by_its_history(
    alice: User, lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lent.instalments.order_by("number")[0]
    for number in (1, 2, 3):
        days._accrue(lent, first.due_date + timedelta(days=number))
    factories.pay(alice, lent, first.due_date + timedelta(days=2), 4_000)

    for number in (4, 5, 6):
        days._accrue(lent, first.due_date + timedelta(days=number))

    account = replaying.replay(
        reading.contract(lent), reading.happened(lent), upto=first.due_date + timedelta(days=6)
    )
    [agreed] = owing.agreed_of([lent]).values()
    owed = lateness.owed(account, first.due_date + timedelta(days=6), agreed)
    assert days._charged(lent) == owed.penal
    assert days._charged(lent, "overdue_interest") == owed.interest
    assert days._agrees_with_its_history(lent)
    assert factories.offenders() == []


def test_interest_on_late_instalments_is_what_was_agreed_when_the_loan_began(lent: Loan) -> None:
    first = lent.instalments.order_by("number")[0]
    days._accrue(lent, first.due_date)
    days._no_interest_when_late(lent)

    days._accrue(lent, first.due_date + timedelta(days=30))

    assert days._charged(lent, "overdue_interest") == Decimal("126.22")


def test_rule_2_2_nights_by_statement_and_one_by_one_agree_once_a_capped_loan_performs_again(
    dear: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = dear.instalments.order_by("number")[0].due_date
    cleared = first + timedelta(days=111)
    by_statement: list[int] = []

    def nights() -> list[Any]:
        days._accrue(dear, first)
        LoanAccount.objects.filter(pk=dear.pk).update(overdue_interest=True)
        for number in (91, 92, 110):
            days._accrue(dear, first + timedelta(days=number))
        rows = dear.instalments.filter(in_force=True, due_date__lt=cleared)
        due = sum(row.due for row in rows) + days._charged(dear, "overdue_interest")
        factories.pay(days.CLERK, dear, cleared, due)
        for number in range(4):
            days._accrue(dear, cleared + timedelta(days=number))
        assert days._agrees_with_its_history(dear)
        return _books_of(dear)

    def _counted(*args: Any) -> set[Any]:
        found = plain(*args)
        by_statement.append(len(found))
        return found

    plain = accruing._plain
    with transaction.atomic():
        monkeypatch.setattr(accruing, "_plain", lambda *_args: set())
        one_by_one = nights()
        transaction.set_rollback(True)
    monkeypatch.setattr(accruing, "_plain", _counted)
    at_once = nights()

    # The two nights after the one that heard of the cure and the one that followed it.
    assert by_statement[-2:] == [1, 1]
    assert at_once == one_by_one
    # Charged until the cap, and never again: the last is of the day the loan ceased to perform.
    assert [day for day, _amount in days._charges(dear, "overdue_interest")][-1] == (
        first + timedelta(days=91)
    )
    assert factories.offenders() == []
