"""Pages of the desk ask as much for many rows as for few."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.collections import services
from apps.collections.services import ContactEntry
from apps.collections.tests import factories
from apps.collections.tests.factories import NOW, TODAY, noticed, told
from apps.loans.models import Loan
from apps.repayments.tests import contact_factories as contact
from apps.repayments.tests import factories as repaid
from apps.servicing.tests import factories as servicing

Browser = Callable[[User], Client]


@pytest.fixture
def other(lent: Loan, alice: User, bob: User) -> Loan:
    return repaid.lent(alice, bob)


def _called(actor: User, loan: Loan, day: date) -> None:
    at = contact.at(day, "11:00")
    entry = ContactEntry(way="call", outcome="nobody", made_at=at)
    services.record_contact(actor=actor, loan=loan, entry=entry, now=at)


def _questions(client: Client, address: str) -> int:
    """Return how many questions a page takes, after those that are asked only once."""
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


def test_the_page_of_a_loan_asks_as_much_for_more_notices_and_contacts(
    signed_in: Browser,
    lent: Loan,
    dev: User,
    esha: User,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
) -> None:
    day = servicing.late(lent, 5)
    later = day + timedelta(days=7)
    monkeypatch.setattr(timezone, "now", lambda: contact.at(later, "20:00"))
    told(dev, noticed(dev, lent, day, clock="17:00"), "handed", day)
    _called(dev, lent, day)
    client, address = signed_in(dev), reverse("collections:case", args=[lent.pk])
    count = _questions(client, address)

    demand = noticed(esha, lent, day, "demand", "17:00")
    for hour, word in enumerate(("posted", "returned", "posted", "delivered"), start=18):
        told(esha, demand, word, day, f"{hour}:00")
    told(esha, noticed(esha, lent, later, clock="17:00"), "handed", later)
    _called(esha, lent, day)

    with django_assert_num_queries(count):
        shown = client.get(address).text
    assert shown.count("Reminder of arrears") == 2
    assert "Formal demand" in shown


def test_the_list_of_signals_asks_as_much_for_two_loans_as_for_one(
    signed_in: Browser,
    lent: Loan,
    other: Loan,
    dev: User,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    later = TODAY + timedelta(days=1)
    factories.overdue(lent, 40, 20_000)
    factories.overdue(other, 0, 0, customer_id=lent.customer_id)
    services.find_signals(entity=lent.branch.entity, now=NOW)
    client, address = signed_in(dev), reverse("collections:signals")
    first = client.get(address).text
    assert (other.number in first, lent.number in first) == (True, False)
    count = _questions(client, address)

    factories.overdue(lent, 41, 20_000, day=later)
    factories.overdue(other, 31, 20_000, day=later, customer_id=lent.customer_id)
    services.find_signals(entity=lent.branch.entity, now=NOW)

    with django_assert_num_queries(count):
        shown = client.get(address).text
    assert lent.number in shown
    assert other.number in shown
