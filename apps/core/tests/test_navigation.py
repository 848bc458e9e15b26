"""The navigation: what a person may open, and one entry at most marked as the present one."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.accounts.models import User

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
        ("/style-guide/", []),
    ],
)
def test_it_marks_the_entry_a_page_belongs_to(
    diana: User, signed_in: SignedIn, address: str, marked: list[str]
) -> None:
    assert _marked(signed_in(diana), address) == marked


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
