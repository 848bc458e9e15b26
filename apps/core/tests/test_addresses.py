"""Whom we believe about where a request comes from, and by what failures are counted."""

from collections.abc import Callable

import pytest
from auditlog.models import LogEntry
from django.conf import LazySettings
from django.core.cache import cache
from django.db.models.signals import pre_save
from django.test import Client, RequestFactory

from apps.accounts.models import User
from apps.core import addresses
from apps.core.api_guards import Throttle

SignedIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "", "10.0.0.9"),
        (0, "1.2.3.4", "10.0.0.9"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.9"),
        (1, "not-an-address", "10.0.0.9"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "::ffff:1.2.3.4", "1.2.3.4"),
        (1, "1.2.3.4,", "1.2.3.4"),
    ],
)
def test_it_trusts_forwarded_addresses_only_behind_proxies(
    settings: LazySettings, proxies: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", headers=headers)

    assert addresses.client_address(request) == expected


@pytest.mark.parametrize("forwarded", ["", "nonsense"])
def test_it_has_an_address_behind_a_unix_socket(settings: LazySettings, forwarded: str) -> None:
    settings.TRUSTED_PROXIES = 1
    request = RequestFactory().get("/", REMOTE_ADDR="", headers={"X-Forwarded-For": forwarded})

    assert addresses.client_address(request) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
    ],
)
def test_it_counts_the_addresses_of_one_ipv6_customer_together(address: str, network: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)

    assert addresses.client_network(request) == network
    assert Throttle().get_ident(request) == network


def test_it_locks_out_who_changes_the_address_within_one_ipv6_network(
    alice: User, settings: LazySettings
) -> None:
    cache.clear()
    settings.AXES_ENABLED = True
    form = {"username": alice.email, "password": "wrong-password-here"}
    for number in range(5):
        Client(REMOTE_ADDR=f"2001:db8::{number}").post("/people/sign-in/", form)

    response = Client(REMOTE_ADDR="2001:db8::ffff").post("/people/sign-in/", form)

    assert response.status_code == 429


@pytest.mark.parametrize("forged", ["not-an-address", "6.6.6.6", "::1%lo, 6.6.6.6"])
def test_it_notes_beside_a_changed_row_the_address_we_trust(
    alice: User, signed_in: SignedIn, forged: str
) -> None:
    headers = {"X-Forwarded-For": forged, "X-Forwarded-Port": "99999999999"}

    response = signed_in(alice).post("/people/profile/", {"language": "hi"}, headers=headers)

    assert response.status_code == 302
    entry = LogEntry.objects.filter(object_pk=str(alice.pk)).latest("pk")
    assert entry.changes == {"language": ["en", "hi"]}
    assert (entry.actor, entry.remote_addr, entry.remote_port) == (alice, "127.0.0.1", None)


def test_it_leaves_nothing_of_an_api_request_behind(alice: User, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    before = len(pre_save.receivers)

    for _ in range(3):
        assert browser.get("/api/v1/customers").status_code == 200

    assert len(pre_save.receivers) == before
