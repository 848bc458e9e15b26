"""Positions in the list: every row once, forwards and backwards, and no address breaks it."""

import base64
import json

import pytest

from apps.accounts.models import Branch, User
from apps.applications import worklist
from apps.applications.models import Application
from apps.applications.tests import factories
from apps.core.errors import DomainError

pytestmark = pytest.mark.django_db


@pytest.fixture
def eleven(alice: User, pune: Branch) -> list[Application]:
    """Eleven applications of one customer, some with equal amounts."""
    customer = factories.borrower(pune)
    amounts = [100_000 + 10_000 * (number % 3) for number in range(11)]
    return [factories.application(alice, customer, amount=factories.rupees(a)) for a in amounts]


@pytest.mark.parametrize("sort", ["received", "-received", "amount", "-amount", "nonsense", ""])
def test_it_reads_every_row_once(alice: User, eleven: list[Application], sort: str) -> None:
    seen, after = [], ""
    while True:
        page = worklist.page(alice, worklist.Filters(), place(sort, after=after))
        seen += page.rows
        after = page.after
        if not after:
            break

    assert sorted(row.number for row in seen) == sorted(row.number for row in eleven)


def test_it_reads_back_to_where_it_began(alice: User, eleven: list[Application]) -> None:
    first = worklist.page(alice, worklist.Filters(), place("-amount"))
    second = worklist.page(alice, worklist.Filters(), place("-amount", after=first.after))

    back = worklist.page(alice, worklist.Filters(), place("-amount", before=second.before))

    assert back.rows == first.rows
    assert not first.before


@pytest.mark.parametrize(
    "values",
    [
        ["1e999999999", "x"],
        ["NaN", "x"],
        ["1\x00", "x"],
        ["2026-01-01T00:00:00+00:00", "not a key"],
        [None, None],
        ["1"],
        "text",
        {"a": 1},
        ["x" * 5000, "y"],
        ["9" * 400, "6f0f3e0e-6f0b-4d8e-9a59-3a7d2f1f5c11"],
        ["1e400000", "6f0f3e0e-6f0b-4d8e-9a59-3a7d2f1f5c11"],
    ],
)
@pytest.mark.parametrize("sort", ["amount", "received"])
def test_it_refuses_a_position_nobody_gave(alice: User, sort: str, values: object) -> None:
    forged = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")

    with pytest.raises(DomainError) as refusal:
        worklist.page(alice, worklist.Filters(), place(sort, after=forged))

    assert refusal.value.status == 400


def place(sort: str, *, after: str = "", before: str = "") -> worklist.Place:
    return worklist.Place(sort=sort, after=after, before=before, size=4)
