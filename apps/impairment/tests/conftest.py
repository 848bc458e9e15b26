"""What the tests of expected credit loss share: a small book, people, approved parameters."""

import io

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from apps.accounts.models import Branch, Entity, User
from apps.impairment.models import ParameterSet
from apps.impairment.tests import factories
from apps.npa.tests.conftest import known_book, lent, stage, staged
from benchmarks import loan_book

__all__ = ["known_book", "lent", "stage", "staged"]


@pytest.fixture
def book(db: None) -> Entity:
    """Twelve loans; their own snapshots are of other months."""
    for command in ("sync_roles", "load_products"):
        call_command(command, stdout=io.StringIO())
    return loan_book.build(12, day=factories.LAST, seeds=12).entity


@pytest.fixture
def analyst(book: Entity) -> User:
    """A risk analyst, who proposes."""
    return _person(book, "rita", "risk_analyst")


@pytest.fixture
def manager(book: Entity) -> User:
    """A credit manager, who approves."""
    return _person(book, "charlie", "credit_manager")


@pytest.fixture
def approved(book: Entity, analyst: User, manager: User) -> ParameterSet:
    """Parameters in force since long ago."""
    return factories.approved(book, analyst, manager)


def _person(entity: Entity, name: str, role: str) -> User:
    branch = Branch.objects.filter(entity=entity).order_by("code")[0]
    person = User(email=f"{name}@lender.example", name=name.title(), branch=branch)
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name=role))
    return person
