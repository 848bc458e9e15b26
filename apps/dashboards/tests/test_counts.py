"""The numbers of a page come in one answer, and only when one of them changed."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

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
    cache.clear()
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
        cache.clear()
        with CaptureQueriesContext(connection) as found:
            browser.get(URL, {"of": "home"})
        asked.append(len(found))

    assert asked[0] == asked[1]


def test_it_counts_once_in_some_seconds_however_often_it_is_asked(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    browser = signed_in(bob)
    with CaptureQueriesContext(connection) as first:
        browser.get(URL)
    with CaptureQueriesContext(connection) as second:
        browser.get(URL)

    assert len(first) > len(second)
    assert not any("COUNT(" in query["sql"].upper() for query in second.captured_queries)


def test_what_is_kept_is_of_one_person_and_of_one_language(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    _refer(alice)
    of_bob, of_alice = signed_in(bob), signed_in(alice)
    mine = of_bob.get(URL).json()["counts"]

    assert of_alice.get(URL).json()["counts"] != mine
    assert "nav-desk-count" not in of_alice.get(URL).json()["counts"]
    User.objects.filter(pk=bob.pk).update(language="hi")
    with CaptureQueriesContext(connection) as found:
        of_bob.get(URL)
    assert any("COUNT(" in query["sql"].upper() for query in found.captured_queries)


def test_what_the_person_does_is_counted_at_once(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    case = decisions.referred(alice, amount=900_000, term_months=60)
    browser = signed_in(bob)
    assert browser.get(URL, {"of": "home"}).json()["counts"]["waiting:desk.mine"] == ""
    services.claim(actor=bob, case=case, now=timezone.now())
    assert browser.get(URL, {"of": "home"}).json()["counts"]["waiting:desk.mine"] == ""

    # Any form the person sends, also one that is refused.
    browser.post(reverse("accounts:profile"))

    assert browser.get(URL, {"of": "home"}).json()["counts"]["waiting:desk.mine"] == "1"


def test_a_page_that_counted_need_not_ask(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    _refer(alice)
    browser = signed_in(bob)

    start, other = browser.get("/").text, browser.get(reverse("desk:queue")).text

    assert 'data-count="nav-desk-count">1</span>' in start
    assert "data-counted" in start
    assert "data-counted" not in other
    with CaptureQueriesContext(connection) as found:
        browser.get(URL, {"of": "home"})
    assert not any("COUNT(" in query["sql"].upper() for query in found.captured_queries)


def test_without_the_cache_it_counts_each_time(
    stage: ModelVersion,
    alice: User,
    bob: User,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _refer(alice)
    browser = signed_in(bob)

    def gone(*_given: object, **_more: object) -> None:
        raise ConnectionError

    for name in ("get", "set", "delete_many"):
        monkeypatch.setattr(type(cache._connections["default"]), name, gone)

    assert browser.get(URL).json()["counts"]["nav-desk-count"] == "1"


def test_what_waits_where_no_panel_is_leads_to_the_page_anew(
    stage: ModelVersion, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    page = signed_in(charlie).get("/").text

    assert 'id="home-exceptions"' not in page
    assert 'href="/?#home-exceptions"' in page
    assert 'href="#home-exceptions"' not in page


def test_changed_numbers_are_told_politely(bob: User, signed_in: SignedIn) -> None:
    page = signed_in(bob).get("/").text

    assert 'role="status" aria-live="polite" data-count-status' in page
