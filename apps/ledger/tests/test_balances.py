"""Balances are sums: of one loan as of a day or as known at a moment, and of whole branches."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch
from apps.ledger import selectors, services
from apps.ledger.balances import Balances
from apps.ledger.chart import Account, Event, Kind, Side
from apps.ledger.lines import credit, debit
from apps.ledger.tests import factories
from apps.ledger.tests.factories import LOAN, NOW, OTHER


def test_it_knows_every_account_by_number_kind_and_side() -> None:
    numbers = [account.number for account in Account]

    assert len(set(numbers)) == len(numbers)
    for account in Account:
        is_debit = account.kind in {Kind.ASSET, Kind.EXPENSE}
        if account.kind is not Kind.MEMORANDUM:
            assert account.normal is (Side.DEBIT if is_debit else Side.CREDIT)


def test_it_adds_up_what_is_owed() -> None:
    held = Balances(
        {
            Account.PRINCIPAL: Decimal(700),
            Account.INTEREST_RECEIVABLE: Decimal(7),
            Account.ADVANCES: Decimal(50),
            Account.INTEREST_INCOME: Decimal(99),
        }
    )

    assert held.owed == Decimal(657)
    assert held[Account.FEES_RECEIVABLE] == 0
    with pytest.raises(KeyError):
        held["owed"]


@pytest.mark.django_db
def test_it_gives_each_balance_on_its_normal_side(pune: Branch) -> None:
    factories.post(pune)
    factories.repayment(
        pune,
        lines=(
            debit(Account.CASH, Decimal("1050.00")),
            credit(Account.PRINCIPAL, Decimal("1000.00")),
            credit(Account.ADVANCES, Decimal("50.00")),
        ),
    )

    held = selectors.balances([LOAN, OTHER])

    assert held[LOAN].amounts == {
        Account.CASH: Decimal("50.00"),
        Account.PRINCIPAL: Decimal("0.00"),
        Account.ADVANCES: Decimal("50.00"),
    }
    assert held[LOAN].owed == Decimal("-50.00")
    assert held[OTHER] == Balances({})


@pytest.mark.django_db
def test_it_gives_balances_of_any_past_day(pune: Branch) -> None:
    factories.post(pune)
    factories.repayment(pune)

    def principal(day: date) -> Decimal:
        return selectors.balances([LOAN], day)[LOAN][Account.PRINCIPAL]

    assert principal(date(2026, 5, 31)) == 0
    assert principal(date(2026, 6, 1)) == Decimal(1000)
    assert principal(date(2026, 6, 9)) == Decimal(1000)
    assert principal(date(2026, 6, 10)) == Decimal(700)
    assert principal(date.max) == Decimal(700)


@pytest.mark.django_db
def test_it_gives_balances_as_they_were_known(pune: Branch) -> None:
    """A receipt of the 10th that was posted on the 15th was not known on the 12th."""
    factories.post(pune, now=NOW - timedelta(days=10))
    factories.repayment(pune, now=NOW)

    def principal(known: Any) -> Decimal:
        held = selectors.balances([LOAN], date(2026, 6, 12), known_at=known)
        return held[LOAN][Account.PRINCIPAL]

    assert principal(NOW - timedelta(days=3)) == Decimal(1000)
    assert principal(NOW) == Decimal(700)


@pytest.mark.django_db
def test_it_asks_once_for_many_loans(
    pune: Branch, django_assert_num_queries: Callable[..., Any]
) -> None:
    factories.post(pune)
    factories.post(pune, "d-2", loan_id=OTHER)

    with django_assert_num_queries(1):
        held = selectors.balances([LOAN, OTHER])

    assert {key: one[Account.PRINCIPAL] for key, one in held.items()} == {LOAN: 1000, OTHER: 1000}


def _trial(branches: list[Branch], day: date) -> dict[str, list[tuple[str, Decimal, Decimal]]]:
    found = selectors.trial_balance(branches, day)
    assert all(part.is_balanced for part in found.parts())
    return {
        part.currency: [(held.account.value, held.debit, held.credit) for held in part.accounts]
        for part in found.parts()
    }


@pytest.mark.django_db
def test_it_draws_a_trial_balance_by_branch_and_currency(pune: Branch, nashik: Branch) -> None:
    factories.post(pune)
    factories.repayment(pune)
    factories.post(nashik, "d-2", loan_id=OTHER, currency="USD", amount=Decimal(20))

    assert _trial([pune, nashik], date(2026, 6, 10)) == {
        "INR": [("cash", 0, Decimal(700)), ("principal", Decimal(700), 0)],
        "USD": [("cash", 0, Decimal(20)), ("principal", Decimal(20), 0)],
    }
    assert _trial([pune], date(2026, 6, 9)) == {
        "INR": [("cash", 0, Decimal(1000)), ("principal", Decimal(1000), 0)]
    }
    assert _trial([nashik], date(2026, 5, 31)) == {}
    both = selectors.trial_balance([pune, nashik], date(2026, 6, 10))
    assert [part.currency for part in both.parts(nashik.pk)] == ["USD"]
    assert both.parts(pune.pk)[0].debit == Decimal(700)


@pytest.mark.django_db
def test_it_draws_the_same_trial_balance_from_totals_kept_at_closing(
    pune: Branch, nashik: Branch
) -> None:
    factories.post(pune)
    factories.post(nashik, "d-2", loan_id=OTHER, day=date(2026, 6, 3))
    factories.repayment(pune)
    days = [date(2026, 5, 31) + timedelta(days=n) for n in range(15)]
    before = [_trial([pune, nashik], day) for day in days]

    for day in (date(2026, 6, 2), date(2026, 6, 5), date(2026, 6, 12)):
        services.close_day(actor="system:tests", entity=pune.entity, day=day, now=NOW)

    assert [_trial([pune, nashik], day) for day in days] == before


@pytest.mark.django_db
def test_it_reads_a_closed_day_without_its_lines(
    pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.post(pune)
    services.close_day(actor="system:tests", entity=pune.entity, day=date(2026, 6, 12), now=NOW)
    factories.repayment(pune, day=date(2026, 6, 13), event=Event.REPAYMENT)

    found = _trial([pune], date(2026, 6, 12))

    assert found == {"INR": [("cash", 0, Decimal(1000)), ("principal", Decimal(1000), 0)]}
