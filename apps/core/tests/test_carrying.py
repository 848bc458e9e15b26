"""Statements that travel with the next one do what they would have done alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.audit.models import Event
from apps.core import prepared, rows, statements
from apps.core.prepared import Given
from apps.core.tests.test_rows import _letter
from apps.letters.models import Letter

pytestmark = pytest.mark.django_db

LETTERS = prepared.Query(lambda: Letter.objects.filter(subject=Given("subject")))
# Asked for the lock alone.
LOCKED = prepared.Query(
    lambda: User.objects.filter(branch=Given("branch")).select_for_update(no_key=True)
)


def test_rows_with_keys_travel_with_the_next_question(
    pune: Branch, django_assert_num_queries: Callable[[int], Any]
) -> None:
    new = [_letter(pune, subject=f"decisions.decision:{number}") for number in (1, 2)]

    with transaction.atomic(), django_assert_num_queries(1), statements.carrying():
        for letter in new:
            assert rows.insert(letter)
        found = LETTERS.all(subject="decisions.decision:2")

    assert found == new[1:]
    assert set(Letter.objects.all()) == set(new)
    assert not any(one._state.adding for one in new)


def test_a_queryset_of_django_takes_them_along_too(
    pune: Branch, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with transaction.atomic(), django_assert_num_queries(2), statements.carrying():
        rows.insert(_letter(pune))
        counted = Letter.objects.count()
        rows.insert(_letter(pune, subject="decisions.decision:2"))
        with connection.cursor() as cursor:
            # Without values a percent sign is just that.
            cursor.execute("SELECT count(*) FROM letters_letter WHERE subject LIKE 'decisions.%'")
            [found] = cursor.fetchone()

    assert (counted, found) == (1, 2)


def test_what_nobody_asked_after_is_written_at_the_end(
    pune: Branch, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with transaction.atomic(), django_assert_num_queries(1), statements.carrying():
        rows.insert(_letter(pune))

    assert Letter.objects.count() == 1


def test_a_row_that_may_be_there_already_is_asked_for_at_once(pune: Branch) -> None:
    with transaction.atomic(), statements.carrying():
        rows.insert(_letter(pune))
        again = rows.insert(_letter(pune), if_new=True)

    assert again is False
    assert Letter.objects.count() == 1


def test_a_question_for_a_lock_travels_and_locks(
    pune: Branch, alice: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with transaction.atomic(), django_assert_num_queries(1), statements.carrying():
        LOCKED.ask(branch=pune.pk)
        locks = prepared.Query(lambda: User.objects.filter(pk=Given("person")))
        assert locks.first(person=alice.pk) == alice
    with transaction.atomic(), django_assert_num_queries(1):
        LOCKED.ask(branch=pune.pk)


def test_a_fault_breaks_the_next_message_and_the_transaction(pune: Branch) -> None:
    rows.insert(_letter(pune))

    with transaction.atomic():
        with statements.carrying():
            rows.insert(_letter(pune))
            with pytest.raises(IntegrityError):
                LETTERS.all(subject="anything")
        transaction.set_rollback(True)

    assert Letter.objects.count() == 1


def test_a_block_that_breaks_leaves_nothing_for_others(pune: Branch) -> None:
    def broken() -> None:
        with transaction.atomic(), statements.carrying():
            rows.insert(_letter(pune))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()

    with transaction.atomic(), statements.carrying():
        LETTERS.all(subject="anything")
    assert not Letter.objects.exists()


def test_a_savepoint_that_is_undone_takes_its_rows_along(pune: Branch) -> None:
    def undone() -> None:
        with transaction.atomic():
            rows.insert(_letter(pune, subject="decisions.decision:2"))
            raise RuntimeError

    with transaction.atomic(), statements.carrying():
        rows.insert(_letter(pune))
        with pytest.raises(RuntimeError):
            undone()

    assert [one.subject for one in Letter.objects.all()] == ["decisions.decision:1"]


def test_the_outer_block_carries_for_an_inner_one(
    pune: Branch, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with transaction.atomic(), django_assert_num_queries(1), statements.carrying():
        with statements.carrying():
            rows.insert(_letter(pune))
        rows.insert(_letter(pune, subject="decisions.decision:2"))

    assert Letter.objects.count() == 2


def test_events_keep_their_order_and_learn_their_numbers(alice: User) -> None:
    with transaction.atomic(), statements.carrying(), audit.together():
        first = audit.record(alice, "audit.verified", "audit.chain")
        second = audit.record(alice, "audit.verified", "audit.chain")

    assert first.pk < second.pk


def test_behind_a_pooler_the_whole_text_travels(
    pune: Branch, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[[int], Any]
) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)

    with transaction.atomic(), django_assert_num_queries(1), statements.carrying():
        rows.insert(_letter(pune))
        found = LETTERS.all(subject="decisions.decision:1")

    assert len(found) == 1


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_nothing_may_wait() -> None:
    with pytest.raises(TransactionManagementError), statements.carrying():
        pass


def test_events_appended_along_travel_with_what_comes_next(
    alice: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with (
        transaction.atomic(),
        django_assert_num_queries(1),
        statements.carrying(),
        audit.together(),
    ):
        audit.record(alice, "audit.verified", "audit.chain", part=1)
        audit.record(alice, "audit.verified", "audit.chain", part=2)
        audit.append_along()
        LETTERS.all(subject="anything")

    assert [one.facts["part"] for one in Event.objects.order_by("pk")] == [1, 2]


def test_events_are_appended_along_only_where_something_carries_them(
    alice: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with transaction.atomic(), django_assert_num_queries(1), audit.together():
        first = audit.record(alice, "audit.verified", "audit.chain")
        audit.append_along()
        second = audit.record(alice, "audit.verified", "audit.chain")

    assert first.pk < second.pk
    audit.append_along()
