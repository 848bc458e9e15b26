"""What makes another schedule: kept as a version, paid on, and put back as it was."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.repayments import proofs, services
from apps.repayments.errors import NotAllowed
from apps.repayments.facts import (
    Bucket,
    Change,
    Fact,
    Option,
    PartPrepayment,
    Payoff,
    Recovery,
    Refund,
    Waiver,
    WriteOff,
)
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories

pytestmark = pytest.mark.django_db
BY = "system:test"
NOW = factories.NOW


def _enter(loan: Loan, fact: Fact, reference: str, **more: Any) -> AccountEvent:
    return services.enter(
        actor=more.pop("actor", BY), loan=loan, fact=fact, reference=reference, now=NOW, **more
    )


def _money(kind: type[Any], day: date, amount: object, **more: Any) -> Any:
    return kind(
        day=day,
        amount=Decimal(str(amount)),
        channel="bank_transfer",
        external_reference="UTR",
        **more,
    )


def _sound(loan: Loan) -> None:
    """Assert that every proof holds, and that the history gives what the books hold."""
    assert factories.offenders() == []
    assert proofs.difference(loan) is None


def _paid_up(loan: Loan, number: int) -> list[date]:
    """Pay the first instalments of a loan on their days; return all due dates."""
    days = factories.due_dates(loan)
    for row in loan.instalments.order_by("number")[:number]:
        factories.pay(BY, loan, row.due_date, row.due, now=NOW)
    return days


@pytest.mark.parametrize("option", list(Option))
def test_a_part_prepayment_writes_a_version_and_taking_it_back_puts_the_first_in_force(
    taken: list[Loan], option: Option
) -> None:
    loan = taken[0]
    days = _paid_up(loan, 3)
    before = factories.state(loan)
    day = days[2] + timedelta(days=10)

    event = _enter(loan, _money(PartPrepayment, day, 2_000, option=option), "P")

    version = loan.schedules.get(in_force=True)
    assert (version.number, version.reason) == (2, "part_prepayment")
    assert event.entry is not None
    assert factories.books(loan)["principal"] == before["books"]["principal"] - 2_000
    _sound(loan)
    factories.pay(BY, loan, factories.due_dates(loan)[2], 300, now=NOW)
    _sound(loan)
    [late] = AccountEvent.objects.filter(amount=300)
    services.take_back(actor=BY, event=late, reason="It bounced.", now=NOW)
    services.take_back(actor=BY, event=event, reason="It bounced.", now=NOW)

    assert loan.schedules.get(in_force=True).number == 1
    after = factories.state(loan)
    # That later days were brought onto the books is true without it, too.
    assert (after["rows"], after["paid"], after["status"]) == (
        before["rows"],
        before["paid"],
        before["status"],
    )
    assert after["books"]["principal"] == before["books"]["principal"]
    _sound(loan)


def test_money_from_before_a_change_replays_the_change(taken: list[Loan]) -> None:
    loan, twin = taken[0], taken[1]
    days = _paid_up(loan, 2)
    day = days[3] + timedelta(days=5)
    _enter(loan, _money(PartPrepayment, day, 3_000), "P")
    factories.pay(BY, loan, days[4], 250, now=NOW, reference="L")
    assert twin.principal == loan.principal

    factories.pay(BY, loan, days[2], Decimal("255.42"), now=NOW, reference="E")

    # What was overdue at the change is paid; so more of the pre-payment was before its time.
    assert loan.schedules.count() == 3
    assert loan.schedules.get(in_force=True).number == 3
    _sound(loan)
    [early] = AccountEvent.objects.filter(reference="E")
    services.take_back(actor=BY, event=early, reason="Not ours.", now=NOW)
    assert loan.schedules.get(in_force=True).number == 2
    assert loan.schedules.count() == 3
    _sound(loan)


def test_a_payoff_closes_the_loan_and_a_bounce_opens_it_again(taken: list[Loan]) -> None:
    loan = taken[0]
    days = _paid_up(loan, 2)
    day = days[2] + timedelta(days=7)
    with pytest.raises(DomainError) as refusal:
        _enter(loan, _money(Payoff, day, 100), "F")
    assert refusal.value.code == "less_than_payoff"

    event = _enter(loan, _money(Payoff, day, 8_000), "F")

    assert Loan.objects.get(pk=loan.pk).status == "closed"
    held = factories.books(loan)
    assert "principal" not in held
    assert held["advances"] > 0
    _sound(loan)

    services.take_back(actor=BY, event=event, reason="It bounced.", now=NOW)

    assert Loan.objects.get(pk=loan.pk).status == "active"
    _sound(loan)


def test_what_was_paid_too_much_goes_back_by_two_people(
    taken: list[Loan], alice: User, bob: User
) -> None:
    loan = taken[0]
    days = _paid_up(loan, 1)
    _enter(loan, _money(Payoff, days[1], 8_000), "F")
    ahead = factories.books(loan)["advances"]
    fact = _money(Refund, days[1], ahead)

    with pytest.raises(NotAllowed):
        _enter(loan, fact, "B")
    with pytest.raises(DomainError) as refusal:
        services.foresee(loan=loan, fact=_money(Refund, days[1], ahead + 1))
    assert refusal.value.code == "more_than_advances"
    # People of another lender do not see the loan; the rule of two holds in the database as well.
    AccountEvent.objects.create(
        loan=loan,
        kind="refund",
        day=days[1],
        position=9,
        amount=ahead,
        currency=loan.currency,
        parameters=fact.to_parameters(),
        reference="B",
        made_by=alice,
        approved_by=bob,
        made_at=NOW,
    )


def test_a_write_off_and_what_is_recovered_since(
    stage: None, lent: Loan, alice: User, charlie: User
) -> None:
    days = factories.due_dates(lent)
    now = factories.at(days[2])
    factories.pay(alice, lent, days[0], 500)
    before = factories.state(lent)
    event = services.enter(
        actor=alice,
        loan=lent,
        fact=WriteOff(day=days[1], reason="The borrower is gone."),
        reference="W",
        now=now,
        approved_by=charlie,
    )

    assert Loan.objects.get(pk=lent.pk).status == "written_off"
    held = factories.books(lent)
    assert "principal" not in held
    assert "interest_receivable" not in held
    _sound(lent)
    recovered = services.enter(
        actor=alice, loan=lent, fact=_money(Recovery, days[2], 5_000), reference="R", now=now
    )
    assert factories.books(lent)["recovery_income"] == 5_000
    assert recovered.entry is not None
    assert recovered.entry.event == "recovery"
    _sound(lent)

    services.take_back(actor=charlie, event=recovered, reason="It bounced.", now=now)
    services.take_back(actor=charlie, event=event, reason="They came back.", now=now)

    after = factories.state(lent)
    assert (after["status"], after["rows"], after["paid"]) == (
        "active",
        before["rows"],
        before["paid"],
    )
    _sound(lent)


def test_a_waiver_takes_two_people_and_no_more_than_is_due(
    stage: None, lent: Loan, alice: User, charlie: User
) -> None:
    day = factories.due_dates(lent)[0]
    row = lent.instalments.order_by("number")[0]
    fact = Waiver(day=day, amount=row.interest, bucket=Bucket.INTEREST, reason="A flood.")
    given: dict[str, Any] = {"loan": lent, "fact": fact, "reference": "V", "now": factories.at(day)}

    with pytest.raises(NotAllowed):
        services.enter(actor=alice, **given)
    with pytest.raises(NotAllowed):
        services.enter(actor=alice, approved_by=alice, **given)
    services.enter(actor=alice, approved_by=charlie, **given)

    assert factories.paid(lent) == [(day, Decimal(0), row.interest, Decimal(0))]
    assert factories.books(lent)["waiver_expense"] == row.interest
    with pytest.raises(DomainError) as refusal:
        services.foresee(loan=lent, fact=fact)
    assert refusal.value.code == "more_than_due"
    _sound(lent)


def test_another_rate_is_another_version_from_its_day_on(taken: list[Loan]) -> None:
    loan = taken[0]
    days = _paid_up(loan, 2)
    day = days[2] + timedelta(days=3)
    fact = Change(day=day, change="rate_change", parameters={"annual_rate": "0.05"})

    foreseen = services.foresee(loan=loan, fact=fact)
    _enter(loan, fact, "C")

    assert foreseen.changes_schedule
    version = loan.schedules.get(in_force=True)
    assert version.reason == "rate_change"
    assert [row.due_date for row in foreseen.after.rows] == factories.due_dates(loan)
    # The instalment that fell due before stays overdue since its day.
    assert foreseen.after.arrears.since == foreseen.before.arrears.since == days[2]
    _sound(loan)
