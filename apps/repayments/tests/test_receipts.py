"""The receipt of a payment is set once, says what the books say, and is the same ever after."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import InternalError, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.ledger.chart import Account
from apps.letters.statements import Statement
from apps.loans.models import Loan
from apps.repayments import receipt_rows, services
from apps.repayments.facts import Bucket, Charge
from apps.repayments.models import AccountEvent, ReceiptPaper
from apps.repayments.tests import factories

DUE = date(2026, 12, 20)
NOW = factories.at(DUE)


@pytest.fixture
def payment(lent: Loan, alice: User) -> AccountEvent:
    """The first instalment, paid on its day, and 100 more."""
    first = lent.instalments.filter(in_force=True).earliest("due_date")
    return factories.pay(alice, lent, DUE, first.due + 100)


def printed(actor: User | None, event: AccountEvent) -> ReceiptPaper:
    return services.print_receipt(actor=actor, event=event, now=NOW)


def said(paper: ReceiptPaper) -> Statement:
    return Statement.from_dict(paper.facts)


def test_it_says_what_the_books_say(lent: Loan, alice: User, payment: AccountEvent) -> None:
    first = lent.instalments.filter(in_force=True).earliest("due_date")

    paper = printed(alice, payment)

    assert bytes(paper.pdf).startswith(b"%PDF-")
    assert paper.label == f"{lent.number}/R1"
    assert services.split_of(payment) == {
        Account.PRINCIPAL: first.principal,
        Account.INTEREST_RECEIVABLE: first.interest,
        Account.ADVANCES: Decimal("100.00"),
    }
    text = said(paper)
    assert text.addressee == (lent.customer.full_name,)
    [how, used, after] = text.parts
    lines = {line.label: line.value for line in how.lines}
    assert lines["Received by"] == "Alice"
    assert lines["Paid by way of"] == "Bank transfer"
    assert [row[0] for row in used.rows] == [
        "Principal",
        "Interest",
        "Paid ahead, for what falls due next",
        "Together",
    ]
    assert after.heading == "What you owe at the end of 20 December 2026"
    assert [line.label for line in after.lines] == [
        "Principal",
        "In all, less what is paid ahead",
    ]


def test_the_split_always_sums_to_the_payment(lent: Loan, alice: User, charlie: User) -> None:
    services.enter(
        actor="system:test",
        loan=lent,
        fact=Charge(
            day=DUE, amount=Decimal("250.00"), bucket=Bucket.PENAL, code="late", due_on=DUE
        ),
        reference="C-1",
        now=NOW,
    )
    for day, amount in ((DUE, "50.00"), (DUE + timedelta(days=2), "9000.00")):
        event = factories.pay(alice, lent, day, amount)

        assert sum(services.split_of(event).values()) == Decimal(amount)


def test_it_is_the_same_ever_after(
    lent: Loan, alice: User, bob: User, payment: AccountEvent
) -> None:
    first = printed(alice, payment)
    lent.customer.full_name = "Somebody Else"
    lent.customer.save()

    again = services.print_receipt(actor=alice, event=payment, now=NOW + timedelta(days=40))

    assert again.pk == first.pk
    assert bytes(again.pdf) == bytes(first.pdf)
    assert ReceiptPaper.objects.count() == 1
    assert Event.objects.filter(verb="repayments.receipt_printed").count() == 1


def test_receipts_of_a_loan_are_numbered_without_a_gap(
    lent: Loan, alice: User, payment: AccountEvent
) -> None:
    other = factories.pay(alice, lent, DUE + timedelta(days=1), "500.00")

    numbers = [printed(alice, one).number for one in (other, payment)]

    assert numbers == [1, 2]


@pytest.mark.parametrize(("language", "title"), [("en", "Receipt"), ("hi", None), ("sw", None)])
def test_it_is_in_the_language_of_the_borrower(
    lent: Loan, alice: User, payment: AccountEvent, language: str, title: str | None
) -> None:
    lent.customer.language = language
    lent.customer.save()

    paper = printed(alice, payment)

    assert paper.language == said(paper).language == language
    assert title in (None, said(paper).title)


def test_a_borrower_may_have_it_without_anybody(payment: AccountEvent) -> None:
    paper = printed(None, payment)

    assert paper.printed_by is None
    assert Event.objects.get(verb="repayments.receipt_printed").actor == "portal:applicant"


# --- refusals -------------------------------------------------------------------------------
def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = (ReceiptPaper.objects.count(), Event.objects.count())
    with pytest.raises(DomainError) as refusal:
        act()
    assert (ReceiptPaper.objects.count(), Event.objects.count()) == before
    return refusal.value


def test_who_only_reads_prints_none_but_opens_what_was_printed(
    alice: User, amir: User, diana: User, payment: AccountEvent
) -> None:
    assert isinstance(refused(lambda: printed(amir, payment)), NotPermitted)
    assert isinstance(refused(lambda: printed(diana, payment)), NotPermitted)

    first = printed(alice, payment)

    assert printed(amir, payment).pk == first.pk


def test_of_another_branch_there_is_nothing_to_see(
    payment: AccountEvent, make_person: Any, nashik: Any
) -> None:
    far = make_person("Farah", "loan_officer", branch=nashik)

    assert isinstance(refused(lambda: printed(far, payment)), NotVisible)


def test_what_was_taken_back_gets_no_receipt_but_keeps_the_one_it_had(
    lent: Loan, alice: User, charlie: User, payment: AccountEvent
) -> None:
    other = factories.pay(alice, lent, DUE + timedelta(days=1), "500.00")
    first = printed(alice, payment)
    for event in (other, payment):
        services.take_back(
            actor=charlie, event=event, reason="Bounced.", now=NOW + timedelta(days=2)
        )
        event.refresh_from_db()

    assert isinstance(refused(lambda: printed(alice, other)), Conflict)
    assert printed(alice, payment).pk == first.pk
    rows = {row.event.pk: (row.is_live, row.has_receipt) for row in receipt_rows.shown(lent)}
    assert rows == {payment.pk: (False, True), other.pk: (False, False)}


def test_there_are_receipts_of_payments_alone(lent: Loan, alice: User) -> None:
    charge = services.enter(
        actor="system:test",
        loan=lent,
        fact=Charge(
            day=DUE, amount=Decimal("250.00"), bucket=Bucket.PENAL, code="late", due_on=DUE
        ),
        reference="C-1",
        now=NOW,
    )

    assert refused(lambda: printed(alice, charge)).code == "no_payment"


def test_an_altered_receipt_is_not_handed_out(alice: User, payment: AccountEvent) -> None:
    paper = printed(alice, payment)
    paper.pdf = b"%PDF-1.7 another"
    paper.save(update_fields=["pdf"])

    assert refused(lambda: printed(alice, payment)).code == "receipt_damaged"


def test_the_database_keeps_it_as_it_is(alice: User, payment: AccountEvent) -> None:
    paper = printed(alice, payment)

    for act in (
        lambda: ReceiptPaper.objects.filter(pk=paper.pk).update(pdf_sha256="0" * 64),
        lambda: ReceiptPaper.objects.filter(pk=paper.pk).delete(),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()
