"""A released file the bank does not have: asked by one, recalled by another, its debits freed."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.db.models import Model

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible, StaleRecord
from apps.debits import selectors, services
from apps.debits.errors import AllAnswered, OwnRecall
from apps.debits.models import AnswerLine, Debit, DebitFile, Mandate, Recall
from apps.debits.tests import factories
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent, StatementLine
from apps.repayments.tests import factories as books
from conftest import MakePerson

pytestmark = pytest.mark.django_db
at, refused, row = factories.at, factories.refused, factories.row
came_to, answered, asked = factories.came_to, factories.answered, factories.asked
WORDS = "A client of Meera said so."


@pytest.fixture
def debit(alice: User, bob: User, lent: Loan, mandate: Mandate) -> Debit:
    """The first instalment, with the bank; only what falls due on the day is asked for."""
    return factories.presented(alice, bob, books.due_dates(lent)[0])


@pytest.fixture
def now(debit: Debit) -> datetime:
    """The day the file was released on."""
    return at(debit.file.collect_on - timedelta(days=1))


@pytest.fixture
def second(debit: Debit, alice: User, bob: User) -> Debit:
    """A debit of another loan in another file, with the bank."""
    loan = books.lent(alice, bob)
    factories.active(alice, loan)
    return factories.presented(alice, bob, debit.file.collect_on)


def _both_in_one(alice: User, bob: User, day: date) -> list[Debit]:
    """Return two debits of one released file."""
    loan = books.lent(alice, bob)
    factories.active(alice, loan)
    file = factories.prepared(alice, day)
    services.release_file(actor=bob, file=file, now=at(day - timedelta(days=1)))
    return list(file.debits.order_by("number"))


def test_a_file_the_bank_does_not_have_is_recalled_by_two_people(
    alice: User, bob: User, debit: Debit, now: datetime
) -> None:
    recall = asked(alice, debit.file, "  The bank refused   the whole file. ")

    done = services.confirm_recall(actor=bob, recall=recall, now=now)

    debit.refresh_from_db()
    file = DebitFile.objects.get()
    assert (file.status, debit.status, debit.reason_code) == (
        "recalled",
        "recalled",
        "file_recalled",
    )
    assert (done.status, done.answered_by, done.answered_at, done.freed) == (
        "confirmed",
        bob,
        now,
        1,
    )
    assert Recall.objects.get().reason == "The bank refused the whole file."
    assert (file.sha256, file.debits_count) == (debit.file.sha256, 1)


def test_what_was_freed_is_asked_for_again_though_its_day_is_over(
    alice: User, bob: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    factories.recalled(alice, bob, debit)

    again = factories.presented(alice, bob, day + timedelta(days=2))

    assert (again.loan, again.due_date, again.attempt, again.amount) == (
        lent,
        debit.due_date,
        1,
        debit.amount,
    )
    assert again.reference != debit.reference
    answered(alice, [row(again)], day=day + timedelta(days=2))
    again.refresh_from_db()
    assert again.status == "collected"
    assert lent.instalments.get(number=1, in_force=True).unpaid == 0
    assert books.offenders() == []


def test_debits_with_an_answer_stay_and_the_others_are_freed(
    alice: User, bob: User, lent: Loan, mandate: Mandate
) -> None:
    day = books.due_dates(lent)[0]
    paid, other = _both_in_one(alice, bob, day)
    answered(alice, [row(paid)], day=day)
    [before] = AccountEvent.objects.filter(kind="receipt").values()

    factories.recalled(alice, bob, other)

    assert [one.status for one in DebitFile.objects.get().debits.order_by("number")] == [
        "collected",
        "recalled",
    ]
    assert Recall.objects.get().freed == 1
    assert AccountEvent.objects.filter(kind="receipt").values().get() == before
    # The paid one blocks nothing: its loan is asked for the next instalment as ever.
    later = books.due_dates(lent)[1]
    assert {one.loan_id for one in factories.prepared(alice, later).debits.all()} == {
        paid.loan_id,
        other.loan_id,
    }
    assert books.offenders() == []


def test_a_try_that_the_bank_never_had_is_no_try(
    alice: User, bob: User, lent: Loan, debit: Debit
) -> None:
    factories.rule(lent)
    day = debit.file.collect_on
    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)
    second = factories.presented(alice, bob, day + timedelta(days=3))
    assert second.attempt == 2
    assert list(selectors.to_follow(alice, "again")) == []

    factories.recalled(alice, bob, second)

    assert [one.pk for one in selectors.to_follow(alice, "again")] == [debit.pk]
    assert factories.prepared(alice, day + timedelta(days=4)).debits.get().attempt == 2


def test_who_asked_does_not_confirm(charlie: User, debit: Debit, now: datetime) -> None:
    recall = asked(charlie, debit.file)

    said = refused(lambda: services.confirm_recall(actor=charlie, recall=recall, now=now))

    assert isinstance(said, OwnRecall)
    assert str(said) == "You asked for this recall yourself; another person confirms it."
    with pytest.raises(IntegrityError, match="debits_recall_by_two_people"), transaction.atomic():
        Recall.objects.update(status="confirmed", answered_by=charlie, answered_at=now, freed=1)


@pytest.mark.parametrize(
    ("who", "act"),
    [
        pytest.param("collector", "ask", id="collections-do-not-ask"),
        pytest.param("amir", "ask", id="auditors-do-not-ask"),
        pytest.param("officer", "confirm", id="officers-do-not-confirm"),
        pytest.param("amir", "confirm", id="auditors-do-not-confirm"),
        pytest.param("officer", "refuse", id="officers-do-not-refuse"),
    ],
)
def test_each_side_needs_its_right(
    alice: User,
    amir: User,
    make_person: MakePerson,
    debit: Debit,
    now: datetime,
    who: str,
    act: str,
) -> None:
    people = {
        "amir": amir,
        "collector": make_person("Carol", "collections_officer"),
        "officer": make_person("Olga", "loan_officer"),
    }
    person, recall = people[who], None if act == "ask" else asked(alice, debit.file)
    acts: dict[str, Callable[[], object]] = {
        "ask": lambda: asked(person, debit.file),
        "confirm": lambda: services.confirm_recall(actor=person, recall=recall, now=now),
        "refuse": lambda: services.refuse_recall(actor=person, recall=recall, note="No", now=now),
    }

    assert isinstance(refused(acts[act]), NotPermitted)


def test_people_of_another_branch_find_nothing(
    alice: User, make_person: MakePerson, nashik: Branch, debit: Debit, now: datetime
) -> None:
    officer = make_person("Nisha", "loan_officer", branch=nashik)
    reviewer = make_person("Nitin", "credit_reviewer", branch=nashik)
    assert isinstance(refused(lambda: asked(officer, debit.file)), NotVisible)
    recall = asked(alice, debit.file)

    for act in (
        lambda: services.confirm_recall(actor=reviewer, recall=recall, now=now),
        lambda: services.refuse_recall(actor=reviewer, recall=recall, note="No", now=now),
    ):
        assert isinstance(refused(act), NotVisible)
    assert not selectors.recalls_asked(reviewer).exists()
    assert [one.pk for one in selectors.recalls_asked(alice)] == [recall.pk]


def test_only_a_file_that_is_with_the_bank_is_recalled(
    alice: User, lent: Loan, mandate: Mandate
) -> None:
    file = factories.prepared(alice, books.due_dates(lent)[0])

    said = refused(lambda: asked(alice, file))

    assert (said.code, type(said)) == ("not_released", Conflict)
    assert str(said) == "Only a file that was released for the bank can be recalled."


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "a\x00b"])
def test_it_is_asked_for_with_a_reason(alice: User, debit: Debit, reason: str) -> None:
    said = refused(lambda: asked(alice, debit.file, reason))

    assert (said.code, set(said.fields)) == ("words_missing", {"reason"})


def test_nothing_is_recalled_once_every_debit_is_answered(
    alice: User, bob: User, debit: Debit, now: datetime
) -> None:
    recall = asked(alice, debit.file)
    answered(alice, [row(debit)], day=debit.file.collect_on)

    late = refused(lambda: services.confirm_recall(actor=bob, recall=recall, now=now))
    anew = refused(lambda: asked(alice, debit.file))

    assert isinstance(late, AllAnswered)
    assert isinstance(anew, AllAnswered)
    sentence = "The bank has answered every debit of this file; nothing is left to recall."
    assert {str(late), str(anew)} == {sentence}
    # Nobody finds the request waiting for good.
    recall.refresh_from_db()
    assert (recall.status, recall.answered_by) == ("lapsed", None)
    assert not selectors.recalls_asked(bob).exists()


def test_all_answered_before_the_file_is_settled_is_refused_as_well(
    alice: User, debit: Debit
) -> None:
    answered(alice, [row(debit)], day=debit.file.collect_on)
    # Between the last chunk and the end of the answers.
    DebitFile.objects.update(status="released")

    assert isinstance(refused(lambda: asked(alice, debit.file)), AllAnswered)


def test_it_waits_while_answers_to_the_file_are_being_posted(
    alice: User, bob: User, debit: Debit, second: Debit, now: datetime
) -> None:
    recall, other = asked(alice, debit.file), asked(alice, second.file)
    day = debit.file.collect_on
    file = factories.received(alice, factories.content([row(debit)], day=day), now=at(day))

    said = refused(lambda: services.confirm_recall(actor=bob, recall=recall, now=now))

    assert said.code == "answers_underway"
    assert services.confirm_recall(actor=bob, recall=other, now=now).status == "confirmed"
    assert came_to(factories.run(file, now=at(day))) == [(2, "posted", "collected")]


def test_the_same_is_asked_and_confirmed_once(
    alice: User, bob: User, charlie: User, debit: Debit, now: datetime
) -> None:
    recall = asked(alice, debit.file)
    waits = refused(lambda: asked(alice, debit.file))
    assert (waits.code, refused(lambda: asked(charlie, debit.file)).code) == (
        "recall_waits",
        "recall_waits",
    )
    services.confirm_recall(actor=bob, recall=recall, now=now)

    again = [
        refused(lambda who=who: services.confirm_recall(actor=who, recall=recall, now=now))
        for who in (bob, charlie)
    ]
    anew = refused(lambda: asked(alice, debit.file))

    assert [one.code for one in again] == ["answered_already"] * 2
    assert anew.code == "not_released"
    assert Event.objects.filter(verb="debits.file_recalled").count() == 1


def test_somebody_who_was_faster_wins(
    alice: User, bob: User, charlie: User, debit: Debit, now: datetime
) -> None:
    recall = asked(alice, debit.file)
    stale = Recall.objects.select_related("file").get(pk=recall.pk)
    services.refuse_recall(actor=charlie, recall=recall, note="The bank has it.", now=now)

    with pytest.raises(StaleRecord), transaction.atomic():
        stale.move("confirm", answered_by=bob, answered_at=now, freed=1)
    said = refused(lambda: services.confirm_recall(actor=bob, recall=stale, now=now))

    assert said.code == "answered_already"
    debit.refresh_from_db()
    assert (debit.status, DebitFile.objects.get().status) == ("presented", "released")


def test_it_is_refused_with_words_or_taken_back_and_asked_anew(
    alice: User, bob: User, debit: Debit, now: datetime
) -> None:
    first = asked(alice, debit.file)
    assert refused(
        lambda: services.refuse_recall(actor=bob, recall=first, note=" ", now=now)
    ).fields.keys() == {"note"}
    services.refuse_recall(actor=bob, recall=first, note="The bank has it.", now=now)
    second = asked(alice, debit.file)

    services.refuse_recall(actor=alice, recall=second, note="It was another file.", now=now)

    third = asked(alice, debit.file)
    assert services.confirm_recall(actor=bob, recall=third, now=now).status == "confirmed"
    assert [one.status for one in Recall.objects.order_by("asked_at", "status")] == [
        "confirmed",
        "refused",
        "refused",
    ]
    assert (
        refused(lambda: services.refuse_recall(actor=bob, recall=third, note="No.", now=now)).code
        == "answered_already"
    )


def test_what_was_asked_and_answered_is_not_changed_or_deleted(
    alice: User, bob: User, charlie: User, debit: Debit, now: datetime
) -> None:
    recall = asked(alice, debit.file)
    services.confirm_recall(actor=bob, recall=recall, now=now)

    for change in (
        lambda: Recall.objects.update(asked_by=charlie),
        lambda: Recall.objects.update(answered_by=charlie),
        lambda: Recall.objects.all().delete(),
        lambda: Debit.objects.update(reason_code=""),
    ):
        with pytest.raises((IntegrityError, InternalError, DomainError)), transaction.atomic():
            change()
    assert Recall.objects.get().answered_by == bob


def test_a_recalled_file_is_not_handed_over(alice: User, bob: User, debit: Debit) -> None:
    assert services.fetch_file(actor=bob, file=debit.file).startswith(b"H,creditrisk-debits-1")
    factories.recalled(alice, bob, debit)

    said = refused(lambda: services.fetch_file(actor=bob, file=debit.file))

    assert said.code == "recalled"


def test_the_audit_trail_says_who_and_what_and_not_why(
    alice: User, bob: User, charlie: User, debit: Debit, now: datetime
) -> None:
    first = asked(alice, debit.file, WORDS)
    services.refuse_recall(actor=charlie, recall=first, note=WORDS, now=now)
    services.confirm_recall(actor=bob, recall=asked(alice, debit.file, WORDS), now=now)
    answered(alice, [row(debit)], day=debit.file.collect_on)

    told = {one.verb: one for one in Event.objects.filter(verb__contains="recall")}

    assert set(told) == {
        "debits.recall_asked",
        "debits.recall_refused",
        "debits.file_recalled",
        "debits.answered_after_recall",
    }
    assert told["debits.file_recalled"].facts == {
        "file": str(debit.file),
        "asked_by": str(alice.pk),
        "freed": 1,
        "total": str(debit.amount),
    }
    assert told["debits.answered_after_recall"].facts["outcome"] == "collected"
    assert not any("Meera" in str(one.facts) for one in told.values())


# --- what the bank answers all the same ----------------------------------------------------------
@pytest.fixture
def gone(alice: User, bob: User, debit: Debit) -> Debit:
    """A debit whose file was recalled."""
    return factories.recalled(alice, bob, debit)


def _rows(*models: type[Model]) -> list[int]:
    return [one.objects.count() for one in models]


@pytest.mark.parametrize(
    ("outcome", "reason", "fault"),
    [
        pytest.param("collected", "", "recalled", id="collected"),
        pytest.param("failed", "account_closed", "recalled", id="failed"),
        pytest.param("returned", "other", "not_collected", id="returned"),
    ],
)
def test_an_answer_to_a_recalled_debit_is_looked_at_and_posts_nothing(
    alice: User, gone: Debit, outcome: str, reason: str, fault: str
) -> None:
    before = _rows(AccountEvent, Entry, StatementLine)

    file = answered(alice, [row(gone, outcome, reason=reason)], day=gone.file.collect_on)

    gone.refresh_from_db()
    assert came_to(file) == [(2, "refused", fault)]
    assert (gone.status, gone.needs_look, gone.reason_code) == (
        "recalled",
        True,
        "answered_recalled",
    )
    assert [one.pk for one in selectors.to_follow(alice, "look")] == [gone.pk]
    assert [one.debit_id for one in selectors.refused_rows(alice)] == [gone.pk]
    assert _rows(AccountEvent, Entry, StatementLine) == before
    assert Mandate.objects.get().status == "active"
    assert DebitFile.objects.get().status == "recalled"


def test_money_that_came_all_the_same_is_posted_by_a_person(
    alice: User, lent: Loan, gone: Debit
) -> None:
    day = gone.file.collect_on
    file = answered(alice, [row(gone)], day=day)
    line = file.lines.get()

    services.post_on_day(actor=alice, line=line, day=day, now=at(day))

    gone.refresh_from_db()
    assert (gone.status, gone.needs_look, gone.event.amount) == ("collected", False, gone.amount)
    assert DebitFile.objects.get().status == "recalled"
    assert lent.instalments.get(number=1, in_force=True).unpaid == 0
    known = answered(alice, [row(gone)], day=day, name="ACH-2")
    assert came_to(known) == [(2, "ignored", "known")]
    assert books.offenders() == []


def test_money_that_came_twice_is_kept_until_somebody_places_it(
    alice: User, bob: User, gone: Debit
) -> None:
    day = gone.file.collect_on
    again = factories.presented(alice, bob, day)
    answered(alice, [row(again)], day=day)
    file = answered(alice, [row(gone)], day=day, name="ACH-2")

    services.close_answer(
        actor=alice,
        line=file.lines.get(),
        note="Both came.",
        now=at(day),
    )

    gone.refresh_from_db()
    assert (gone.status, gone.reason_code, gone.event_id) == ("collected", "in_suspense", None)
    assert gone.kept is not None
    assert gone.kept.amount == gone.amount
    assert AccountEvent.objects.filter(kind="receipt").count() == 1
    assert books.offenders() == []


def test_who_looked_before_does_not_hide_what_comes_next(alice: User, gone: Debit) -> None:
    day = gone.file.collect_on
    answered(alice, [row(gone, "failed", reason="other")], day=day)
    services.look_at(actor=alice, debit=gone, note="The bank had it after all.", now=at(day))

    file = answered(alice, [row(gone, amount="100.00")], day=day, name="ACH-2")

    gone.refresh_from_db()
    assert (gone.needs_look, gone.looked_by) == (True, None)
    services.look_at(actor=alice, debit=gone, note="Part of it came.", now=at(day))
    services.post_on_day(actor=alice, line=file.lines.get(), day=day, now=at(day))
    gone.refresh_from_db()
    assert (gone.status, gone.collected, gone.needs_look, gone.reason_code) == (
        "collected",
        Decimal("100.00"),
        True,
        "partly",
    )
    assert AnswerLine.objects.filter(status="refused").count() == 1


def test_more_than_was_asked_for_is_never_posted_on_the_loan(alice: User, gone: Debit) -> None:
    day = gone.file.collect_on
    file = answered(alice, [row(gone, amount=gone.amount + 1)], day=day)
    line = file.lines.get()

    said = refused(lambda: services.post_on_day(actor=alice, line=line, day=day, now=at(day)))
    services.close_answer(actor=alice, line=line, note="It waits.", now=at(day))

    gone.refresh_from_db()
    assert said.code == "answered_otherwise"
    assert gone.kept is not None
    assert (gone.collected, gone.kept.amount) == (gone.amount + 1, gone.amount + 1)
    assert books.offenders() == []
