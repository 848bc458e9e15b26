"""What a person may, asked with one question, is what Django finds with two."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from guardian.shortcuts import assign_perm

from apps.accounts.models import Branch, User
from apps.accounts.permissions import RolePermissions
from apps.accounts.roles import ROLES

pytestmark = pytest.mark.django_db


def _both(person: User) -> tuple[set[str], set[str]]:
    """Return what our backend says and what Django's own does, each asked anew."""
    return (
        RolePermissions().get_all_permissions(User.objects.get(pk=person.pk)),
        ModelBackend().get_all_permissions(User.objects.get(pk=person.pk)),
    )


@pytest.mark.parametrize("role", [one.code for one in ROLES])
def test_every_role_may_what_django_says(make_person: Callable[..., User], role: str) -> None:
    ours, djangos = _both(make_person("Petra", role))

    assert ours == djangos
    assert ours or role == "applicant"


def test_two_roles_and_a_permission_of_ones_own_add_up(make_person: Callable[..., User]) -> None:
    person = make_person("Petra", "loan_officer", "auditor")
    person.user_permissions.add(Permission.objects.get(codename="manage_people"))

    ours, djangos = _both(person)

    assert ours == djangos
    assert {"accounts.manage_people", "audit.view_audit"} <= ours


def test_who_may_not_sign_in_may_nothing(alice: User) -> None:
    alice.is_active = False
    alice.save()

    assert _both(alice) == (set(), set())
    assert not User.objects.get(pk=alice.pk).has_perm("applications.take_application")


def test_it_says_nothing_about_single_rows(alice: User, nashik: Branch) -> None:
    assign_perm("accounts.work_in_branch", alice, nashik)

    assert RolePermissions().get_all_permissions(alice, nashik) == set()
    assert alice.has_perm("accounts.work_in_branch", nashik)


def test_everybody_is_asked_for_once(
    alice: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(2):
        person = User.objects.get(pk=alice.pk)
        found = [
            person.has_perm(one) for one in ("applications.take_application", "audit.view_audit")
        ]

    assert found == [True, False]


def test_a_person_is_found_by_key_and_by_nothing_else_by_accident(alice: User, bob: User) -> None:
    assert User.objects.get(pk=alice.pk) == User.objects.get(id=str(alice.pk)) == alice
    assert User.objects.get(email=bob.email) == bob
    with pytest.raises(User.DoesNotExist):
        User.objects.get(pk=alice.pk, email=bob.email)
    with pytest.raises(User.DoesNotExist):
        User.objects.get(pk="00000000-0000-0000-0000-000000000000")


def test_a_branch_finds_by_key_only_its_own_people(
    alice: User, make_person: Callable[..., User], nashik: Branch
) -> None:
    nadia = make_person("Nadia", "loan_officer", branch=nashik)

    assert nashik.people.get(pk=nadia.pk) == nadia
    with pytest.raises(User.DoesNotExist):
        nashik.people.get(pk=alice.pk)


@pytest.mark.parametrize("role", [one.code for one in ROLES])
def test_who_calls_comes_with_all_they_may(
    make_person: Callable[..., User], role: str, django_assert_num_queries: Callable[[int], Any]
) -> None:
    person = make_person("Petra", role)
    person.user_permissions.add(Permission.objects.get(codename="manage_people"))

    with django_assert_num_queries(1):
        caller = User.callers.get(id=str(person.pk))
        found = RolePermissions().get_all_permissions(caller)

    assert caller == person
    assert found == ModelBackend().get_all_permissions(User.objects.get(pk=person.pk))
    assert "accounts.manage_people" in found


def test_a_caller_without_any_role_may_nothing(alice: User) -> None:
    alice.groups.clear()

    caller = User.callers.get(pk=alice.pk)

    assert RolePermissions().get_all_permissions(caller) == set()


def test_a_caller_who_may_not_sign_in_may_nothing(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    caller = User.callers.get(pk=alice.pk)

    assert caller.permitted
    assert RolePermissions().get_all_permissions(caller) == set()
    assert not caller.has_perm("applications.take_application")


def test_nobody_calls_under_a_key_that_is_not_there() -> None:
    with pytest.raises(User.DoesNotExist):
        User.callers.get(pk="00000000-0000-0000-0000-000000000000")
