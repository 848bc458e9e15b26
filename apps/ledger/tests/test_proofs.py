"""The proofs find what got around the database, name it with both figures, and can be seen."""

import io
from collections.abc import Callable
from typing import Any

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from apps.accounts.models import Branch, User
from apps.audit.models import Event as AuditEvent
from apps.ledger import proofs, services, tasks
from apps.ledger.models import ProofRun
from apps.ledger.proofs import Offender
from apps.ledger.tests import factories
from apps.ledger.tests.factories import LOAN, NOW, TODAY

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _own_checks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apps above register theirs, which know nothing of the loans of these tests."""
    monkeypatch.setattr(proofs, "_registered", {})


def _forge(statement: str, *values: Any) -> None:
    """Do by hand, after what is posted was committed, what no trigger may see."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def _failed(run: ProofRun) -> dict[str, Any]:
    return {one["code"]: one["offender"] for one in run.results if not one["holds"]}


def test_it_proves_a_book_that_is_right(pune: Branch) -> None:
    entry = factories.post(pune)
    services.reverse(actor="system:tests", entry=entry, day=TODAY, reason="Twice", now=NOW)
    services.close_day(actor="system:tests", entity=pune.entity, day=TODAY.replace(day=14), now=NOW)

    run = services.prove(actor="system:tests", now=NOW)

    assert (run.holds, _failed(run)) == (True, {})
    assert [one["code"] for one in run.results] == [one.code for one in proofs.OWN]
    assert AuditEvent.objects.get(verb="ledger.proved").facts == {"holds": True, "failed": []}


def test_it_names_the_first_entry_and_loan_that_do_not_balance(pune: Branch) -> None:
    first, second = factories.post(pune), factories.repayment(pune)
    for entry in (second, first):
        _forge("UPDATE ledger_line SET debit = 1 WHERE entry_id = %s AND number = 1", entry.pk)

    found = _failed(services.prove(actor="system:tests", now=NOW))

    assert found["entry"] == {
        "name": f"#{first.pk}",
        "expected": "1.00",
        "found": "1000.00",
        "loan_id": str(LOAN),
    }
    assert found["currency"] == {
        "name": "INR",
        "expected": "2.00",
        "found": "1300.00",
        "loan_id": "",
    }


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM ledger_line WHERE number = 2", "entry"),
        ("DELETE FROM ledger_line", "entry"),
        ("UPDATE ledger_line SET day = day + 1 WHERE number = 1", "line"),
        ("UPDATE ledger_line SET currency = 'USD' WHERE number = 1", "line"),
        ("UPDATE ledger_line SET account = 'inter_branch' WHERE number = 1", "inter_branch"),
        (
            "UPDATE ledger_entry SET currency = 'USD' WHERE event = 'repayment'",
            "loan_currency",
        ),
        ("UPDATE ledger_closingtotal SET debit = debit + 1", "totals"),
        (
            (
                "UPDATE ledger_line SET debit = debit * 2, credit = credit * 2"
                " WHERE entry_id = (SELECT max(id) FROM ledger_entry)"
            ),
            "reversal",
        ),
        (
            (
                "UPDATE ledger_line SET account = 'advances' WHERE account = 'principal'"
                " AND entry_id = (SELECT max(id) FROM ledger_entry)"
            ),
            "reversal",
        ),
        (
            (
                "UPDATE ledger_entry SET loan_id = NULL WHERE reverses_id IS NOT NULL;"
                " UPDATE ledger_line SET loan_id = NULL"
                " WHERE entry_id = (SELECT max(id) FROM ledger_entry)"
            ),
            "reversal",
        ),
        (
            (
                "SET LOCAL session_replication_role = replica;"
                " DELETE FROM ledger_line WHERE entry_id = (SELECT min(id) FROM ledger_entry);"
                " DELETE FROM ledger_entry WHERE id = (SELECT min(id) FROM ledger_entry)"
            ),
            "reversal",
        ),
    ],
    ids=[
        "a-line-gone",
        "all-lines-gone",
        "line-of-another-day",
        "line-of-another-currency",
        "branches",
        "loan-in-two-currencies",
        "totals",
        "reversal-of-another-amount",
        "reversal-of-another-account",
        "reversal-of-another-loan",
        "reversal-of-nothing",
    ],
)
def test_it_finds_what_got_around_the_database(pune: Branch, statement: str, code: str) -> None:
    entry = factories.post(pune)
    factories.repayment(pune)
    services.close_day(actor="system:tests", entity=pune.entity, day=TODAY.replace(day=12), now=NOW)
    services.reverse(actor="system:tests", entry=entry, day=TODAY, reason="Twice", now=NOW)
    assert services.prove(actor="system:tests", now=NOW).holds
    _forge(statement)

    run = services.prove(actor="system:tests", now=NOW)

    assert not run.holds
    assert code in _failed(run)


def test_it_runs_the_checks_of_apps_above_and_says_which_loan(pune: Branch) -> None:
    proofs.register(
        "above.loans",
        lambda: Offender("L-7", "10.00", "9.00", str(LOAN)),
        sentence="Loans equal the ledger",
    )
    said = io.StringIO()

    with pytest.raises(CommandError, match="NOT proved: Loans equal the ledger"):
        call_command("prove_ledger", stdout=said)

    assert "holds  Every entry balances\n" in said.getvalue()
    assert (
        f"FAILS  Loans equal the ledger: first for L-7 (loan {LOAN}): 10.00 against 9.00\n"
    ) in said.getvalue()
    assert not ProofRun.objects.get().holds


def test_a_check_that_cannot_be_run_proves_nothing_and_stops_no_other(pune: Branch) -> None:
    def broken() -> Offender | None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM no_such_table")
        return None

    proofs.register("broken", broken, sentence="It can be asked")
    proofs.register("later", lambda: None, sentence="It is asked all the same")
    factories.post(pune)

    run = services.prove(actor="system:tests", now=NOW)

    assert [one["holds"] for one in run.results] == [*(True for _ in proofs.OWN), False, True]
    assert _failed(run)["broken"]["found"] == "ProgrammingError"


def test_it_says_that_the_ledger_is_proved(pune: Branch) -> None:
    factories.post(pune)
    said = io.StringIO()

    call_command("prove_ledger", stdout=said)

    assert f"The ledger is proved: {len(proofs.OWN)} checks in" in said.getvalue()


def test_it_keeps_what_the_night_found_and_shows_it(
    pune: Branch, charlie: User, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)
    assert browser.get("/ledger/proofs/badge/").content == b""
    tasks.prove()
    assert ProofRun.objects.get().actor == "system:beat"
    assert browser.get("/ledger/proofs/badge/").content == b""
    factories.post(pune)
    _forge("DELETE FROM ledger_line WHERE number = 2")
    tasks.prove(actor=charlie.audit_reference)

    page = browser.get("/ledger/proofs/").content.decode()
    books = browser.get("/ledger/").content.decode()

    assert "Every entry balances" in page
    assert "1000.00 against 0.00" in page
    assert "The ledger is not proved" in books
    assert browser.get("/ledger/proofs/badge/").content == b"!"
