"""Many clients repay at once, and kill -9 while a statement is posted: the books are exact.

`make load-repayments` and `make kill-repayments` do the same at full size.
"""

import dataclasses
from collections.abc import Iterator

import pytest

from benchmarks import kill_repayments, load_repayments, repaying
from benchmarks.kill_repayments import Teller
from benchmarks.repaying import Book
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

CLIENTS = 10
PAIRS = 12
LOADED = 4


@pytest.fixture(scope="module")
def book(stack: Stack) -> Book:
    """Loans with twins of the same terms, and somebody who posts payments of them."""
    return repaying.lend(stack, PAIRS, clerks=1)


@pytest.fixture
def running_again(stack: Stack) -> Iterator[None]:
    """Leaves web and a worker for the journeys after this one, whatever happens here."""
    yield
    for name in ("web", "worker"):
        if not stack.is_running(name):
            stack.start(name)
    stack.wait_until_ready()


def test_many_clients_at_once_lose_nothing_and_double_nothing(stack: Stack, book: Book) -> None:
    some = dataclasses.replace(book, loans=book.loans[:LOADED])

    # Both compare every answer and every balance.
    one = load_repayments.at_one_loan(stack, some.loans[0], some, clients=CLIENTS)
    many = load_repayments.at_many_loans(stack, some, clients=CLIENTS, each=3, seed=1)

    assert (one["requests"], one["payments"], one["refused"]) == (
        3 * CLIENTS,
        CLIENTS // 2,
        CLIENTS,
    )
    # One of the two that use a reference for different loans is refused.
    assert many["payments"] == 3 * CLIENTS + CLIENTS // 2
    assert many["refused"] >= CLIENTS // 2


def test_a_statement_comes_to_the_same_though_its_worker_is_killed(
    stack: Stack, book: Book, running_again: None
) -> None:
    quiet, disturbed = book.twins[LOADED:], book.loans[LOADED:]
    [token] = repaying.signed_in(stack, book)

    said = kill_repayments.disturb(
        Teller(stack, token), quiet, disturbed, seed=1, rows=150, victim="worker"
    )

    assert said["victim"] == "worker"
    kill_repayments.compare(stack, quiet, disturbed)
    repaying.prove(stack)
