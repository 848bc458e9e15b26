"""The bank is told by a file that is made once, in a named layout, and never changes."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import InternalError, connection, transaction

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core import withheld
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.loans import payment_files, selectors, services
from apps.loans.models import Disbursement, Loan, PaymentFile
from apps.loans.payment_files import Instruction
from apps.loans.tests import factories
from tests.kept import kept

LATER = factories.LATER


def _one(reference: str, **changes: object) -> Instruction:
    values: dict[str, object] = {
        "reference": reference,
        "loan": "L-1",
        "beneficiary": "Asha Patil",
        "account": "0012345678",
        "bank": "HDFC0000007",
        "currency": "INR",
        "amount": Decimal("199500.00"),
        "pay_on": date(2026, 11, 20),
        **changes,
    }
    return Instruction(**values)  # type: ignore[arg-type]


def test_its_layout_is_as_documented() -> None:
    written = payment_files.content([_one("R-2"), _one("R-1", beneficiary="=1+1")])

    assert written == (
        b"reference,loan,beneficiary,account,bank,currency,amount,pay_on\r\n"
        b"R-1,L-1,'=1+1,0012345678,HDFC0000007,INR,199500.00,2026-11-20\r\n"
        b"R-2,L-1,Asha Patil,0012345678,HDFC0000007,INR,199500.00,2026-11-20\r\n"
    )
    assert payment_files.LAYOUT == "creditrisk-payments-1"


def test_the_order_in_which_payments_come_changes_no_byte() -> None:
    payments = [_one("R-3"), _one("R-1"), _one("R-2")]

    assert payment_files.content(payments) == payment_files.content(reversed(payments))


@pytest.fixture
@kept
def approved(alice: User, bob: User, loan: Loan) -> Disbursement:
    return factories.approved(alice, bob, loan)


def test_approved_payments_go_into_one_file(
    bob: User, pune: Branch, approved: Disbursement
) -> None:
    file = services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=LATER)

    content = services.fetch_file(actor=bob, file=PaymentFile.objects.get())
    [row] = csv.DictReader(io.StringIO(content.decode()))
    assert (row["account"], row["amount"], row["currency"]) == (
        "50100123456789",
        "199500.00",
        "INR",
    )
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert (file.payments, file.total, str(file)) == (1, Decimal(199_500), "sahyadri-000001")
    approved.refresh_from_db()
    assert (approved.status, approved.payment_file) == ("instructed", file)
    assert Event.objects.filter(verb="loans.payment_file_fetched").count() == 1


def test_the_bank_is_told_no_day_that_has_passed(
    bob: User, pune: Branch, approved: Disbursement
) -> None:
    later = LATER + timedelta(days=3)

    services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=later)

    content = services.fetch_file(actor=bob, file=PaymentFile.objects.get())
    [row] = csv.DictReader(io.StringIO(content.decode()))
    assert (row["pay_on"], approved.planned_date) == ("2026-11-23", date(2026, 11, 20))


def test_a_file_with_a_payment_withheld_from_a_person_is_not_theirs_to_fetch(
    bob: User, pune: Branch, approved: Disbursement, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=LATER)
    assert list(PaymentFile.objects.visible_to(bob)) == [file]

    keys = Loan.objects.values("application")
    monkeypatch.setattr(withheld, "_sources", [lambda _actor: [keys]])

    assert not PaymentFile.objects.visible_to(bob).exists()


def test_a_payment_is_told_to_the_bank_once(
    bob: User, pune: Branch, approved: Disbursement
) -> None:
    services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=LATER)

    with pytest.raises(Conflict):
        services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=LATER)

    assert PaymentFile.objects.count() == 1


def test_a_file_never_changes(bob: User, pune: Branch, approved: Disbursement) -> None:
    file = services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=LATER)

    for values in ({"sha256": "0" * 64}, {"total": Decimal(1)}, {"layout": "other"}):
        with pytest.raises(InternalError), transaction.atomic():
            PaymentFile.objects.filter(pk=file.pk).update(**values)
    with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM loans_paymentfile")
    file.content = b"other bytes"
    file.save(update_fields=["content"])
    with pytest.raises(Conflict) as refusal:
        services.fetch_file(actor=bob, file=PaymentFile.objects.get())
    assert refusal.value.code == "file_altered"


def test_an_empty_or_mixed_file_is_refused(
    bob: User, pune: Branch, approved: Disbursement, us: Branch
) -> None:
    for entity, chosen in ((pune.entity, []), (us.entity, [approved])):
        with pytest.raises(DomainError):
            services.instruct(actor=bob, entity=entity, disbursements=chosen, now=LATER)

    assert not PaymentFile.objects.exists()


@pytest.fixture
@kept
def us(db: None) -> Branch:
    return factories.us_platform()


def test_a_file_is_seen_by_who_sees_all_its_payments(
    alice: User,
    bob: User,
    charlie: User,
    pune: Branch,
    nashik: Branch,
    approved: Disbursement,
    make_person: Callable[..., User],
) -> None:
    services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=LATER)
    nina = make_person("Nina", "credit_reviewer", branch=nashik)

    assert [selectors.files(one).count() for one in (bob, charlie, nina)] == [1, 1, 0]
    with pytest.raises(NotPermitted):
        services.fetch_file(actor=alice, file=PaymentFile.objects.get())
