"""Where money goes out otherwise, what came of it follows; the proofs find what is wrong."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.accounts.models import Entity, User
from apps.audit.models import Event as AuditEvent
from apps.core.errors import Conflict
from apps.ledger import selectors as balances
from apps.ledger import services as ledger
from apps.ledger.models import Entry
from apps.loans import services as loans
from apps.loans.models import Disbursement, Loan
from apps.loans.tests import factories as lending
from apps.offers.tests import factories as offering
from apps.repayments import proofs, services
from apps.repayments.facts import Bucket, Change, Charge
from apps.repayments.models import AccountEvent, LateLoan, LoanAccount
from apps.repayments.tests import factories

pytestmark = pytest.mark.django_db


def test_what_was_earned_is_taken_back_with_the_loan_that_came_back(
    alice: User, charlie: User, lent: Loan
) -> None:
    day = factories.due_dates(lent)[0]
    services.apply_due(actor="system:test", loans=[lent.pk], day=day, now=factories.at(day))
    assert "interest_receivable" in factories.books(lent)

    loans.reverse(
        actor=charlie,
        disbursement=lent.disbursements.get(),
        day=day,
        reason="The account is closed.",
        now=factories.at(day),
    )

    assert factories.books(lent) == {}
    assert not LoanAccount.objects.exists()
    assert factories.offenders() == []


def test_a_loan_that_comes_back_takes_closed_days_with_it_on_the_first_open_one(
    alice: User, charlie: User, lent: Loan
) -> None:
    closed = factories.due_dates(lent)[0] + timedelta(days=2)
    opens_on, entity = closed + timedelta(days=1), lent.branch.entity
    for day in (closed - timedelta(days=1), closed):
        services.accrue_day(actor="system:test", entity=entity, day=day, now=factories.at(day))
    ledger.close_day(actor="system:test", entity=entity, day=closed, now=factories.at(opens_on))
    reported = factories.books(lent)
    assert AccountEvent.objects.filter(parameters__code="late_payment").count() == 2

    loans.reverse(
        actor=charlie,
        disbursement=lent.disbursements.get(),
        day=opens_on,
        reason="The account is closed.",
        now=factories.at(opens_on),
    )

    assert factories.books(lent) == {}
    assert not LoanAccount.objects.exists()
    assert not AccountEvent.objects.filter(status="live").exists()
    kept = balances.balances([lent.pk], closed)[lent.pk]
    assert {one.value: kept[one] for one in kept.amounts if kept[one]} == reported
    back = Entry.objects.filter(loan_id=lent.pk, reverses__isnull=False)
    assert {one.day for one in back} == {opens_on}
    assert factories.offenders() == []


def _staged(alice: User, bob: User) -> Loan:
    """Return a loan of 200,000 of which 80,000 were paid out today."""
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    agreed = lending.agreed(alice, application)
    loan = loans.open_loan(actor=alice, application=agreed, now=factories.NOW)
    rest_on = factories.later(30)
    lending.paid(alice, bob, loan, amount=Decimal(80_000), rest_planned_date=rest_on)
    return Loan.objects.get(pk=loan.pk)


def _pay_rest(alice: User, bob: User, loan: Loan, day: date) -> Disbursement:
    told = factories.at(day)
    payment = lending.payment(loan, planned_date=day)
    found = loans.request(actor=alice, loan=loan, payment=payment, now=told)
    loans.approve(actor=bob, disbursement=found, now=told)
    return loans.confirm(
        actor=bob, disbursement=found, paid_date=day, bank_reference="UTR-rest", now=told
    )


def _standing(loan: Loan) -> dict[str, Any]:
    """Return how a loan stands and what each night charged, with no keys in it."""
    found = factories.state(loan)
    live = AccountEvent.objects.filter(loan=loan, kind="charge", status="live")
    charged = live.order_by("day", "parameters__code")
    return {
        **{name: found[name] for name in ("books", "paid", "status", "rows")},
        "charged": list(charged.values_list("day", "parameters__code", "amount")),
    }


def test_a_part_that_comes_back_leaves_what_nights_had_charged_without_it(
    alice: User, bob: User, charlie: User, stage: None
) -> None:
    loan = _staged(alice, bob)
    entity, day = loan.branch.entity, factories.later(10)
    # An instalment is late on nights whose days are closed by the time the part comes back.
    late = [factories.later(number) for number in (68, 69, 70, 75)]
    closed, opens_on = late[-1], late[-1] + timedelta(days=1)

    def nights(*, paid: bool) -> Disbursement | None:
        rest = _pay_rest(alice, bob, loan, day) if paid else None
        for one in late:
            services.accrue_day(actor="system:test", entity=entity, day=one, now=factories.at(one))
        ledger.close_day(actor="system:test", entity=entity, day=closed, now=factories.at(opens_on))
        return rest

    def another_night() -> dict[str, Any]:
        services.accrue_day(
            actor="system:test", entity=entity, day=opens_on, now=factories.at(opens_on)
        )
        return _standing(loan)

    with transaction.atomic():
        nights(paid=False)
        twin = another_night()
        transaction.set_rollback(True)
    loan.refresh_from_db()
    rest = nights(paid=True)
    assert rest is not None
    before = _standing(loan)

    loans.reverse(
        actor=charlie,
        disbursement=rest,
        day=opens_on,
        reason="The account is closed.",
        now=factories.at(opens_on),
    )

    assert len(twin["charged"]) > len(late)
    assert before["charged"] != twin["charged"][: len(before["charged"])]
    assert another_night() == twin
    assert not Entry.objects.filter(day__lte=closed, reverses__isnull=False).exists()
    said = AuditEvent.objects.filter(verb="repayments.followed").latest("pk").facts
    assert said["charged"] > 0
    assert said["charges_taken_back"] > 0
    assert factories.offenders() == []


def _paid_again(alice: User, bob: User, loan: Loan, day: date) -> None:
    """Pay a loan out that came back, and let a payment become known that came before."""
    loan = Loan.objects.get(pk=loan.pk)
    told = factories.at(day)
    found = loans.request(
        actor=alice, loan=loan, payment=lending.payment(loan, planned_date=day), now=told
    )
    loans.approve(actor=bob, disbursement=found, now=told)
    loans.confirm(
        actor=bob, disbursement=found, paid_date=day, bank_reference="UTR-again", now=told
    )
    first = factories.due_dates(loan)[0]
    for number in (1, 2, 3, 35):
        late = first + timedelta(days=number)
        services.accrue_day(
            actor="system:test", entity=loan.branch.entity, day=late, now=factories.at(late)
        )
    factories.pay(alice, loan, first - timedelta(days=1), 4_000, now=factories.at(late))
    last = late + timedelta(days=1)
    services.accrue_day(
        actor="system:test", entity=loan.branch.entity, day=last, now=factories.at(last)
    )


def test_what_the_system_made_of_a_loan_is_undone_with_it_and_leaves_nothing_behind(
    alice: User, bob: User, charlie: User, lent: Loan
) -> None:
    base = lent.schedules.get(in_force=True)

    def back(day: date) -> None:
        loans.reverse(
            actor=charlie,
            disbursement=Disbursement.objects.get(loan=lent, status="paid"),
            day=day,
            reason="The account is closed.",
            now=factories.at(day),
        )

    with transaction.atomic():
        back(factories.TODAY)
        _paid_again(alice, bob, lent, factories.TODAY)
        twin = _standing(lent)
        transaction.set_rollback(True)
    lent.refresh_from_db()
    first = factories.due_dates(lent)[0]
    late = [first + timedelta(days=number) for number in (1, 2, 3)]
    for one in late:
        services.accrue_day(
            actor="system:test", entity=lent.branch.entity, day=one, now=factories.at(one)
        )
    _made_by_the_system(lent, late[-1])
    assert LateLoan.objects.exists()
    assert lent.schedules.get(in_force=True) != base

    back(late[-1])

    assert factories.books(lent) == {}
    assert not AccountEvent.objects.filter(status="live").exists()
    assert not LateLoan.objects.exists()
    assert lent.schedules.get(in_force=True) == base
    said = AuditEvent.objects.filter(verb="repayments.followed").latest("pk").facts
    assert said["undone"] == AccountEvent.objects.count()
    assert factories.offenders() == []
    _paid_again(alice, bob, lent, factories.TODAY)
    assert _standing(lent) == twin
    assert factories.offenders() == []


def _made_by_the_system(loan: Loan, day: date) -> None:
    """Let a loan come into another class and its interest stop, and charge a debit that failed."""
    for number, (change, parameters) in enumerate(
        (("classified", {"to": "npa"}), ("in_duplum", {"room": "100.00"}))
    ):
        services.enter(
            actor="system:test",
            loan=loan,
            fact=Change(day=day, change=change, parameters=parameters),
            reference=f"made-{number}",
            now=factories.at(day),
        )
    services.enter(
        actor="system:test",
        loan=loan,
        fact=Charge(day=day, amount=Decimal(500), bucket=Bucket.FEE, code="bounce", due_on=day),
        reference="bounce:1",
        now=factories.at(day),
    )


def test_rule_2_2_how_much_interest_may_run_is_seen_anew_where_a_part_comes_back(
    alice: User, bob: User, charlie: User, stage: None
) -> None:
    Entity.objects.update(country="KE", kind=Entity.Kind.BANK)
    loan = _staged(alice, bob)
    entity, day, closed = loan.branch.entity, factories.later(10), factories.later(40)

    def nights() -> None:
        services.accrue_day(
            actor="system:test", entity=entity, day=closed, now=factories.at(closed)
        )

    with transaction.atomic():
        nights()
        twin = _standing(loan)
        transaction.set_rollback(True)
    loan.refresh_from_db()
    rest = _pay_rest(alice, bob, loan, day)
    nights()
    services.enter(
        actor="system:test",
        loan=loan,
        fact=Change(day=closed, change="in_duplum", parameters={"room": "100.00"}),
        reference="capped",
        now=factories.at(closed),
    )
    assert _standing(loan)["rows"] != twin["rows"]

    loans.reverse(
        actor=charlie,
        disbursement=rest,
        day=closed,
        reason="The account is closed.",
        now=factories.at(closed),
    )

    assert not AccountEvent.objects.filter(kind="change", status="live").exists()
    assert _standing(loan) == twin
    assert factories.offenders() == []


@pytest.mark.parametrize("kind", ["payment", "charge", "change"])
def test_a_loan_on_which_people_did_something_is_not_forgotten(
    alice: User, charlie: User, lent: Loan, kind: str
) -> None:
    day = factories.later(5)
    facts: dict[str, Any] = {
        "payment": factories.receipt(day, 100),
        "charge": Charge(
            day=day, amount=Decimal(500), bucket=Bucket.FEE, code="bounce", due_on=day
        ),
        "change": Change(day=day, change="rate_change", parameters={"annual_rate": "0.17"}),
    }
    services.enter(
        actor=alice, loan=lent, fact=facts[kind], reference="mine", now=factories.at(day)
    )
    before = factories.state(lent)

    with pytest.raises(Conflict) as refusal:
        loans.reverse(
            actor=charlie,
            disbursement=lent.disbursements.get(),
            day=day,
            reason="The account is closed.",
            now=factories.at(day),
        )

    assert refusal.value.code == "already_repaid"
    assert factories.state(lent) == before
    assert AccountEvent.objects.get().status == "live"


def test_the_proof_names_the_loan_whose_account_says_otherwise(alice: User, lent: Loan) -> None:
    factories.pay(alice, lent, factories.later(3), 100)
    assert factories.offenders() == []

    LoanAccount.objects.update(advances=Decimal(99))

    found = proofs.balances_agree()
    assert found is not None
    assert (found.name, found.expected, found.found) == (
        lent.number,
        "advances -99.00",
        "advances -100.00",
    )


def test_the_proof_names_the_loan_whose_history_gives_other_books(alice: User, lent: Loan) -> None:
    event = factories.pay(alice, lent, factories.later(3), 100)
    factories.pay(alice, lent, factories.later(4), 200)
    said = io.StringIO()
    call_command("prove_accounts", stdout=said)
    assert said.getvalue().startswith("1 accounts")

    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica;"
            "UPDATE repayments_accountevent SET amount = 101 WHERE id = %s;"
            "SET LOCAL session_replication_role = origin",
            [event.pk],
        )

    assert proofs.payments_are_booked() is not None
    found = proofs.sample_replays()
    assert found is not None
    assert found.name == lent.number
    with pytest.raises(CommandError, match=lent.number):
        call_command("prove_accounts", f"--loan={lent.number}", stdout=io.StringIO())


def test_a_charge_is_paid_after_its_day_and_never_joins_the_principal(
    alice: User, lent: Loan
) -> None:
    """Rule book 6.8 T1: 197.26 on 10,000 for 30 days at 24 %, beside the balance."""
    first = lent.instalments.order_by("number")[0]
    day = first.due_date + timedelta(days=30)
    charge = services.enter(
        actor="system:test",
        loan=lent,
        fact=Charge(
            day=day, amount=Decimal("197.26"), bucket=Bucket.PENAL, code="late", due_on=day
        ),
        reference="late-1",
        now=factories.at(day),
    )
    before = factories.books(lent)

    factories.pay(alice, lent, day, first.due + Decimal("100.00"))

    charge.refresh_from_db()
    assert before["principal"] == lent.principal
    assert before["penal_receivable"] == Decimal("197.26")
    # The instalment is older; the charge takes what is left.
    assert charge.settled == Decimal("100.00")
    assert factories.books(lent)["penal_receivable"] == Decimal("97.26")
    assert factories.offenders() == []
