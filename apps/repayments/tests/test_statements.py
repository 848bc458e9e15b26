"""A statement from upload to posting: once, exactly, and with a reason for every row left out."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.table_faults import FileRefused
from apps.customers.models import Customer
from apps.ledger import services as ledger
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.loans.tests import factories as loans
from apps.repayments import services, statement_sentences
from apps.repayments.facts import Receipt
from apps.repayments.models import AccountEvent, StatementFile, StatementLine
from apps.repayments.services import posting_statements
from apps.repayments.tests import statement_factories as factories
from conftest import MakePerson

pytestmark = pytest.mark.django_db
NOW, row = factories.NOW, factories.row


def _reasons(line: StatementLine) -> str:
    return statement_sentences.in_one_line(line.faults)


def test_it_posts_what_names_a_loan_and_holds_what_names_none(alice: User, lent: Loan) -> None:
    rows = [
        row("UTR1", "9000.00", f"NEFT EMI {lent.number}"),
        row("UTR2", "500.50", "NEFT SOMEBODY ELSE"),
        "23/11/2026,CHARGES,UTR3,11.80,,1.00",
        row("UTR4", "1.234.5"),
    ]

    file = factories.posted(alice, rows)

    assert file.status == "finished"
    assert factories.came_to(file) == [
        (2, "posted", "narrative"),
        (3, "suspense", "no_loan"),
        (4, "ignored", "taken_out"),
        (5, "refused", ""),
    ]
    event = AccountEvent.objects.get()
    assert (event.loan, event.amount, event.day) == (lent, Decimal("9000.00"), factories.PAID_ON)
    assert event.parameters["external_reference"] == "UTR1"
    assert factories.balance(Account.UNIDENTIFIED) == Decimal("-500.50")
    assert factories.balance(Account.ADVANCES, lent) == Decimal("-9000.00")
    assert _reasons(file.lines.get(number=5)) == (
        "Deposit Amt.: This is not a number with a decimal point, like 1234.50."
    )


def test_the_dry_run_foresees_and_writes_nothing(alice: User, lent: Loan) -> None:
    entries = Entry.objects.count()

    file = factories.checked(alice, [row("UTR1", text=f"EMI {lent.number}"), row("UTR2")])

    found = file.lines.order_by("number").values_list("status", "because", "loan")
    assert list(found) == [("waiting", "narrative", lent.pk), ("waiting", "no_loan", None)]
    assert file.status == "checked"
    assert (Entry.objects.count(), AccountEvent.objects.count()) == (entries, 0)


def test_who_pays_is_enough_where_there_is_one_loan(alice: User, lent: Loan) -> None:
    by, of = lent.customer.number, lent.customer.phone

    file = factories.posted(alice, [row("UTR1", text=f"BY {by}"), row("UTR2", text=f"UPI/{of}/X")])

    assert factories.came_to(file) == [(2, "posted", "customer"), (3, "posted", "phone")]
    assert {line.loan for line in file.lines.all()} == {lent}


def test_it_does_not_choose_between_two_loans_of_who_pays(
    alice: User, bob: User, lent: Loan
) -> None:
    second = loans.paid(alice, bob).loan
    Customer.objects.filter(pk=second.customer_id).update(phone_index=lent.customer.phone_index)

    file = factories.posted(alice, [row("UTR1", text=f"UPI/{lent.customer.phone}")])

    assert factories.came_to(file) == [(2, "suspense", "several_loans")]


def test_money_for_a_loan_that_takes_none_is_held(alice: User, stage: None) -> None:
    opened = loans.opened(alice)

    file = factories.posted(alice, [row("UTR1", text=f"EMI {opened.number}")])

    assert factories.came_to(file) == [(2, "suspense", "loan_over")]
    assert factories.balance(Account.UNIDENTIFIED) == Decimal("-9793.00")


def test_what_the_account_refuses_is_held(alice: User, lent: Loan) -> None:
    before = loans.TODAY - timedelta(days=1)

    file = factories.posted(alice, [row("UTR1", text=f"EMI {lent.number}", day=before)])

    assert factories.came_to(file) == [(2, "suspense", "refused_by_account")]
    assert not AccountEvent.objects.exists()


def test_the_same_file_again_is_the_first_one(alice: User, lent: Loan) -> None:
    rows = [row("UTR1", text=f"EMI {lent.number}"), row("UTR2")]
    first = factories.posted(alice, rows)
    entries = Entry.objects.count()

    again, is_new = services.receive_statement(
        actor=alice,
        branch=alice.branch,
        statement=factories.statement(factories.content(rows)),
        now=NOW,
    )

    assert (again, is_new) == (first, False)
    assert (StatementFile.objects.count(), Entry.objects.count()) == (1, entries)


def test_the_same_rows_in_another_file_post_nothing_twice(alice: User, lent: Loan) -> None:
    rows = [row("UTR1", text=f"EMI {lent.number}"), row("UTR2"), row("", text="CASH")]
    factories.posted(alice, rows)
    entries = Entry.objects.count()

    again = factories.posted(alice, [*rows, row("UTR9", text=f"EMI {lent.number}")])

    assert factories.came_to(again) == [
        (2, "ignored", "known"),
        (3, "ignored", "known"),
        (4, "ignored", "known"),
        (5, "posted", "narrative"),
    ]
    assert Entry.objects.count() == entries + 1


def test_rows_that_say_the_same_without_a_reference_are_each_taken_once(
    alice: User,
) -> None:
    factories.posted(alice, [row("", "100.00", "CASH"), row("", "100.00", "CASH")])

    again = factories.posted(alice, [row("", "100.00", "CASH")] * 3)

    assert [status for _row, status, _why in factories.came_to(again)] == [
        "ignored",
        "ignored",
        "suspense",
    ]
    assert factories.balance(Account.UNIDENTIFIED) == Decimal("-300.00")


def test_a_known_reference_with_other_content_is_refused(alice: User, lent: Loan) -> None:
    factories.posted(alice, [row("UTR1", text=f"EMI {lent.number}")])

    file = factories.posted(alice, [row("UTR1", "9794.00", f"EMI {lent.number}")])

    assert factories.came_to(file) == [(2, "refused", "")]
    assert _reasons(file.lines.get()) == (
        "Ref No: This reference was taken before, with another day or amount: row 2 of the"
        " statement of 2026-11-24."
    )
    assert AccountEvent.objects.count() == 1


def test_what_was_posted_by_hand_is_not_posted_again(alice: User, lent: Loan) -> None:
    rows = [row("UTR1", text=f"EMI {lent.number}"), row("UTR2"), row("UTR3", "5.00")]
    file = factories.checked(alice, rows)
    line = file.lines.get(number=2)
    for reference in ("UTR1", "UTR2", "UTR3"):
        services.enter(
            actor=alice,
            loan=lent,
            fact=Receipt(
                day=line.value_date,
                amount=line.money,
                channel="cash",
                external_reference=reference,
            ),
            reference=f"sahyadri:{reference}",
            now=NOW,
        )
    services.start_statement(actor=alice, file=file, now=NOW)

    factories.run(file)

    assert factories.came_to(file) == [
        (2, "ignored", "by_hand"),
        (3, "ignored", "by_hand"),
        (4, "refused", ""),
    ]
    assert "Another payment was posted under this reference." in _reasons(file.lines.get(number=4))
    assert AccountEvent.objects.count() == 3


def test_money_of_a_customer_that_was_posted_by_hand_is_not_posted_again(
    alice: User, lent: Loan
) -> None:
    file = factories.checked(alice, [row("UTR1", text=f"BY {lent.customer.number}")])
    line = file.lines.get()
    services.enter_for_customer(
        actor=alice,
        customer=lent.customer,
        fact=Receipt(
            day=line.value_date, amount=line.money, channel="cash", external_reference="UTR1"
        ),
        reference="sahyadri:UTR1",
        now=NOW,
    )
    services.start_statement(actor=alice, file=file, now=NOW)

    factories.run(file)

    assert factories.came_to(file) == [(2, "ignored", "by_hand")]
    assert AccountEvent.objects.count() == 1


@pytest.mark.parametrize("whose", ["loan", "customer"])
def test_money_over_the_desk_is_known_by_its_reference_however_it_was_typed(
    alice: User, lent: Loan, whose: str
) -> None:
    file = factories.checked(alice, [row("UTR1", text=f"EMI {lent.number}")])
    line = file.lines.get()
    money = services.Money(
        number=lent.number if whose == "loan" else lent.customer.number,
        amount=line.money,
        channel="bank_transfer",
        external_reference="utr 1",
        day=line.value_date,
    )
    services.take(actor=alice, money=money, now=NOW)
    services.start_statement(actor=alice, file=file, now=NOW)

    factories.run(file)

    assert factories.came_to(file) == [(2, "ignored", "by_hand")]
    assert AccountEvent.objects.count() == 1


def test_a_row_of_a_closed_day_is_refused_with_the_way_to_proceed(alice: User, lent: Loan) -> None:
    entity = alice.branch.entity
    services.accrue_day(actor="system:tests", entity=entity, day=factories.PAID_ON, now=NOW)
    ledger.close_day(actor="system:tests", entity=entity, day=factories.PAID_ON, now=NOW)

    rows = [row("UTR1", text=f"EMI {lent.number}"), row("UTR2"), row("UTR3")]
    later = row("UTR4", day=factories.PAID_ON + timedelta(days=1))

    file = factories.posted(alice, [*rows, later])

    assert [status for _row, status, _why in factories.came_to(file)] == [
        *("refused", "refused", "refused", "suspense"),
    ]
    for line in file.lines.filter(number__lt=5):
        assert _reasons(line) == (
            "Date: The books are closed up to 2026-11-23. Give the row a later day, and upload it"
            " again."
        )
    assert not AccountEvent.objects.exists()
    assert factories.balance(Account.UNIDENTIFIED) == Decimal("-9793.00")


def test_the_refused_rows_come_back_to_be_mended(alice: User, lent: Loan) -> None:
    bad = row("=UTR1", "9793,00,0", f"=EMI {lent.number}").replace("9793,00,0", '"9793,00,0"')
    file = factories.posted(alice, [row("UTR0"), bad])

    header, refused = services.download_refused(actor=alice, file=file)

    assert header == [*factories.HEADER.split(","), "refused_row", "refused_because"]
    assert refused[2] == "=UTR1"
    assert refused[-2:] == [
        "3",
        "Deposit Amt.: This is not a number with a decimal point, like 1234.50.",
    ]
    assert Event.objects.filter(verb="repayments.refused_downloaded").count() == 1


def test_it_goes_on_where_a_worker_was_killed(
    alice: User, lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting_statements, "CHUNK", 2)
    rows = [row(f"UTR{n}", "100.00", f"EMI {lent.number}" if n % 2 else "?") for n in range(7)]
    file = factories.started(alice, rows)
    real = posting_statements._write

    def killed(outcomes: Any) -> None:
        real(outcomes)
        raise SystemExit

    services.advance_statement(file_id=file.pk, now=NOW)
    monkeypatch.setattr(posting_statements, "_write", killed)
    with pytest.raises(SystemExit):
        services.advance_statement(file_id=file.pk, now=NOW)
    assert file.lines.filter(status="waiting").count() == 5
    assert AccountEvent.objects.count() == 1
    monkeypatch.setattr(posting_statements, "_write", real)
    file.refresh_from_db()
    assert services.sweep_statements(now=file.updated_at + timedelta(minutes=2)) == 1

    factories.run(file)

    assert file.status == "finished"
    assert AccountEvent.objects.count() == 3
    assert factories.balance(Account.UNIDENTIFIED) == Decimal("-400.00")
    assert factories.balance(Account.ADVANCES, lent) == Decimal("-300.00")


def test_a_line_that_breaks_holds_up_no_other(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    file = factories.started(alice, [row("UTR1"), row("UTR2", text="BREAKS"), row("UTR3")])
    real = posting_statements._hold

    def breaking(file: Any, lines: Any, *args: Any, **options: Any) -> Any:
        if any(line.reference == "UTR2" for line in lines):
            raise ZeroDivisionError
        return real(file, lines, *args, **options)

    monkeypatch.setattr(posting_statements, "_hold", breaking)

    factories.run(file)

    found = [status for _row, status, _why in factories.came_to(file)]
    assert found == ["suspense", "refused", "suspense"]
    assert "Something is wrong on our side" in _reasons(file.lines.get(number=3))


def test_what_was_taken_back_by_hand_is_posted_as_the_statement_says(
    alice: User, charlie: User, lent: Loan
) -> None:
    file = factories.checked(alice, [row("UTR1", text=f"EMI {lent.number}")])
    line = file.lines.get()
    fact = Receipt(
        day=line.value_date, amount=Decimal(1), channel="cash", external_reference="UTR1"
    )
    wrong = services.enter(actor=alice, loan=lent, fact=fact, reference="sahyadri:UTR1", now=NOW)
    services.take_back(actor=charlie, event=wrong, reason="Typed wrongly.", now=NOW)
    services.start_statement(actor=alice, file=file, now=NOW)

    factories.run(file)

    assert factories.came_to(file) == [(2, "posted", "narrative")]
    assert factories.balance(Account.ADVANCES, lent) == Decimal("-9793.00")


def test_it_stops_where_who_started_it_may_no_longer_post(alice: User) -> None:
    file = factories.started(alice, [row("UTR1")])
    alice.groups.clear()

    factories.run(file)

    assert (file.status, file.started_by) == ("checked", None)
    assert file.lines.get().status == "waiting"


def test_a_stopped_statement_keeps_what_was_posted_and_is_not_discarded(
    alice: User, lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting_statements, "CHUNK", 1)
    file = factories.started(alice, [row("UTR1"), row("UTR2")])
    services.advance_statement(file_id=file.pk, now=NOW)
    file.refresh_from_db()

    services.stop_statement(actor=alice, file=file)

    with pytest.raises(Conflict), transaction.atomic():
        services.discard_statement(actor=alice, file=file)
    file.refresh_from_db()
    assert file.status == "checked"
    assert file.lines.filter(status="suspense").count() == 1


def test_a_discarded_statement_can_be_uploaded_anew(alice: User) -> None:
    first = factories.checked(alice, [row("UTR1")])

    services.discard_statement(actor=alice, file=first)
    again = factories.posted(alice, [row("UTR1")])

    assert again != first
    assert factories.came_to(again) == [(2, "suspense", "no_loan")]


def test_it_finds_a_loan_of_a_tape_by_its_number_there_where_an_account_is_asked_for(
    taken: list[Loan], make_person: MakePerson
) -> None:
    loan = taken[0]
    olga = make_person("Olga", "loan_officer", branch=loan.branch)
    rows = [
        f"23/11/2026,{loan.source_reference},Payment,UTR1,,50.00",
        f"23/11/2026,,Cheque {loan.source_reference},UTR2,,50.00",
    ]
    header = "Date,Loan number,Narration,Ref No,Withdrawal Amt.,Deposit Amt."

    file, _is_new = services.receive_statement(
        actor=olga,
        branch=loan.branch,
        statement=factories.statement(factories.content(rows, header)),
        now=NOW,
    )
    services.check_statement(file_id=file.pk, now=NOW)
    services.start_statement(actor=olga, file=StatementFile.objects.get(pk=file.pk), now=NOW)
    factories.run(file)

    assert factories.came_to(file) == [(2, "posted", "account"), (3, "suspense", "no_loan")]
    assert AccountEvent.objects.get().loan == loan


def test_it_reads_mpesa_for_a_lender_in_kenya(make_person: MakePerson, india: Entity) -> None:
    kenya = factories.in_kenya(india)
    wanjiku = make_person("Wanjiku", "loan_officer", branch=kenya)
    sent = factories.content(
        [
            "TKO1AB23CD,23-11-2026 10:15:04,Pay Bill,Completed,9500.00,,1.00,254712345678 - J,X1",
            "TKO1AB23CE,23-11-2026 10:15:04,Pay Bill Charge,Completed,,-55.00,1.00,,",
        ],
        factories.MPESA_HEADER,
    )

    file, is_new = services.receive_statement(
        actor=wanjiku,
        branch=kenya,
        statement=factories.statement(sent, layout="mpesa"),
        now=NOW,
    )

    assert (is_new, file.currency, file.total_rows) == (True, "KES", 2)
    assert file.lines.get(number=2).key == "mpesa:TKO1AB23CD"
    assert factories.came_to(file) == [(2, "waiting", ""), (3, "ignored", "taken_out")]


@pytest.mark.parametrize(
    ("sent", "changes", "said"),
    [
        (b"", {}, "The file is empty."),
        (b"a,b\n1,2\n", {}, "No line among the first ones names the day and the amount."),
        (b"Date,Amount\n", {}, "The file has a header and no rows."),
        (b"Date,Amount\n2026-11-23,5\n", {"layout": "mpesa"}, "No line among the first ones"),
        (b"Date,Amount,Details\n2026-11-23,5,Zo\xeb\n", {}, "The file is not in the encoding"),
        (b"%PDF-1.7", {}, "This is no table."),
        (b"\xd0\xcf\x11\xe0old", {}, "This is an old Excel file"),
    ],
)
def test_it_says_what_is_wrong_with_a_whole_file(
    alice: User, sent: bytes, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        services.receive_statement(
            actor=alice,
            branch=alice.branch,
            statement=factories.statement(sent, **changes),
            now=NOW,
        )

    assert said in str(refused.value.fields["file"])
    assert not StatementFile.objects.exists()


def test_it_refuses_a_huge_file(alice: User, settings: LazySettings) -> None:
    settings.BULK_MAX_ROWS = 2

    with pytest.raises(FileRefused) as refused:
        factories.received(alice, [row(f"UTR{n}") for n in range(3)])

    assert refused.value.code == "too_many_rows"
    settings.BULK_MAX_BYTES = 10
    with pytest.raises(FileRefused) as too_large:
        factories.received(alice, [row("UTR1")])
    assert too_large.value.status == 413
    assert not StatementLine.objects.exists()


def test_it_refuses_who_may_not_upload(bob: User, alice: User, nashik: Branch) -> None:
    with pytest.raises(NotPermitted):
        factories.received(bob, [row("UTR1")])
    with pytest.raises(NotPermitted):
        services.receive_statement(
            actor=alice,
            branch=nashik,
            statement=factories.statement(factories.content([row("UTR1")])),
            now=NOW,
        )

    assert not StatementFile.objects.exists()


def test_it_refuses_columns_of_no_known_kind(alice: User) -> None:
    with pytest.raises(DomainError) as refused:
        services.receive_statement(
            actor=alice,
            branch=alice.branch,
            statement=factories.statement(b"Date,Amount\n", told={"colour": "x"}),
            now=NOW,
        )

    assert set(refused.value.fields) == {"colour"}


def test_another_branch_is_told_that_the_file_is_there(
    alice: User, make_person: MakePerson, nashik: Branch
) -> None:
    factories.received(alice, [row("UTR1")])
    nadia = make_person("Nadia", "loan_officer", branch=nashik)

    with pytest.raises(Conflict) as refused:
        factories.received(nadia, [row("UTR1")])

    assert refused.value.code == "sent_before"
    assert StatementFile.objects.count() == 1
