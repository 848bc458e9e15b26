"""Two at once: one item, one lien on what is left, one rank each, one answer."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from apps.applications.models import Application
from apps.collateral import services
from apps.collateral.models import Item, Lien, Release
from apps.collateral.tests import factories
from apps.core.errors import DomainError

pytestmark = pytest.mark.django_db(transaction=True)
NOW, LATER = factories.NOW, factories.LATER


def _at_once(*actions: Callable[[], object]) -> list[object]:
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=10)
            return action()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def _refused(results: list[object]) -> list[str]:
    return [one.code for one in results if isinstance(one, DomainError)]


@pytest.fixture
def applications(alice: User) -> list[Application]:
    return [factories.secured(alice), factories.secured(alice)]


def test_of_two_who_register_one_thing_one_does(alice: User) -> None:
    entries = [factories.entry(registration="MH 12 AB 1234") for _number in range(2)]

    results = _at_once(
        *(
            lambda entry=entry: services.register(actor=alice, entry=entry, now=NOW)
            for entry in entries
        )
    )

    assert _refused(results) == ["registered_already"]
    assert Item.objects.count() == 1


def test_two_liens_never_secure_more_than_the_value(
    alice: User, applications: list[Application]
) -> None:
    item = factories.item(alice)

    results = _at_once(
        *(lambda one=one: factories.charged(alice, item, one, 200_000) for one in applications)
    )

    assert _refused(results) == ["beyond_value"]
    assert Lien.objects.get().secured_amount == Decimal(200_000)


def test_a_lien_waits_for_who_withdraws_its_application(
    alice: User, applications: list[Application]
) -> None:
    item, application = factories.item(alice), applications[0]

    def charge() -> object:
        try:
            return factories.charged(alice, item, application, 100_000)
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            application.move("withdraw")
            charging = pool.submit(charge)
            with pytest.raises(TimeoutError):
                charging.result(timeout=1)
        refusal = charging.result(timeout=10)

    assert isinstance(refusal, DomainError)
    assert "application" in refusal.fields
    assert not Lien.objects.exists()


def test_two_liens_take_one_rank_each(alice: User, applications: list[Application]) -> None:
    item = factories.item(alice)

    results = _at_once(
        *(lambda one=one: factories.charged(alice, item, one, 100_000) for one in applications)
    )

    assert _refused(results) == []
    assert sorted(Lien.objects.values_list("rank", flat=True)) == [1, 2]


def test_of_two_who_answer_a_release_one_does(
    alice: User, charlie: User, applications: list[Application], make_person: Callable[..., User]
) -> None:
    carol = make_person("Carol", "credit_manager")
    item = factories.pledged(alice, applications[0])
    asked = services.ask_release(actor=alice, item=item, reason="Repaid", now=NOW)

    results = _at_once(
        lambda: services.grant_release(actor=charlie, release=asked, now=LATER),
        lambda: services.refuse_release(
            actor=carol, release=asked, note="A fee is open", now=LATER
        ),
    )

    assert _refused(results) == ["answered_already"]
    item.refresh_from_db()
    states = (Release.objects.get().status, item.status)
    assert states in {("granted", "released"), ("refused", "pledged")}
