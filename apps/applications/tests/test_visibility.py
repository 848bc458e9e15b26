"""Which applications a person sees: the own branches, everything, or one more by grant."""

from collections.abc import Callable

import pytest
from guardian.shortcuts import assign_perm

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.applications.tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def taken(alice: User, pune: Branch) -> Application:
    return factories.application(alice, factories.borrower(pune))


def test_it_shows_a_branch_to_its_people(alice: User, bob: User, taken: Application) -> None:
    for person in (alice, bob):
        assert list(Application.objects.visible_to(person)) == [taken]


def test_it_shows_everything_to_who_works_everywhere(
    charlie: User, amir: User, rita: User, taken: Application
) -> None:
    for person in (charlie, amir, rita):
        assert list(Application.objects.visible_to(person)) == [taken]


def test_it_hides_from_another_branch_until_granted(
    make_person: Callable[..., User], nashik: Branch, taken: Application
) -> None:
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    assert not Application.objects.visible_to(nina)

    assign_perm("applications.view_application", nina, taken)

    assert list(Application.objects.visible_to(nina)) == [taken]


def test_it_shows_a_branch_granted_beside_the_own(
    make_person: Callable[..., User], pune: Branch, nashik: Branch, taken: Application
) -> None:
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    assign_perm("accounts.work_in_branch", nina, pune)

    assert list(Application.objects.visible_to(nina)) == [taken]
