"""At once on own connections: a notice is written once, judged once, looked for once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.audit.models import Event
from apps.collections import services
from apps.collections.models import EarlySignal, Notice, SignalNight
from apps.collections.tests import factories
from apps.collections.tests.factories import TODAY, at, noticed
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing.models import Proposal
from apps.servicing.tests import factories as servicing

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def _at_once(*actions: Callable[[], object]) -> list[object]:
    """Return what each action gave or refused, run at the same moment on own connections."""
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=10)
            return action()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_one_of_two_writes_the_notice(lent: Loan, dev: User, esha: User) -> None:
    day = servicing.late(lent, 5)

    made = _at_once(
        *(lambda who=who: noticed(who, lent, day, "demand", "20:00") for who in (dev, esha))
    )

    assert [type(one) for one in made].count(Notice) == 1
    assert [one.code for one in made if isinstance(one, DomainError)] == ["too_soon"]
    assert Notice.objects.count() == 1


def test_a_settlement_is_given_up_once(lent: Loan, alice: User, dev: User, charlie: User) -> None:
    factories.overdue(lent, 95, 60_000)
    made = factories.proposed(dev, lent, TODAY, at(TODAY))
    factories.agreed(charlie, made, at(TODAY))
    day = TODAY + timedelta(days=10)
    repaid.pay(alice, lent, day, made.amount)

    counts = _at_once(*(lambda: services.judge_settlements(now=at(day)) for _one in range(3)))

    assert sorted(str(one) for one in counts) == ["0", "0", "1"]
    assert AccountEvent.objects.filter(kind="write_off").count() == 1
    assert Proposal.objects.count() == 1
    assert Event.objects.filter(verb="collections.settlement_judged").count() == 1


def test_signals_are_looked_for_once(lent: Loan, alice: User, bob: User) -> None:
    other = repaid.lent(alice, bob)
    factories.overdue(lent, 40, 20_000)
    factories.overdue(other, 40, 20_000, customer_id=lent.customer_id)
    entity = lent.branch.entity

    done = _at_once(
        *(lambda: services.find_signals(entity=entity, now=at(TODAY)) for _one in range(3))
    )

    assert [type(one) for one in done].count(SignalNight) == 1
    assert SignalNight.objects.count() == 1
    assert list(EarlySignal.objects.values_list("code", flat=True)) == ["sibling", "sibling"]
