"""Kept fixtures come back as they were made, whatever an earlier test did with them."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Branch, Entity, User
from apps.audit import services as audit
from apps.audit.models import Event
from apps.decisions.models import ListedReason
from tests.kept import kept

pytestmark = pytest.mark.django_db

MakePerson = Callable[..., User]
# Who was made anew in this process.
_made: list[str] = []


@pytest.mark.parametrize("turn", ["first", "second"])
def test_it_comes_back_though_it_was_changed(alice: User, pune: Branch, turn: str) -> None:
    assert (alice.name, alice.branch) == ("Alice", pune)
    assert User.objects.get(pk=alice.pk).groups.get().name == "loan_officer"

    alice.name = turn
    alice.save()
    alice.groups.clear()
    Entity.objects.update(name=turn)

    assert User.objects.get().name == turn


@pytest.mark.parametrize("turn", ["first", "second"])
@pytest.mark.django_db(transaction=True)
def test_it_comes_back_after_the_database_was_emptied(pune: Branch, bob: User, turn: str) -> None:
    assert Branch.objects.get() == pune
    assert bob.approval_limits.get().amount == 300_000

    bob.approval_limits.all().delete()
    Branch.objects.create(entity=pune.entity, code=turn, name=turn)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_objects_that_belong_together_are_the_same(
    alice: User, bob: User, pune: Branch, india: Entity, turn: str
) -> None:
    assert alice.branch is bob.branch is pune
    assert pune.entity is india

    india.name = turn

    assert alice.branch.entity.name == turn


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_came_back_is_guarded_by_triggers(diana: User, turn: str) -> None:
    event = audit.record(diana, "accounts.roles_changed", diana, turn=turn)

    with (
        pytest.raises(DatabaseError, match="Cannot update or delete"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM audit_event WHERE id = %s", [event.pk])

    assert Event.objects.filter(pk=event.pk).exists()


# People whom no other test keeps: what is kept of them does not hang on what else ran before.
@pytest.fixture
@kept
def ann(make_person: MakePerson) -> User:
    """Somebody who goes before Nadia."""
    return make_person("Ann", "loan_officer")


@pytest.fixture
@kept
def kim(make_person: MakePerson) -> User:
    """Somebody beside Nadia."""
    return make_person("Kim", "auditor")


@pytest.fixture
@kept
def otto(make_person: MakePerson) -> User:
    """Somebody else beside Nadia."""
    return make_person("Otto", "credit_reviewer")


@pytest.fixture
@kept
def nadia(make_person: MakePerson, ann: User) -> User:
    """Somebody who is made after Ann, and noted each time."""
    _made.append("Nadia")
    return make_person("Nadia", "loan_officer")


def test_what_needs_most_is_made_once_with_one_beside(nadia: User, kim: User) -> None:
    _is_made_once("Ann", "Kim", "Nadia")
    assert kim.branch is nadia.branch


def test_what_needs_most_is_made_once_with_others_beside(
    otto: User, nadia: User, ann: User, kim: User
) -> None:
    _is_made_once("Ann", "Kim", "Nadia", "Otto")
    assert kim.branch is ann.branch is nadia.branch


def test_what_needs_most_is_made_once_and_holds_nobody_else(nadia: User) -> None:
    _is_made_once("Ann", "Nadia")


def _is_made_once(*names: str) -> None:
    assert _made == ["Nadia"]
    assert list(User.objects.order_by("name").values_list("name", flat=True)) == list(names)


@pytest.mark.parametrize("turn", ["first", "second"])
@pytest.mark.django_db(transaction=True)
def test_what_a_migration_wrote_first_is_there_each_time(roles: None, turn: str) -> None:
    assert ListedReason.objects.exists()
