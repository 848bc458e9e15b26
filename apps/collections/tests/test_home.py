"""The collector's part of the start page: what to do by today, and whom to begin with."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.collections import home as parts
from apps.collections import services
from apps.collections.models import Contact
from apps.collections.tests import factories
from apps.collections.tests.factories import TODAY
from apps.core import home
from apps.loans.models import Loan
from apps.npa.tests.portfolio_factories import at
from apps.repayments.tests import factories as repaid

NOW = at(TODAY)


@pytest.fixture
def other(lent: Loan, alice: User, bob: User) -> Loan:
    return repaid.lent(alice, bob)


def _listed(actor: User) -> tuple[str, list[str]]:
    shown: Any = parts.today(actor, NOW)
    return shown["whose"], [row["one"].loan.number for row in shown["rows"]]


def _spoken(actor: User, loan: Loan, *, days: int, minute: int = 0) -> Contact:
    """Write down a call after which another one is due so many days from today."""
    entry = services.ContactEntry(
        way="call",
        outcome="nobody",
        made_at=NOW + timedelta(minutes=minute),
        next_action="call",
        next_date=TODAY + timedelta(days=days),
    )
    later = NOW + timedelta(minutes=minute)
    return services.record_contact(actor=actor, loan=loan, entry=entry, now=later)


def test_what_nobody_works_on_is_listed_until_something_is_given(
    lent: Loan, other: Loan, dev: User, esha: User
) -> None:
    factories.overdue(lent, 10, 20_000)
    factories.overdue(other, 40, 10_000)
    assert _listed(dev) == ("nobody", [lent.number, other.number])

    services.take(actor=dev, loan=other, now=NOW)

    assert _listed(dev) == ("mine", [other.number])
    assert _listed(esha) == ("nobody", [lent.number])


def test_another_branch_lists_nothing(lent: Loan, dev: User, nina: User) -> None:
    factories.overdue(lent, 10, 20_000)

    found = parts.today(nina, NOW)

    assert (found["due"], found["rows"]) == ([], [])
    assert home.counted("collections.actions").count(nina, NOW) == 0


def test_before_a_day_was_ended_nothing_is_listed(dev: User) -> None:
    assert parts.today(dev, NOW) == {"due": [], "chosen": None}
    assert home.counted("collections.broken").count(dev, NOW) == 0


def test_what_was_to_be_done_by_today_waits_until_something_is(
    lent: Loan, other: Loan, dev: User, esha: User
) -> None:
    first = _spoken(dev, lent, days=0)
    _spoken(dev, other, days=1)
    count = home.counted("collections.actions").count
    tomorrow = NOW + timedelta(days=1)

    assert list(parts.actions_due(dev, NOW)) == [first]
    assert (count(dev, NOW), count(dev, tomorrow)) == (1, 2)
    assert count(esha, tomorrow) == 0

    services.take(actor=esha, loan=lent, now=NOW)
    assert (count(dev, NOW), count(esha, NOW)) == (0, 1)
    _spoken(esha, lent, days=3, minute=5)
    assert count(esha, NOW) == 0


@pytest.mark.parametrize("status", ["closed", "written_off"])
def test_of_a_loan_that_is_over_nothing_is_to_be_done(lent: Loan, dev: User, status: str) -> None:
    _spoken(dev, lent, days=0)
    count = home.counted("collections.actions").count
    assert count(dev, NOW) == 1

    Loan.objects.filter(pk=lent.pk).update(status=status)

    assert (count(dev, NOW), list(parts.today(dev, NOW)["due"])) == (0, [])
