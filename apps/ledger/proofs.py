"""The proofs of the ledger: checks of its own, and those that apps above register at start-up.

A check is one statement over the whole book. It returns the first thing it fails for, with both
figures, or None. The database refuses nearly all of what these look for; they are made for the day
on which somebody got around it, and for what lies between the ledger and the apps above.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Offender:
    """The first thing a check fails for: what it is called, and the two figures that differ.

    `name` is for people: the number of a loan, of an entry, or a currency. `loan_id` is the key
    of the loan, where it is one.
    """

    name: str
    expected: str
    found: str
    loan_id: str = ""


Check = Callable[[], Offender | None]


@dataclass(frozen=True, slots=True)
class Registered:
    """A check with its code and the sentence of what it shows."""

    code: str
    sentence: Any
    check: Check


_registered: dict[str, Registered] = {}


def register(code: str, check: Check, *, sentence: Any) -> None:
    """Prove this, too, whenever the ledger is proved.

    The sentence says what holds, for example "Loan balances equal the ledger".
    """
    _registered[code] = Registered(code, sentence, check)


def all_checks() -> list[Registered]:
    """Return the checks in the order they were registered, the ledger's own first."""
    return [*OWN, *(one for code, one in _registered.items())]


def sentence(code: str) -> str:
    """Return what a check shows, in words; a check that is gone is called by its code."""
    return next((str(one.sentence) for one in all_checks() if one.code == code), code)


def to_json(code: str, offender: Offender | None) -> dict[str, Any]:
    """Return what a check found, as a run of the proofs keeps it."""
    found = asdict(offender) if offender else None
    return {"code": code, "holds": offender is None, "offender": found}


def first_loan(sql: str) -> Offender | None:
    """Return the first loan that a statement over the whole book finds: number, key, two figures.

    A book without a fault is read to its end. The planner counts on finding one soon, and would
    then look up every loan by itself, hours for a large book: so it may join whole tables only.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(sql)
        row = cursor.fetchone()
        cursor.execute("SET LOCAL enable_nestloop = on")
    if row is None:
        return None
    number, key, expected, found = row
    return Offender(str(number or key), str(expected), str(found), str(key))


def _first(sql: str) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return tuple(row) if row else None


def _debits_equal_credits() -> Offender | None:
    row = _first(
        "SELECT currency, sum(debit), sum(credit) FROM ledger_line GROUP BY currency"
        " HAVING sum(debit) <> sum(credit) ORDER BY currency LIMIT 1"
    )
    return Offender(row[0], str(row[1]), str(row[2])) if row else None


# Added up in the order of the primary key: no sorting, no memory, however long the book is.
_UNBALANCED = """
    SELECT coalesce(e.id, s.entry_id), e.loan_id, coalesce(s.debits, 0), coalesce(s.credits, 0)
    FROM ledger_entry e FULL JOIN (
        SELECT entry_id, sum(debit) AS debits, sum(credit) AS credits, count(*) AS lines
        FROM ledger_line GROUP BY entry_id
    ) s ON s.entry_id = e.id
    WHERE e.id IS NULL OR s.entry_id IS NULL OR s.debits <> s.credits OR s.lines < 2
    ORDER BY coalesce(e.id, s.entry_id) LIMIT 1
"""


def _entries_balance() -> Offender | None:
    row = _first(_UNBALANCED)
    return Offender(f"#{row[0]}", str(row[2]), str(row[3]), _key(row[1])) if row else None


_OTHERWISE = """
    SELECT e.id, e.loan_id, e.day, l.day FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
    WHERE (l.day, l.branch_id, l.currency, l.loan_id)
        IS DISTINCT FROM (e.day, e.branch_id, e.currency, e.loan_id)
    ORDER BY l.entry_id, l.number LIMIT 1
