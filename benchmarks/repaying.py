"""Clients that repay loans over the API of a running system, and what the books then hold.

Beside `tests.journeys.stack`: real gunicorn, a real Celery worker, real PostgreSQL.
"""

import http.client
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from creditrisk.local import places
from tests.journeys.stack import Stack

OK, CONFLICT, FORBIDDEN = 200, 409, 403
# An answer that is longer away than this was lost.
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: Any


@dataclass
class Client:
    """A connection of its own on which somebody who signed in works."""

    port: int
    token: str = ""
    _line: http.client.HTTPConnection | None = field(default=None, repr=False)

    def sign_in(self, email: str, password: str) -> None:
        """Sign in as anybody does."""
        answer = self.post("/api/v1/token", {"email": email, "password": password})
        if answer.status != OK:
            raise AssertionError(f"{email} may not sign in: {answer}")
        self.token = answer.body["access"]

    def get(self, path: str) -> Answer:
        """Ask for something."""
        return self._send("GET", path, b"", "application/json")

    def post(self, path: str, body: object) -> Answer:
        """Send JSON."""
        return self._send("POST", path, json.dumps(body).encode(), "application/json")

    def upload(self, path: str, name: str, content: bytes, **fields: str) -> Answer:
        """Send a file as a form does."""
        edge = "edge-of-a-part"
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv'
        parts += [f"--{edge}\r\nContent-Disposition: {head}\r\n\r\n".encode(), content]
        body = b"".join([*parts, f"\r\n--{edge}--\r\n".encode()])
        return self._send("POST", path, body, f"multipart/form-data; boundary={edge}")

    def close(self) -> None:
        """End the connection."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _send(self, method: str, path: str, body: bytes, kind: str) -> Answer:
        """Send one request. Raises OSError or HTTPException where the connection breaks."""
        if self._line is None:
            self._line = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=_PATIENCE_SECONDS
            )
        headers = {"Content-Type": kind}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            self._line.request(method, path, body=body, headers=headers)
            answer = self._line.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        try:
            return Answer(answer.status, json.loads(text) if text else None)
        except ValueError:
            return Answer(answer.status, text[:300].decode(errors="replace"))


@dataclass(frozen=True)
class LentLoan:
    """A loan that repays: its key, number, customer's key, when and how much was paid out."""

    pk: str
    number: str
    customer: str
    paid_out: date
    principal: Decimal


@dataclass(frozen=True)
class Book:
    """Loans in pairs of the same terms, and who posts their payments."""

    loans: tuple[LentLoan, ...]
    twins: tuple[LentLoan, ...]
    clerks: tuple[str, ...]
    password: str = field(repr=False)


def lend(stack: Stack, loans: int, *, clerks: int) -> Book:
    """Take so many loans on the books, and as many twins of them."""
    made = stack.world("lend_twins", loans, clerks, of="book")
    rows = [
        LentLoan(pk, number, customer, date.fromisoformat(day), Decimal(principal))
        for pk, number, customer, day, principal in made["loans"]
    ]
    return Book(tuple(rows[:loans]), tuple(rows[loans:]), tuple(made["clerks"]), made["password"])


def signed_in(stack: Stack, book: Book) -> list[str]:
    """Return a token of each clerk, for connections to share."""
    tokens = []
    for email in book.clerks:
        client = Client(stack.port)
        client.sign_in(email, book.password)
        client.close()
        tokens.append(client.token)
    return tokens


def prove(stack: Stack, *, accounts: bool = True) -> None:
    """Raise AssertionError where a proof of the ledger, or a replay of accounts, finds faults."""
    for command in ("prove_ledger", "prove_accounts") if accounts else ("prove_ledger",):
        done = subprocess.run(
            [sys.executable, "manage.py", command],
            env=stack.environment,
            cwd=places.ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise AssertionError(f"{command}: {done.stdout}{done.stderr}")


def deadlocks(stack: Stack) -> int:
    """Return how often the database had to break a circle of waiting."""
    [[found]] = stack.ask(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    return int(found)


def cash(stack: Stack, loans: Sequence[LentLoan]) -> dict[str, Decimal]:
    """Return what came in for each loan by the ledger, beyond what was paid out."""
    rows = stack.ask(
        "SELECT loan_id::text, sum(debit - credit) FROM ledger_line"
        " WHERE account = 'cash' AND loan_id::text = ANY(%s) GROUP BY loan_id",
        [one.pk for one in loans],
    )
    held = dict(rows)
    return {one.pk: held.get(one.pk, Decimal(0)) + one.principal for one in loans}
