"""Fifty payments of one loan at once: right balances, nothing doubled, nobody waits for ever."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.repayments import services
from apps.repayments.errors import ReferenceUsed
from apps.repayments.models import AccountEvent
from apps.repayments.services import Incoming, holding
from apps.repayments.tests import factories

BY = "system:test"
AT_ONCE = 50


def _all_at_once(acts: list[Any]) -> list[Any]:
    """Do all of this from as many threads at the same moment; return what each came to."""
    start = threading.Barrier(len(acts))

    def run(act: Any) -> Any:
        try:
            start.wait(timeout=60)
            return act()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_fifty_payments_of_one_loan_at_once(tmp_path: Path) -> None:
    [loan] = factories.taken_on(tmp_path, 1)
    days = factories.due_dates(loan)
    first = loan.instalments.order_by("number")[0]

    def payment(number: int) -> Any:
        # Every other one is the same as the one before: told twice, posted once.
        place = number // 2
        return lambda: factories.pay(
            BY, loan, days[place % 5], Decimal(10 + place), reference=f"R{place}", now=factories.NOW
        )

    came_to = _all_at_once([payment(number) for number in range(AT_ONCE)])

    assert not [one for one in came_to if isinstance(one, DomainError)]
    assert len({one.pk for one in came_to}) == AT_ONCE // 2
    paid = sum(Decimal(10 + place) for place in range(AT_ONCE // 2))
    assert factories.books(loan)["cash"] == paid - loan.principal
    assert AccountEvent.objects.count() == AT_ONCE // 2
    assert first.due > 0
    assert factories.offenders() == []


@pytest.mark.django_db(transaction=True)
def test_batches_over_the_same_loans_and_taking_back_at_once(tmp_path: Path) -> None:
    loans = factories.taken_on(tmp_path, 4)
    day = max(factories.due_dates(one)[3] for one in loans)
    standing = [
        factories.pay(BY, one, day, 50, reference=f"B{one.pk}", now=factories.NOW) for one in loans
    ]

    def batch(number: int) -> Any:
        # Each goes through the loans another way round.
        mixed = loans[number % 4 :] + loans[: number % 4]
        receipts = [
            Incoming(one.pk, factories.receipt(day, 10 + number), f"M{number}-{one.pk}")
            for one in (mixed if number % 2 else reversed(mixed))
        ]
        return lambda: services.enter_many(actor=BY, receipts=receipts, now=factories.NOW)

    def back(event: AccountEvent) -> Any:
        return lambda: services.take_back(
            actor=BY, event=event, reason="It bounced.", now=factories.NOW
        )

    came_to = _all_at_once([*(batch(number) for number in range(8)), *map(back, standing)])

    assert not [one for one in came_to if isinstance(one, DomainError)]
    assert AccountEvent.objects.filter(status="live").count() == 8 * len(loans)
    for loan in Loan.objects.all():
        assert factories.books(loan)["cash"] == sum(range(10, 18)) - loan.principal
    assert factories.offenders() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["one", "many"])
def test_one_reference_for_a_loan_and_for_another_customer_at_once_is_used_once(
    alice: User, bob: User, lent: Loan, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    other = lending.paid(alice, bob).loan
    fact = factories.receipt(factories.later(1), 500)
    known: dict[str, Any] = {
        "actor": alice,
        "reference": "shire:UTR1",
        "now": factories.at(factories.later(2)),
    }
    # Both have looked the reference up before either writes: nothing in the tables tells them.
    both = threading.Barrier(2)
    looked_at = holding.require_possible

    def wait_for_the_other(*arguments: Any, **named: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)
        looked_at(*arguments, **named)

    monkeypatch.setattr(holding, "require_possible", wait_for_the_other)
    to_the_loan: dict[str, Any] = {
        "one": lambda: services.enter(loan=lent, fact=fact, **known),
        "many": lambda: _in_bulk(Incoming(lent.pk, fact, "shire:UTR1"), alice, known["now"]),
    }

    came_to = _all_at_once(
        [
            to_the_loan[way],
            lambda: services.enter_for_customer(customer=other.customer, fact=fact, **known),
        ]
    )

    assert sum(isinstance(one, ReferenceUsed) for one in came_to) == 1
    assert AccountEvent.objects.count() == 1
    assert factories.offenders() == []


def _in_bulk(one: Incoming, actor: User, now: Any) -> Any:
    [answer] = services.enter_many(actor=actor, receipts=[one], now=now)
    if answer.refusal is not None:
        raise answer.refusal
    return answer
