"""What the bank answers: posted once, recorded, taken back, and what people do about the rest."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core import stored_reasons
from apps.core.errors import Conflict, NotPermitted
from apps.core.table_faults import FileRefused
from apps.debits import services
from apps.debits.models import AnswerFile, AnswerLine, Debit, DebitFile, Mandate
from apps.debits.services import Upload, posting_answers
from apps.debits.tests import factories
from apps.ledger import services as ledger
from apps.ledger.chart import Account
from apps.ledger.models import Entry, Line
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.models import AccountEvent, StatementLine
from apps.repayments.services import charging
from apps.repayments.tests import factories as books
from conftest import MakePerson

pytestmark = pytest.mark.django_db
TODAY, at, refused, row = factories.TODAY, factories.at, factories.refused, factories.row
came_to, answered = factories.came_to, factories.answered


@pytest.fixture
def debit(alice: User, bob: User, lent: Loan, mandate: Mandate) -> Debit:
    """The first instalment, with the bank; three tries are allowed."""
    factories.rule(lent, takes_overdue=True)
    return factories.presented(alice, bob, books.due_dates(lent)[0])


def test_what_was_collected_is_posted_on_its_value_date(
    alice: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on

    file = answered(alice, [row(debit)], day=day + timedelta(days=1))

    debit.refresh_from_db()
    event = AccountEvent.objects.get(kind="receipt")
    assert came_to(file) == [(2, "posted", "collected")]
    assert (file.status, debit.status, debit.event, debit.value_date) == (
        "finished",
        "collected",
        event,
        day,
    )
    assert (event.day, event.amount, event.parameters["channel"]) == (
        day,
        debit.amount,
        "direct_debit",
    )
    assert event.parameters["external_reference"] == debit.reference
    assert debit.file.__class__.objects.get().status == "settled"
    assert lent.instalments.get(number=1, in_force=True).unpaid == 0
    assert books.offenders() == []


def test_the_same_file_and_the_same_answer_post_nothing_twice(
    alice: User, lent: Loan, debit: Debit
) -> None:
    later = debit.file.collect_on + timedelta(days=1)
    sent = factories.content([row(debit)])
    first = factories.run(factories.received(alice, sent, now=at(later)), now=at(later))

    again, is_new = services.receive_answers(
        actor=alice,
        branch=alice.branch,
        upload=Upload(filename="again.csv", stream=io.BytesIO(sent)),
        now=at(later),
    )
    other = answered(alice, [row(debit)], day=later, name="ACH-2")
    otherwise = answered(alice, [row(debit, amount="1.00")], day=later, name="ACH-3")
    failed = answered(
        alice, [row(debit, "failed", reason="insufficient_funds")], day=later, name="ACH-4"
    )

    assert (again.pk, is_new) == (first.pk, False)
    assert came_to(other) == [(2, "ignored", "known")]
    assert came_to(otherwise) == [(2, "refused", "answered_otherwise")]
    assert came_to(failed) == [(2, "refused", "answered_otherwise")]
    assert AccountEvent.objects.filter(kind="receipt").count() == 1
    assert books.offenders() == []


def test_a_part_that_was_collected_is_posted_and_looked_at(
    alice: User, lent: Loan, debit: Debit
) -> None:
    file = answered(alice, [row(debit, amount="4000.00")], day=debit.file.collect_on)

    debit.refresh_from_db()
    assert came_to(file) == [(2, "posted", "partly")]
    assert (debit.collected, debit.missing, debit.needs_look) == (
        Decimal("4000.00"),
        debit.amount - 4000,
        True,
    )


def test_a_failure_is_recorded_charged_and_tried_again(
    alice: User, bob: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    bounce = charging.told(lent)["bounce"]

    file = answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)

    debit.refresh_from_db()
    assert came_to(file) == [(2, "recorded", "failed")]
    assert (debit.status, debit.retry_on, debit.needs_look) == (
        "failed",
        day + timedelta(days=3),
        False,
    )
    assert bounce > 0
    assert debit.charge is not None
    assert (debit.charge.amount, debit.charge.parameters["code"]) == (bounce, "bounce")
    assert debit.charge.words == {
        "reason": stored_reasons.stored("debits.bounced", debit.reference)
    }
    assert debit.charge.reason == f"Direct debit {debit.reference} bounced."
    # Again from that day on, with what the bounce costs.
    again = factories.prepared(alice, day + timedelta(days=3)).debits.get()
    charges = AccountEvent.objects.filter(kind="charge", status="live")
    owed = debit.amount + sum(one.amount or 0 for one in charges)
    assert (again.attempt, again.due_date, again.owed) == (2, debit.due_date, owed)


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        pytest.param("account_closed", "cancelled", id="closed"),
        pytest.param("mandate_cancelled", "cancelled", id="cancelled-at-the-bank"),
        pytest.param("account_frozen", "paused", id="frozen"),
        pytest.param("other", "active", id="unknown"),
    ],
)
def test_the_reason_says_what_becomes_of_the_mandate(
    alice: User, lent: Loan, debit: Debit, reason: str, state: str
) -> None:
    answered(alice, [row(debit, "failed", reason=reason)], day=debit.file.collect_on)

    debit.refresh_from_db()
    mandate = Mandate.objects.get()
    assert (mandate.status, debit.needs_look, debit.retry_on) == (state, True, None)
    assert mandate.reason == (None if state == "active" else reason)
    assert not AccountEvent.objects.filter(kind="charge").exists()


def test_money_the_bank_takes_back_leaves_the_loan_as_it_was(
    alice: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    answered(alice, [row(debit)], day=day)
    back = row(debit, "returned", day=day + timedelta(days=2), reason="payer_refused")

    file = answered(alice, [back], day=day + timedelta(days=2), name="ACH-2")
    again = answered(alice, [back], day=day + timedelta(days=3), name="ACH-3")

    debit.refresh_from_db()
    assert came_to(file) == [(2, "recorded", "returned")]
    assert came_to(again) == [(2, "ignored", "known")]
    assert (debit.status, debit.event.status, debit.needs_look) == ("returned", "reversed", True)
    kept = stored_reasons.stored("debits.returned", "payer_refused")
    assert debit.event.reversed_reason == kept
    why = "Returned by the bank: The borrower stopped this payment."
    assert debit.event.why_reversed == why
    with translation.override("hi"):
        assert debit.event.why_reversed != why
    assert lent.instalments.get(number=1, in_force=True).paid == 0
    assert Mandate.objects.get().status == "paused"
    assert books.offenders() == []


def test_money_somebody_took_back_before_the_bank_said_so_is_taken_back_once(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    answered(alice, [row(debit)], day=day)
    event = AccountEvent.objects.get(kind="receipt")
    repayments.take_back(actor=charlie, event=event, reason="The bank called.", now=at(day))
    back = row(debit, "returned", day=day, reason="payer_refused")

    file = answered(alice, [back], day=day, name="ACH-2")

    debit.refresh_from_db()
    assert came_to(file) == [(2, "recorded", "returned")]
    assert (debit.status, debit.reason_code) == ("returned", "payer_refused")
    # It may have been entered anew, and the bounce charged: a person looks.
    assert (debit.needs_look, debit.retry_on, debit.charge_id) == (True, None, None)
    assert Entry.objects.filter(reverses__event="repayment").count() == 1
    assert Mandate.objects.get().status == "paused"
    assert books.offenders() == []


def test_what_came_amiss_and_was_looked_at_can_be_returned_all_the_same(
    alice: User, debit: Debit
) -> None:
    day = debit.file.collect_on
    answered(alice, [row(debit, amount="100.00")], day=day)
    debit.refresh_from_db()
    services.look_at(actor=alice, debit=debit, note="The rest comes in cash.", now=at(day))
    back = row(debit, "returned", amount="100.00", day=day, reason="payer_refused")

    file = answered(alice, [back], day=day, name="ACH-2")

    debit.refresh_from_db()
    assert came_to(file) == [(2, "recorded", "returned")]
    assert (debit.status, debit.needs_look, debit.looked_by) == ("returned", True, None)
    assert books.offenders() == []


def test_a_return_that_came_before_its_money_is_run_again(
    alice: User, bob: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    now = at(day + timedelta(days=1))
    gone = row(debit, "returned", reason="insufficient_funds")
    file = answered(alice, [gone], day=day)
    [line] = file.lines.all()
    assert came_to(file) == [(2, "refused", "not_collected")]

    def run() -> AnswerLine:
        return services.run_again(actor=alice, line=line, now=now)

    early = refused(run)
    assert (early.code, "was not collected" in str(early)) == ("still_refused", True)
    answered(alice, [row(debit)], day=day, name="ACH-2")
    assert isinstance(
        refused(lambda: services.run_again(actor=bob, line=line, now=now)), NotPermitted
    )
    done = run()

    debit.refresh_from_db()
    assert (done.status, done.because, done.settled_by) == ("recorded", "returned", alice)
    assert (debit.status, debit.reason_code) == ("returned", "insufficient_funds")
    assert debit.event is not None
    assert debit.event.status == "reversed"
    assert str(alice.pk) in Event.objects.get(verb="debits.answer_run_again").actor
    assert books.offenders() == []
    assert isinstance(refused(run), Conflict)
    again = answered(alice, [gone], day=day, name="ACH-3")
    assert came_to(again) == [(2, "ignored", "known")]


def test_money_the_bank_takes_back_late_is_corrected_on_the_first_open_day(
    alice: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    answered(alice, [row(debit)], day=day)
    entity, closed = lent.branch.entity, day + timedelta(days=40)
    repayments.accrue_day(actor="system:test", entity=entity, day=closed, now=at(closed))
    books_day = closed + timedelta(days=1)
    ledger.close_day(actor="system:test", entity=entity, day=closed, now=at(books_day))
    back = row(debit, "returned", day=closed, reason="payer_refused")

    file = answered(alice, [back], day=books_day, name="ACH-2")

    debit.refresh_from_db()
    assert came_to(file) == [(2, "recorded", "returned")]
    assert (debit.status, debit.event.status) == ("returned", "reversed")
    reversal = Entry.objects.get(reverses__event="repayment", loan_id=lent.pk)
    assert (reversal.day, reversal.facts["of_day"]) == (books_day, day.isoformat())
    assert books.paid(lent) == []
    assert books.offenders() == []


def test_a_row_that_fits_no_debit_is_refused_with_its_reason(
    alice: User, bob: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    file = answered(
        alice,
        [
            row("sahyadri-DD000009-00001"),
            row(debit, amount=debit.amount + 1),
        ],
        day=day,
    )
    early = answered(alice, [row(debit, day=day - timedelta(days=1))], day=day, name="ACH-2")
    back = answered(alice, [row(debit, "returned", reason="other")], day=day, name="ACH-3")
    less = answered(
        alice, [row(debit, "failed", amount="1.00", reason="other")], day=day, name="ACH-4"
    )

    assert came_to(file) == [(2, "refused", "no_such_debit"), (3, "refused", "more_than_asked")]
    assert came_to(early) == [(2, "refused", "before_asked")]
    assert came_to(back) == [(2, "refused", "not_collected")]
    assert came_to(less) == [(2, "refused", "other_amount")]
    debit.refresh_from_db()
    assert debit.status == "presented"
    assert AccountEvent.objects.count() == 0


def test_what_the_bank_was_not_told_cannot_be_answered(
    alice: User, lent: Loan, mandate: Mandate
) -> None:
    waiting = factories.prepared(alice, books.due_dates(lent)[0]).debits.get()

    file = answered(alice, [row(waiting)], day=waiting.file.collect_on)

    assert came_to(file) == [(2, "refused", "not_presented")]


def test_money_of_a_closed_day_is_posted_on_a_day_of_choice(
    alice: User, bob: User, lent: Loan, debit: Debit
) -> None:
    day, later = debit.file.collect_on, debit.file.collect_on + timedelta(days=2)
    books_day = at(later)
    entity = lent.branch.entity
    repayments.accrue_day(actor="system:test", entity=entity, day=day, now=books_day)
    ledger.close_day(actor="system:test", entity=entity, day=day, now=books_day)

    file = answered(alice, [row(debit)], day=later)
    [line] = file.lines.all()
    assert came_to(file) == [(2, "refused", "day_closed")]

    def post(on: Any) -> Any:
        return services.post_on_day(actor=alice, line=line, day=on, now=books_day)

    assert "closed" in str(refused(lambda: post(day)))
    assert refused(lambda: post(day - timedelta(days=1))).code == "day_refused"
    posted = post(later)

    debit.refresh_from_db()
    assert (posted.status, posted.settled_by, debit.status) == ("posted", alice, "collected")
    assert (debit.value_date, debit.event.day) == (day, later)
    assert isinstance(refused(lambda: post(later)), Conflict)
    assert books.offenders() == []


def _in_suspense(loan: Loan) -> tuple[StatementLine, Decimal]:
    """Return the one line that waits, and what is unidentified in the books of the lender."""
    lines = Line.objects.filter(account=Account.UNIDENTIFIED.value, branch=loan.branch)
    return (
        StatementLine.objects.get(),
        sum((one.credit - one.debit for one in lines), Decimal(0)),
    )


def test_money_for_a_loan_that_is_over_waits_as_unidentified(
    alice: User, bob: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    Loan.objects.filter(pk=lent.pk).update(status="closed")

    file = answered(alice, [row(debit)], day=day)
    again = answered(alice, [row(debit)], day=day, name="ACH-2")

    line, unidentified = _in_suspense(lent)
    debit.refresh_from_db()
    assert came_to(file) == [(2, "posted", "in_suspense")]
    assert came_to(again) == [(2, "ignored", "known")]
    assert (line.status, line.amount, unidentified) == ("suspense", debit.amount, debit.amount)
    assert (debit.status, debit.event, debit.kept) == ("collected", None, line)
    assert (line.details["account"], str(line.file.filename)) == (lent.number, "answers.csv")
    assert type(debit.file).objects.get().status == "settled"
    back = answered(alice, [row(debit, "returned", reason="payer_refused")], day=day, name="ACH-3")
    assert came_to(back) == [(2, "refused", "not_on_a_loan")]

    # What was placed after all goes back with the debit.
    Loan.objects.filter(pk=lent.pk).update(status="active")
    repayments.place_money(actor=alice, line=line, loan=lent, now=at(day))
    assert _in_suspense(lent)[1] == 0
    gone = answered(
        alice, [row(debit, "returned", reason="insufficient_funds")], day=day, name="ACH-4"
    )
    event = AccountEvent.objects.get(kind="receipt")
    assert came_to(gone) == [(2, "recorded", "returned")]
    assert (event.status, event.parameters["channel"]) == ("reversed", "direct_debit")
    assert books.offenders() == []


def test_money_of_a_closed_day_is_kept_where_a_person_only_closes_its_row(
    alice: User, bob: User, lent: Loan, debit: Debit
) -> None:
    day, later = debit.file.collect_on, debit.file.collect_on + timedelta(days=2)
    entity, now = lent.branch.entity, at(later)
    repayments.accrue_day(actor="system:test", entity=entity, day=day, now=now)
    ledger.close_day(actor="system:test", entity=entity, day=day, now=now)
    [line] = answered(alice, [row(debit)], day=later).lines.all()

    def close(note: str) -> Any:
        return services.close_answer(actor=alice, line=line, note=note, now=now)

    assert "note" in refused(lambda: close(" ")).fields
    closed = close("The borrower wants it back.")

    kept, unidentified = _in_suspense(lent)
    debit.refresh_from_db()
    assert (closed.status, closed.note) == ("closed", "The borrower wants it back.")
    assert (debit.status, debit.kept, unidentified) == ("collected", kept, debit.amount)
    assert kept.held_entry is not None
    assert (kept.day, kept.held_entry.day) == (day, day + timedelta(days=1))
    assert books.offenders() == []


@pytest.mark.parametrize(
    ("more", "earlier", "code"),
    [
        pytest.param(1, 0, "more_than_asked", id="more-than-asked"),
        pytest.param(0, 1, "before_asked", id="before-the-day"),
        pytest.param(0, 0, "unexpected", id="row-that-broke"),
    ],
)
def test_money_that_was_refused_is_kept_where_a_person_only_closes_its_row(
    alice: User,
    debit: Debit,
    lent: Loan,
    monkeypatch: pytest.MonkeyPatch,
    more: int,
    earlier: int,
    code: str,
) -> None:
    day = debit.file.collect_on
    if code == "unexpected":
        monkeypatch.setattr(posting_answers, "_known", lambda *_given: 1 / 0)
    sent = row(debit, amount=debit.amount + more, day=day - timedelta(days=earlier))
    file = answered(alice, [sent], day=day)
    [line] = file.lines.all()
    assert (came_to(file), line.debit) == ([(2, "refused", code)], debit)

    services.close_answer(actor=alice, line=line, note="Told the bank.", now=at(day))

    kept, unidentified = _in_suspense(lent)
    debit.refresh_from_db()
    assert (kept.status, kept.amount, unidentified) == (
        "suspense",
        debit.amount + more,
        debit.amount + more,
    )
    assert (debit.status, debit.kept, debit.collected) == ("collected", kept, unidentified)
    assert DebitFile.objects.get().status == "settled"
    assert books.offenders() == []


def test_more_than_was_asked_for_is_on_no_loan(alice: User, debit: Debit) -> None:
    answered(alice, [row(debit)], day=debit.file.collect_on)

    with (
        pytest.raises(IntegrityError, match="debits_debit_collected_on_an_account"),
        transaction.atomic(),
    ):
        Debit.objects.filter(pk=debit.pk).update(collected=debit.amount + 1)


def test_the_row_of_a_failure_that_broke_brings_no_money(
    alice: User, debit: Debit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting_answers, "_known", lambda *_given: 1 / 0)
    day = debit.file.collect_on
    [line] = answered(alice, [row(debit, "failed", reason="other")], day=day).lines.all()

    services.close_answer(actor=alice, line=line, note="Seen.", now=at(day))

    debit.refresh_from_db()
    assert (debit.status, debit.kept, StatementLine.objects.count()) == ("presented", None, 0)


def test_what_came_after_the_borrower_ended_the_mandate_is_looked_at(
    alice: User, lent: Loan, mandate: Mandate, debit: Debit
) -> None:
    day = debit.file.collect_on
    assert services.underway(mandate) == 1
    services.cancel_mandate(
        actor=alice, mandate=mandate, reason="By telephone.", now=at(day - timedelta(days=1))
    )

    file = answered(alice, [row(debit)], day=day)
    assert came_to(file) == [(2, "posted", "after_end")]

    debit.refresh_from_db()
    seen = services.look_at(actor=alice, debit=debit, note="Refunded.", now=at(day))
    assert (seen.needs_look, seen.looked_by, seen.note) == (False, alice, "Refunded.")
    again = refused(lambda: services.look_at(actor=alice, debit=debit, note="x", now=at(day)))
    assert isinstance(again, Conflict)


def test_it_goes_on_where_a_worker_was_killed(
    alice: User, bob: User, lent: Loan, debit: Debit, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = debit.file.collect_on
    monkeypatch.setattr(posting_answers, "CHUNK", 1)
    file = factories.received(
        alice, factories.content([row(debit), row("nobody-1"), row("nobody-2")]), now=at(day)
    )
    real = posting_answers._write

    def killed(came: Any) -> None:
        real(came)
        raise SystemExit

    monkeypatch.setattr(posting_answers, "_write", killed)
    with pytest.raises(SystemExit):
        services.advance_answers(file_id=file.pk, now=at(day))
    assert file.lines.filter(status="waiting").count() == 3
    assert AccountEvent.objects.count() == 0
    monkeypatch.setattr(posting_answers, "_write", real)
    file.refresh_from_db()
    assert services.sweep_answers(now=file.updated_at + timedelta(minutes=2)) == 1

    factories.run(file, now=at(day))

    assert [one[1] for one in came_to(file)] == ["posted", "refused", "refused"]
    assert AccountEvent.objects.filter(kind="receipt").count() == 1


def test_a_row_that_breaks_holds_up_no_other(
    alice: User, lent: Loan, debit: Debit, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = debit.file.collect_on
    real = posting_answers._known

    def breaking(line: Any, found: Any) -> Any:
        if line.outcome == "failed":
            raise ZeroDivisionError
        return real(line, found)

    monkeypatch.setattr(posting_answers, "_known", breaking)
    file = answered(
        alice, [row("nobody"), row(debit, "failed", reason="other"), row("nobody-2")], day=day
    )

    assert [one[2] for one in came_to(file)] == ["no_such_debit", "unexpected", "no_such_debit"]


def test_a_file_halts_where_its_starter_lost_the_right(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    file = factories.received(alice, factories.content([row(debit)]), now=at(day))
    alice.is_active = False
    alice.save(update_fields=["is_active"])

    factories.run(file, now=at(day))
    assert file.status == "halted"
    services.go_on(actor=charlie, file=file)
    factories.run(file, now=at(day))

    assert (file.status, came_to(file)) == ("finished", [(2, "posted", "collected")])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"PK\x03\x04zip", "not_csv", id="excel"),
        pytest.param(b"\xff\xfeH\x00", "is_utf_16", id="utf-16"),
        pytest.param("H,é".encode("latin-1"), "wrong_encoding", id="latin-1"),
        pytest.param(factories.content([]), "no_answers", id="nothing"),
        pytest.param(factories.content([row("A")])[:-20], "no_trailer", id="cut-off"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing(
    alice: User, lent: Loan, sent: bytes, code: str
) -> None:
    found = refused(lambda: factories.received(alice, sent, now=at(TODAY)))

    assert isinstance(found, FileRefused)
    assert (found.code, list(found.fields)) == (code, ["file"])
    assert AnswerFile.objects.count() == 0


def test_a_file_that_is_too_large_is_refused(alice: User, settings: Any) -> None:
    settings.BULK_MAX_BYTES = 100
    found = refused(lambda: factories.received(alice, b"x" * 101, now=at(TODAY)))
    assert found.status == 413

    settings.BULK_MAX_BYTES, settings.BULK_MAX_ROWS = 10_000, 1
    sent = factories.content([row("A"), row("B")])
    found = refused(lambda: factories.received(alice, sent, now=at(TODAY)))
    assert found.code == "too_many_rows"


def test_answers_take_the_right_and_the_branch(
    bob: User, alice: User, lent: Loan, pune: Branch, nashik: Branch, make_person: MakePerson
) -> None:
    elsewhere = make_person("Nisha", "loan_officer", branch=nashik)
    sent = factories.content([row("A")])

    def receive(actor: User, branch: Branch) -> Any:
        return services.receive_answers(
            actor=actor,
            branch=branch,
            upload=Upload(filename="x.csv", stream=io.BytesIO(sent)),
            now=at(TODAY),
        )

    assert isinstance(refused(lambda: receive(bob, pune)), NotPermitted)
    assert isinstance(refused(lambda: receive(elsewhere, pune)), NotPermitted)
    receive(alice, pune)
    assert isinstance(refused(lambda: receive(elsewhere, nashik)), Conflict)
    assert Event.objects.filter(verb="debits.answers_received").count() == 1
