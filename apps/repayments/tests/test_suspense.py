"""Money in suspense: placed once, on its value date, taken back, returned by two people."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.ledger import services as ledger
from apps.ledger.chart import Account
from apps.ledger.models import Entry, Line
from apps.ledger.refusals import DayClosed
from apps.loans.models import Loan
from apps.loans.tests import factories as loans
from apps.repayments import services, suspense_entries
from apps.repayments.facts import WriteOff
from apps.repayments.models import AccountEvent, StatementLine
from apps.repayments.tests import factories as books
from apps.repayments.tests import statement_factories as factories
from conftest import MakePerson

pytestmark = pytest.mark.django_db
NOW, PAID_ON, balance = factories.NOW, factories.PAID_ON, factories.balance


def _lines() -> list[tuple[Any, str, Decimal]]:
    """Return by day what cash, suspense and advances hold beside the pay-out."""
    rows = Line.objects.filter(account__in=["cash", "unidentified", "advances"])
    sums: dict[tuple[Any, str], Decimal] = {}
    for one in rows.exclude(entry__event="disbursement"):
        key = (one.day, one.account)
        sums[key] = sums.get(key, Decimal(0)) + one.debit - one.credit
    return sorted((day, account, total) for (day, account), total in sums.items() if total)


def _holds(sql: str, loan: Loan) -> bool:
    """Say whether what was sent locks the row of a loan: as it is, or by what it has executed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement FROM pg_prepared_statements")
        texts = [text for name, text in cursor.fetchall() if f'EXECUTE "{name}"' in sql]
    locks = any('FOR NO KEY UPDATE OF "loans_loan"' in text for text in [sql, *texts])
    return locks and str(loan.pk) in sql


def test_placed_money_stands_as_if_it_had_been_known_at_once(alice: User, lent: Loan) -> None:
    line = factories.in_suspense(alice)
    assert balance(Account.UNIDENTIFIED) == Decimal("-9793.00")

    placed = services.place_money(actor=alice, line=line, loan=lent, now=NOW + timedelta(days=2))

    event = AccountEvent.objects.get()
    assert (placed.status, placed.because, placed.event, placed.loan) == (
        *("posted", "placed", event, lent),
    )
    assert (event.day, event.amount, event.reference) == (
        *(PAID_ON, Decimal("9793.00"), "sahyadri:UTR900"),
    )
    assert _lines() == [
        (PAID_ON, "advances", Decimal("-9793.00")),
        (PAID_ON, "cash", Decimal("9793.00")),
    ]
    assert books.offenders() == []
    said = Event.objects.get(verb="repayments.money_placed")
    assert (said.facts["loan"], said.facts["value_date"]) == (lent.number, str(PAID_ON))


