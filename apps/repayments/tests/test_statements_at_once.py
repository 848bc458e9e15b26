"""Two at once on own connections: a file, a row and a payment are each taken once."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core.errors import Conflict, DomainError
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.loans.tests import factories as loans
from apps.repayments import services
from apps.repayments.models import AccountEvent, StatementFile, StatementLine
from apps.repayments.tests import factories as books
from apps.repayments.tests import statement_factories as factories
from creditrisk.local import places

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NOW, row, balance = factories.NOW, factories.row, factories.balance
# The process stands still when it comes to the named place for the second time.
WORKER = """
import importlib, sys, time
import django
django.setup()
from apps.repayments import services
from apps.repayments.services import posting_statements
from django.utils.dateparse import parse_datetime

file, module, name, now = sys.argv[1:]
posting_statements.CHUNK = 2
place = importlib.import_module(module)
real, calls = getattr(place, name), []

def stand_still(*arguments, **known):
    calls.append(1)
    if len(calls) == 2:
        print("standing still", flush=True)
        time.sleep(60)
    return real(*arguments, **known)

setattr(place, name, stand_still)
while services.advance_statement(file_id=file, now=parse_datetime(now)):
    pass
"""


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


@pytest.fixture
def killed() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of a test; none is left behind."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_of_two_people_one_places_the_money(
    alice: User, bob: User, charlie: User, lent: Loan
) -> None:
    other = loans.paid(alice, bob).loan
    line = factories.in_suspense(alice)

    results = _at_once(
        lambda: services.place_money(actor=alice, line=line, loan=lent, now=NOW),
        lambda: services.place_money(actor=charlie, line=line, loan=other, now=NOW),
    )

    placed = [one for one in results if isinstance(one, StatementLine)]
    assert [type(one) for one in results if one not in placed] == [Conflict]
    line.refresh_from_db()
    event = AccountEvent.objects.get()
    assert (line.event, line.loan, line.placed_by) == (event, event.loan, event.made_by)
    assert balance(Account.UNIDENTIFIED) == 0
    assert books.offenders() == []


def test_placing_and_returning_at_once_does_one(alice: User, charlie: User, lent: Loan) -> None:
    line = factories.in_suspense(alice)
    services.ask_return(actor=alice, line=line, reason="Not ours.")

    results = _at_once(
        lambda: services.place_money(actor=alice, line=line, loan=lent, now=NOW),
        lambda: services.give_back(actor=charlie, line=line, day=factories.PAID_ON, now=NOW),
    )

    assert len([one for one in results if isinstance(one, Conflict)]) == 1
    line.refresh_from_db()
    assert line.status in ("posted", "returned")
    assert AccountEvent.objects.count() == (1 if line.status == "posted" else 0)
    assert balance(Account.UNIDENTIFIED) == 0


def test_the_same_file_sent_twice_at_once_is_one_file(alice: User, charlie: User) -> None:
    content = factories.content([row("UTR1"), row("UTR2")])

    def send(actor: User) -> object:
        return services.receive_statement(
            actor=actor, branch=alice.branch, statement=factories.statement(content), now=NOW
        )

    results = _at_once(lambda: send(alice), lambda: send(charlie))

    file = StatementFile.objects.get()
    assert sorted(results, key=str) == [(file, False), (file, True)]
    assert file.lines.count() == 2


def test_two_files_with_the_same_rows_post_each_once(alice: User, bob: User, lent: Loan) -> None:
    other = loans.paid(alice, bob).loan
    rows = [row(f"A{n}", "10.00", f"EMI {lent.number}") for n in range(8)]
    rows += [row(f"B{n}", "10.00", f"EMI {other.number}") for n in range(8)]
    rows += [row(f"C{n}", "10.00") for n in range(8)]
    files = [factories.started(alice, rows), factories.started(alice, [*reversed(rows)])]

    _at_once(*(lambda file=file: factories.run(file) for file in files))
    for file in files:
        factories.run(file)

    assert {file.status for file in files} == {"finished"}
    taken = StatementLine.objects.filter(status__in=("posted", "suspense"))
    assert taken.count() == len(rows) == taken.values("key").distinct().count()
    assert StatementLine.objects.filter(status="ignored", because="known").count() == len(rows)
    assert AccountEvent.objects.count() == 16
    assert balance(Account.UNIDENTIFIED) == Decimal("-80.00")
    assert balance(Account.ADVANCES, lent) == balance(Account.ADVANCES, other) == Decimal("-80.00")
    assert books.offenders() == []


def test_two_workers_at_one_file_share_its_lines(alice: User, lent: Loan) -> None:
    rows = [row(f"A{n}", "10.00", f"EMI {lent.number}" if n % 2 else "?") for n in range(20)]
    file = factories.started(alice, rows)

    _at_once(*(lambda: factories.run(StatementFile.objects.get(pk=file.pk)) for _lane in range(2)))
    factories.run(file)

    assert file.status == "finished"
    assert file.lines.filter(status="posted").count() == 10
    assert AccountEvent.objects.count() == 10
    assert balance(Account.UNIDENTIFIED) == Decimal("-100.00")


@pytest.mark.parametrize(
    "place",
    [
        # With lines claimed, with money about to be posted to loans, with some of it posted, and
        # with all money of the chunk posted but what became of the lines not yet written.
        "apps.repayments.candidates.suggestions",
        "apps.repayments.writing.write",
        "apps.repayments.suspense_entries.hold_all",
        "apps.repayments.services.posting_statements._write",
    ],
)
def test_a_killed_worker_leaves_nothing_half_done(
    alice: User, lent: Loan, killed: list[subprocess.Popen[str]], place: str
) -> None:
    rows = [row(f"A{n}", "10.00", f"EMI {lent.number}" if n % 2 else "?") for n in range(7)]
    file = factories.started(alice, rows)
    entries = Entry.objects.count()
    module, _dot, name = place.rpartition(".")
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(file.pk), module, name, NOW.isoformat()],
        env={**os.environ, "DATABASE_URL": url},
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    killed.append(process)
    assert process.stdout is not None
    assert any("standing still" in line for line in iter(process.stdout.readline, ""))
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=10) == -signal.SIGKILL

    assert file.lines.filter(status="waiting").count() == 5
    assert Entry.objects.count() == entries + 2
    file.refresh_from_db()
    assert services.sweep_statements(now=file.updated_at + timedelta(minutes=2)) == 1
    factories.run(file)

    assert file.status == "finished"
    assert not file.lines.filter(status="waiting").exists()
    assert AccountEvent.objects.count() == 3
    assert balance(Account.UNIDENTIFIED) == Decimal("-40.00")
    assert balance(Account.ADVANCES, lent) == Decimal("-30.00")
    assert books.offenders() == []
