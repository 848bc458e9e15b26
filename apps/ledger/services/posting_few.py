"""Post the few entries of one act by one statement that the database knows already."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection
from django.db.transaction import mark_for_rollback_on_error

from apps.accounts.models import Branch
from apps.core.errors import DomainError
from apps.core.statements import Given, Statement
from apps.ledger import refusals
from apps.ledger.chart import REVERSALS, Side
from apps.ledger.posting import Posting
from apps.ledger.services import posting as single

ZERO = Decimal(0)
_SQL = f"""
    WITH {single.HELD}, made AS (
        INSERT INTO ledger_entry (event, day, posted_at, reference, branch_id, currency, loan_id,
            customer_id, actor, facts)
        SELECT event, day, %s, reference, %s, %s, %s, %s, %s, facts::jsonb
        FROM unnest(%s::text[], %s::date[], %s::text[], %s::text[])
            WITH ORDINALITY AS one(event, day, reference, facts, place), held
        ORDER BY place
        RETURNING id, day, branch_id, currency, loan_id, reference
    ), written AS (
        INSERT INTO ledger_line (entry_id, number, account, debit, credit, day, branch_id, currency,
            loan_id)
        SELECT made.id, one.number, one.account, one.debit, one.credit, made.day, made.branch_id,
            made.currency, made.loan_id
        FROM made JOIN unnest(%s::text[], %s::int[], %s::text[], %s::numeric[], %s::numeric[])
            AS one(reference, number, account, debit, credit) ON one.reference = made.reference
    )
    SELECT reference, id FROM made
"""  # noqa: S608 - own text
_GIVEN = (
    "branch",
    *("now", "branch", "currency", "loan", "customer", "actor"),
    *("events", "days", "references", "facts"),
    *("line references", "numbers", "accounts", "debits", "credits"),
)
_POST = Statement(
    "ledger.post few", _SQL, [Given(name) for name in _GIVEN], after=single.HEED_TRIGGERS
)


def post_few(
    *, actor: Any, postings: Sequence[Posting], branch: Branch, now: datetime
) -> list[int]:
    """Post entries of one loan under references never used before; return their numbers.

    In the caller's transaction, which is over where the database refuses one of them: it raises
    IntegrityError, and `refusal_of` says what that means once the transaction is undone. Raises
    LedgerRefused for what is no entry or of no day that can be posted.
    """
    for one in postings:
        if one.event in REVERSALS:
            raise ValueError("A reversal is made from the entry that it takes back.")
        single.require_fit(one, branch=branch, now=now)
    if len({(one.branch_id, one.currency, one.loan_id, one.customer_id) for one in postings}) > 1:
        raise ValueError("The entries of one act are of one loan in one branch.")
    if not postings:
        return []
    name = actor if isinstance(actor, str) else actor.audit_reference
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        _POST.send(cursor, {"now": now, "actor": name, **_entries(postings), **_lines(postings)})
        numbers: dict[str, int] = dict(cursor.fetchall())
    return [numbers[one.reference] for one in postings]


def refusal_of(error: IntegrityError, branch: Branch) -> DomainError | None:
    """Return the sentence for an entry the database refused; None where it refused another row."""
    name = refusals.constraint_of(error)
    if name == "ledger_entry_day_open":
        return single.day_closed(branch)
    return refusals.of_database(name) if name.startswith("ledger_") else None


def _entries(postings: Sequence[Posting]) -> dict[str, Any]:
    first = postings[0]
    return {
        "branch": first.branch_id,
        "currency": first.currency,
        "loan": first.loan_id,
        "customer": first.customer_id,
        "events": [one.event.value for one in postings],
        "days": [one.day for one in postings],
        "references": [one.reference for one in postings],
        "facts": [json.dumps(dict(one.facts), cls=DjangoJSONEncoder) for one in postings],
    }


def _lines(postings: Sequence[Posting]) -> dict[str, Any]:
    rows = [
        (one.reference, number, line.account.value, line.side is Side.DEBIT, line.amount)
        for one in postings
        for number, line in enumerate(one.lines, start=1)
    ]
    return {
        "line references": [row[0] for row in rows],
        "numbers": [row[1] for row in rows],
        "accounts": [row[2] for row in rows],
        "debits": [row[4] if row[3] else ZERO for row in rows],
        "credits": [ZERO if row[3] else row[4] for row in rows],
    }
