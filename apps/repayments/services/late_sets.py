"""Charge loans for being late where nothing happened since they were charged last: set by set.

What a late loan owes goes on by the day from what `LateLoan` keeps; the database adds it up, to the
unit as `lateness.owed` does, and writes what `assessing` writes: an event and an entry a charge.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from apps.accounts.models import Entity
from apps.core import statements
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.services import Pairs
from apps.repayments import earning_sql, reading
from apps.repayments.replaying import CLASSIFIED
from apps.repayments.services import owing


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Which lender is accrued up to which day, by whom, and when."""

    actor: Any
    entity: Entity
    day: date
    now: datetime


# Anything was reported or taken back since what is kept was known, or counts for a later day.
# The class a loan came into says how the next payment is allocated, and nothing of what is late by
# itself; only what was paid on its day or later is allocated otherwise then.
TOLD = f"""EXISTS (
    SELECT 1 FROM repayments_accountevent e WHERE e.loan_id = l.id
        AND (e.kind <> 'charge' OR e.made_by_id IS NOT NULL OR e.status = 'reversed')
        AND (e.made_at > z.known_at - interval '10 minutes'
            OR e.reversed_at > z.known_at - interval '10 minutes' OR e.day > z.since)
        AND NOT (e.kind = 'change' AND e.status = 'live'
            AND e.parameters ->> 'change' = '{CLASSIFIED}' AND NOT EXISTS (
                SELECT 1 FROM repayments_accountevent o WHERE o.loan_id = l.id
                    AND o.kind <> 'charge' AND o.day >= e.day AND o.id <> e.id
            ))
)"""  # noqa: S608 - own names
# An instalment that fell due the day before and is late now, of loans that follow their contract:
# what is unpaid of it has been so since. Where another one was late before, what is kept of the
# loan was to hold up to that day; else the loan was never late, by its history.
_FRESH = f"""
    SELECT l.id AS loan_id, i.due_date, z.loan_id IS NOT NULL AS is_known, rate.penal,
        i.principal + i.interest - i.paid_principal - i.paid_interest AS amount,
        (s.terms ->> 'annual_rate')::numeric AS annual_rate, s.terms ->> 'day_count' AS day_count,
        a.accrued_at, a.overdue_interest, COALESCE((
            SELECT min(n.due_date) FROM loans_instalment n
            WHERE n.loan_id = l.id AND n.in_force AND n.due_date >= %(day)s::date
        ), '9999-12-31') AS until
    FROM due_before i JOIN loans_loan l ON l.id = i.loan_id
    JOIN repayments_loanaccount a ON a.loan_id = l.id
    JOIN loans_scheduleversion s ON s.id = i.schedule_id AND s.in_force
        AND s.reason = ANY(%(contractual)s)
    LEFT JOIN products_conditions c ON c.product_id = l.product_id
    LEFT JOIN offers_offer o ON o.id = l.offer_id
    LEFT JOIN repayments_lateloan z ON z.loan_id = l.id
    CROSS JOIN LATERAL (SELECT CASE WHEN l.offer_id IS NULL THEN c.penal_charge_rate::text
        ELSE o.key_facts #>> '{{contingent,penal_charge_rate}}' END AS penal) AS rate
    CROSS JOIN LATERAL (
        SELECT count(*) AS overdue FROM loans_instalment n
        WHERE n.loan_id = l.id AND n.in_force AND n.due_date < %(day)s::date
            AND (n.paid_principal < n.principal OR n.paid_interest < n.interest
                OR n.paid_fee < n.fee)
    ) AS due
    WHERE a.accrued_on = %(day)s::date - 1 AND a.through <= %(day)s::date
        AND a.advances = 0 AND a.overdue_interest IS NOT NULL
        AND rate.penal ~ '^[0-9]{{1,2}}([.][0-9]+)?$'
        AND (a.overdue_interest OR rate.penal::numeric > 0)
        AND CASE WHEN z.loan_id IS NOT NULL
            THEN z.since < %(day)s::date AND z.until = %(day)s::date - 1
                AND due.overdue = z.overdue + 1
                AND z.penal_rate = rate.penal AND z.interest_runs_on = a.overdue_interest
                AND NOT {TOLD}
            ELSE due.overdue = 1 AND NOT EXISTS (
                SELECT 1 FROM repayments_accountevent e
                WHERE e.loan_id = l.id AND (e.kind <> 'receipt' OR e.status <> 'live')
            ) AND NOT EXISTS (
                SELECT 1 FROM loans_instalment n JOIN loans_allocation x ON x.instalment_id = n.id
                JOIN ledger_entry m ON m.id = x.entry_id
                WHERE n.loan_id = l.id AND n.due_date < %(day)s::date AND m.day > n.due_date
            ) END
"""  # noqa: S608 - own names
_GROW = statements.named(
    "late_grow",
    f"""
    WITH due_before AS MATERIALIZED (
        SELECT * FROM loans_instalment WHERE loan_id = ANY(%(keys)s::uuid[]) AND in_force
            AND due_date = %(day)s::date - 1 AND fee = paid_fee
            AND (paid_principal < principal OR paid_interest < interest OR paid_fee < fee)
    ), fresh AS MATERIALIZED ({_FRESH}), grown AS (
        UPDATE repayments_lateloan z SET overdue = z.overdue + 1, until = f.until
        FROM fresh f WHERE f.loan_id = z.loan_id AND f.is_known
    ), begun AS (
        INSERT INTO repayments_lateloan (loan_id, known_at, since, until, overdue, penal_rate,
            interest_runs_on, penal_settled, penal_charged, interest_settled, interest_charged)
        SELECT loan_id, accrued_at, due_date, until, 1, penal, overdue_interest, 0, 0, 0, 0
        FROM fresh WHERE NOT is_known
    )
    INSERT INTO repayments_lateinstalment (late_loan_id, amount, penal_from, penal_numerator,
        penal_denominator, interest_from, interest_numerator, interest_denominator, annual_rate,
        day_count)
    SELECT loan_id, amount, due_date, 0, 1, due_date, 0, 1, annual_rate, day_count FROM fresh
    """,  # noqa: S608 - own names
    contractual=list(reading.CONTRACTUAL),
)
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
    added=f"k.amount * k.annual_rate * {_PASSED}",
    year=earning_sql.year_of("k.day_count"),
    currency="w.currency",
)
_TABLE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS late (
        id uuid, loan_id uuid, branch_id uuid, currency varchar(3), customer_id uuid,
        code varchar(20), bucket varchar(10), amount numeric(18, 2), position int, rate varchar(20)
    ) ON COMMIT DELETE ROWS
