"""The pages of customers, as each role meets them."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.customers.tests import factories

SignIn = Callable[[User], Client]


def test_it_opens(alice: User, pune: Branch, signed_in: SignIn) -> None:
    customer = factories.customer(pune, obligations=({},))
    client = signed_in(alice)
    for name in ["create", "list"]:
        assert client.get(reverse(f"customers:{name}")).status_code == 200, name
    for name in [
        "detail",
        "change",
        "employment",
        "household",
        "obligation",
        "bureau_report",
        "consent",
    ]:
        assert client.get(reverse(f"customers:{name}", args=[customer.pk])).status_code == 200, name
