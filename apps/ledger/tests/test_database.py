"""What the database refuses, whoever writes to it: statements typed by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.accounts.models import Branch
from apps.audit.models import AppendOnly
from apps.ledger import services
from apps.ledger.models import Awaited, Entry, Line
from apps.ledger.tests import factories
from apps.ledger.tests.factories import CLERK, LOAN, NOW

pytestmark = pytest.mark.django_db
_ENTRY = """
    INSERT INTO ledger_entry
        (id, event, day, posted_at, reference, branch_id, currency, loan_id, reverses_id, actor,
         facts)
    VALUES (%(id)s, %(event)s, %(day)s, now(), %(reference)s, %(branch)s, %(currency)s, %(loan)s,
            %(reverses)s, 'system:hand', '{}')
"""
_LINE = """
    INSERT INTO ledger_line
        (entry_id, number, account, debit, credit, day, branch_id, currency, loan_id)
    VALUES {rows}
"""


_SAID: dict[str, Any] = {
    "id": 900,
    "event": "fee",
    "day": date(2026, 6, 1),
    "reference": "by-hand",
    "currency": "INR",
    "loan": LOAN,
    "reverses": None,
}


def _entry(branch: Branch, **changes: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ENTRY, _SAID | {"branch": branch.pk} | changes)


def _lines(branch: Branch, *rows: tuple[int, str, str, str], **changes: Any) -> None:
    same = {"id": 900, "day": date(2026, 6, 1), "currency": "INR", "loan": LOAN} | changes
    values: list[Any] = []
    for number, account, debit, credit in rows:
        values += [same["id"], number, account, debit, credit]
        values += [same["day"], branch.pk, same["currency"], same["loan"]]
    places = ", ".join(["(" + ", ".join(["%s"] * 9) + ")"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(_LINE.format(rows=places), values)


def _commit() -> None:
    """Check what is checked at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def _refused(name: str) -> Iterator[None]:
    with (
        pytest.raises(DatabaseError, match=name),
        transaction.atomic(),
    ):
        yield


GOOD = ((1, "fees_receivable", "5", "0"), (2, "fee_income", "0", "5"))


def test_it_takes_a_balanced_entry(pune: Branch) -> None:
    _entry(pune)
    _lines(pune, *GOOD)
    _commit()

    assert Entry.objects.get().content()[0].amount == Decimal("5.00")


@pytest.mark.parametrize(
    "rows",
    [
        ((1, "fees_receivable", "5", "0"), (2, "fee_income", "0", "4")),
        ((1, "fees_receivable", "5", "0"), (2, "fee_income", "5", "0")),
        ((1, "fees_receivable", "5", "0"),),
        ((2, "fees_receivable", "5", "0"), (3, "fee_income", "0", "5")),
        ((1, "fees_receivable", "5", "0"), (3, "fee_income", "0", "5")),
    ],
    ids=["differs", "one-sided", "one-line", "not-from-one", "with-a-gap"],
)
def test_it_refuses_lines_that_do_not_balance(
    pune: Branch, rows: tuple[tuple[int, str, str, str], ...]
) -> None:
    with _refused("ledger_line_balanced"):
        _entry(pune)
        _lines(pune, *rows)

    assert not Entry.objects.exists()


def test_it_refuses_an_entry_without_lines_at_commit(pune: Branch) -> None:
    with _refused("ledger_entry_has_lines"):
        _entry(pune)
        _commit()


@pytest.mark.parametrize(
    "away", ["DELETE FROM ledger_awaited", "UPDATE ledger_awaited SET entries = '{}'"]
)
def test_it_refuses_an_entry_without_lines_whatever_becomes_of_the_note(
    pune: Branch, away: str
) -> None:
    with _refused("ledger_entry_has_lines"):
        _entry(pune)
        with connection.cursor() as cursor:
            cursor.execute(away)
        _commit()

    assert not Entry.objects.exists()


