"""The start page says what waits for another person, to who may answer."""

import pytest

from apps.accounts.models import Entity, User
from apps.impairment.tests.factories import now
from apps.stress import home
from apps.stress.reading import Kind
from apps.stress.tests.factories import proposed

pytestmark = pytest.mark.django_db


def test_it_waits_for_another_person(book: Entity, analyst: User, manager: User) -> None:
    proposed(book, analyst, Kind.SCENARIO)
    proposed(book, manager, Kind.FIGURES)

    assert home.terms(manager, now()) == 1
    assert home.terms(analyst, now()) == 1
