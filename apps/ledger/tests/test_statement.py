"""The statement of a loan's account: what was charged, what was paid, and what is owed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch
from apps.ledger import selectors, services, statement
from apps.ledger.chart import Account, Event
from apps.ledger.lines import credit, debit
from apps.ledger.tests import factories
from apps.ledger.tests.factories import LOAN, NOW, OTHER

pytestmark = pytest.mark.django_db


def _accrue(branch: Branch, day: int, amount: str = "1.00", **changes: Any) -> Any:
    lines = (
        debit(Account.INTEREST_RECEIVABLE, Decimal(amount)),
        credit(Account.INTEREST_INCOME, Decimal(amount)),
    )
    return factories.post(
        branch,
        f"a-{day}",
        event=Event.INTEREST_ACCRUAL,
        day=date(2026, 6, day),
        lines=lines,
        **changes,
    )


def _rows(found: Any) -> list[tuple[Any, ...]]:
    return [(row.event.value, row.day.day, row.charged, row.paid, row.owed) for row in found.rows]


def test_it_runs_from_what_was_owed_to_what_is(pune: Branch) -> None:
    factories.post(pune)
    factories.post(pune, "elsewhere", loan_id=OTHER)
    _accrue(pune, 5, "12.50")
    factories.repayment(
        pune,
        lines=(
            debit(Account.CASH, Decimal("312.50")),
            credit(Account.INTEREST_RECEIVABLE, Decimal("12.50")),
            credit(Account.PRINCIPAL, Decimal("300.00")),
        ),
    )

    found = selectors.statement(LOAN, start=date(2026, 6, 2), end=date(2026, 6, 30))

    assert (found.currency, found.opening.owed, found.closing.owed) == ("INR", 1000, 700)
    assert _rows(found) == [
        ("interest_accrual", 5, Decimal("12.50"), 0, Decimal("1012.50")),
        ("repayment", 10, 0, Decimal("312.50"), Decimal("700.00")),
    ]
    assert (found.charged, found.paid) == (Decimal("12.50"), Decimal("312.50"))
    assert found.rows[1].parts == {
        Account.INTEREST_RECEIVABLE: Decimal("-12.50"),
        Account.PRINCIPAL: Decimal("-300.00"),
    }


def test_it_shows_interest_of_a_month_as_one_line(pune: Branch) -> None:
    factories.post(pune)
    for day in (2, 3, 4):
        _accrue(pune, day)
    factories.repayment(pune, day=date(2026, 6, 5))
    for day in (6, 7):
        _accrue(pune, day)

    found = selectors.statement(LOAN, start=date(2026, 6, 1), end=date(2026, 6, 30))

    assert _rows(found) == [
        ("disbursement", 1, Decimal(1000), 0, Decimal(1000)),
        ("interest_accrual", 2, Decimal(3), 0, Decimal(1003)),
        ("repayment", 5, 0, Decimal(300), Decimal(703)),
        ("interest_accrual", 6, Decimal(2), 0, Decimal(705)),
    ]
    assert [(row.until.day, row.reference) for row in found.rows] == [
        (1, "d-1"),
        (4, ""),
        (5, "r-1"),
        (7, ""),
    ]


def test_it_leaves_out_what_is_the_lenders_alone(pune: Branch) -> None:
    factories.post(pune)
    factories.post(
        pune,
        "p-1",
        event=Event.PROVISION,
        lines=(
            debit(Account.PROVISION_EXPENSE, Decimal(10)),
            credit(Account.PROVISIONS, Decimal(10)),
        ),
    )

    found = selectors.statement(LOAN, start=date(2026, 6, 1), end=date(2026, 6, 30))

    assert [row.event for row in found.rows] == [Event.DISBURSEMENT]


def test_it_shows_corrections_or_leaves_them_out(pune: Branch) -> None:
    factories.post(pune)
    wrong = _accrue(pune, 5, "99.00")
    services.reverse(actor="system:tests", entry=wrong, day=wrong.day, reason="Wrong", now=NOW)
    late = factories.repayment(pune, day=date(2026, 6, 8))
    services.reverse(
        actor="system:tests", entry=late, day=date(2026, 6, 12), reason="Bounced", now=NOW
    )
    days: dict[str, Any] = {"start": date(2026, 6, 1), "end": date(2026, 6, 30)}

    every = selectors.statement(LOAN, **days)
    plain = selectors.statement(LOAN, **days, with_corrections=False)

    assert [(row.event.value, row.is_reversed) for row in every.rows] == [
        ("disbursement", False),
        ("interest_accrual", True),
        ("reversal", False),
        ("repayment", True),
        ("reversal", False),
    ]
    # A bounced payment was a payment until it bounced; the wrong interest never was.
    assert _rows(plain) == [
        ("disbursement", 1, Decimal(1000), 0, Decimal(1000)),
        ("repayment", 8, 0, Decimal(300), Decimal(700)),
        ("reversal", 12, Decimal(300), 0, Decimal(1000)),
    ]
    assert every.rows[-1].owed == plain.rows[-1].owed == every.closing.owed


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (None, None, (2, 20)),
        (5, 7, (5, 7)),
        (25, None, (25, 25)),
        (None, 1, (1, 1)),
        (5, None, (5, 20)),
        (None, 7, (2, 7)),
    ],
    ids=["whole", "both", "after-the-last", "before-the-first", "from", "to"],
)
def test_it_begins_no_later_than_it_ends(
    start: int | None, end: int | None, said: tuple[int, int]
) -> None:
    asked = [day and date(2026, 6, day) for day in (start, end)]

    found = statement.span(*asked, first=date(2026, 6, 2), last=date(2026, 6, 20))

    assert (found[0].day, found[1].day) == said


def test_it_begins_with_nothing_on_the_calendars_first_day(pune: Branch) -> None:
    factories.post(pune)

    found = selectors.statement(LOAN, start=date.min, end=date(2026, 6, 1))

    assert (found.opening.owed, found.closing.owed) == (0, 1000)


def test_it_is_empty_before_anything_was_posted(pune: Branch) -> None:
    found = selectors.statement(LOAN, start=date(2026, 6, 1), end=date(2026, 6, 30))

    assert (found.currency, found.rows, found.opening.owed, found.closing.owed) == ("", [], 0, 0)
