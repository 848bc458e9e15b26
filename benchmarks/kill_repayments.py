"""kill -9 while statements of a bank are posted: they come to exactly what twins come to.

Each statement is sent, checked and posted over the API for loans that are left alone, then the same
for their twins while something is killed at a random moment: all of web or of the worker, or one of
their processes. It is started again, and lost messages are looked for as beat would in a minute.
Afterwards lines, payments, entries, allocations and accounts of both are the same, and the proofs
are clean. Raises AssertionError where they are not.
"""

import argparse
import http.client
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import repaying, running, standing
from benchmarks.repaying import Answer, Client, LentLoan
from tests.journeys.stack import Stack

PATH = "/api/v1/statements"
VICTIMS = ("web", "worker", "a process of web", "a process of worker")
HEADER = "Date,Narration,Ref No,Withdrawal Amt.,Deposit Amt.,Closing Balance"
# Statements take no day of more than five years ago.
_LONGEST_DAYS = 900
_PATIENCE_SECONDS = 90.0
_BROKEN = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Teller:
    """Somebody who brings statements to a running system, whatever becomes of its processes."""

    stack: Stack
    token: str

    def bring(
        self, name: str, content: bytes, *, between: Callable[[], None] = lambda: None
    ) -> str:
        """Send a statement, let it be posted and wait until it is; return its key.

        `between` is called again and again meanwhile.
        """
        until = time.monotonic() + _PATIENCE_SECONDS
        file: dict[str, str] = {}
        client = Client(self.stack.port, self.token)
        while time.monotonic() < until:
            try:
                file = _answered(client.upload(PATH, name, content, layout="bank"))
                if file["state"] == "finished":
                    return str(file["id"])
                if file["state"] == "checked":
                    _answered(client.post(f"{PATH}/{file['id']}/start", {}))
            except _BROKEN:
                # What was killed comes back; the same file again is the same statement.
                client.close()
            between()
            time.sleep(0.05)
        raise AssertionError(f"{name} is not finished after {_PATIENCE_SECONDS:.0f} s: {file}")


@dataclass
class Killer:
    """Kills something once, after so many seconds, and starts it again."""

    stack: Stack
    victim: str
    after: float
    dice: random.Random
    came: dict[str, object] = field(default_factory=dict)
    _killed: threading.Event = field(default_factory=threading.Event)
    _is_mended: bool = False

    def run(self) -> None:
        """Wait and kill."""
        time.sleep(self.after)
        self.came = self._seen()
        name = self.victim.rpartition(" ")[2]
        if self.victim == name:
            self.stack.kill(name)
        else:
            os.kill(self.dice.choice(_children(self.stack.pid(name))), signal.SIGKILL)
        self._killed.set()

    def mend(self) -> None:
        """Start what was killed again and look for what was lost, once.

        By the main thread: a program ends with the thread that started it.
        """
        if not self._killed.is_set() or self._is_mended:
            return
        self._is_mended = True
        if self.victim in ("web", "worker"):
            self.stack.start(self.victim)
        self.stack.world("sweep_statements", of="book")

    def _seen(self) -> dict[str, object]:
        """Return how far the last statement has come."""
        rows = self.stack.ask(
            "SELECT id::text, status FROM repayments_statementfile"
            " ORDER BY uploaded_at DESC LIMIT 1"
        )
        [(file, state)] = rows or [("", "nothing")]
        return {"state": state, **(standing.counts(self.stack, file) if file else {})}


def main() -> None:
    """Kill as often as asked and say what was killed when."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, default in (("kills", 10), ("loans", 100), ("rows", 300), ("seed", 7)):
        asked.add_argument(f"--{name}", type=int, default=default)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, running.book(Path(folder)) as stack:
        book = repaying.lend(stack, given.loans, clerks=1)
        for number in range(given.kills):
            seed = given.seed + number
            # A token works for ten minutes only.
            [token] = repaying.signed_in(stack, book)
            said = disturb(Teller(stack, token), book.twins, book.loans, seed=seed, rows=given.rows)
            print(json.dumps({"kill": number + 1, "seed": seed, **said}), flush=True)
        compare(stack, book.twins, book.loans)
        repaying.prove(stack)


def disturb(
    teller: Teller,
    quiet: Sequence[LentLoan],
    disturbed: Sequence[LentLoan],
    *,
    seed: int,
    rows: int,
    victim: str = "",
) -> dict[str, object]:
    """Post a statement for loans left alone, and for their twins with a kill; say how it went.

    Raises AssertionError where lines come to something else than their twins.
    """
    stack = teller.stack
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    began = time.monotonic()
    first = teller.bring(f"quiet-{seed}.csv", _statement(seed, quiet, rows, "Q"))
    seconds = time.monotonic() - began
    killer = Killer(stack, victim or dice.choice(VICTIMS), 0.8 * dice.random() * seconds, dice)
    thread = threading.Thread(target=killer.run)
    thread.start()
    second = teller.bring(
        f"disturbed-{seed}.csv", _statement(seed, disturbed, rows, "D"), between=killer.mend
    )
    thread.join()
    killer.mend()
    if standing.of_lines(stack, quiet, first) != standing.of_lines(stack, disturbed, second):
        raise AssertionError(f"Seed {seed}: the lines came to something else.")
    return {
        "victim": killer.victim,
        "after_seconds": round(killer.after, 2),
        "of_seconds": round(seconds, 2),
        "had_come_to": killer.came,
        "came_to": standing.counts(stack, second),
    }


def compare(stack: Stack, quiet: Sequence[LentLoan], disturbed: Sequence[LentLoan]) -> None:
    """Raise AssertionError where loans do not stand exactly as their twins."""
    wanted, found = standing.of_loans(stack, quiet), standing.of_loans(stack, disturbed)
    for name, rows in wanted.items():
        other = [*set(rows) ^ set(found[name])]
        if rows != found[name]:
            raise AssertionError(f"{name} differ in {len(other)} rows: {sorted(other)[:6]}")


def _statement(seed: int, loans: Sequence[LentLoan], rows: int, mark: str) -> bytes:
    """Return a statement of a bank: the same one for twins, but for numbers and references."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    first = datetime.now(UTC).date() - timedelta(days=_LONGEST_DAYS + 1)
    lines: list[str] = []
    for number in range(rows):
        loan = dice.choice(loans)
        day = first + timedelta(days=dice.randrange(_LONGEST_DAYS))
        amount = f"{dice.randrange(100, 20_000) / 100:.2f}"
        text, reference = f"EMI {loan.number}", f"{mark}{seed}X{number:05}"
        line = f"{day:%d/%m/%Y},{text},{reference},,{amount},1.00"
        lines.append(_spoilt(dice, line, lines, text=text, amount=amount))
    return "\n".join([HEADER, *lines, ""]).encode()


def _spoilt(
    dice: random.Random, line: str, before: Sequence[str], *, text: str, amount: str
) -> str:
    """Return a line as it is, mostly; some name no loan, say nothing, or say it again."""
    kind = dice.random()
    if kind < 0.1:
        return line.replace(text, "NEFT")
    if kind < 0.15:
        return line.replace(f",{amount},", ",abc,")
    if kind < 0.2 and before:
        return dice.choice(before)
    if kind < 0.25:
        return line.replace(f",,{amount},", f",{amount},,")
    return line


def _answered(answer: Answer) -> dict[str, str]:
    """Return what a request was answered with. Raises AssertionError for a failure."""
    if answer.status not in (200, 201, 409):
        raise AssertionError(str(answer))
    return dict(answer.body)


def _children(pid: int) -> list[int]:
    """Return the processes that one started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


if __name__ == "__main__":
    main()
