"""Many clients repay at once over the API: every balance is right, nothing is lost or doubled.

First all clients pay one loan at the same moment, then all of them many loans. Some references are
sent again, some by two clients at once, some with other content, some for a loan and for another
borrower. Real PostgreSQL, gunicorn and Celery; everybody signs in. Raises AssertionError where an
answer or the books are not what they must be.
"""

import argparse
import json
import random
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks import repaying, running
from benchmarks.repaying import CONFLICT, OK, Answer, Book, Client, LentLoan
from tests.journeys.stack import Stack

PATH = "/api/v1/repayments"
# Days after a loan was paid out, on which something of it falls due.
_LONGEST_DAYS = 900


class Wanted(StrEnum):
    """What a posting must come to."""

    POSTED = "posted"
    AGAIN = "again"
    REFUSED = "refused"
    # Two use one reference for different things: one of them is refused.
    CONTESTED = "contested"


@dataclass(frozen=True)
class Posting:
    """What a client sends, and what it must come to."""

    body: dict[str, str]
    wanted: Wanted

    @property
    def reference(self) -> str:
        """The reference of the money."""
        return self.body["external_reference"]


@dataclass(frozen=True)
class Done:
    """A posting, its answer, and how many seconds that took."""

    posting: Posting
    answer: Answer
    seconds: float

    @property
    def events(self) -> tuple[str, ...]:
        """The payments it was answered with; none where it was refused."""
        return tuple(one["id"] for one in self.answer.body["results"])


def main() -> None:
    """Run both rounds and say what they came to."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, default in (("clients", 50), ("loans", 500), ("each", 20), ("seed", 7)):
        asked.add_argument(f"--{name}", type=int, default=default)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, running.book(Path(folder)) as stack:
        book = repaying.lend(stack, given.loans, clerks=5)
        found = {
            "one loan": at_one_loan(stack, book.loans[0], book, clients=given.clients),
            "many loans": at_many_loans(
                stack, book, clients=given.clients, each=given.each, seed=given.seed
            ),
        }
        repaying.prove(stack)
    for name, figures in found.items():
        print(json.dumps({"round": name, "seed": given.seed, **figures}), flush=True)


def at_one_loan(
    stack: Stack, loan: LentLoan, book: Book, *, clients: int, prefix: str = "ONE"
) -> dict[str, float]:
    """Let all clients pay one loan at once; return how many posts there were, and how fast.

    Every second client sends what the one before sends. Days go back and forth.
    """
    lists = []
    for place in range(clients):
        first = _payment(
            loan, f"{prefix}-{place // 2}", days=37 * (place // 2) % _LONGEST_DAYS + 31
        )
        lists.append(
            [
                Posting(first, Wanted.AGAIN if place % 2 else Wanted.POSTED),
                Posting(first, Wanted.AGAIN),
                Posting({**first, "amount": "1.23"}, Wanted.REFUSED),
            ]
        )
    return _run(stack, book, [loan], lists)


def at_many_loans(
    stack: Stack, book: Book, *, clients: int, each: int, seed: int, prefix: str = "MANY"
) -> dict[str, float]:
    """Let all clients pay many loans at once; return how many posts there were, and how fast."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    lists = [_some(dice, book, each, f"{prefix}-{place}") for place in range(clients)]
    for left, right in zip(lists[::2], lists[1::2], strict=False):
        _contest(dice, book, left, right)
    return _run(stack, book, book.loans, lists)


def _some(dice: random.Random, book: Book, each: int, prefix: str) -> list[Posting]:
    """Return what one client sends: payments, some of them again, some under a used reference."""
    found: list[Posting] = []
    for number in range(each):
        loan = dice.choice(book.loans)
        body = _payment(loan, f"{prefix}-{number}", days=dice.randrange(_LONGEST_DAYS))
        body["amount"] = f"{dice.randrange(100, 20_000) / 100:.2f}"
        if number % 4 == 3:
            # For all loans of a borrower; of a tape, that is one.
            body["customer"] = loan.customer
            del body["loan"]
        found.append(Posting(body, Wanted.POSTED))
        before = dice.choice(found)
        if before.wanted == Wanted.POSTED and dice.random() < 0.3:
            found.append(Posting(before.body, Wanted.AGAIN))
        if before.wanted == Wanted.POSTED and dice.random() < 0.2:
            found.append(Posting({**before.body, "amount": "0.77"}, Wanted.REFUSED))
    return found


