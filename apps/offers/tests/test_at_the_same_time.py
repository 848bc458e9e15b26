"""Two connections at once: one wins, nothing happens twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.decisions import services as decisions
from apps.letters.models import Letter
from apps.offers import services
from apps.offers.models import Offer
from apps.offers.tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
NOW, LATER = factories.NOW, factories.LATER


def _at_once(*actions: Callable[[], object]) -> list[object]:
    """Return what each action gave or refused, run at the same moment on own connections."""
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


def _accept(offer: Offer) -> Callable[[], object]:
    return lambda: services.accept_by_applicant(
        offer=offer, acknowledged=True, statement_hash=offer.statement_hash, now=LATER
    )


def test_two_who_make_the_same_offer_make_one(alice: User, approved: Application) -> None:
    first, second = _at_once(
        lambda: factories.made(alice, approved), lambda: factories.made(alice, approved)
    )

    assert first == second
    assert (Offer.objects.count(), Letter.objects.filter(kind="key_facts").count()) == (1, 1)


def test_of_two_different_offers_one_is_made(alice: User, approved: Application) -> None:
    results = _at_once(
        lambda: factories.made(alice, approved),
        lambda: factories.made(alice, approved, principal=Decimal(150_000)),
    )

    refused = [one for one in results if isinstance(one, DomainError)]
    assert [one.code for one in refused] == ["offer_open"]
    assert Offer.objects.count() == 1


def test_a_double_click_accepts_once(alice: User, approved: Application) -> None:
    offer = factories.made(alice, approved)

    results = _at_once(_accept(offer), _accept(offer))

    assert [getattr(one, "status", one) for one in results] == ["accepted", "accepted"]
    assert Event.objects.filter(verb="offers.accepted").count() == 1


def test_of_accepting_and_withdrawing_one_wins(alice: User, approved: Application) -> None:
    offer = factories.made(alice, approved)

    results = _at_once(
        _accept(offer),
        lambda: services.withdraw(actor=alice, offer=offer, reason="A mistake.", now=LATER),
    )

    refused = [one for one in results if isinstance(one, DomainError)]
    offer.refresh_from_db()
    assert [one.code for one in refused] == ["offer_ended"]
    assert offer.status in ("accepted", "withdrawn")
    assert Event.objects.filter(verb__in=["offers.accepted", "offers.withdrawn"]).count() == 1


def test_an_acceptance_and_a_reopening_do_not_cross(
    alice: User, charlie: User, approved: Application
) -> None:
    offer = factories.made(alice, approved)

    _at_once(
        _accept(offer),
        lambda: decisions.reopen(actor=charlie, application=approved, note="Wrong.", now=LATER),
    )

    offer.refresh_from_db()
    # Accepted before or refused after it: what stands at the end rests on no decision.
    assert offer.status == "superseded"


def test_two_clocks_end_an_offer_once(alice: User, approved: Application) -> None:
    offer = factories.made(alice, approved)
    after = NOW.replace(day=29)

    counts = _at_once(
        lambda: services.expire_due(now=after), lambda: services.expire_due(now=after)
    )

    offer.refresh_from_db()
    assert (sorted(map(str, counts)), offer.status) == (["0", "1"], "expired")
    assert Event.objects.filter(verb="offers.expired").count() == 1