"""
_AGAIN = "DELETE FROM pg_temp.late"
_WANTED = statements.named(
    "late_wanted",
    f"""
    INSERT INTO late
    SELECT gen_random_uuid(), w.loan_id, w.branch_id, w.currency, w.customer_id, x.code, x.bucket,
        x.amount, COALESCE((
            SELECT max(e.position) FROM repayments_accountevent e
            WHERE e.loan_id = w.loan_id AND e.day = %(day)s::date
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
    """,  # noqa: S608 - own names
)
_PAIRS = """
    SELECT 'account:' || id || ':1' AS reference, branch_id, currency, loan_id, customer_id, amount,
        jsonb_build_object('key', id, 'event', id) AS facts FROM late WHERE bucket = %(bucket)s
"""
_EVENTS = statements.named(
    "late_events",
    """
    INSERT INTO repayments_accountevent (id, status, loan_id, kind, day, position, amount, currency,
        parameters, reference, made_at, entry_id, settled)
    SELECT c.id, 'live', c.loan_id, 'charge', %(day)s::date, c.position, c.amount, c.currency,
        jsonb_build_object('bucket', c.bucket, 'code', c.code, 'due_on', %(said)s::text, 'basis',
            jsonb_build_object('through', %(said)s::text, 'rate', c.rate)),
        c.code || ':' || c.loan_id || ':' || %(said)s::text || ':' || c.position,
        %(now)s::timestamptz, n.id, 0
    FROM late c JOIN ledger_entry n ON n.reference = 'account:' || c.id || ':1'
    """,
)
_CHARGED = statements.named(
    "late_charged",
    """
    UPDATE repayments_lateloan z SET penal_charged = z.penal_charged + s.penal,
        interest_charged = z.interest_charged + s.interest
    FROM (
        SELECT loan_id, COALESCE(sum(amount) FILTER (WHERE bucket = 'penal'), 0) AS penal,
            COALESCE(sum(amount) FILTER (WHERE bucket = 'interest'), 0) AS interest
        FROM late GROUP BY loan_id
    ) AS s WHERE s.loan_id = z.loan_id
    """,
)
# What a charge of a bucket is in the ledger: the event, what is owed, and what is earned.
_BOOKED = {
    "penal": (Event.PENAL_CHARGE, Account.PENAL_RECEIVABLE, Account.PENAL_INCOME),
    "interest": (Event.INTEREST_ACCRUAL, Account.INTEREST_RECEIVABLE, Account.INTEREST_INCOME),
}


def array_of(keys: Iterable[uuid.UUID]) -> str:
    """Return keys as the text of an array: one constant, where a list is one for each key."""
    return "{" + ",".join(map(str, keys)) + "}"


def grow(keys: Collection[uuid.UUID], work: Work) -> None:
    """Keep how being late goes on where an instalment became late with the day that is accrued.

    The caller holds the loans. Whatever is not certain is left to their histories. Nothing where
    the law caps interest: how that goes on is never kept.
    """
    if owing.is_capped(work.entity):
        return
    with connection.cursor() as cursor:
        _GROW.send(cursor, {"keys": array_of(keys), "day": work.day})


def charge(work: Work) -> int:
    """Charge the late loans among those that are being accrued; return how many charges were made.

    Raises ValueError where less is owed than was charged: such a loan goes the long way.
    """
    values: dict[str, Any] = {"day": work.day, "now": work.now, "said": work.day.isoformat()}
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute(_AGAIN)
        _WANTED.send(cursor, values)
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
        _EVENTS.send(cursor, values)
        _CHARGED.send(cursor, values)
    return int(made)
