"""Post many entries at once by COPY: the same checks, the same triggers, a fraction of the time."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch
from apps.core import bulk
from apps.core.errors import Conflict
from apps.ledger import refusals
from apps.ledger.chart import REVERSALS, Side
from apps.ledger.models import Entry
from apps.ledger.posting import Posting
from apps.ledger.services import posting as single

# Entries of one COPY: the text of so many stays within a few megabytes.
CHUNK = 10_000
_ENTRIES = (
    "COPY ledger_entry (id, event, day, posted_at, reference, branch_id, currency, loan_id,"
    " customer_id, actor, facts) FROM STDIN"
)
_LINES = (
    "COPY ledger_line (entry_id, number, account, debit, credit, day, branch_id, currency,"
    " loan_id) FROM STDIN"
)


def post_many(*, actor: Any, postings: Sequence[Posting], now: datetime) -> list[int]:
    """Post many entries in one transaction; return their numbers, in the order of the postings.

    A posting whose reference is known and says the same keeps the number it has. All or nothing:
    raises what `post` raises, for the first posting that is refused, and Conflict where somebody
    else posted one of the references meanwhile. Reversals are posted one by one.
    """
    branches = _branches(postings)
    _require_different(postings)
    for one in postings:
        if one.event in REVERSALS:
            raise ValueError("A reversal is made from the entry that it takes back.")
        single.require_fit(one, branch=branches[one.branch_id], now=now)
    name = actor if isinstance(actor, str) else actor.audit_reference
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(single.HEED_TRIGGERS)
            single.share_days(*{branch.entity_id for branch in branches.values()})
            return [
                number
                for chunk in _chunks(postings)
                for number in _posted(chunk, actor=name, now=now)
            ]
    except IntegrityError as refusal:
        raise _refused(refusal, branches) from refusal


def _posted(chunk: Sequence[Posting], *, actor: str, now: datetime) -> list[int]:
    known = _known(chunk)
    fresh = [one for one in chunk if one.reference not in known]
    numbers = known | dict(zip((one.reference for one in fresh), _numbers(len(fresh)), strict=True))
    if fresh:
        moment = now.isoformat()
        bulk.copy_rows(
            _ENTRIES, (_entry(one, numbers[one.reference], actor, moment) for one in fresh)
        )
        bulk.copy_rows(
            _LINES, (row for one in fresh for row in _lines(one, numbers[one.reference]))
        )
    return [numbers[one.reference] for one in chunk]


def _entry(one: Posting, number: int, actor: str, moment: str) -> tuple[Any, ...]:
    facts = json.dumps(dict(one.facts), cls=DjangoJSONEncoder) if one.facts else "{}"
    return (
        *(number, one.event.value, one.day, moment, one.reference, one.branch_id),
        *(one.currency, one.loan_id, one.customer_id, actor, facts),
    )


def _lines(one: Posting, number: int) -> Iterator[tuple[Any, ...]]:
    where = (one.day, one.branch_id, one.currency, one.loan_id)
    for position, line in enumerate(one.lines, start=1):
        sides = (line.amount, 0) if line.side is Side.DEBIT else (0, line.amount)
        yield (number, position, line.account.value, *sides, *where)


def _numbers(count: int) -> list[int]:
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence('ledger_entry', 'id')::regclass))"
            " FROM generate_series(1, %s)",
            [count],
        )
        return [number for (number,) in cursor.fetchall()]


def _known(chunk: Sequence[Posting]) -> dict[str, int]:
    """Return the numbers of the postings that stand already. Raises ReferenceTaken."""
    rows = Entry.objects.filter(reference__in=[one.reference for one in chunk])
    standing = {row.reference: row for row in rows.prefetch_related("lines")}
    for one in chunk if standing else ():
        if one.reference in standing and not single.says_the_same(standing[one.reference], one):
            raise refusals.reference_taken(one.reference)
    return {reference: row.pk for reference, row in standing.items()}


def _branches(postings: Sequence[Posting]) -> dict[UUID, Branch]:
    keys = {one.branch_id for one in postings}
    found = Branch.objects.select_related("entity").in_bulk(keys)
    if len(found) < len(keys):
        raise refusals.LedgerRefused("branch_unknown", _("There is no such branch."))
    return found


def _require_different(postings: Sequence[Posting]) -> None:
    seen: set[str] = set()
    for one in postings:
        if one.reference in seen:
            raise refusals.reference_taken(one.reference)
        seen.add(one.reference)


def _chunks(postings: Sequence[Posting]) -> Iterator[list[Posting]]:
    rest = iter(postings)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _refused(error: IntegrityError, branches: dict[UUID, Branch]) -> Exception:
    name = refusals.constraint_of(error)
    if name == "ledger_entry_day_open":
        closed = {branch.entity_id: branch for branch in branches.values()}.values()
        return single.day_closed(*closed)
    if name.startswith("ledger_entry_reference"):
        return Conflict(
            "posted_meanwhile", _("Some of this was posted by somebody else just now. Try again.")
        )
    return refusals.of_database(name)
