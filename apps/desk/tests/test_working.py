"""Notes, requests for information, escalations, cases given to people, and files beside a case."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Branch, User
from apps.applications import services as applications
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible, StaleRecord
from apps.decisions import services as cases
from apps.decisions.models import Rank, ReviewCase
from apps.decisions.services import InterestEntry
from apps.desk import services
from apps.desk.models import CaseAttachment, CaseNote, Escalation, InformationRequest
from apps.desk.tests import factories

NOW = factories.NOW
HOUR = timedelta(hours=1)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
MakePerson = Callable[..., User]


def _verbs() -> list[str]:
    found = Event.objects.filter(verb__startswith="desk.").order_by("pk")
    return list(found.values_list("verb", flat=True))


def test_a_note_is_kept_encrypted_and_for_good(bob: User, case: ReviewCase) -> None:
    made = services.note(actor=bob, case=case, text="  Spoke to the employer. ", now=NOW)

    assert CaseNote.objects.get().text == "Spoke to the employer."
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM desk_casenote")
        assert b"employer" not in bytes(cursor.fetchone()[0])
    for act in (made.delete, lambda: CaseNote.objects.update(written_at=NOW + HOUR)):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert _verbs() == ["desk.noted"]
    assert "employer" not in str(Event.objects.get(verb="desk.noted").facts)


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "a\x00b"])
def test_a_note_that_is_none_is_refused(bob: User, case: ReviewCase, text: str) -> None:
    with pytest.raises(DomainError) as refusal:
        services.note(actor=bob, case=case, text=text, now=NOW)

    assert set(refusal.value.fields) == {"text"}
    assert not CaseNote.objects.exists()


def test_who_submitted_writes_no_note(alice: User, amir: User, case: ReviewCase) -> None:
    for person in (alice, amir):
        with pytest.raises(NotPermitted):
            services.note(actor=person, case=case, text="Please be quick.", now=NOW)

    assert not CaseNote.objects.exists()


def test_the_clock_stands_still_until_the_information_is_there(bob: User, case: ReviewCase) -> None:
    due = case.due_at
    asked = factories.asked(bob, case)
    case.refresh_from_db()
    assert (case.rank, case.paused_at, case.due_at) == (Rank.WAITING, NOW, due)

    services.receive_information(
        actor=bob, asked=asked, answer="Three payslips.", now=NOW + 5 * HOUR
    )

    case.refresh_from_db()
    asked.refresh_from_db()
    assert (case.rank, case.paused_at, case.due_at) == (Rank.ORDINARY, None, due + 5 * HOUR)
    assert (asked.status, asked.answer, asked.ended_by) == ("arrived", "Three payslips.", bob)
    assert _verbs() == ["desk.information_asked", "desk.information_received"]


def test_the_clock_stands_still_as_long_as_anything_is_waited_for(
    bob: User, beth: User, case: ReviewCase
) -> None:
    due = case.due_at
    first = factories.asked(bob, case)
    second = factories.asked(beth, case, item="bureau", source="bureau", now=NOW + HOUR)

    services.withdraw_information(actor=bob, asked=first, why="Not needed.", now=NOW + 2 * HOUR)
    case.refresh_from_db()
    assert case.rank == Rank.WAITING
    services.receive_information(actor=bob, asked=second, answer="Fresh.", now=NOW + 3 * HOUR)

    case.refresh_from_db()
    assert (case.rank, case.due_at) == (Rank.ORDINARY, due + 3 * HOUR)
    first.refresh_from_db()
    assert first.status == "withdrawn"


def test_the_clock_runs_on_from_the_end_of_the_day_not_from_the_sweep(
    bob: User, case: ReviewCase
) -> None:
    due = case.due_at
    asked = factories.asked(bob, case)
    # The end of 27 November in Pune.
    lapses = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)
    assert asked.lapses_at == lapses
    assert services.lapse_information(now=lapses - timedelta(seconds=1)) == 0

    assert services.lapse_information(now=lapses + 9 * HOUR) == 1
    assert services.lapse_information(now=lapses + 9 * HOUR) == 0

    case.refresh_from_db()
    asked.refresh_from_db()
    assert (asked.status, asked.ended_at, asked.ended_by) == ("lapsed", lapses, None)
    assert (case.rank, case.due_at) == (Rank.ORDINARY, due + (lapses - NOW))


def test_a_sweep_that_comes_late_takes_nothing_from_what_was_waited_for_longer(
    bob: User, beth: User, case: ReviewCase
) -> None:
    due = case.due_at
    first = factories.asked(bob, case)
    second = factories.asked(beth, case, item="bureau", source="bureau", by_date=date(2026, 12, 1))
    answered = first.lapses_at + 2 * HOUR
    services.receive_information(actor=beth, asked=second, answer="Fresh.", now=answered)

    assert services.lapse_information(now=answered + HOUR) == 1

    case.refresh_from_db()
    first.refresh_from_db()
    assert (first.status, first.ended_at) == ("lapsed", first.lapses_at)
    assert (case.rank, case.due_at) == (Rank.ORDINARY, due + (answered - NOW))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"item": "gossip"}, "item"),
        ({"source": "neighbour"}, "source"),
        ({"by_date": date(2026, 1, 1)}, "by_date"),
        ({"by_date": date(2028, 1, 1)}, "by_date"),
        ({"text": " "}, "text"),
    ],
)
def test_a_request_that_lacks_something_is_refused(
    bob: User, case: ReviewCase, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        factories.asked(bob, case, **changes)

    case.refresh_from_db()
    assert set(refusal.value.fields) == {field}
    assert (InformationRequest.objects.count(), case.paused_at) == (0, None)


def test_a_request_ends_once(bob: User, case: ReviewCase) -> None:
    asked = factories.asked(bob, case)
    services.receive_information(actor=bob, asked=asked, answer="There.", now=NOW + HOUR)

    with pytest.raises(Conflict):
        services.withdraw_information(actor=bob, asked=asked, why="No.", now=NOW + 2 * HOUR)

    asked.refresh_from_db()
    assert (asked.status, asked.answer) == ("arrived", "There.")
    with pytest.raises(DatabaseError), transaction.atomic():
        InformationRequest.objects.filter(pk=asked.pk).update(status="open", ended_at=None)


def test_what_was_asked_ends_with_the_case(
    alice: User, bob: User, charlie: User, case: ReviewCase
) -> None:
    asked = factories.asked(bob, case)
    raised = services.escalate(actor=bob, case=case, to=charlie, why="Unclear.", now=NOW)

    applications.withdraw(
        actor=alice, application=case.application, reason="customer_asked", now=NOW + HOUR
    )

    asked.refresh_from_db()
    raised.refresh_from_db()
    assert (asked.status, raised.status) == ("dropped", "dropped")


def test_an_escalation_goes_to_the_top_until_answered(
    bob: User, charlie: User, case: ReviewCase
) -> None:
    raised = services.escalate(
        actor=bob, case=case, to=charlie, why="Two incomes, one payslip.", now=NOW
    )
    case.refresh_from_db()
    assert case.rank == Rank.ESCALATED

    services.answer_escalation(
        actor=charlie, escalation=raised, answer="Take the lower one.", now=NOW + HOUR
    )

    case.refresh_from_db()
    raised.refresh_from_db()
    assert case.rank == Rank.ORDINARY
    assert (raised.status, raised.answer, raised.ended_by) == (
        "answered",
        "Take the lower one.",
        charlie,
    )
    assert _verbs() == ["desk.escalated", "desk.escalation_answered"]


def test_an_escalated_case_that_waits_comes_back_to_the_top(
    bob: User, charlie: User, case: ReviewCase
) -> None:
    services.escalate(actor=bob, case=case, to=charlie, why="Unclear.", now=NOW)
    asked = factories.asked(bob, case)
    case.refresh_from_db()
    assert case.rank == Rank.WAITING

    services.receive_information(actor=bob, asked=asked, answer="There.", now=NOW + HOUR)

    case.refresh_from_db()
    assert case.rank == Rank.ESCALATED


def test_an_escalation_goes_to_a_manager_once(
    bob: User, beth: User, charlie: User, case: ReviewCase
) -> None:
    with pytest.raises(DomainError) as refusal:
        services.escalate(actor=bob, case=case, to=beth, why="Unclear.", now=NOW)
    assert set(refusal.value.fields) == {"to"}
    services.escalate(actor=bob, case=case, to=charlie, why="Unclear.", now=NOW)

    with pytest.raises(Conflict):
        services.escalate(actor=beth, case=case, to=charlie, why="Unclear.", now=NOW)

    assert Escalation.objects.count() == 1


def test_only_a_manager_other_than_who_raised_it_answers(
    bob: User, charlie: User, case: ReviewCase, make_person: MakePerson
) -> None:
    chandra = make_person("Chandra", "credit_manager")
    raised = services.escalate(actor=charlie, case=case, to=chandra, why="Unclear.", now=NOW)

    for person in (bob, charlie):
        with pytest.raises(NotPermitted):
            services.answer_escalation(actor=person, escalation=raised, answer="Fine.", now=NOW)

    raised.refresh_from_db()
    assert raised.status == "open"


def test_a_manager_gives_a_case_to_a_person_for_a_working_day(
    bob: User, beth: User, charlie: User, case: ReviewCase
) -> None:
    cases.claim(actor=bob, case=case, now=NOW)

    services.assign(actor=charlie, case=case, person=beth, why="Bob is away.", now=NOW + HOUR)

    case.refresh_from_db()
    assert (case.status, case.claimed_by, case.claim_until) == ("claimed", beth, NOW + 9 * HOUR)
    note = CaseNote.objects.get()
    assert (note.kind, note.text, note.written_by) == ("assigned", "Bob is away.", charlie)
    assert Event.objects.get(verb="decisions.case_assigned").facts["before"] == str(bob.pk)


def test_a_reviewer_gives_no_case_away(bob: User, beth: User, case: ReviewCase) -> None:
    with pytest.raises(NotPermitted):
        services.assign(actor=bob, case=case, person=beth, why="Take it.", now=NOW)

    case.refresh_from_db()
    assert (case.status, CaseNote.objects.count()) == ("open", 0)


def test_a_case_is_given_only_to_who_may_hold_it(
    alice: User, bob: User, charlie: User, case: ReviewCase, nashik: Branch, make_person: MakePerson
) -> None:
    gone, elsewhere = (
        make_person("Gita", "credit_reviewer"),
        make_person("Nina", "credit_reviewer", branch=nashik),
    )
    gone.is_active = False
    gone.save()
    entry = InterestEntry(
        relation="relative",
        reason="My cousin.",
        customer_number=case.application.customer.number,
    )
    cases.declare_interest(actor=bob, entry=entry, now=NOW)

    for person in (alice, gone, elsewhere, bob):
        with pytest.raises(DomainError) as refusal:
            services.assign(actor=charlie, case=case, person=person, why="Take it.", now=NOW)
        assert set(refusal.value.fields) == {"person"}

    case.refresh_from_db()
    assert (case.status, CaseNote.objects.count()) == ("open", 0)


def test_a_case_is_not_given_from_a_stale_page(
    bob: User, beth: User, charlie: User, case: ReviewCase
) -> None:
    seen = case.version
    cases.claim(actor=bob, case=case, now=NOW)

    with pytest.raises(StaleRecord):
        services.assign(
            actor=charlie, case=case, person=beth, why="Take it.", now=NOW, version=seen
        )

    case.refresh_from_db()
    assert case.claimed_by == bob


def test_work_on_a_case_extends_its_claim_and_turns_no_page_stale(
    bob: User, beth: User, case: ReviewCase
) -> None:
    cases.claim(actor=bob, case=case, now=NOW)
    case.refresh_from_db()
    seen = case.version

    assert cases.extend(actor=bob, case=case, now=NOW + timedelta(minutes=20))
    assert not cases.extend(actor=beth, case=case, now=NOW + timedelta(minutes=20))

    case.refresh_from_db()
    assert (case.claim_until, case.version) == (NOW + timedelta(minutes=50), seen)


def test_a_claim_that_ran_out_or_runs_for_too_long_is_not_extended(
    bob: User, charlie: User, case: ReviewCase
) -> None:
    cases.claim(actor=bob, case=case, now=NOW)
    assert not cases.extend(actor=bob, case=case, now=NOW + timedelta(minutes=30))
    ReviewCase.objects.update(claim_until=NOW + timedelta(days=1))

    assert not cases.extend(actor=bob, case=case, now=NOW + timedelta(hours=10))

    case.refresh_from_db()
    assert case.claim_until == NOW + timedelta(days=1)


def test_a_file_lies_beside_the_case_encrypted(bob: User, case: ReviewCase) -> None:
    made = services.attach(actor=bob, case=case, filename="slip.pdf", content=PDF, now=NOW)

    assert services.read_attachment(actor=bob, attachment=made) == PDF
    assert (made.content_type, made.filename, made.size) == (
        "application/pdf",
        "slip.pdf",
        len(PDF),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM desk_caseattachment")
        assert b"%PDF" not in bytes(cursor.fetchone()[0])
    with pytest.raises(Conflict):
        services.attach(actor=bob, case=case, filename="again.pdf", content=PDF, now=NOW)
    assert _verbs() == ["desk.attached", "desk.attachment_read"]


@pytest.mark.parametrize(
    ("filename", "content"),
    [("slip.exe", b"MZ\x90\x00"), ("slip.pdf", b""), ("slip.png", PDF), ("slip.pdf", b"=1+1")],
)
def test_a_file_of_another_kind_is_refused(
    bob: User, case: ReviewCase, filename: str, content: bytes
) -> None:
    with pytest.raises(DomainError) as refusal:
        services.attach(actor=bob, case=case, filename=filename, content=content, now=NOW)

    assert set(refusal.value.fields) == {"file"}
    assert not CaseAttachment.objects.exists()


def test_a_case_of_another_branch_is_not_there(
    case: ReviewCase, nashik: Branch, make_person: MakePerson
) -> None:
    nina = make_person("Nina", "credit_reviewer", branch=nashik)

    with pytest.raises(NotVisible):
        services.note(actor=nina, case=case, text="Hello.", now=NOW)

    assert not CaseNote.objects.exists()


def test_a_case_that_has_ended_takes_nothing_more(
    alice: User, bob: User, charlie: User, case: ReviewCase
) -> None:
    applications.withdraw(
        actor=alice, application=case.application, reason="customer_asked", now=NOW
    )

    for act in (
        lambda: services.note(actor=bob, case=case, text="Late.", now=NOW),
        lambda: factories.asked(bob, case),
        lambda: services.escalate(actor=bob, case=case, to=charlie, why="Late.", now=NOW),
        lambda: services.attach(actor=bob, case=case, filename="a.pdf", content=PDF, now=NOW),
    ):
        with pytest.raises(Conflict):
            act()

    assert (CaseNote.objects.count(), InformationRequest.objects.count()) == (0, 0)