def test_it_refuses_many_entries_where_one_has_no_lines(pune: Branch) -> None:
    together = _ENTRY.replace("VALUES (%(id)s,", "SELECT n,").replace("%(reference)s", "'r' || n")
    together = together.rstrip().removesuffix(")") + " FROM generate_series(901, 903) AS n"

    with _refused("ledger_entry_has_lines: entry 902 "):
        with connection.cursor() as cursor:
            cursor.execute(together, _SAID | {"branch": pune.pk})
        for one in (901, 903):
            _lines(pune, *GOOD, id=one)
        _commit()

    assert not Entry.objects.exists()


def test_it_notes_only_entries_whose_lines_come_later(pune: Branch) -> None:
    factories.post(pune)
    assert not Awaited.objects.exists()

    _entry(pune)
    assert [one.entries for one in Awaited.objects.all()] == [[900]]
    _lines(pune, *GOOD)
    _commit()

    assert not Awaited.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_refuses_an_entry_without_lines_when_a_transaction_really_ends(pune: Branch) -> None:
    with _refused("ledger_entry_has_lines"):
        _entry(pune)

    assert not Entry.objects.exists()
    assert not Awaited.objects.exists()


def test_it_refuses_lines_added_to_an_entry_that_stands(pune: Branch) -> None:
    entry = factories.post(pune)

    with _refused("ledger_line_balanced"):
        _lines(pune, (3, "cash", "5", "0"), (4, "cash", "0", "5"), id=entry.pk)
    with _refused("ledger_line_pkey|duplicate key"):
        _lines(pune, (1, "cash", "5", "0"), (2, "cash", "0", "5"), id=entry.pk)

    assert Line.objects.count() == 2


@pytest.mark.parametrize(
    "row",
    [
        (1, "fees_receivable", "-5", "0"),
        (1, "fees_receivable", "0", "0"),
        (1, "fees_receivable", "5", "5"),
        (1, "fees_receivable", "5", "-5"),
    ],
    ids=["negative", "zero", "both-sides", "negative-credit"],
)
def test_it_refuses_amounts_that_are_not_positive(
    pune: Branch, row: tuple[int, str, str, str]
) -> None:
    with _refused("ledger_line_one_side"):
        _entry(pune)
        _lines(pune, row, (2, "fee_income", "0", "5"))


def test_it_refuses_an_account_that_is_not_in_the_chart(pune: Branch) -> None:
    with _refused("ledger_line_account_known"):
        _entry(pune)
        _lines(pune, (1, "petty_cash", "5", "0"), GOOD[1])


def test_it_refuses_an_event_that_nobody_knows(pune: Branch) -> None:
    with _refused("ledger_entry_event_known"):
        _entry(pune, event="gift")


@pytest.mark.parametrize(
    "changes",
    [{"day": date(2026, 6, 2)}, {"currency": "KES"}, {"loan": None}, {"id": 901}],
    ids=["day", "currency", "loan", "entry-that-is-not"],
)
def test_it_refuses_lines_that_say_otherwise_than_their_entry(
    pune: Branch, changes: dict[str, Any]
) -> None:
    with _refused("ledger_line_of_its_entry"):
        _entry(pune)
        _lines(pune, *GOOD, **changes)


def test_it_refuses_lines_of_another_branch(pune: Branch, nashik: Branch) -> None:
    with _refused("ledger_line_of_its_entry"):
        _entry(pune)
        _lines(nashik, *GOOD)


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_line", "ledger_closing"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET day = day + 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"],
    ids=["update", "delete", "truncate"],
)
def test_it_keeps_what_was_written(pune: Branch, table: str, statement: str) -> None:
    factories.post(pune)
    services.close_day(actor=CLERK, entity=pune.entity, day=date(2026, 6, 14), now=NOW)
    _commit()

    with (
        _refused("Cannot update or delete|append-only"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))

    assert Line.objects.count() == 2


def test_it_refuses_changes_in_python_with_a_sentence(pune: Branch) -> None:
    entry = factories.post(pune)

    for change in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        lambda: Line.objects.update(account="cash"),
    ):
        with pytest.raises(AppendOnly, match="corrected by an entry that reverses it"):
            change()


