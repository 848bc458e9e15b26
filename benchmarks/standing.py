"""How loans and statements stand, without the keys and moments that two twins differ in."""

from collections.abc import Sequence
from typing import Any

from benchmarks.repaying import LentLoan
from tests.journeys.stack import Stack

_LOANS = (
    "WITH mine AS (SELECT key::uuid AS loan_id, place FROM"
    " unnest(%s) WITH ORDINALITY AS given (key, place)) "
)
# Everything that says how a loan stands; each begins with which loan of the list it is of.
_LOAN_PICTURES = {
    "loans": "SELECT m.place, l.status FROM mine m JOIN loans_loan l ON l.id = m.loan_id",
    "accounts": (
        "SELECT m.place, to_jsonb(a) - '{loan_id,accrued_at}'::text[] FROM mine m"
        " JOIN repayments_loanaccount a USING (loan_id)"
    ),
    "events": (
        "SELECT m.place, e.day, e.position, e.kind, e.amount, e.currency, e.status, e.settled,"
        " e.parameters - 'external_reference' FROM mine m"
        " JOIN repayments_accountevent e USING (loan_id)"
    ),
    "entries": (
        "SELECT m.place, e.day, e.event, e.reverses_id IS NOT NULL, r.id IS NOT NULL, l.number,"
        " l.account, l.debit, l.credit FROM mine m JOIN ledger_entry e USING (loan_id)"
        " JOIN ledger_line l ON l.entry_id = e.id LEFT JOIN ledger_entry r ON r.reverses_id = e.id"
    ),
    "instalments": (
        "SELECT m.place, i.number, i.due_date, i.in_force, i.principal, i.interest, i.fee,"
        " i.paid_principal, i.paid_interest, i.paid_fee FROM mine m"
        " JOIN loans_instalment i USING (loan_id)"
    ),
    "allocations": (
        "SELECT m.place, e.day, e.event, i.number, i.due_date, a.bucket, a.amount FROM mine m"
        " JOIN loans_instalment i USING (loan_id) JOIN loans_allocation a ON a.instalment_id = i.id"
        " JOIN ledger_entry e ON e.id = a.entry_id"
    ),
    "charges": (
        "SELECT m.place, e.day, e.event, a.bucket, a.amount FROM mine m"
        " JOIN repayments_chargeallocation a USING (loan_id)"
        " JOIN ledger_entry e ON e.id = a.entry_id"
    ),
}
_LINES = (
    "SELECT l.number, l.status, l.because, l.faults, l.day, l.amount, m.place,"
    " held.day, held.event, (SELECT sum(n.credit) FROM ledger_line n WHERE n.entry_id = held.id)"
    " FROM repayments_statementline l LEFT JOIN mine m ON m.loan_id = l.loan_id"
    " LEFT JOIN ledger_entry held ON held.id = l.held_entry_id WHERE l.file_id::text = %s"
)
_COUNTS = (
    "SELECT l.status, count(*) FROM repayments_statementline l WHERE l.file_id::text = %s"
    " GROUP BY l.status ORDER BY l.status"
)


def of_loans(stack: Stack, loans: Sequence[LentLoan]) -> dict[str, list[str]]:
    """Return what is kept of some loans, by what it is: rows as texts, in an order of their own."""
    keys = [one.pk for one in loans]
    return {
        name: sorted(str(row) for row in stack.ask(_LOANS + sql, keys))
        for name, sql in _LOAN_PICTURES.items()
    }


def of_lines(stack: Stack, loans: Sequence[LentLoan], file: str) -> list[str]:
    """Return what became of each line of a statement that names these loans."""
    keys = [one.pk for one in loans]
    return sorted(str(row) for row in stack.ask(_LOANS + _LINES, keys, file))


def counts(stack: Stack, file: str) -> dict[str, Any]:
    """Return how many lines of a statement are in which state."""
    return dict(stack.ask(_COUNTS, file))
