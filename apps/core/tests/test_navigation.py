"""The navigation: what a person may open, and one entry at most marked as the present one."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import roles
from apps.accounts.models import User
from apps.core import navigation

SignedIn = Callable[[User], Client]


def _marked(browser: Client, address: str) -> list[str]:
    groups = browser.get(address).context["navigation"]
    return [item["url"] for group in groups for item in group["items"] if item["current"]]


@pytest.mark.parametrize(
    ("address", "marked"),
    [
        ("/", ["/"]),
        ("/people/", ["/people/"]),
        ("/people/roles/", ["/people/roles/"]),
        ("/people/add/", ["/people/"]),
        ("/styleguide/", []),
    ],
)
def test_it_marks_the_entry_a_page_belongs_to(
    diana: User, signed_in: SignedIn, address: str, marked: list[str]
) -> None:
    assert _marked(signed_in(diana), address) == marked


@pytest.mark.parametrize("role", [role.code for role in roles.ROLES])
def test_it_shows_the_style_guide_to_who_works_for_the_lender(
    make_person: Callable[..., User], signed_in: SignedIn, role: str
) -> None:
    browser = signed_in(make_person("Someone", role))
    expected = 403 if role == "integrator" else 200

    assert browser.get("/styleguide/").status_code == expected
    assert browser.get("/style-guide/", follow=True).status_code == expected


def test_it_sends_on_from_where_the_style_guide_stood(alice: User, signed_in: SignedIn) -> None:
    assert signed_in(alice).get("/style-guide/")["Location"] == "/styleguide/"


def test_it_shows_no_stranger_the_style_guide(client: Client, db: None) -> None:
    for address in ("/styleguide/", "/style-guide/"):
        assert client.get(address)["Location"] == f"/people/sign-in/?next={address}"


def test_it_shows_strangers_nothing(client: Client, db: None) -> None:
    assert client.get("/people/sign-in/").context["navigation"] == []


def test_it_shows_each_person_only_what_is_theirs(
    alice: User, diana: User, signed_in: SignedIn
) -> None:
    def urls(person: User) -> set[str]:
        groups = signed_in(person).get("/").context["navigation"]
        return {item["url"] for group in groups for item in group["items"]}

    assert "/people/" in urls(diana) - urls(alice)
    assert "/customers/" in urls(alice) - urls(diana)


def test_it_asks_once_for_what_stands_beside_all_links(bob: User, signed_in: SignedIn) -> None:
    browser = signed_in(bob)
    page = browser.get("/").text
    asked = [entry for entry in navigation._entries if entry.count_id and entry.count_id in page]

    counts = browser.get("/counts/").json()["counts"]

    assert page.count('data-counts="/counts/"') == 1
    assert len(asked) > 3
    for entry in asked:
        assert counts[entry.count_id] == browser.get(reverse(entry.badge_url_name)).text
        assert page.count(f'data-count="{entry.count_id}"') == 1
    assert len(counts) == len(asked)


def test_it_says_what_waits_beside_its_own_link(
    bob: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "apps.offers.selectors.counts", lambda user, *, today: {"open": 7 if user == bob else 0}
    )

    counts = signed_in(bob).get("/counts/").json()["counts"]

    assert counts["nav-offers-count"] == "7"


def test_it_counts_nothing_for_who_has_no_such_link(diana: User, signed_in: SignedIn) -> None:
    assert signed_in(diana).get("/counts/").json()["counts"] == {}
