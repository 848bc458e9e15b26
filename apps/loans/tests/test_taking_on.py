"""Loans of a tape are taken on the books many at once, and the proof of the ledger is clean."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from apps.audit.models import Event
from apps.ledger import selectors as ledger
from apps.ledger import services as books
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans import proofs, services
from apps.loans.models import Allocation, Instalment, Loan, ScheduleVersion
from apps.loans.services import TakenOn, taking_on
from apps.loans.tests.factories import us_platform
from apps.loans.tests.test_import_tape import run, write
from apps.loans.tests.test_mapping import line
from apps.schedules import building, documents

NOW = timezone.now()


@pytest.fixture
def tape(tmp_path: Path, db: None) -> None:
    """Twelve loans of a tape, as imported."""
    us_platform()
    lines = [
        line(
            loan_no=str(number),
            issue_d=f"2010-{number:02}-01",
            loan_status="Fully Paid",
            # Rounded up, the last but one; the last one's is two cents off.
            installment={11: "255.43", 12: "255.44"}.get(number, "255.42"),
        )
        for number in range(1, 13)
    ]
    run(write(tmp_path, *lines), tmp_path / "rejects.csv")


def _take_on() -> TakenOn:
    return services.take_on(actor="system:test", loans=Loan.objects.all(), now=NOW)


def test_they_are_on_the_books_as_contracted(tape: None) -> None:
    done = _take_on()

    assert (done.loans, done.refused, done.otherwise) == (12, (), 1)
    assert done.instalments == Instalment.objects.count() == 12 * 36
    assert set(Loan.objects.values_list("status", flat=True)) == {"active"}
    loan = Loan.objects.order_by("number").first()
    assert loan is not None
    held = ledger.balances([loan.pk])[loan.pk]
    assert (held[Account.PRINCIPAL], held[Account.CASH]) == (loan.principal, -loan.principal)
    assert Entry.objects.get(loan_id=loan.pk).day == loan.disbursed_date
    assert Event.objects.get(verb="loans.taken_on").facts["loans"] == 12
    call_command("prove_ledger", stdout=io.StringIO())


def test_each_schedule_is_the_one_computed_alone(tape: None) -> None:
    _take_on()

    for version in ScheduleVersion.objects.all():
        alone = building.build(documents.from_document(version.terms))
        stored = version.instalments.order_by("number").values_list(
            "due_date", "opening", "principal", "interest", "fee", "closing"
        )
        assert list(stored) == [
            (row.due_on, row.opening, row.principal, row.interest, row.fee, row.closing)
            for row in alone.rows
        ]
        assert (version.kind, version.reason, version.made_by) == ("original", "taken_on", None)


def test_doing_it_again_takes_nothing_on(tape: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_on, "CHUNK", 5)
    _take_on()
    entries = Entry.objects.count()

    assert _take_on() == TakenOn()
    assert Entry.objects.count() == entries == 12


def test_a_chunk_that_fails_leaves_the_earlier_ones(
    tape: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_on, "CHUNK", 5)
    real, calls = books.post_many, []

    def break_later(**given: object) -> object:
        calls.append(given)
        if len(calls) > 1:
            raise RuntimeError
        return real(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(books, "post_many", break_later)
    with pytest.raises(RuntimeError):
        _take_on()

    assert Loan.objects.filter(status="active").count() == 5
    assert ScheduleVersion.objects.count() == Entry.objects.count() == 5
    monkeypatch.setattr(books, "post_many", real)
    assert _take_on().loans == 7
    assert proofs.principal_is_booked() is None


def test_terms_that_make_no_schedule_are_named_and_left_out(tape: None) -> None:
    odd = Loan.objects.order_by("number").first()
    assert odd is not None
    Loan.objects.filter(pk=odd.pk).update(term_months=0)

    done = _take_on()

    assert (done.loans, done.refused) == (11, (odd.number,))
    odd.refresh_from_db()
    assert odd.status == "imported"
    assert proofs.principal_is_booked() is None


def test_the_proofs_name_the_first_loan_that_is_wrong(tape: None) -> None:
    _take_on()
    first, second = Loan.objects.order_by("number")[:2]
    entry = Entry.objects.get(loan_id=second.pk)
    instalment = Instalment.objects.get(loan=second, number=1)

    with transaction.atomic():
        Allocation.objects.create(
            entry=entry, instalment=instalment, bucket="principal", amount=Decimal(5)
        )
        found = proofs.paid_is_allocated()
        assert found is not None
        assert (found.name, found.expected, found.found) == (second.number, "5.00", "0.00")
        principal = proofs.principal_is_booked()
        assert principal is not None
        assert principal.name == second.number
        assert principal.loan_id == str(second.pk)
        assert Decimal(principal.found) - Decimal(principal.expected) == 5
        planned = proofs.schedule_covers_principal()
        assert planned is not None
        assert planned.name == second.number
        transaction.set_rollback(True)

    Loan.objects.filter(pk=first.pk).update(disbursed_date=date(2010, 1, 2))
    assert proofs.principal_is_booked() is None
