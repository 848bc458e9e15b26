"""Queries put together once answer what the queryset itself would, whatever is asked."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Count, Max, QuerySet

from apps.accounts.models import Branch, Entity, User
from apps.core import prepared, statements
from apps.core.prepared import Given

pytestmark = pytest.mark.django_db


def _of_branch() -> QuerySet[User]:
    people = User.objects.select_related("branch__entity").filter(branch=Given("branch"))
    return people.order_by("email")


PEOPLE = prepared.Query(_of_branch)
NAMES = prepared.Query(lambda: _of_branch().values_list("name", "branch__code"))


def test_it_returns_the_rows_of_the_queryset_with_what_hangs_on_them(
    alice: User, bob: User, pune: Branch, django_assert_num_queries: Callable[[int], object]
) -> None:
    expected = list(User.objects.filter(branch=pune).order_by("email"))

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        found = PEOPLE.all(branch=pune.pk)
        lenders = {one.branch.entity.name for one in found}

    assert found == expected
    assert [one.email for one in found] == [one.email for one in expected]
    assert lenders == {pune.entity.name}
    assert not any(one._state.adding for one in found)


def test_it_takes_another_value_each_time(alice: User, pune: Branch, nashik: Branch) -> None:
    here, there = PEOPLE.all(branch=pune.pk), PEOPLE.all(branch=nashik.pk)

    assert alice in here
    assert there == []
    assert PEOPLE.first(branch=nashik.pk) is None


def test_it_returns_tuples_where_values_are_listed(alice: User, pune: Branch) -> None:
    assert (alice.name, "pune") in NAMES.all(branch=pune.pk)


def test_it_has_the_one_row_of_aggregates_even_over_nothing(alice: User, pune: Branch) -> None:
    def whole() -> QuerySet[User]:
        people = User.objects.filter(branch=Given("branch"))
        return prepared.over_all(people, number=Count("pk"), last=Max("email"))

    question = prepared.Query(whole)

    assert question.one(branch=uuid4()) == (0, None)
    assert question.one(branch=pune.pk) == (
        User.objects.filter(branch=pune).count(),
        User.objects.filter(branch=pune).aggregate(last=Max("email"))["last"],
    )


def test_it_refuses_to_be_asked_without_a_value() -> None:
    with pytest.raises(KeyError, match="branch"):
        PEOPLE.all()


def test_it_tells_a_connection_its_text_once(pune: Branch) -> None:
    for _ in range(3):
        PEOPLE.all(branch=pune.pk)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE %s", ["%_of_branch_%"]
        )
        assert cursor.fetchone()[0] == 1


def test_a_rolled_back_transaction_takes_nothing_from_what_was_told(pune: Branch) -> None:
    question = prepared.Query(lambda: Entity.objects.filter(pk=Given("entity")))

    with transaction.atomic():
        question.all(entity=pune.entity_id)
        transaction.set_rollback(True)

    assert question.first(entity=pune.entity_id) == pune.entity


def test_behind_a_pooler_nothing_is_left_on_the_connection(
    alice: User, pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    question = prepared.Query(lambda: Branch.objects.filter(pk=Given("branch"), name="Pooled"))

    assert question.first(branch=pune.pk) is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert not [one for (one,) in cursor.fetchall() if "'Pooled'" in one]


def test_what_comes_before_has_ended_when_the_question_begins(pune: Branch) -> None:
    """A value that the first statement sets is there for the second."""
    question = prepared.Query(
        lambda: Branch.objects.filter(pk=Given("branch")).extra(
            where=["code = current_setting('ours.code')"]
        ),
        after="SELECT set_config('ours.code', 'pune', true)",
    )

    assert question.first(branch=pune.pk) == pune


def test_a_statement_keeps_its_constants_apart() -> None:
    """Two texts that differ only in a constant are two statements."""
    with connection.cursor() as cursor:
        found = []
        for constant in (1, 2):
            one = statements.Statement(
                "t", "SELECT %s + %s::int", [constant, statements.Given("n")]
            )
            one.send(cursor, {"n": 10})
            found.append(cursor.fetchone()[0])

    assert found == [11, 12]


PERSON = prepared.Query(lambda: User.objects.filter(email=Given("email")))
PLACE = prepared.Query(lambda: Branch.objects.select_related("entity").filter(code=Given("code")))
NUMBER = prepared.Query(
    lambda: prepared.over_all(User.objects.filter(branch__code=Given("code")), number=Count("pk"))
)


def test_two_questions_are_answered_with_one_message(
    alice: User, pune: Branch, django_assert_num_queries: Callable[[int], object]
) -> None:
    both = prepared.Both(PERSON, PLACE)

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        person, place = both.first(email=alice.email, code="pune")

    assert (person, place) == (alice, pune)
    assert person is not None
    assert place is not None
    assert (person.name, place.entity.name) == (alice.name, pune.entity.name)


def test_either_of_two_questions_may_find_nothing(alice: User, pune: Branch) -> None:
    both = prepared.Both(PERSON, PLACE)

    assert both.first(email=alice.email, code="nowhere") == (alice, None)
    assert both.first(email="nobody@lender.example", code="pune") == (None, pune)
    assert both.first(email="nobody@lender.example", code="nowhere") == (None, None)


def test_a_value_of_one_name_serves_both_questions(alice: User, pune: Branch) -> None:
    place, number = prepared.Both(PLACE, NUMBER).first(code="pune")

    assert place == pune
    assert number == (User.objects.filter(branch=pune).count(),)


def _counted() -> QuerySet[User]:
    people = User.objects.filter(branch=Given("branch"), name__gte=Given("name"))
    return prepared.over_all(people, number=Count("pk"), last=Max("email"))


def test_it_asks_one_question_for_many_values_at_once(
    alice: User,
    bob: User,
    pune: Branch,
    nashik: Branch,
    django_assert_num_queries: Callable[[int], object],
) -> None:
    question = prepared.Query(_counted)
    asked = [
        {"branch": pune.pk, "name": "B"},
        {"branch": uuid4(), "name": ""},
        {"branch": pune.pk, "name": ""},
        {"branch": nashik.pk, "name": "A"},
        {"branch": pune.pk, "name": "B"},
    ]

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        found = question.one_each(asked)

    assert found == [question.one(**one) for one in asked]
    assert found[0] == found[4] != found[2]
    assert question.one_each([]) == []


def test_it_sends_what_goes_before_one_question_for_many_once(pune: Branch) -> None:
    lock = prepared.Query(_counted, after="SELECT pg_advisory_xact_lock(77)")

    with transaction.atomic(), connection.cursor() as cursor:
        lock.one_each([{"branch": pune.pk, "name": ""}] * 3)
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77"
            " AND pid = pg_backend_pid()"
        )
        held = cursor.fetchone()[0]

    assert held == 1


def test_it_says_when_there_is_not_one_row_for_each(pune: Branch, alice: User) -> None:
    nobody = uuid4()

    with pytest.raises(LookupError, match="one row for each"):
        PEOPLE.one_each([{"branch": nobody}, {"branch": nobody}])
    with pytest.raises(KeyError, match="branch"):
        PEOPLE.one_each([{"place": nobody}])