def test_the_loan_is_held_before_anything_is_posted_and_is_as_it_is_by_then(
    alice: User, charlie: User, lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = factories.in_suspense(alice)
    now = NOW + timedelta(days=2)
    as_seen = Loan.objects.get(pk=lent.pk)
    services.enter(
        actor=alice,
        loan=lent,
        fact=WriteOff(day=PAID_ON, reason="Gone."),
        reference="W",
        now=now,
        approved_by=charlie,
    )

    release = suspense_entries.release

    def released(**given: Any) -> Entry:
        assert any(_holds(one["sql"], lent) for one in list(queries))
        return release(**given)

    monkeypatch.setattr(suspense_entries, "release", released)
    with CaptureQueriesContext(connection) as queries:
        services.place_money(actor=alice, line=line, loan=as_seen, now=now)

    assert AccountEvent.objects.get(reference="sahyadri:UTR900").kind == "recovery"


def test_money_of_a_closed_day_is_placed_on_a_day_that_is_open(alice: User, lent: Loan) -> None:
    line = factories.in_suspense(alice)
    entity = alice.branch.entity
    services.accrue_day(actor="system:tests", entity=entity, day=PAID_ON, now=NOW)
    ledger.close_day(actor="system:tests", entity=entity, day=PAID_ON, now=NOW)

    with pytest.raises(DayClosed), transaction.atomic():
        services.place_money(actor=alice, line=line, loan=lent, now=NOW)
    line.refresh_from_db()
    assert (line.status, AccountEvent.objects.count()) == ("suspense", 0)
    placed = services.place_money(
        actor=alice, line=line, loan=lent, now=NOW, day=PAID_ON + timedelta(days=1)
    )

    assert placed.event is not None
    assert placed.event.day == PAID_ON + timedelta(days=1)
    assert balance(Account.UNIDENTIFIED) == 0


def test_money_is_placed_once(alice: User, lent: Loan) -> None:
    line = factories.in_suspense(alice)
    services.place_money(actor=alice, line=line, loan=lent, now=NOW)
    entries = Entry.objects.count()

    with pytest.raises(Conflict) as refused:
        services.place_money(actor=alice, line=line, loan=lent, now=NOW)

    assert refused.value.code == "not_in_suspense"
    assert Entry.objects.count() == entries


def test_money_taken_back_from_a_wrong_loan_waits_again_and_goes_to_the_right_one(
    alice: User, bob: User, charlie: User, lent: Loan
) -> None:
    right = loans.paid(alice, bob).loan
    file = factories.posted(alice, [factories.row("UTR1", text=f"EMI {lent.number}")])
    line = file.lines.get()

    held = services.misplace_money(actor=charlie, line=line, reason="Typed wrongly.", now=NOW)
    assert (held.status, held.because, held.event, held.loan) == (
        *("suspense", "misplaced", None, None),
    )
    assert balance(Account.ADVANCES, lent) == 0
    assert balance(Account.UNIDENTIFIED) == Decimal("-9793.00")
    placed = services.place_money(actor=alice, line=held, loan=right, now=NOW)

    assert placed.loan == right
    assert balance(Account.ADVANCES, right) == Decimal("-9793.00")
    assert balance(Account.UNIDENTIFIED) == 0
    assert AccountEvent.objects.filter(status="live").get().loan == right
    assert books.offenders() == []


def test_money_of_a_closed_day_waits_again_from_the_first_open_one_on(
    alice: User, bob: User, charlie: User, lent: Loan
) -> None:
    right = loans.paid(alice, bob).loan
    file = factories.posted(alice, [factories.row("UTR1", text=f"EMI {lent.number}")])
    entity, opens_on = alice.branch.entity, PAID_ON + timedelta(days=1)
    services.accrue_day(actor="system:tests", entity=entity, day=PAID_ON, now=NOW)
    ledger.close_day(actor="system:tests", entity=entity, day=PAID_ON, now=NOW)

    line = file.lines.get()
    held = services.misplace_money(actor=charlie, line=line, reason="Typed wrongly.", now=NOW)

    assert held.held_entry is not None
    assert (held.held_entry.day, balance(Account.ADVANCES, lent)) == (opens_on, 0)
    with pytest.raises(DayClosed), transaction.atomic():
        services.place_money(actor=alice, line=held, loan=right, now=NOW)
    services.place_money(actor=alice, line=held, loan=right, now=NOW, day=opens_on)
    assert balance(Account.UNIDENTIFIED) == 0
    assert books.offenders() == []


def test_money_goes_back_by_two_people(alice: User, charlie: User) -> None:
    line = factories.in_suspense(alice)

    services.ask_return(actor=alice, line=line, reason="Of another lender.")
    returned = services.give_back(
        actor=charlie, line=line, day=PAID_ON + timedelta(days=1), now=NOW
    )

    assert (returned.status, returned.return_asked_by, returned.returned_by) == (
        *("returned", alice, charlie),
    )
    assert balance(Account.UNIDENTIFIED) == 0
    assert balance(Account.CASH) == 0
    assert Entry.objects.get(pk=returned.released_entry_id).event == "refund"
    with pytest.raises(Conflict):
        services.give_back(actor=charlie, line=line, day=PAID_ON, now=NOW)


def test_nobody_returns_what_they_asked_for(charlie: User, alice: User) -> None:
    line = factories.in_suspense(alice)
    services.ask_return(actor=charlie, line=line, reason="Not ours.")

    with pytest.raises(NotPermitted), transaction.atomic():
        services.give_back(actor=charlie, line=line, day=PAID_ON, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        StatementLine.objects.filter(pk=line.pk).update(
            status="returned",
            returned_by=charlie,
            returned_at=NOW,
            released_entry=line.held_entry,
        )

    line.refresh_from_db()
    assert line.status == "suspense"
    assert balance(Account.UNIDENTIFIED) == Decimal("-9793.00")


def test_a_return_that_is_refused_leaves_the_money_in_suspense(alice: User, charlie: User) -> None:
    line = factories.in_suspense(alice)
    services.ask_return(actor=alice, line=line, reason="Not ours.")
    with pytest.raises(Conflict):
        services.ask_return(actor=alice, line=line, reason="Not ours.")

    services.refuse_return(actor=charlie, line=line)

    line.refresh_from_db()
    assert (line.status, line.return_asked_by, line.return_reason) == ("suspense", None, None)
    with pytest.raises(Conflict):
        services.give_back(actor=charlie, line=line, day=PAID_ON, now=NOW)
    with pytest.raises(Conflict):
        services.refuse_return(actor=charlie, line=line)


def test_it_refuses_days_before_the_money_came_or_ahead(alice: User, charlie: User) -> None:
    line = factories.in_suspense(alice)
    services.ask_return(actor=alice, line=line, reason="Not ours.")

    for day in (PAID_ON - timedelta(days=1), PAID_ON + timedelta(days=2)):
        with pytest.raises(DomainError) as refused, transaction.atomic():
            services.give_back(actor=charlie, line=line, day=day, now=NOW)
        assert refused.value.code == "day_refused"

    assert balance(Account.UNIDENTIFIED) == Decimal("-9793.00")


def test_it_refuses_who_may_not(bob: User, alice: User, lent: Loan) -> None:
    line = factories.in_suspense(alice)

    for act in (
        lambda: services.place_money(actor=bob, line=line, loan=lent, now=NOW),
        lambda: services.ask_return(actor=bob, line=line, reason="Not ours."),
        lambda: services.write_note(actor=bob, line=line, text="Seen.", now=NOW),
        lambda: services.misplace_money(actor=bob, line=line, reason="Wrong.", now=NOW),
        lambda: services.refuse_return(actor=bob, line=line),
    ):
        with pytest.raises(NotPermitted), transaction.atomic():
            act()

    line.refresh_from_db()
    assert line.status == "suspense"
    assert not AccountEvent.objects.exists()


def test_it_refuses_a_loan_of_another_lender(
    alice: User, lent: Loan, make_person: MakePerson
) -> None:
    kenya = factories.in_kenya(alice.branch.entity)
    wanjiku = make_person("Wanjiku", "loan_officer", branch=kenya)
    line = factories.in_suspense(wanjiku)

    with pytest.raises(DomainError) as refused, transaction.atomic():
        services.place_money(actor=wanjiku, line=line, loan=lent, now=NOW)

    assert refused.value.code == "another_lender"
    assert not AccountEvent.objects.exists()


def test_money_on_the_books_is_never_deleted(alice: User) -> None:
    line = factories.in_suspense(alice)

    with pytest.raises(InternalError), transaction.atomic():
        line.delete()
    with pytest.raises(InternalError), transaction.atomic():
        StatementLine.objects.filter(pk=line.pk).update(amount=Decimal("1.00"))

    line.refresh_from_db()
    assert line.amount == Decimal("9793.00")
