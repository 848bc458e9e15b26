"""Charge loans for being late where nothing happened since they were charged last: set by set.

What a late loan owes goes on by the day from what `LateLoan` keeps; the database adds it up, to the
unit as `lateness.owed` does, and writes what `assessing` writes: an event and an entry a charge.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from apps.accounts.models import Entity
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.services import Pairs
from apps.repayments import earning_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Which lender is accrued up to which day, by whom, and when."""

    actor: Any
    entity: Entity
    day: date
    now: datetime


# Anything was reported or taken back since what is kept was known, or counts for a later day.
TOLD = """EXISTS (
    SELECT 1 FROM repayments_accountevent e WHERE e.loan_id = l.id
        AND (e.kind <> 'charge' OR e.made_by_id IS NOT NULL OR e.status = 'reversed')
        AND (e.made_at > z.known_at - interval '10 minutes'
            OR e.reversed_at > z.known_at - interval '10 minutes' OR e.day > z.since)
)"""
_PENAL = earning_sql.ran(
    numerator="k.penal_numerator",
    denominator="k.penal_denominator",
    added="k.amount * z.penal_rate::numeric * (%(day)s::date - k.penal_from)",
    year="365",
    currency="w.currency",
)
_PASSED = earning_sql.days_passed(
    start="k.interest_from", day="%(day)s::date", day_count="k.day_count"
)
_INTEREST = earning_sql.ran(
    numerator="k.interest_numerator",
    denominator="k.interest_denominator",
    added="k.amount * k.annual_rate * "
    + earning_sql.days_passed(
        start="k.interest_from", day="%(day)s::date", day_count="k.day_count"
    ),
    year=earning_sql.year_of("k.day_count"),
    currency="w.currency",
)
_AGAIN = "DROP TABLE IF EXISTS pg_temp.late"
_TABLE = """
    CREATE TEMPORARY TABLE late (
        id uuid, loan_id uuid, branch_id uuid, currency text, customer_id uuid, code text,
        bucket text, amount numeric, position int, rate text
    ) ON COMMIT DROP
"""
_WANTED = f"""
    INSERT INTO late
    SELECT gen_random_uuid(), w.loan_id, w.branch_id, w.currency, w.customer_id, x.code, x.bucket,
        x.amount, COALESCE((
            SELECT max(e.position) FROM repayments_accountevent e
            WHERE e.loan_id = w.loan_id AND e.day = %(day)s
        ), 0) + row_number() OVER (PARTITION BY w.loan_id ORDER BY x.code), z.penal_rate
    FROM accrued w JOIN repayments_lateloan z ON z.loan_id = w.loan_id
    CROSS JOIN LATERAL (
        SELECT sum({_PENAL}) AS penal, sum({_INTEREST}) AS interest
        FROM repayments_lateinstalment k WHERE k.late_loan_id = w.loan_id
    ) AS ran
    CROSS JOIN LATERAL (VALUES
        ('late_payment', 'penal', z.penal_settled + ran.penal - z.penal_charged),
        ('overdue_interest', 'interest', CASE WHEN z.interest_runs_on
            THEN z.interest_settled + ran.interest - z.interest_charged ELSE 0 END)
    ) AS x (code, bucket, amount)
    WHERE w.late AND x.amount <> 0
"""  # noqa: S608 - own names
_PAIRS = """
    SELECT 'account:' || id || ':1' AS reference, branch_id, currency, loan_id, customer_id, amount,
        jsonb_build_object('key', id, 'event', id) AS facts FROM late WHERE bucket = %(bucket)s
"""
_EVENTS = """
    INSERT INTO repayments_accountevent (id, status, loan_id, kind, day, position, amount, currency,
        parameters, reference, made_at, entry_id, settled)
    SELECT c.id, 'live', c.loan_id, 'charge', %(day)s, c.position, c.amount, c.currency,
        jsonb_build_object('bucket', c.bucket, 'code', c.code, 'due_on', %(said)s, 'basis',
            jsonb_build_object('through', %(said)s, 'rate', c.rate)),
        c.code || ':' || c.loan_id || ':' || %(said)s || ':' || c.position, %(now)s, n.id, 0
    FROM late c JOIN ledger_entry n ON n.reference = 'account:' || c.id || ':1'
"""
_CHARGED = """
    UPDATE repayments_lateloan z SET penal_charged = z.penal_charged + s.penal,
        interest_charged = z.interest_charged + s.interest
    FROM (
        SELECT loan_id, COALESCE(sum(amount) FILTER (WHERE bucket = 'penal'), 0) AS penal,
            COALESCE(sum(amount) FILTER (WHERE bucket = 'interest'), 0) AS interest
        FROM late GROUP BY loan_id
    ) AS s WHERE s.loan_id = z.loan_id
"""
_MOVED = "UPDATE accrued w SET charged = true FROM late c WHERE c.loan_id = w.loan_id"
# What a charge of a bucket is in the ledger: the event, what is owed, and what is earned.
_BOOKED = {
    "penal": (Event.PENAL_CHARGE, Account.PENAL_RECEIVABLE, Account.PENAL_INCOME),
    "interest": (Event.INTEREST_ACCRUAL, Account.INTEREST_RECEIVABLE, Account.INTEREST_INCOME),
}


def charge(work: Work) -> int:
    """Charge the late loans among those that are being accrued; return how many charges were made.

    Raises ValueError where less is owed than was charged: such a loan goes the long way.
    """
    values: dict[str, Any] = {"day": work.day, "now": work.now, "said": work.day.isoformat()}
    with connection.cursor() as cursor:
        cursor.execute(_AGAIN)
        cursor.execute(_TABLE)
        cursor.execute(_WANTED, values)
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE amount < 0) FROM late")
        made, too_much = cursor.fetchone()
    if too_much:
        raise ValueError("Less is owed for being late than was charged.")
    if not made:
        return 0
    for bucket, (event, debit, credit) in _BOOKED.items():
        pairs = Pairs(
            event=event,
            day=work.day,
            debit=debit,
            credit=credit,
            select=_PAIRS,
            values={"bucket": bucket},
        )
        ledger.post_pairs(actor=work.actor, entity=work.entity, pairs=pairs, now=work.now)
    with connection.cursor() as cursor:
        for statement in (_EVENTS, _CHARGED, _MOVED):
            cursor.execute(statement, values)
    return int(made)
