"""Every action in every state: what the table allows happens, everything else is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import User
from apps.collateral import services
from apps.collateral.lifecycle import CHARGED, LIFECYCLE, LIVE
from apps.collateral.models import Item
from apps.collateral.tests import factories
from apps.core.errors import Conflict

pytestmark = pytest.mark.django_db
NOW, TODAY = factories.NOW, factories.TODAY
DEED = services.Deed(TODAY, "Deed 17/2026")
ALLOWED = [
    (step.action, source, step.target) for step in LIFECYCLE.steps for source in step.sources
]
REFUSED = [
    (action, state)
    for action in ("pledge", "perfect", "withdraw", "invoke", "release")
    for state in LIFECYCLE.states
    if not LIFECYCLE.allows(action, state)
]


def _pledge(alice: User, _charlie: User, item: Item) -> None:
    services.pledge(actor=alice, item=item, deed=DEED, now=NOW)


def _perfect(alice: User, _charlie: User, item: Item) -> None:
    services.perfect(actor=alice, item=item, deed=DEED, now=NOW)


def _withdraw(alice: User, _charlie: User, item: Item) -> None:
    services.withdraw(actor=alice, item=item, reason="Not needed", now=NOW)


def _invoke(_alice: User, charlie: User, item: Item) -> None:
    services.invoke(actor=charlie, item=item, reason="Sold at auction", now=NOW)


def _release(alice: User, charlie: User, item: Item) -> None:
    asked = services.ask_release(actor=alice, item=item, reason="Repaid", now=NOW)
    services.grant_release(actor=charlie, release=asked, now=NOW)


ACTS: dict[str, Callable[..., Any]] = {
    "pledge": _pledge,
    "perfect": _perfect,
    "withdraw": _withdraw,
    "invoke": _invoke,
    "release": _release,
}
PATHS = {
    "proposed": [],
    "pledged": ["pledge"],
    "perfected": ["pledge", "perfect"],
    "released": ["pledge", "release"],
    "invoked": ["pledge", "invoke"],
    "withdrawn": ["withdraw"],
}


def _in_state(alice: User, charlie: User, state: str) -> Item:
    item = factories.item(alice)
    factories.charged(alice, item, factories.secured(alice))
    for action in PATHS[state]:
        ACTS[action](alice, charlie, item)
    return Item.objects.get(pk=item.pk)


def test_it_knows_what_is_live() -> None:
    assert set(LIFECYCLE.states) == set(PATHS)
    assert set(LIFECYCLE.final) == set(LIFECYCLE.states) - set(LIVE)
    assert set(CHARGED) < set(LIVE)


@pytest.mark.parametrize(("action", "source", "target"), ALLOWED)
def test_what_the_table_allows_happens(
    alice: User, charlie: User, action: str, source: str, target: str
) -> None:
    item = _in_state(alice, charlie, source)

    ACTS[action](alice, charlie, item)

    item.refresh_from_db()
    assert item.status == target


@pytest.mark.parametrize(("action", "state"), REFUSED)
def test_everything_else_is_refused(alice: User, charlie: User, action: str, state: str) -> None:
    item = _in_state(alice, charlie, state)

    with pytest.raises(Conflict):
        ACTS[action](alice, charlie, item)

    item.refresh_from_db()
    assert item.status == state


@pytest.mark.parametrize("state", LIFECYCLE.final)
def test_nothing_is_added_to_an_item_that_ended(alice: User, charlie: User, state: str) -> None:
    item = _in_state(alice, charlie, state)

    with pytest.raises(Conflict) as refusal:
        factories.valued(alice, item)

    assert refusal.value.code == "item_ended"