def _contest(dice: random.Random, book: Book, left: list[Posting], right: list[Posting]) -> None:
    """Let two clients begin with one reference, for a loan and for another borrower."""
    one, other = dice.sample(book.loans, 2)
    reference = f"BOTH-{left[0].reference}"
    paid = _payment(one, reference, days=100)
    split = _payment(other, reference, days=100) | {"customer": other.customer}
    del split["loan"]
    left.insert(0, Posting(paid, Wanted.CONTESTED))
    right.insert(0, Posting(split, Wanted.CONTESTED))


def _payment(loan: LentLoan, reference: str, *, days: int) -> dict[str, str]:
    return {
        "loan": loan.pk,
        "day": str(loan.paid_out + timedelta(days=days)),
        "amount": "10.01",
        "channel": "bank_transfer",
        "external_reference": reference,
    }


def _run(
    stack: Stack, book: Book, loans: Sequence[LentLoan], lists: Sequence[Sequence[Posting]]
) -> dict[str, float]:
    """Send everything, from all clients at the same moment, and compare with the books."""
    before = repaying.cash(stack, loans)
    broken = repaying.deadlocks(stack)
    tokens = repaying.signed_in(stack, book)
    gate = threading.Barrier(len(lists) + 1)

    def work(place: int) -> list[Done]:
        client = Client(stack.port, tokens[place % len(tokens)])
        gate.wait(timeout=60)
        done = [_send(client, posting) for posting in lists[place]]
        client.close()
        return done

    with ThreadPoolExecutor(len(lists)) as pool:
        waiting = [pool.submit(work, place) for place in range(len(lists))]
        gate.wait(timeout=60)
        began = time.perf_counter()
        done = [one for found in waiting for one in found.result()]
        seconds = time.perf_counter() - began
    _check_answers(done)
    _check_books(stack, loans, done, before)
    if repaying.deadlocks(stack) != broken:
        raise AssertionError("The database had to break a circle of waiting.")
    return _figures(done, seconds)


def _send(client: Client, posting: Posting) -> Done:
    began = time.perf_counter()
    answer = client.post(PATH, posting.body)
    return Done(posting, answer, time.perf_counter() - began)


def _check_answers(done: Sequence[Done]) -> None:
    """Raise AssertionError where an answer is another than it must be."""
    by_reference: dict[str, list[Done]] = defaultdict(list)
    for one in done:
        by_reference[one.posting.reference].append(one)
    wrong = [str(one) for one in done if not _is_as_wanted(one)]
    for reference, those in by_reference.items():
        posted = {one.events for one in those if one.answer.status == OK}
        if len(posted) != 1:
            wrong.append(f"{reference} was answered with {sorted(posted)}")
    if wrong:
        raise AssertionError("\n".join([f"{len(wrong)} answers are wrong:", *wrong[:10]]))


def _is_as_wanted(one: Done) -> bool:
    is_refused = one.answer.status == CONFLICT and one.answer.body["code"] == "reference_used"
    if one.posting.wanted == Wanted.REFUSED:
        return is_refused
    is_posted = one.answer.status == OK
    return is_posted or (one.posting.wanted == Wanted.CONTESTED and is_refused)


def _check_books(
    stack: Stack, loans: Sequence[LentLoan], done: Sequence[Done], before: dict[str, Decimal]
) -> None:
    """Raise AssertionError unless exactly what was answered is on the books."""
    wanted = dict(before)
    told: dict[str, Any] = {
        row["id"]: row
        for one in done
        if one.answer.status == OK
        for row in one.answer.body["results"]
    }
    for row in told.values():
        wanted[row["loan"]] += Decimal(row["amount"])
    references = sorted({one.posting.reference for one in done})
    kept = stack.ask(
        "SELECT id::text FROM repayments_accountevent"
        " WHERE parameters->>'external_reference' = ANY(%s) AND status = 'live'",
        references,
    )
    if sorted(key for (key,) in kept) != sorted(told):
        raise AssertionError(f"{len(told)} payments were answered, {len(kept)} are kept.")
    now = repaying.cash(stack, loans)
    if now != wanted:
        other = [key for key in wanted if now[key] != wanted[key]]
        raise AssertionError(f"The balance of {len(other)} loans is wrong, so of {other[0]}.")


def _figures(done: Sequence[Done], seconds: float) -> dict[str, float]:
    took = [one.seconds * 1_000 for one in done]
    statuses = Counter(one.answer.status for one in done)
    return {
        "requests": len(done),
        "payments": len({key for one in done if one.answer.status == OK for key in one.events}),
        "refused": statuses[CONFLICT],
        "seconds": round(seconds, 2),
        "requests_per_second": round(len(done) / seconds, 1),
        "p95_ms": round(quantiles(took, n=20)[-1], 1),
    }


if __name__ == "__main__":
    main()
