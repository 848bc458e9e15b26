"""Post one entry, once, and take one back."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch
from apps.audit import services as audit
from apps.core import dates, reasons
from apps.core.statements import Given, Statement
from apps.ledger import lines as contents
from apps.ledger import refusals, selectors
from apps.ledger.chart import REVERSALS, Event, Side
from apps.ledger.lines import Line
from apps.ledger.models import Closing, Entry, bounds
from apps.ledger.models.entries import OF_DAY
from apps.ledger.posting import Posting

EARLIEST = date(1970, 1, 1)
LONGEST_REFERENCE = 120
LONGEST_REASON = 500
# Every trigger asks whether it is to be ignored; where nobody has said so, that question ends in an
# error that it catches, once for each row at commit.
HEED_TRIGGERS = "SET LOCAL pgtrigger.ignore = '{}'"
# A closing asks what was posted since some key: a key is drawn only by who shares the days already.
HELD = (
    "held AS MATERIALIZED (SELECT count(pg_advisory_xact_lock_shared("  # noqa: S608 - a number
    f"{bounds.CLOSING_LOCK}, hashtext(entity_id::text))::text)"
    " FROM accounts_branch WHERE id = %s::uuid)"
)
_SAME = ("event", "day", "branch_id", "currency", "loan_id", "customer_id")


def post(  # noqa: PLR0913 - an entry is all of this, and each caller names it
    *,
    actor: Any,
    event: Event,
    day: date,
    lines: Sequence[Line],
    branch: Branch,
    currency: str,
    reference: str,
    now: datetime,
    loan_id: UUID | None = None,
    customer_id: UUID | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Entry:
    """Post one balanced entry and return it.

    The same reference with the same content returns the entry it made, whoever asks. Raises
    LedgerRefused for lines that are no entry, a day that is none or lies ahead, or a loan in
    another currency; DayClosed; ReferenceTaken for other content under the same reference.
    """
    return post_one(
        Posting(
            event=event,
            day=day,
            lines=tuple(lines),
            reference=reference,
            branch_id=branch.pk,
            currency=currency,
            loan_id=loan_id,
            customer_id=customer_id,
            facts=facts or {},
        ),
        actor=actor,
        branch=branch,
        now=now,
    )


def reverse(
    *,
    actor: Any,
    entry: Entry,
    day: date,
    reason: str,
    now: datetime,
    event: Event = Event.REVERSAL,
    reference: str = "",
    of_day: date | None = None,
) -> Entry:
    """Take an entry back by one with every line on its other side, and return that.

    `of_day` is the closed day that is corrected by it, if it is one. Doing so again on the same day
    for the same reason returns the same entry. Raises
    AlreadyReversed, ReferenceTaken, Conflict where the entry is itself a reversal or later than the
    day, DayClosed, and LedgerRefused without a reason.
    """
    if event not in REVERSALS:
        raise ValueError(f"{event} takes nothing back.")
    said = reason.strip()
    if not 0 < len(said) <= LONGEST_REASON:
        sentence = reasons.asked_for(least=1, most=LONGEST_REASON)
        raise refusals.LedgerRefused("reason_missing", sentence, fields={"reason": sentence})
    return post_one(
        Posting(
            event=event,
            day=day,
            lines=contents.opposite(entry.content()),
            reference=reference or f"reverses:{entry.pk}",
            branch_id=entry.branch_id,
            currency=entry.currency,
            loan_id=entry.loan_id,
            customer_id=entry.customer_id,
            facts={"reason": said} | ({OF_DAY: of_day.isoformat()} if of_day else {}),
        ),
        actor=actor,
        branch=entry.branch,
        now=now,
        reverses=entry,
    )


def post_one(
    posting: Posting, *, actor: Any, branch: Branch, now: datetime, reverses: Entry | None = None
) -> Entry:
    """Check and write one posting; see `post`."""
    require_fit(posting, branch=branch, now=now)
    stored = json.dumps(dict(posting.facts), cls=DjangoJSONEncoder)
    entry = Entry(
        event=Event(posting.event).value,
        day=posting.day,
        posted_at=now,
        reference=posting.reference,
        branch=branch,
        currency=posting.currency,
        loan_id=posting.loan_id,
        customer_id=posting.customer_id,
        reverses=reverses,
        actor=actor if isinstance(actor, str) else actor.audit_reference,
        facts=json.loads(stored),
    )
    try:
        with transaction.atomic():
            entry.pk = _written(entry, posting.lines, stored)
    except IntegrityError as refusal:
        raise _refused(refusal, branch) from refusal
    if entry.pk is None:
        return _standing(entry, posting)
    entry._state.adding, entry._state.db = False, connection.alias
    if reverses is not None:
        audit.record(
            actor, "ledger.reversed", entry, reversed=reverses.pk, reason=entry.facts["reason"]
        )
    return entry


def require_fit(posting: Posting, *, branch: Branch, now: datetime) -> None:
    """Raise LedgerRefused for what is no entry or of no day that can be posted."""
    problem = contents.problem(posting.lines, posting.currency)
    if problem:
        raise refusals.of_lines(problem)
    if not 0 < len(posting.reference) <= LONGEST_REFERENCE or not posting.reference.isprintable():
        sentence = _("A reference has 1 to %(most)s letters.") % {"most": LONGEST_REFERENCE}
        raise refusals.LedgerRefused("reference_refused", sentence, fields={"reference": sentence})
    today = dates.local_date(now, branch.entity.time_zone)
    if type(posting.day) is not date or not EARLIEST <= posting.day <= today:
        sentence = _("Nothing is posted ahead of its day, nor before 1970.")
        raise refusals.LedgerRefused("day_refused", sentence, fields={"day": sentence})


def _written(entry: Entry, lines: Sequence[Line], stored: str) -> int | None:
    """Write an entry and its lines by one statement; return its number, None if it is known."""
    values: dict[str, Any] = {
        name: getattr(entry, name)
        for name in (*_COLUMNS, "day", "currency", "loan_id", "branch_id")
        if name != "facts"
    }
    values["facts"] = stored
    for number, line in enumerate(lines, start=1):
        is_debit = line.side is Side.DEBIT
        values[f"account {number}"] = line.account.value
        values[f"debit {number}"] = line.amount if is_debit else Decimal(0)
        values[f"credit {number}"] = Decimal(0) if is_debit else line.amount
    with connection.cursor() as cursor:
        _insertion(len(lines)).send(cursor, values)
        found = cursor.fetchone()
    return found[0] if found else None


_COLUMNS = {
    "event": "text",
    "day": "date",
    "posted_at": "timestamptz",
    "reference": "text",
    "branch_id": "uuid",
    "currency": "text",
    "loan_id": "uuid",
    "customer_id": "uuid",
    "reverses_id": "bigint",
    "actor": "text",
    "facts": "jsonb",
}


@cache
def _insertion(number: int) -> Statement:
    """Return the statement that writes an entry of so many lines, unless its reference is known."""
    columns = ", ".join(_COLUMNS)
    places = ", ".join(f"%s::{kind}" for kind in _COLUMNS.values())
    rows = ", ".join(f"({n}, %s::text, %s::numeric, %s::numeric)" for n in range(1, number + 1))
    sql = (
        f"WITH {HELD}, made AS (INSERT INTO ledger_entry ({columns}) SELECT {places} FROM held"  # noqa: S608 - own names
        " ON CONFLICT (reference) DO NOTHING RETURNING id, day, branch_id, currency, loan_id)"
        " INSERT INTO ledger_line (entry_id, number, account, debit, credit, day, branch_id,"
        " currency, loan_id) SELECT made.id, one.number, one.account, one.debit, one.credit,"
        " made.day, made.branch_id, made.currency, made.loan_id FROM made,"
        f" (VALUES {rows}) AS one (number, account, debit, credit) RETURNING entry_id"
    )
    given = [Given("branch_id"), *(Given(name) for name in _COLUMNS)]
    for line in range(1, number + 1):
        given += [Given(f"{name} {line}") for name in ("account", "debit", "credit")]
    return Statement(f"ledger.post {number}", sql, given, after=HEED_TRIGGERS)


def _standing(entry: Entry, posting: Posting) -> Entry:
    """Return the entry that stands under the reference, if it says the same."""
    found = (
        Entry.objects.select_related("branch__entity")
        .prefetch_related("lines")
        .get(reference=entry.reference)
    )
    if found.reverses_id == entry.reverses_id and says_the_same(found, posting):
        return found
    if entry.reverses_id and found.reverses_id == entry.reverses_id:
        raise refusals.already_reversed()
    raise refusals.reference_taken(entry.reference)


def says_the_same(entry: Entry, posting: Posting) -> bool:
    """Say whether an entry is what the posting would make, whoever posted it and when."""
    facts = json.loads(json.dumps(dict(posting.facts), cls=DjangoJSONEncoder))
    return (
        all(getattr(entry, name) == getattr(posting, name) for name in _SAME)
        and entry.facts == facts
        and entry.content() == posting.lines
    )


def _refused(error: IntegrityError, branch: Branch) -> Exception:
    """Return the sentence for what the database refused."""
    name = refusals.constraint_of(error)
    if name == "ledger_entry_day_open":
        return day_closed(branch)
    return refusals.of_database(name)


def hold_days(entity_id: UUID) -> date:
    """Return the first open day of an entity, which stays it until the transaction ends.

    A day is closed by whoever holds this lock alone, and every posting shares it.
    """
    share_days(entity_id)
    return selectors.first_open_day(entity_id)


def share_days(*entities: UUID) -> None:
    """Let no day of these entities be closed until the transaction ends; before keys are drawn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(%s, hashtext(entity))"
            " FROM unnest(%s::text[]) AS entity",
            [bounds.CLOSING_LOCK, sorted(map(str, entities))],
        )


def day_closed(*branches: Branch) -> refusals.DayClosed:
    """Return the refusal of a day that the entity of one of the branches has closed."""
    entities = [branch.entity_id for branch in branches]
    last = Closing.objects.select_related("entity").filter(entity__in=entities)
    closing = last.latest("day")
    return refusals.day_closed(closing.entity.name, closing.day, closing.day + timedelta(days=1))
