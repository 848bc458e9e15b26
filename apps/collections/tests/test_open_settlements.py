"""Open settlements: who is told that one waits, where they are listed, which are stuck."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.collections import services
from apps.collections.models import Settlement
from apps.collections.tests import factories
from apps.collections.tests.factories import TODAY, at
from apps.core import home
from apps.loans.models import Loan
from apps.repayments.tests import factories as repaid

Browser = Callable[[User], Client]
PAID = Decimal(100_000)


@pytest.fixture
def other(lent: Loan, alice: User, bob: User) -> Loan:
    return repaid.lent(alice, bob)


def _proposed(actor: User, loan: Loan) -> Settlement:
    factories.overdue(loan, 95, 60_000)
    return factories.proposed(actor, loan, TODAY, at(TODAY))


def _waiting(actor: User) -> int:
    return home.counted("collections.settlements").count(actor, at(TODAY))


def test_another_person_who_approves_is_told_until_it_is_answered(
    lent: Loan, other: Loan, dev: User, charlie: User, nina: User
) -> None:
    made = _proposed(dev, lent)
    _proposed(charlie, other)

    assert _waiting(charlie) == 1
    assert _waiting(nina) == 0
    part = home.counted("collections.settlements")
    assert part in home.waiting(charlie)
    assert part not in home.waiting(dev)
    factories.agreed(charlie, made, at(TODAY))
    assert _waiting(charlie) == 0


def test_the_list_shows_the_open_ones_and_where_it_leads_from_home(
    signed_in: Browser, lent: Loan, other: Loan, dev: User, charlie: User, nina: User, alice: User
) -> None:
    made = _proposed(dev, lent)
    _proposed(charlie, other)
    address, boss = reverse("collections:settlements"), signed_in(charlie)

    every, mine = boss.get(address).text, boss.get(address, {"show": "waiting"}).text

    assert (lent.number in every, other.number in every) == (True, True)
    assert (lent.number in mine, other.number in mine) == (True, False)
    assert "Waits for you" in mine
    assert "flood" not in every
    assert lent.number not in signed_in(nina).get(address).text
    assert signed_in(alice).get(address).status_code == 403
    services.refuse_settlement(actor=charlie, settlement=made, note="Too little", now=at(TODAY))
    assert lent.number not in boss.get(address).text


def test_one_that_was_paid_and_not_given_up_is_marked(
    signed_in: Browser, lent: Loan, alice: User, dev: User, charlie: User
) -> None:
    made = _proposed(dev, lent)
    factories.agreed(charlie, made, at(TODAY))
    address, client = reverse("collections:settlements"), signed_in(charlie)
    stuck = "the rest was not given up yet"
    assert stuck not in client.get(address).text
    repaid.pay(alice, lent, TODAY, PAID - 1, now=at(TODAY) + timedelta(minutes=1))
    assert stuck not in client.get(address).text

    repaid.pay(alice, lent, TODAY, 1, now=at(TODAY) + timedelta(minutes=2))

    assert stuck in client.get(address).text


def test_the_case_says_why_it_was_refused_or_withdrawn(
    signed_in: Browser, lent: Loan, dev: User, charlie: User
) -> None:
    first = _proposed(dev, lent)
    services.refuse_settlement(
        actor=charlie, settlement=first, note="Far too little", now=at(TODAY)
    )
    second = factories.proposed(dev, lent, TODAY, at(TODAY))
    services.withdraw_settlement(
        actor=charlie, settlement=second, reason="Pays in full", now=at(TODAY)
    )

    shown = signed_in(dev).get(reverse("collections:case", args=[lent.pk])).text

    assert "Pays in full" in shown
    assert "Far too little" in shown


def test_it_asks_as_much_for_two_as_for_one(
    signed_in: Browser,
    lent: Loan,
    other: Loan,
    dev: User,
    charlie: User,
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
) -> None:
    _proposed(dev, lent)
    client, address = signed_in(charlie), reverse("collections:settlements")
    client.get(address)
    with django_assert_max_num_queries(14) as asked:
        client.get(address)

    _proposed(dev, other)

    with django_assert_num_queries(len(asked)):
        assert other.number in client.get(address).text
