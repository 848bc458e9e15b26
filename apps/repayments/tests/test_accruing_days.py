"""A day is accrued once: interest, what falls due, money paid ahead, charges for being late."""

import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event as AuditEvent
from apps.core.errors import Conflict, DomainError
from apps.ledger import services as ledger
from apps.ledger.models import Closing, Entry
from apps.loans.models import Loan
from apps.offers import services as offering
from apps.products.models import Conditions
from apps.repayments import reading, replaying, running, services
from apps.repayments.errors import AccruingNow
from apps.repayments.models import AccountEvent, AccrualRun, LoanAccount
from apps.repayments.services import accruing, replayed
from apps.repayments.tests import factories
from apps.schedules.refusals import refused

pytestmark = pytest.mark.django_db
CLERK = "system:tests"
ZERO = Decimal(0)


def _accrue(loan: Loan, day: date, **changes: Any) -> AccrualRun:
    values = {"actor": CLERK, "entity": loan.branch.entity, "day": day, "now": factories.at(day)}
    return services.accrue_day(**{**values, **changes})


def _charges(loan: Loan, code: str) -> list[tuple[date, Decimal | None]]:
    rows = AccountEvent.objects.filter(loan=loan, status="live", parameters__code=code)
    return list(rows.order_by("day", "position").values_list("day", "amount"))


def _charged(loan: Loan, code: str = "late_payment") -> Decimal:
    return sum((amount or ZERO for _day, amount in _charges(loan, code)), ZERO)


def _earned(loan: Loan) -> list[tuple[date, Decimal]]:
    """Return what the schedule earned, entry by entry."""
    rows = Entry.objects.filter(loan_id=loan.pk, event="interest_accrual", reversal=None)
    found = rows.filter(reverses=None).exclude(facts__has_key="event")
    return [(one.day, one.content()[0].amount) for one in found.order_by("day", "pk")]


def _agrees_with_its_history(loan: Loan) -> bool:
    """Say whether the books are what a replay of the whole history makes."""
    account = LoanAccount.objects.get(pk=loan.pk)
    whole = replaying.replay(
        reading.contract(loan),
        reading.happened(loan),
        upto=account.through,
        points=reading.points(loan.pk),
    )
    since = loan.disbursed_date or factories.TODAY
    difference, _changes = ledger.foresee(
        loan_id=loan.pk,
        since=since,
        derive=lambda _standing: replayed.planned(whole, since),
        events=reading.DERIVED,
    )
    return not difference and whole.position.unbilled == account.unbilled


def _no_interest_when_late(loan: Loan) -> None:
    Conditions.objects.filter(product=loan.product).update(overdue_interest=False)


def test_it_books_interest_day_by_day_that_sums_to_the_instalment(lent: Loan) -> None:
    first = lent.instalments.order_by("number")[0]

    for days in (1, 2, 10, 29, 35):
        _accrue(lent, factories.later(days))

    # 200,000 x 16 % x days / 360; a month is thirty days, whatever it has.
    assert _earned(lent)[:4] == [
        (factories.later(1), Decimal("88.89")),
        (factories.later(2), Decimal("88.89")),
        (factories.later(10), Decimal("711.11")),
        (factories.later(29), Decimal("1688.89")),
    ]
    assert sum(amount for day, amount in _earned(lent) if day <= first.due_date) == first.interest
    assert _earned(lent)[-1][0] == factories.later(35)
    assert LoanAccount.objects.get(pk=lent.pk).accrued_on == factories.later(35)
    assert factories.offenders() == []
    assert _agrees_with_its_history(lent)


def test_it_adds_nothing_when_a_day_is_accrued_again(lent: Loan) -> None:
    day = factories.later(40)
    first = _accrue(lent, day)
    before = factories.state(lent), Entry.objects.count()

    again = _accrue(lent, day, now=factories.at(day) + timedelta(hours=1))

    assert (factories.state(lent), Entry.objects.count()) == before
    assert (again.pk, again.loans, again.charges) == (first.pk, 1, 2)
    assert AccrualRun.objects.count() == 1
    facts = AuditEvent.objects.filter(verb="repayments.accrued").order_by("pk").first()
    assert facts is not None
    assert facts.facts["loans"] == 1


def test_it_applies_money_paid_ahead_when_the_instalment_falls_due(alice: User, lent: Loan) -> None:
    first = lent.instalments.order_by("number")[0]
    factories.pay(alice, lent, factories.later(3), first.due + 100)

    _accrue(lent, first.due_date)

    assert factories.paid(lent) == [(first.due_date, first.principal, first.interest, ZERO)]
    assert factories.books(lent)["advances"] == Decimal(100)
    assert AccountEvent.objects.filter(kind="charge").count() == 0
    assert factories.offenders() == []
    assert _agrees_with_its_history(lent)


