"""Events of one step of work are appended together, or not at all."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.audit import services
from apps.audit.models import Event

pytestmark = pytest.mark.django_db


def test_it_appends_them_in_their_order_with_one_statement(
    alice: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    before = Event.objects.count()

    with django_assert_num_queries(1), services.together():
        first = services.record(alice, "accounts.signed_in", alice, number=1)
        services.record("system:test", "accounts.signed_out", alice, case="a case", number=2)
        services.record(alice, "accounts.signed_in", alice, number=3)

    found = list(Event.objects.order_by("id"))[before:]
    assert [one.facts["number"] for one in found] == [1, 2, 3]
    assert found[0] == first
    assert (found[1].actor, found[1].case) == ("system:test", "a case")
    assert len({one.uid for one in found}) == 3


def test_what_is_recorded_afterwards_is_appended_at_once(alice: User) -> None:
    with services.together():
        services.record(alice, "accounts.signed_in", alice)
        assert not Event.objects.filter(verb="accounts.signed_in").exists()
    services.record(alice, "accounts.signed_out", alice)

    assert Event.objects.filter(verb="accounts.signed_in").count() == 1
    assert Event.objects.filter(verb="accounts.signed_out").count() == 1


def test_a_block_within_a_block_waits_for_the_outer_one(
    alice: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(1), services.together():
        services.record(alice, "accounts.signed_in", alice)
        with services.together():
            services.record(alice, "accounts.signed_out", alice)

    verbs = [one.verb for one in Event.objects.order_by("id")][-2:]
    assert verbs == ["accounts.signed_in", "accounts.signed_out"]


def test_a_block_that_breaks_appends_nothing_and_forgets(alice: User) -> None:
    def broken() -> None:
        with transaction.atomic(), services.together():
            services.record(alice, "accounts.signed_in", alice)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    services.record(alice, "accounts.signed_out", alice)

    assert not Event.objects.filter(verb="accounts.signed_in").exists()
    assert Event.objects.filter(verb="accounts.signed_out").count() == 1


def test_what_an_undone_savepoint_recorded_is_not_appended(alice: User) -> None:
    with services.together():
        services.record(alice, "accounts.signed_in", alice, number=1)
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            services.record(alice, "accounts.signed_in", alice, number=2)
            with transaction.atomic():
                services.record(alice, "accounts.signed_in", alice, number=3)
            raise ZeroDivisionError
        with transaction.atomic():
            services.record(alice, "accounts.signed_in", alice, number=4)
        services.record(alice, "accounts.signed_in", alice, number=5)

    found = Event.objects.filter(verb="accounts.signed_in").order_by("id")
    assert [one.facts["number"] for one in found] == [1, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_it_is_refused_where_nothing_would_undo_it() -> None:
    with pytest.raises(transaction.TransactionManagementError), services.together():
        pass


def test_a_block_without_events_asks_nothing(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    with django_assert_num_queries(0), services.together():
        pass