"""


def _lines_say_the_same() -> Offender | None:
    row = _first(_OTHERWISE)
    return Offender(f"#{row[0]}", str(row[2]), str(row[3]), _key(row[1])) if row else None


# What is taken back may be gone: whoever gets around triggers gets around foreign keys, too.
_NO_MIRROR = """
    SELECT r.id, r.loan_id,
        concat_ws(' ', (SELECT sum(debit) FROM ledger_line WHERE entry_id = o.id),
            o.currency, o.day, o.loan_id),
        concat_ws(' ', (SELECT sum(debit) FROM ledger_line WHERE entry_id = r.id),
            r.currency, r.day, r.loan_id)
    FROM ledger_entry r LEFT JOIN ledger_entry o ON o.id = r.reverses_id
    WHERE r.reverses_id IS NOT NULL AND (o.reverses_id IS NOT NULL OR r.day < o.day
        OR (r.branch_id, r.currency, r.loan_id, r.customer_id)
            IS DISTINCT FROM (o.branch_id, o.currency, o.loan_id, o.customer_id)
        OR EXISTS (
        SELECT 1 FROM (SELECT * FROM ledger_line WHERE entry_id = r.id) a
        FULL JOIN (SELECT * FROM ledger_line WHERE entry_id = o.id) b ON b.number = a.number
        WHERE (a.account, a.debit, a.credit) IS DISTINCT FROM (b.account, b.credit, b.debit)
    ))
    ORDER BY r.id LIMIT 1
"""


def _reversals_mirror() -> Offender | None:
    row = _first(_NO_MIRROR)
    return Offender(f"#{row[0]}", row[2], row[3], _key(row[1])) if row else None


_BRANCHES = """
    SELECT b.entity_id, l.currency, sum(l.debit), sum(l.credit)
    FROM ledger_line l JOIN accounts_branch b ON b.id = l.branch_id
    WHERE l.account = 'inter_branch'
    GROUP BY b.entity_id, l.currency HAVING sum(l.debit) <> sum(l.credit)
    ORDER BY b.entity_id, l.currency LIMIT 1
"""


def _branches_agree() -> Offender | None:
    row = _first(_BRANCHES)
    return Offender(str(row[1]), str(row[2]), str(row[3])) if row else None


_CURRENCIES = """
    SELECT loan_id, min(currency), max(currency) FROM ledger_entry WHERE loan_id IS NOT NULL
    GROUP BY loan_id HAVING min(currency) <> max(currency)
    ORDER BY loan_id LIMIT 1
"""


def _one_currency() -> Offender | None:
    row = _first(_CURRENCIES)
    return Offender(_key(row[0]), row[1], row[2], _key(row[0])) if row else None


# The last totals of each entity: those before were their ground.
_TOTALS = """
    WITH last AS (
        SELECT DISTINCT ON (c.entity_id) c.id, c.entity_id, c.day FROM ledger_closing c
        WHERE EXISTS (SELECT 1 FROM ledger_closingtotal t WHERE t.closing_id = c.id)
        ORDER BY c.entity_id, c.day DESC
    ), posted AS (
        SELECT last.id AS closing_id, l.branch_id, l.currency, l.account,
            sum(l.debit) AS debit, sum(l.credit) AS credit
        FROM last JOIN accounts_branch b ON b.entity_id = last.entity_id
        JOIN ledger_line l ON l.branch_id = b.id AND l.day <= last.day
        GROUP BY last.id, l.branch_id, l.currency, l.account
    ), kept AS (
        SELECT t.* FROM ledger_closingtotal t JOIN last ON last.id = t.closing_id
    )
    SELECT coalesce(p.account, k.account), coalesce(p.currency, k.currency),
        p.debit - p.credit, k.debit - k.credit
    FROM posted p FULL JOIN kept k USING (closing_id, branch_id, currency, account)
    WHERE (p.debit, p.credit) IS DISTINCT FROM (k.debit, k.credit)
    ORDER BY 1, 2 LIMIT 1
"""


def _totals_agree() -> Offender | None:
    row = _first(_TOTALS)
    return Offender(f"{row[0]} {row[1]}", str(row[2]), str(row[3])) if row else None


def _key(value: Any) -> str:
    return str(value) if value else ""


OWN = (
    Registered("currency", _("Debits equal credits in every currency"), _debits_equal_credits),
    Registered("entry", _("Every entry balances"), _entries_balance),
    Registered("line", _("Every line says what its entry says"), _lines_say_the_same),
    Registered("reversal", _("Every reversal mirrors what it takes back"), _reversals_mirror),
    Registered("loan_currency", _("Every loan is kept in one currency"), _one_currency),
    Registered("inter_branch", _("What branches owe each other cancels out"), _branches_agree),
    Registered("totals", _("Totals kept at closing equal the lines"), _totals_agree),
)