def test_rule_6_8_it_charges_for_the_days_an_instalment_is_overdue(lent: Loan) -> None:
    first = lent.instalments.order_by("number")[0]
    due = first.due_date

    for days in (0, 1, 2, 30):
        _accrue(lent, due + timedelta(days=days))

    # 9,793 x 24 % x days / 365, and 9,793 x 16 % by 30/360.
    assert _charges(lent, "late_payment") == [
        (due + timedelta(days=1), Decimal("6.44")),
        (due + timedelta(days=2), Decimal("6.44")),
        (due + timedelta(days=30), Decimal("180.30")),
    ]
    assert _charged(lent, "overdue_interest") == Decimal("126.22")
    books = factories.books(lent)
    assert books["penal_receivable"] == books["penal_income"] == Decimal("193.18")
    assert books["principal"] == lent.principal
    assert not AccountEvent.objects.filter(made_by__isnull=False).exists()
    assert factories.offenders() == []
    assert _agrees_with_its_history(lent)


def test_rule_6_8_a_charge_bears_no_charge_and_no_interest(lent: Loan) -> None:
    _no_interest_when_late(lent)
    first = lent.instalments.order_by("number")[0]
    for days in range(0, 28, 3):
        _accrue(lent, first.due_date + timedelta(days=days))

    # As if nothing had been charged before.
    assert _charged(lent) == Decimal("173.86")
    assert _charges(lent, "overdue_interest") == []
    assert "memorandum_interest" not in factories.books(lent)


def test_it_charges_what_was_unpaid_until_the_end_of_the_day_it_was_paid(
    alice: User, lent: Loan
) -> None:
    first = lent.instalments.order_by("number")[0]
    late = first.due_date + timedelta(days=10)
    _accrue(lent, late - timedelta(days=1))
    factories.pay(alice, lent, late, 20_000)

    _accrue(lent, late)
    _accrue(lent, late + timedelta(days=5))

    # Ten days of 9,793.
    assert _charged(lent) == Decimal("64.39")
    assert _agrees_with_its_history(lent)


def test_a_payment_that_bounces_is_charged_as_if_it_never_came(alice: User, lent: Loan) -> None:
    first = lent.instalments.order_by("number")[0]
    event = factories.pay(alice, lent, first.due_date, first.due)
    for days in (1, 10):
        _accrue(lent, first.due_date + timedelta(days=days))
    assert _charged(lent) == 0

    bounced = first.due_date + timedelta(days=10)
    services.take_back(actor=CLERK, event=event, reason="Cheque bounced", now=factories.at(bounced))
    _accrue(lent, first.due_date + timedelta(days=11))

    # The nights that were: the first, nine days more on the tenth, and the eleventh.
    assert _charges(lent, "late_payment") == [
        (first.due_date + timedelta(days=1), Decimal("6.44")),
        (first.due_date + timedelta(days=10), Decimal("57.95")),
        (first.due_date + timedelta(days=11), Decimal("6.44")),
    ]
    assert factories.offenders() == []
    assert _agrees_with_its_history(lent)


def test_a_payment_that_becomes_known_late_takes_back_what_was_charged_since(
    alice: User, lent: Loan
) -> None:
    first = lent.instalments.order_by("number")[0]
    for days in (1, 5, 9):
        _accrue(lent, first.due_date + timedelta(days=days))
    known = factories.at(first.due_date + timedelta(days=9)) + timedelta(hours=1)
    factories.pay(alice, lent, first.due_date + timedelta(days=2), first.due, now=known)

    _accrue(lent, first.due_date + timedelta(days=10))

    # Two days of all of it.
    assert _charged(lent) == Decimal("12.88")
    assert AccountEvent.objects.filter(status="reversed", kind="charge").count() >= 2
    assert factories.offenders() == []
    assert _agrees_with_its_history(lent)


def test_it_books_a_day_after_something_of_a_later_day_was_posted(alice: User, lent: Loan) -> None:
    first = lent.instalments.order_by("number")[0]
    _accrue(lent, factories.later(20))
    factories.pay(alice, lent, first.due_date, first.due)

    yesterday = first.due_date - timedelta(days=1)
    _accrue(lent, yesterday, now=factories.at(first.due_date))

    assert _earned(lent) == [
        (factories.later(20), Decimal("1777.78")),
        (yesterday, Decimal("800.00")),
        (first.due_date, first.interest - Decimal("2577.78")),
    ]
    assert factories.offenders() == []
    assert _agrees_with_its_history(lent)


def test_it_accrues_a_changed_schedule_by_its_history(alice: User, lent: Loan) -> None:
    _accrue(lent, factories.later(10))
    services.enter(
        actor=alice,
        loan=lent,
        fact=factories.prepayment(factories.later(12), 50_000),
        reference="early",
        now=factories.at(factories.later(12)),
    )

    _accrue(lent, factories.later(13))
    _accrue(lent, factories.later(34))

    due = lent.instalments.filter(in_force=True).order_by("due_date", "number").exclude(number=0)
    first = due[0]
    assert sum(amount for day, amount in _earned(lent) if day <= first.due_date) == first.interest
    assert factories.offenders() == []
    assert _agrees_with_its_history(lent)