def test_it_refuses_the_same_reference_twice(pune: Branch) -> None:
    factories.post(pune, "by-hand")

    with _refused("reference"):
        _entry(pune)


@pytest.mark.parametrize("event", ["reversal", "disbursement_reversal"])
def test_it_refuses_a_reversal_of_nothing(pune: Branch, event: str) -> None:
    with _refused("ledger_entry_reversals_reverse"):
        _entry(pune, event=event)


def test_it_refuses_a_second_reversal_and_one_that_is_no_mirror(pune: Branch) -> None:
    entry = factories.post(pune)
    said: dict[str, Any] = {"event": "reversal", "reverses": entry.pk}

    for rows in (
        ((1, "principal", "0", "999"), (2, "cash", "999", "0")),
        ((1, "cash", "1000", "0"), (2, "principal", "0", "1000")),
        ((1, "principal", "1000", "0"), (2, "cash", "0", "1000")),
        (
            (1, "principal", "0", "1000"),
            (2, "cash", "1000", "0"),
            (3, "cash", "1", "0"),
            (4, "cash", "0", "1"),
        ),
    ):
        with _refused("ledger_line_mirrors"):
            _entry(pune, **said)
            _lines(pune, *rows)
    with _refused("ledger_entry_reversals_reverse"):
        _entry(pune, event="fee", reverses=entry.pk)
    services.reverse(actor=CLERK, entry=entry, day=date(2026, 6, 2), reason="Twice", now=NOW)
    with _refused("reverses_id"):
        _entry(pune, **said)


def test_it_refuses_a_reversal_in_another_branch_or_before_its_entry(
    pune: Branch, nashik: Branch
) -> None:
    entry = factories.post(pune)
    said: dict[str, Any] = {"event": "reversal", "reverses": entry.pk}

    with _refused("ledger_entry_true_reversal"):
        _entry(nashik, **said)
    with _refused("ledger_entry_true_reversal"):
        _entry(pune, **said, day=date(2026, 5, 31))
    with _refused("ledger_entry_true_reversal"):
        _entry(pune, **said, loan=factories.OTHER)


def test_it_refuses_a_closed_day(pune: Branch) -> None:
    services.close_day(actor=CLERK, entity=pune.entity, day=date(2026, 6, 10), now=NOW)

    for day in (date(2026, 6, 10), date(2026, 6, 1)):
        with _refused("ledger_entry_day_open"):
            _entry(pune, day=day)
    _entry(pune, day=date(2026, 6, 11))
    _lines(pune, *GOOD, day=date(2026, 6, 11))
    _commit()


def test_it_closes_days_in_order_only(pune: Branch) -> None:
    services.close_day(actor=CLERK, entity=pune.entity, day=date(2026, 6, 10), now=NOW)

    for back in (1, 0):
        with (
            pytest.raises(IntegrityError, match="ledger_closing"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "INSERT INTO ledger_closing (entity_id, day, actor, closed_at)"
                " VALUES (%s, %s, 'hand', now())",
                [pune.entity_id, date(2026, 6, 10) - timedelta(days=back)],
            )


def test_it_refuses_an_entry_of_no_branch(pune: Branch) -> None:
    nowhere = Branch(entity=pune.entity, code="nowhere", name="Nowhere")

    with pytest.raises(IntegrityError, match="ledger_entry_branch_known"), transaction.atomic():
        _entry(nowhere)

    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accounts_branch WHERE id = %s",
        "UPDATE accounts_branch SET id = gen_random_uuid() WHERE id = %s",
    ],
)
def test_it_keeps_a_branch_in_which_anything_was_posted(pune: Branch, statement: str) -> None:
    _entry(pune)
    _lines(pune, (1, "cash", "5", "0"), (2, "fee_income", "0", "5"))

    with (
        pytest.raises(IntegrityError, match="ledger_branch_kept"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [pune.pk])

    assert Branch.objects.filter(pk=pune.pk).exists()
