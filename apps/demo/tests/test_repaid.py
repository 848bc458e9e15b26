"""Borrowers of the demonstration repay what was lent in past months, and the books are proved."""

import io
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command

from apps.applications.models import Application
from apps.collections.models import Contact, Notice, NoticeWord, Settlement
from apps.customers.models import Customer
from apps.debits.models import AnswerLine, Debit, Mandate
from apps.demo import collected, debited, people, repaid
from apps.ledger import proofs as ledger_proofs
from apps.loans import proofs as loan_proofs
from apps.loans import selectors as loans
from apps.loans.models import Loan
from apps.repayments import lateness
from apps.repayments.models import Promise, StatementFile
from apps.scoring.tests.factories import champion

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ground(db: None) -> None:
    """What the first steps of `make demo` prepare, with its people."""
    for command in ("sync_roles", "load_products", "load_policy", "load_reason_codes"):
        call_command(command, stdout=io.StringIO())
    people.ensure()


def promoted() -> None:
    """Let a model decide on retail loans in India."""
    analyst, approver = people.of_role("risk_analyst"), people.of_role("model_approver")
    champion("in-retail", analyst, approver)


def offenders() -> list[object]:
    loan_proofs.register_all()
    return [found for one in ledger_proofs.all_checks() if (found := one.check()) is not None]


def days_overdue(loan: Loan) -> int:
    return loans.position(loan, NOW.date()).arrears.days


def test_it_lets_past_borrowers_repay_each_in_their_way() -> None:
    promoted()

    said = repaid.write(now=NOW)
    again = repaid.write(now=NOW)

    paid_out = Loan.objects.filter(status="active").order_by("disbursed_date")
    on_time, late, ahead, bounced = paid_out
    assert (len(said), again) == (len(repaid.STORIES) + 3, [])
    assert [days_overdue(one) for one in (on_time, ahead)] == [0, 0]
    # Due on 16 October and 16 November, and not paid.
    assert late.disbursed_date == date(2026, 7, 16)
    assert days_overdue(late) == 41
    assert late.events.filter(
        kind="charge", parameters__code=lateness.PENAL, status="live"
    ).exists()
    assert ahead.account.advances == ahead.instalment
    [cheque] = bounced.events.filter(parameters__channel="cheque")
    assert (cheque.status, cheque.reversed_by) == ("reversed", people.of_role("credit_manager"))
    assert bounced.events.filter(kind="charge", parameters__code="bounce").exists()
    [promise] = Promise.objects.all()
    assert (promise.loan, promise.status, promise.amount) == (late, "open", late.instalment)


def test_it_works_on_what_is_overdue_once() -> None:
    promoted()
    repaid.write(now=NOW)

    said = collected.write(now=NOW)
    again = collected.write(now=NOW)

    late = Promise.objects.get().loan
    assert any("settled in two parts" in line for line in said)
    assert again == []
    settlement = Settlement.objects.get()
    assert (settlement.loan, settlement.status) == (late, "approved")
    assert settlement.amount < settlement.debt
    kinds = Notice.objects.filter(loan=late).order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == ["arrears", "demand"]
    assert NoticeWord.objects.get().word == "posted"
    assert Contact.objects.filter(loan=late, outcome="job_lost").exists()
    [file] = StatementFile.objects.all()
    assert file.status == "finished"
    assert Counter(file.lines.values_list("status", flat=True)) == {
        "posted": 3,
        "suspense": 2,
        "ignored": 1,
    }
    assert debited.write(now=NOW) == ["4 mandates recorded, 4 direct debits answered by the bank"]
    assert debited.write(now=NOW) == []
    states = Mandate.objects.values_list("status", flat=True)
    assert Counter(states) == {"active": 3, "cancelled": 1, "draft": 1}
    tried = Debit.objects.filter(loan=late).order_by("attempt").values_list("status", flat=True)
    assert list(tried) == ["failed", "collected"]
    assert AnswerLine.objects.filter(status="refused").count() == 2
    assert offenders() == []


def test_it_leaves_no_trace_where_nothing_could_be_decided() -> None:
    said = repaid.write(now=NOW)

    assert said == []
    assert Application.objects.count() == Loan.objects.count() == Customer.objects.count() == 0