def test_it_accrues_nothing_of_a_loan_the_borrower_stepped_back_from(
    alice: User, lent: Loan
) -> None:
    offering.exit(actor=alice, offer=lent.offer, now=factories.at(factories.later(1)))

    run = _accrue(lent, factories.later(3))

    assert run.loans == 0
    assert not Entry.objects.filter(event="interest_accrual").exists()
    services.require_accrued(lent.branch.entity, factories.later(3))


def test_a_day_is_closed_only_after_it_was_accrued(lent: Loan) -> None:
    entity, day = lent.branch.entity, factories.later(5)
    now = factories.at(factories.later(6))
    values: dict[str, Any] = {"actor": CLERK, "entity": entity, "day": day, "now": now}

    with pytest.raises(Conflict) as refusal:
        ledger.close_day(**values)
    assert refusal.value.code == "not_accrued"
    assert lent.number in str(refusal.value)
    assert not Closing.objects.exists()
    _accrue(lent, day, now=now)

    assert ledger.close_day(**values).day == day


def test_it_refuses_a_day_that_is_still_to_come(lent: Loan) -> None:
    with pytest.raises(DomainError) as refusal:
        _accrue(lent, factories.later(5), now=factories.at(factories.later(4)))

    assert refusal.value.code == "day_refused"
    assert not AccrualRun.objects.exists()


def test_it_names_a_loan_that_cannot_be_accrued_and_goes_on_with_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loans = factories.taken_on(tmp_path, 3)
    real = running.earnings

    def broken(asked: Any, day: date) -> Any:
        if loans[1] in asked:
            raise refused("rows", "odd", "This schedule is odd.")
        return real(asked, day)

    monkeypatch.setattr(running, "earnings", broken)
    day = factories.TODAY
    run = _accrue(loans[0], day)

    assert run.loans == 2
    assert run.problems == [{"loan": loans[1].number, "code": "odd"}]
    with pytest.raises(Conflict) as left:
        services.require_accrued(loans[0].branch.entity, day)
    assert loans[1].number in str(left.value)
    monkeypatch.undo()

    again = _accrue(loans[0], day)

    assert (again.pk, again.loans, again.problems) == (run.pk, 3, [])
    assert factories.offenders() == []


def test_it_takes_as_many_queries_for_many_loans_as_for_few(tmp_path: Path) -> None:
    loans = factories.taken_on(tmp_path, 8)
    entity = loans[0].branch.entity
    counts = []
    for keys in ([loans[0].pk], [loan.pk for loan in loans[1:]]):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            accruing._accrue(keys, actor=CLERK, day=date(2010, 12, 31), now=factories.NOW)
        counts.append(len(asked))

    assert entity.code == "prairie"
    assert counts[0] == counts[1]


def test_it_catches_up_on_the_days_that_were_missed(lent: Loan) -> None:
    entity = lent.branch.entity
    first = services.accrue_missing(
        actor=CLERK, entity=entity, now=factories.at(factories.later(2))
    )

    later = services.accrue_missing(
        actor=CLERK, entity=entity, now=factories.at(factories.later(5))
    )
    again = services.accrue_missing(
        actor=CLERK, entity=entity, now=factories.at(factories.later(5))
    )

    assert [run.day for run in first] == [factories.later(1)]
    assert [run.day for run in later] == [factories.later(days) for days in (2, 3, 4)]
    assert again == []
    assert _earned(lent) == [
        (factories.later(days), amount)
        for days, amount in enumerate(map(Decimal, ("88.89", "88.89", "88.89", "88.89")), start=1)
    ]


def test_the_command_says_what_it_did(lent: Loan, monkeypatch: pytest.MonkeyPatch) -> None:
    day = factories.later(35)
    monkeypatch.setattr(timezone, "now", lambda: factories.at(day))
    out = io.StringIO()

    call_command("accrue", "--entity", lent.branch.entity.code, "--day", str(day), stdout=out)

    assert (
        out.getvalue() == f"{day}: 1 loans accrued, 2 charges for being late, 0 loans left out.\n"
    )
    with pytest.raises(CommandError, match="no lender 'nobody'"):
        call_command("accrue", "--entity", "nobody")
    with pytest.raises(CommandError, match="still to come"):
        call_command("accrue", "--entity", lent.branch.entity.code, "--day", "2099-01-01")


def test_only_one_accrues_a_lender_at_a_time(lent: Loan) -> None:
    entity = lent.branch.entity
    another = connection.copy()
    try:
        with another.cursor() as cursor:
            key = (accruing._LOCK, str(entity.pk))
            cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", key)

        services.accrue_asked(actor=CLERK, entity=entity, day=factories.TODAY, now=factories.NOW)
        with pytest.raises(AccruingNow):
            _accrue(lent, factories.TODAY)
        assert not AccrualRun.objects.exists()
        with another.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)
    finally:
        another.close()

    assert _accrue(lent, factories.TODAY).loans == 1
