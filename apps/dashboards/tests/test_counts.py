"""The numbers of a page come in one answer, and only when one of them changed."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from apps.accounts.models import User
from apps.core import navigation
from apps.decisions import services
from apps.decisions.tests import factories as decisions
from apps.scoring.models import ModelVersion
from tests.test_access import declared_by

SignedIn = Callable[[User], Client]
URL = "/counts/"


def _refer(alice: User) -> None:
    decisions.referred(alice, amount=900_000, term_months=60)


def test_it_says_what_each_badge_says(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    _refer(alice)

    counts = signed_in(bob).get(URL).json()["counts"]

    assert counts["nav-desk-count"] == "1"
    assert counts["nav-offers-count"] == ""
    assert not any(name.startswith("waiting:") for name in counts)


def test_it_says_beside_them_what_waits_on_the_start_page(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    _refer(alice)

    counts = signed_in(bob).get(URL, {"of": "home"}).json()["counts"]

    assert counts["waiting:desk.unclaimed"] == "1"
    assert counts["waiting:desk.mine"] == ""
    assert "waiting:decisions.signatures" not in counts


def test_it_answers_304_until_a_number_changes(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    browser = signed_in(bob)
    first = browser.get(URL)
    same = browser.get(URL, headers={"If-None-Match": first["ETag"]})
    _refer(alice)
    changed = browser.get(URL, headers={"If-None-Match": first["ETag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_it_tells_a_stranger_nothing(client: Client) -> None:
    answer = client.get(URL)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("accounts:sign_in"))


def test_it_tells_of_nothing_that_the_person_may_not_open(
    alice: User, bob: User, signed_in: SignedIn
) -> None:
    counts = signed_in(alice).get(URL, {"of": "home"}).json()["counts"]

    assert "nav-desk-count" not in counts
    assert not any(name.startswith("waiting:desk.") for name in counts)


def test_every_badge_needs_what_its_entry_needs() -> None:
    """Else one badge that is refused would take all the others with it."""
    badges = [entry for entry in navigation._entries if entry.badge_url_name]

    needed = {entry.badge_url_name: declared_by(_view(entry)) for entry in badges}

    assert needed == {entry.badge_url_name: entry.permission for entry in badges}
    assert len(badges) > 10


def _view(entry: navigation.Entry) -> object:
    return resolve(reverse(entry.badge_url_name)).func


def test_it_shows_the_same_without_script(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    _refer(alice)

    page = signed_in(bob).get("/").content.decode()

    assert '<span class="count" data-count="waiting:desk.unclaimed">1</span>' in page
    assert f'data-counts="{URL}"' in page
    assert page.count('data-count="nav-desk-count"') == 1


def test_it_asks_as_much_however_much_waits(
    stage: ModelVersion, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)
    asked = []
    for _round in range(2):
        case = decisions.referred(alice, amount=900_000, term_months=60)
        claimed = services.claim(actor=bob, case=case, now=decisions.NOW)
        verdict = services.Verdict(outcome="approve", codes=("income_confirmed",), note="Seen.")
        services.decide(actor=bob, case=claimed, verdict=verdict, now=decisions.NOW)
        browser.get(URL, {"of": "home"})
        with CaptureQueriesContext(connection) as found:
            browser.get(URL, {"of": "home"})
        asked.append(len(found))

    assert asked[0] == asked[1]
